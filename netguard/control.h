/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control socket: JSON lines, a reply for each request, peers known by their credentials.
 *
 * Anybody may connect, so everything is limited: connections in all and per user, the length of a
 * line, the time without a request, the time to read a reply. Only root may ask for reload and
 * denials. What a user's questions cost is limited, too, and what
 * those of all users cost: beyond it they are refused as busy, and the connection is closed.
 */
#pragma once

#include "netguard/control_request.h"
#include "netguard/loop.h"

#include <jansson.h>
#include <sys/types.h>

#define CONTROL_CLIENTS_MAX	 128
#define CONTROL_CLIENTS_FOR_ROOT 32
#define CONTROL_CLIENTS_PER_USER 16 /* root: all */
#define CONTROL_IDLE_MS		 10000
#define CONTROL_PAUSE_MS	 100 /* where there is no descriptor for one more client */
/* of replies that users but root have not read yet, all together, when one more is begun */
#define CONTROL_UNREAD_MAX	 ((size_t)1024 * 1024)
#define CONTROL_FOLLOW_MAX	 ((size_t)256 * 1024)

struct control;

struct control_ops {
	json_t *(*status)(void *userdata); /* new reference: what goes into the reply */
	int (*reload)(void *userdata, struct err *err);
	/* 0 and a new reference, or -errno and err */
	int (*explain)(void *userdata, const struct control_request *r, json_t **ret,
		       struct err *err);
	/* new reference: the last n denials; asked for root only */
	json_t *(*denied)(void *userdata, size_t n);
	/*
	 * A wait of root's begins, for which the engine may be asked: the number to be given to
	 * waited. Those of others get 0: the engine is never asked for what anybody may ask.
	 */
	uint64_t (*wait_begin)(void *userdata, const char *container);
	/*
	 * 1: the kernel has the container's addresses; 0: not yet; -errno and err: it never will.
	 * Asked at once and at each control_check.
	 */
	int (*waited)(void *userdata, const char *container, uint64_t number, struct err *err);
	void *userdata;
};

/* Makes the socket at path anew (mode 0666). The caller sees to it that no other daemon runs. */
int control_new(struct loop *l, const char *path, const struct control_ops *ops,
		struct control **ret, struct err *err);
void control_free(struct control *c); /* also takes the socket away */
DEFINE_CLEANUP(struct control, control_free);

void control_check(struct control *c); /* something changed: answers waits that are over */
/*
 * Sends a line (borrowed) to each client that follows denials. One that does not read what was
 * sent is dropped: the daemon keeps at most CONTROL_FOLLOW_MAX bytes for each.
 */
void control_publish(struct control *c, const json_t *line);
size_t control_n_clients(const struct control *c);
