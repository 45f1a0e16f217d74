/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plugin's socket: connections of the engine, one message at a time on each.
 *
 * Only root may connect. Whatever goes wrong closes the connection, and an engine without an answer
 * denies. All buffers together have a limit, so that users who ask much can't make us large.
 */
#pragma once

#include "netguard/authz_http.h"
#include "netguard/loop.h"

#define AUTHZ_PEERS_MAX	  1024
#define AUTHZ_BUFFERS_MAX ((size_t)128 * 1024 * 1024)
#define AUTHZ_READ_MS	  20000 /* for one whole message, from its first byte */

struct authz_server;
struct authz_peer;

struct authz_server_ops {
	/* A whole message. Answer now or later, once, unless gone is called. */
	void (*asked)(void *userdata, struct authz_peer *peer, enum authz_http_what what,
		      const char *body, size_t size);
	/* The peer went without waiting for its answer. */
	void (*gone)(void *userdata, struct authz_peer *peer);
	void *userdata;
};

/* listener: a listening socket, taken over also on failure. */
int authz_server_new(struct loop *l, int listener, const struct authz_server_ops *ops,
		     struct authz_server **ret, struct err *err);
void authz_server_free(struct authz_server *s);
DEFINE_CLEANUP(struct authz_server, authz_server_free);

/* status: 200 or 404. */
void authz_server_answer(struct authz_peer *peer, int status, const char *json);

/* A socket at path, mode 0600, in place of a dead one. -EADDRINUSE: somebody listens there. */
int authz_server_listen(const char *path, int *ret, struct err *err);
