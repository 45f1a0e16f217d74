/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the engine asks its authorization plugin: one request of a client, as the engine's own HTTP
 * server has read it. Pure.
 *
 * Read as the engine reads it, or not at all: what could mean two things (an encoded slash, a
 * parameter twice, a key twice, a body that was not handed over) is refused, so that what is
 * decided on is what the engine will do.
 * Source: moby, pkg/authorization (api.go, authz.go) and api/server; Go's net/http.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#include <jansson.h>

/* The engine hands over bodies below 1 MiB only, here in base64, beside up to 1 MiB of headers. */
#define AUTHZ_MESSAGE_MAX   ((size_t)4 * 1024 * 1024)
#define AUTHZ_QUERY_MAX	    64
/* the oldest API that is spoken: before, a start could bring a configuration with it */
#define AUTHZ_API_MINOR_MIN 24

struct authz_pair {
	char *key, *value;
};

struct authz_request {
	/* what authz_request_parse takes from the message, as it is */
	char *client; /* common name of a verified TLS certificate; NULL: none */
	char *method, *uri;
	char *content_type;   /* NULL: none */
	char *content_length; /* NULL: none, or the body is chunked */
	char *token;	      /* Netguard-Token; NULL: none */
	char *raw; /* the body; NULL: there is none, it was not handed over, or was read */
	size_t raw_size;

	/* what authz_request_read makes of that */
	char *path;	/* decoded, without the version: "/containers/create" */
	unsigned minor; /* of the API's version; 0: the engine's newest */
	struct authz_pair *query;
	size_t n_query;
	json_t *body; /* an object; NULL: no body */
};
void authz_request_done(struct authz_request *r);

/* The engine's message (JSON). 0, or -EINVAL. *ret is set only on success. */
int authz_request_parse(const char *message, size_t size, struct authz_request *ret,
			struct err *err);

/* Reads path and query. 0, or -EINVAL with what is refused. Once for each request. */
int authz_request_read_target(struct authz_request *r, struct err *err);
/* Reads path, query and body. 0, or -EINVAL with what is refused. Once for each request. */
int authz_request_read(struct authz_request *r, struct err *err);

/* The value of a parameter, or NULL. */
const char *authz_request_query(const struct authz_request *r, const char *key);
