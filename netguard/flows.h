/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ends the flows that a revoked permission had allowed, and no other.
 *
 * Theory of operation. Established flows are accepted first in each chain, so they would outlive
 * what allowed them. After a change that takes something away, the kernel's list of connections is
 * read once, and each is judged as its first packet was: by the elements before the change and by
 * those after it. One that was allowed and would not be any more, or whose container is gone, is
 * forgotten (its next packet is judged anew), and its TCP socket on this host, where it has one, is
 * closed. The table is changed first: what begins in between is judged by the new one already.
 *
 * A TCP connection that was forgotten is not picked up again in the middle, from either side: see
 * the chain deny_midstream. A container may go on to send UDP to the world, where it may send UDP
 * to the world.
 *
 * Who has a flow's socket on this host is asked of the kernel (sock_diag) before it is ended.
 */
#pragma once

#include "common/err.h"
#include "netguard/elements.h"

/* A connection: its first packet as it was sent, and where that went. */
struct flow {
	struct addr from, to; /* as sent */
	uint16_t from_port, to_port;
	struct addr at; /* where it arrived: after DNAT */
	uint16_t at_port;
	uint8_t proto;
	bool from_local, at_local; /* this host's own addresses */
	bool has_uid;		   /* of the socket on this host that sent it */
	uint32_t uid;
};

/* What one change means for flows. before and after must outlive it. */
struct flows_change;
/* NULL where the change takes nothing away. */
struct flows_change *flows_change_new(const struct elements *before, const struct elements *after);
void flows_change_free(struct flows_change *c);
DEFINE_CLEANUP(struct flows_change, flows_change_free);

/* Whether what is added to this set may end flows. (Where interfaces change, all are judged anew.)
 */
bool flows_restricted_by(enum set_id set);

/* Whether this flow is to be ended. Pure. */
bool flows_ends(const struct flows_change *c, const struct flow *f);
/* Whether that may depend on the user who sent it. */
bool flows_asks_uid(const struct flows_change *c, const struct flow *f);

typedef bool flows_local_fn(void *userdata, const struct addr *a);

/*
 * The sockets that this takes, in the current network namespace. Kept, since closing one takes the
 * kernel up to 20 ms.
 */
struct flows;
int flows_new(struct flows **ret, struct err *err);
void flows_free(struct flows *f);
DEFINE_CLEANUP(struct flows, flows_free);

/*
 * Ends flows. local: whether an address is this host's own.
 * Returns how many were ended, or -errno; one that can't be ended does not keep others from it.
 */
int flows_end(struct flows *f, const struct flows_change *c, flows_local_fn *local, void *userdata,
	      struct err *err);

/* The same for what somebody else judges. ends: called for each; asks_uid: whether it needs the
 * uid. */
struct flows_judge {
	bool (*ends)(void *userdata, const struct flow *f);
	bool (*asks_uid)(void *userdata, const struct flow *f);
	flows_local_fn *local;
	void *userdata;
};
int flows_end_judged(struct flows *f, const struct flows_judge *judge, struct err *err);
