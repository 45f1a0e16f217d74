/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the containers of each pod have sent and received: the kernel's own statistics of the ports
 * of guarded bridges, which it keeps anyway. They begin with the port, so with the start of the
 * container, and have all frames, also those that are denied then.
 */
#pragma once

#include "common/err.h"
#include "netguard/elements.h"
#include "netguard/rtnl_parse.h"

struct rtnl;

/* A port that is a pod's, and what the host's end of it has carried. */
struct traffic_port {
	const char *pod; /* of the elements that were given */
	struct rtnl_stats stats;
};

struct traffic {
	struct traffic_port *items;
	size_t n;
};
void traffic_done(struct traffic *t);

/*
 * Adds what one message says of a link, where the set of ports in `held` (normalized; NULL: none)
 * has that and says whose it is. Pure. False: nothing was added.
 */
bool traffic_take(struct traffic *t, const struct elements *held, const struct nlmsghdr *nlh);

/*
 * All ports of pods as they are now, in no order; a pod has as many as its containers have. held
 * must outlive ret, which traffic_done frees. 0, or -errno and err: ret is as it was.
 */
int traffic_ask(struct rtnl *r, const struct elements *held, struct traffic *ret, struct err *err);
