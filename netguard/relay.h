/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the daemon and the engine: whoever may write to the engine's socket can have root, so
 * the daemon, which reads what containers and users say, may not. It asks here, and questions are
 * all that goes on to the engine (relay_request.h). Answers come back byte for byte, unread.
 *
 * A connection of the daemon's has one to the engine of its own. I/O.
 */
#pragma once

#include "netguard/loop.h"

#define RELAY_PAIRS_MAX 128 /* the daemon has 32 questions and a stream at a time */

struct relay;

/* listener: a listening socket, not blocking, taken over also on failure. engine: the path of the
 * engine's socket. */
int relay_new(struct loop *l, int listener, const char *engine, struct relay **ret,
	      struct err *err);
void relay_free(struct relay *r);
DEFINE_CLEANUP(struct relay, relay_free);
