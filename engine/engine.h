/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Docker Engine API over libcurl: unix socket or TCP with TLS (DOCKER_HOST), any number of
 * requests in flight, one thread.
 *
 * Two ways to use it. A program that waits (podctl): start requests, then engine_wait(). A program
 * with a loop (netguard): poll engine_fd() for reading and call engine_dispatch(); the fd is an
 * epoll instance that holds curl's sockets and a timer, so nothing else is needed.
 *
 * Replies are hostile input: bounded (64 MiB a body, 8 MiB an event line), strict JSON without
 * duplicate keys, every field's type checked where it is read. A reply cut short is an error.
 * Source: Docker Engine API v1.41 to v1.52.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#include <jansson.h>
#include <sys/types.h>

struct engine;
struct engine_request;

#define ENGINE_DEFAULT_HOST "unix:///var/run/docker.sock"
#define ENGINE_TIMEOUT_MS   30000

/*
 * Where the engine is. This library never looks at the environment, but libraries below it do
 * (OPENSSL_CONF, SSLKEYLOGFILE): a program whose environment is hostile empties it before.
 */
struct engine_options {
	const char *host; /* "unix:///path", "tcp://host[:port]"; NULL: ENGINE_DEFAULT_HOST */
	bool tls;	  /* tcp only; the engine's certificate is always verified */
	/* folder of ca.pem, cert.pem, key.pem; NULL: the system's CAs, no certificate of ours */
	const char *cert_path;
};

/* -EINVAL: not such a host. Nothing is connected yet. All strings are copied. */
int engine_new_with(const struct engine_options *options, struct engine **ret, struct err *err);
/* The same for a host without TLS. */
int engine_new(const char *host, struct engine **ret, struct err *err);
/*
 * The file of common/authz_token.h, read before each request, which then carries what stands in it;
 * without effect where there is none, or the engine is not at a socket of this host.
 */
void engine_set_token_file(struct engine *e, const char *path);
const char *engine_host(const struct engine *e); /* "unix:///var/run/docker.sock" */
void engine_free(struct engine *e);		 /* cancels what is in flight, without callbacks */
DEFINE_CLEANUP(struct engine, engine_free);

/*
 * Asks the engine for its API version and takes the highest that both know (1.41 to 1.52) for all
 * later requests. Fails (-EPROTONOSUPPORT) where the engine is older or does not take any of ours.
 * Without a call, 1.41 is spoken.
 */
int engine_negotiate(struct engine *e, struct err *err);
const char *engine_api_version(const struct engine *e); /* "1.41" */
/*
 * The same from the header Api-Version of the last reply that came (to an unversioned request), at
 * no cost; where there was none, the engine is asked.
 */
int engine_agree(struct engine *e, struct err *err);
/* For a loop: sets what a version reply (GET /version) says. */
int engine_use_version(struct engine *e, json_t *version, struct err *err);
/* Whether a version reply is of podman's Docker-compatible service. */
bool engine_version_is_podman(const json_t *version);

struct engine_reply {
	/*
	 * 0: an HTTP reply came whole; -errno: it did not (err says why), never -ENOENT or -EEXIST
	 * unless on_line or on_data said so: -ECONNREFUSED, -EACCES: no connection; -ECONNRESET:
	 * lost or cut short; -ETIMEDOUT; -EPROTO: no HTTP, or no JSON; -EMSGSIZE: over our limits.
	 */
	int result;
	struct err err;	  /* also set, with the engine's own message, for status >= 400 */
	int status;	  /* HTTP status, 0 where none came */
	json_t *json;	  /* borrowed; NULL where the body is empty or raw was asked for */
	const char *body; /* NULL where nothing was collected; a NUL stands behind it */
	size_t size;
};

/*
 * Called once per request, from engine_wait, engine_do or engine_dispatch. May start further
 * requests, cancel others, and use engine_do; the request itself is gone when it returns.
 */
typedef void engine_done_fn(void *userdata, const struct engine_reply *reply);

/*
 * Called for each line of a stream (without its newline or CR LF; empty lines are left out), in
 * order, before done. Only for 2xx: the body of an error is collected for err and json as always.
 * Returns 0 to go on, -errno to end the request with that error. May start and cancel requests
 * (itself too), but not wait: engine_do fails with -EDEADLK, the others must not be called.
 */
typedef int engine_line_fn(void *userdata, const char *line, size_t size);

/* Called for each piece of a raw stream (logs). As for lines. */
typedef int engine_data_fn(void *userdata, const void *data, size_t size);

