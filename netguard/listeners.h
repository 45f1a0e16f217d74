/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which ports of this host somebody listens on: TCP sockets that listen, UDP sockets that are bound
 * and have no peer. SCTP is not asked about: where a container publishes a port of it, nobody is
 * known to listen, and it is closed. A list is what there was at one moment, and is never changed
 * once it is made. Pure; listeners_ask.h makes lists.
 */
#pragma once

#include "common/addr.h"

struct listener {
	uint8_t proto;
	uint16_t port;
	bool loopback;	    /* of an address that only this host reaches */
	uint32_t cookie[2]; /* the kernel's name of this very socket */
};

struct listeners {
	unsigned holders; /* besides the first */
	struct listener *items;
	size_t n;
};
struct listeners *listeners_new(void);
/* One more that holds this very list, and frees it. NULL: NULL. */
struct listeners *listeners_hold(struct listeners *l);
void listeners_free(struct listeners *l); /* where nobody else holds it */
DEFINE_CLEANUP(struct listeners, listeners_free);

/* While it is being made: adds, and at last sorts. */
void listeners_add(struct listeners *l, const struct listener *item);
void listeners_settle(struct listeners *l);

/*
 * Whether somebody listens on a port. loopback: sockets of loopback addresses count, too. l NULL:
 * nobody is known to.
 */
bool listeners_on(const struct listeners *l, uint8_t proto, uint16_t port, bool loopback);
/* The sockets of `now` that were, or were not, in `before` already. Caller frees. */
struct listeners *listeners_still(const struct listeners *before, const struct listeners *now);
struct listeners *listeners_since(const struct listeners *before, const struct listeners *now);
