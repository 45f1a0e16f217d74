/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of engine/ share and nobody else sees.
 *
 * A request is on exactly one list of its engine: queued (plain or stream) -> active (curl has it)
 * -> finished (waits for its done function), or dropped (cancelled inside of a curl callback, where
 * curl can't let go of it yet). While its done function runs it is on none.
 */
#pragma once

#include "engine/engine.h"

#include <curl/curl.h>
#include <sys/queue.h>

#define ENGINE_BODY_MAX	   ((size_t)64 * 1024 * 1024)
#define ENGINE_LINE_MAX	   ((size_t)8 * 1024 * 1024) /* events carry all labels, escaped */
#define ENGINE_HEADERS_MAX ((size_t)256 * 1024)

#define ENGINE_API_MINOR_MIN 41
#define ENGINE_API_MINOR_MAX 52

enum request_state {
	REQUEST_QUEUED,
	REQUEST_ACTIVE,
	REQUEST_FINISHED,
	REQUEST_DELIVERING, /* done is running */
	REQUEST_DROPPED,
};

struct engine_request {
	TAILQ_ENTRY(engine_request) entry;
	struct engine *engine;
	enum request_state state;
	bool limited; /* counts for ENGINE_PARALLEL_MAX */
	bool head;    /* a reply without a body, whatever its headers say */
	bool raw;
	engine_line_fn *on_line, *on_long_line;
	engine_data_fn *on_data;
	engine_done_fn *done;
	void *userdata, *done_data;

	CURL *easy;
	struct curl_slist *headers;
	char *payload; /* the request's JSON */
	char curl_error[CURL_ERROR_SIZE];

	size_t header_bytes;
	bool headers_ended;
	char *body; /* what was collected, or the line that has not ended yet */
	size_t size, capacity;
	bool skipping; /* within a line whose beginning on_long_line got */
	int result;    /* -errno: why we, not curl, ended it; err says it */
	int status;
	struct err err;
};

TAILQ_HEAD(engine_requests, engine_request);

struct engine {
	CURLM *multi;
	int epoll_fd, timer_fd;
	char *host;	   /* as given */
	char *socket_path; /* NULL: TCP */
	char *token_path;  /* NULL: none */
	char *base;	   /* "http://localhost" */
	bool tls;
	char *ca, *cert, *key;
	unsigned api_minor;
	char api_version[16];
	unsigned told_minor; /* the newest that the engine speaks, by its last header; 0: none */

	struct engine_requests queued, queued_streams, active, finished, dropped;
	size_t n_requests; /* on any list but dropped */
	size_t n_limited;  /* active ones that count */
	bool in_curl;	   /* curl's callbacks may be running: it must not be called */
	int64_t deadline;  /* when curl wants to be called, monotonic ns; 0: never */
	int64_t armed;	   /* what the timer stands at; 0: not armed */
};

/* request.c: one request. Its result goes to r->result, r->err, r->status, r->body. */
int request_activate(struct engine_request *r);	   /* 0: curl has it; -errno: finished with that */
void request_deactivate(struct engine_request *r); /* takes it out of curl's hands */
void request_conclude(struct engine_request *r, CURLcode code); /* what curl says of its end */
void request_free(struct engine_request *r);

/* the line of the header that lets us pass `netguard authz`; NULL: none. Caller frees. */
char *request_token_header(const struct engine *e);
/* whom to connect to, and whom to trust */
CURLcode request_set_peer(const struct engine *e, CURL *easy);
bool request_path_valid(const char *path); /* nothing that would end the request line */
int request_errno(CURLcode code, long os_error);

/* version.c: a header of a reply */
void version_take_header(struct engine *e, const char *data, size_t size);

/*
 * hijack.c: the head of a reply, as far as it is there (NUL behind). 0: not all of it yet; 1, or
 * -EPROTO: it is none. Pure.
 */
struct head {
	int status;
	size_t body;   /* offset of what comes behind */
	size_t length; /* of the body, by Content-Length; at most HEAD_BODY_MAX */
};
#define HEAD_MAX      ((size_t)16 * 1024)
#define HEAD_BODY_MAX ((size_t)64 * 1024)
int head_parse(const char *text, struct head *ret);

/* reply.c */
void reply_deliver(struct engine_request *r);

/* client.c */
void engine_kick(struct engine *e); /* makes engine_fd readable */