struct engine_call {
	const char *method; /* "GET", "POST", "DELETE", "PUT", "HEAD" */
	const char *path;   /* "/containers/json?all=1", without version; already escaped */
	bool unversioned;   /* path stands for itself ("/version", "/_ping") */
	json_t *json;	    /* request body, borrowed for the call of engine_start only; or NULL */
	const void *body;   /* or a raw body (a tar), must stay until done */
	size_t body_size;
	const char *content_type;  /* of body */
	const char *registry_auth; /* X-Registry-Auth, base64url; or NULL */
	int timeout_ms; /* whole request; 0: ENGINE_TIMEOUT_MS; -1: none (streams, waits) */
	bool raw;	/* don't parse the body as JSON */
	engine_line_fn *on_line; /* stream of lines; the body is not collected */
	/* gets the first 8 MiB of a line that is longer, instead; NULL: -EMSGSIZE ends the request
	 */
	engine_line_fn *on_long_line;
	engine_data_fn *on_data; /* raw stream */
	engine_done_fn *done;
	void *userdata;
};

/*
 * Starts a request. It never fails here: what goes wrong comes to done, never before it returns.
 * At most ENGINE_PARALLEL_MAX requests with an ordinary timeout (up to ENGINE_TIMEOUT_MS) and no
 * stream run at a time, the others wait their turn (which their timeout does not count); streams
 * and calls with a longer timeout or none always start at once.
 */
#define ENGINE_PARALLEL_MAX 32
struct engine_request *engine_start(struct engine *e, const struct engine_call *call);
void engine_cancel(struct engine *e, struct engine_request *r); /* done is not called */

/* Runs until nothing is in flight. Results went to the done functions. */
void engine_wait(struct engine *e);
/* Requests whose done functions have not been called yet. */
size_t engine_in_flight(const struct engine *e);
/* The same, but also returns (1) as soon as *stop is not 0 (set by a signal handler or callback).
 */
int engine_wait_until(struct engine *e, const volatile int *stop);
/*
 * One request, start to end; others go on meanwhile. Returns as engine_reply_check. *ret (may be
 * NULL) is a new reference, NULL where the body is empty. call's done is not used.
 */
int engine_do(struct engine *e, const struct engine_call *call, json_t **ret, struct err *err);
/* Returns 0 for 2xx and 304, -ENOENT for 404, -EEXIST for 409, otherwise -EIO or the reply's
 * result. */
int engine_reply_check(const struct engine_reply *reply, struct err *err);

/* Readable when engine_dispatch has something to do; dispatch never blocks. */
int engine_fd(const struct engine *e);
void engine_dispatch(struct engine *e);

/*
 * Output of a container or exec without a terminal: frames of 8 bytes (stream, three zeroes, size
 * in network order) and the size's bytes of payload. Source: Docker Engine API, ContainerAttach.
 */
struct engine_frames {
	unsigned char header[8];
	size_t got;    /* of the header */
	uint32_t left; /* of the payload */
};

/* stream: 1 stdout, 2 stderr (0 stdin: as 1; 3, the engine's own errors: as 2). Pieces come as they
 * are, not as they were framed. */
typedef int engine_frame_fn(void *userdata, int stream, const void *data, size_t size);

/*
 * Takes the next bytes. 0; -EPROTO for what is no frame; what fn returned where that is not 0.
 * Start with a zeroed struct. Pure.
 */
int engine_frames_feed(struct engine_frames *f, const void *data, size_t size, engine_frame_fn *fn,
		       void *userdata);
/* Whether the bytes may end here: not within a frame. */
bool engine_frames_whole(const struct engine_frames *f);

/*
 * A connection that a request turned into a stream of bytes in both directions (POST
 * /exec/ID/start, /containers/ID/attach): not HTTP any more, and not one of the requests above.
 */
struct engine_stream;

/*
 * Sends the request and reads the reply's head, waiting up to ENGINE_TIMEOUT_MS. 0: the bytes
 * behind it are the stream. Else as engine_reply_check.
 */
int engine_hijack(struct engine *e, const char *path, json_t *body, struct engine_stream **ret,
		  struct err *err);
void engine_stream_free(struct engine_stream *s);
DEFINE_CLEANUP(struct engine_stream, engine_stream_free);

/* To poll; engine_stream_pending says what poll can't see (bytes that were read already). */
int engine_stream_fd(const struct engine_stream *s);
bool engine_stream_pending(const struct engine_stream *s);

/*
 * Never block. Bytes read or written; read: 0 at the end. -EAGAIN: poll first. -ECONNRESET: lost.
 */
ssize_t engine_stream_read(struct engine_stream *s, void *data, size_t size);
ssize_t engine_stream_write(struct engine_stream *s, const void *data, size_t size);
/* No more will be written; what comes can still be read. */
void engine_stream_close_write(struct engine_stream *s);

/* Ids of containers, execs, networks: [A-Za-z0-9_.-], so they can stand in a path. NULL: false. */
bool engine_id_valid(const char *id);

/* %-escapes one path or query component. Caller frees. */
char *engine_escape(const char *text);

/* ---- calls that decode: what our programs ask of the engine ---- */

/* An address of a container on a network. */
struct engine_endpoint {
	char *network; /* name */
	char *network_id;
	char *ip4, *ip6; /* "" where none; as the engine prints them */
	char *mac;
};

struct engine_port {
	char *host_ip; /* "" or "0.0.0.0" or "::": any */
	/* host_port 0: the engine picks one at start (not running: also where a range is given) */
	uint16_t host_port, port; /* port 0: the engine takes that, too */
	uint8_t proto;		  /* of proto_parse_published, else the port is left out */
};

