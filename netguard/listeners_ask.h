/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks the kernel who listens on ports of this host (sock_diag(7), in our network namespace). */
#pragma once

#include "netguard/listeners.h"
#include "netguard/rtnl.h"

/* Kept, like all netlink sockets: see flows.h. */
struct listeners_asker {
	struct rtnl sockets;
};
int listeners_asker_new(struct listeners_asker **ret, struct err *err);
void listeners_asker_free(struct listeners_asker *a);
DEFINE_CLEANUP(struct listeners_asker, listeners_asker_free);

/* All of them now. Caller frees *ret. A kernel that can't tell, or not now: -errno. */
int listeners_ask(struct listeners_asker *a, struct listeners **ret, struct err *err);
