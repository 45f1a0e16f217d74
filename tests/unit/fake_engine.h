/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A scripted engine on a unix socket, for what a real one can't be made to do: malformed, cut and
 * missing replies, thousands of containers. It answers in threads of its own.
 *
 * A request is answered by the first script entry that is left and whose method and path fit; an
 * entry serves once unless it says forever. Without one: 404 {"message":"no script for PATH"}.
 */
#pragma once

#include "common/base.h"

struct fake_engine;

enum fake_end {
	FAKE_KEEP,  /* the connection waits for the next request */
	FAKE_CLOSE, /* it is closed */
	FAKE_HANG,  /* it says nothing more, until the client or the fake goes */
	/* what fake_engine_push gets is sent on it, until fake_engine_hang_up; first, where the
	 * request says since=TIME, what it has got since */
	FAKE_STREAM,
};

struct fake_reply {
	const char *method; /* NULL: any */
	const char *path;   /* the request's target begins with it; NULL: any */
	/* all bytes of the reply; copied */
	const char *data;
	size_t size;  /* 0: strlen(data) */
	size_t split; /* not 0: a pause after this many bytes */
	size_t cut;   /* not 0: ends after this many bytes */
	int delay_ms; /* before the first byte */
	enum fake_end end;
	bool forever;
};

struct fake_engine *fake_engine_new(void);
void fake_engine_free(struct fake_engine *f);
DEFINE_CLEANUP(struct fake_engine, fake_engine_free);

const char *fake_engine_host(const struct fake_engine *f); /* "unix:///tmp/.../engine.sock" */
void fake_engine_add(struct fake_engine *f, const struct fake_reply *reply);
void fake_engine_clear(struct fake_engine *f); /* forgets the script */
/* Another script instead, at once: no request finds half of one. Paths are copied, too. */
void fake_engine_replace(struct fake_engine *f, const struct fake_reply *replies, size_t n);

/* Whether entry i of the script has not been used yet. */
bool fake_engine_left(struct fake_engine *f, size_t i);

/* Whole HTTP replies: with Content-Length, or chunked with the body in one or several chunks. */
char *fake_http(int status, const char *body);
char *fake_http_chunked(int status, const char *body, size_t chunk);

/* A reply of that body, copied and kept by the fake. */
void fake_engine_json(struct fake_engine *f, const char *path, int status, const char *body);

/* Waits until n streams are open, then sends the text to all of them, as one chunk. */
void fake_engine_push(struct fake_engine *f, unsigned n, const char *text);
void fake_engine_hang_up(struct fake_engine *f); /* closes all streams */

/* What came: number of requests and connections; the last request whole, to be freed. */
unsigned fake_engine_requests(struct fake_engine *f);
unsigned fake_engine_connections(struct fake_engine *f);
unsigned fake_engine_most_at_once(struct fake_engine *f); /* requests being answered */
char *fake_engine_last(struct fake_engine *f);