/* GET /containers/ID/json or an entry of GET /containers/json: what both programs read of it. */
struct engine_container {
	char *id;
	char *name;  /* without the leading slash */
	char *image; /* as asked for at creation */
	char *image_id;
	json_t *labels;	    /* object of strings, never NULL */
	char *state;	    /* "created", "running", "exited", ... */
	char *status;	    /* "Up 5 minutes (healthy)"; list only, else "" */
	char *health;	    /* "", "starting", "healthy", "unhealthy" */
	char *network_mode; /* "default", "host", "none", "container:ID", NAME */
	pid_t pid;	    /* inspect only; 0 where not running */
	struct engine_endpoint *endpoints;
	size_t n_endpoints;
	struct engine_port *ports; /* bindings in force (running), or asked for */
	size_t n_ports;
	int64_t created; /* list only: Unix seconds */
	int exit_code;
	bool running; /* or paused: has processes; not while it waits to be restarted */
};
void engine_container_done(struct engine_container *c);

/*
 * JSON of the engine: duplicate keys, NULs and anything behind it refused or made harmless (see
 * json.c). text need not end in NUL. Returns a new reference in *ret, or -EPROTO.
 */
int engine_json_parse(const char *text, size_t size, json_t **ret, struct err *err);

/*
 * The same for a long array that comes in pieces (on_data): fn gets each value, borrowed, and
 * returns 0 or -errno with err, which ends it. Start with a zeroed struct. Pure.
 */
typedef int engine_item_fn(void *userdata, json_t *item, struct err *err);
struct engine_items {
	int place; /* before, inside or behind the array */
	bool any, in_string, escaped, over;
	size_t depth;
	size_t large;	 /* bytes of the values over 64 KiB that fn got */
	size_t left_out; /* values of more than 4 MiB, or over 64 KiB when large is 256 MiB: fn did
			    not get them */
	char *item;	 /* as far as it has come */
	size_t size, room;
};
/* 0; -EPROTO: it is no array of JSON; what fn returned. Then give it up. */
int engine_items_feed(struct engine_items *s, const char *data, size_t size, engine_item_fn *fn,
		      void *userdata, struct err *err);
bool engine_items_whole(const struct engine_items *s); /* the array was closed */
void engine_items_done(struct engine_items *s);

/*
 * Decoders: pure. Leave *ret alone on failure; -EPROTO with the key in err. Ids are made of
 * [A-Za-z0-9_.-] only, so they can stand in a path. Other strings are as the engine sent them:
 * text_printable before they are shown.
 */
int engine_container_from_inspect(json_t *json, struct engine_container *ret, struct err *err);
int engine_container_from_list(json_t *json, struct engine_container *ret, struct err *err);
/*
 * Calls fn for each container of a list (GET /containers/json). fn may take it over, leaving an
 * empty one. Ends with the first error, fn's or one of the list: a part of it is no list.
 */
typedef int engine_listed_fn(void *userdata, struct engine_container *c, struct err *err);
int engine_containers_each(json_t *list, engine_listed_fn *fn, void *userdata, struct err *err);

/* GET /networks/ID or an entry of GET /networks. */
struct engine_network {
	char *id, *name, *driver, *scope;
	char *bridge; /* the host's interface: option com.docker.network.bridge.name, else
			 br-ID[:12]; NULL unless driver bridge, and where its name is not
			 one that a configuration can name (ifname_pattern_valid) */
	bool internal, ipv6;
	struct engine_network_member {
		char *id;	 /* container */
		char *name;	 /* container's */
		char *ip4, *ip6; /* "172.17.0.2/16" */
		char *mac;
	} * members; /* only where one network was asked for */
	size_t n_members;
	struct strv subnets; /* "172.17.0.0/16" */
};
void engine_network_done(struct engine_network *n);
int engine_network_from_json(json_t *json, struct engine_network *ret, struct err *err);
/*
 * An entry of podman's own list, GET /v4.0.0/libpod/networks/json, as the above without members.
 * Only there does podman say which interface a network has: what bridge says above is not so.
 */
int engine_network_from_libpod(json_t *json, struct engine_network *ret, struct err *err);

/* A line of GET /events. */
struct engine_event {
	char *type, *action; /* "container"/"start", "network"/"connect" */
	char *id;	     /* of the actor */
	json_t *attributes;  /* object of strings */
	int64_t time_nano;
};
void engine_event_done(struct engine_event *ev);
int engine_event_parse(const char *line, size_t size, struct engine_event *ret, struct err *err);
/*
 * A line without its attributes, from its beginning alone: engines tell type, action and actor's id
 * before them. NULL where they don't; whether it is an event, engine_event_parse says. Pure. Caller
 * frees.
 */
char *engine_event_shorten(const char *line, size_t size);

/* The value of a label, or NULL. */
const char *engine_container_label(const struct engine_container *c, const char *key);
