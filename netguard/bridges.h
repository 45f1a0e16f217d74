/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes guarded bridges pass what goes from one of their ports to another through the table.
 *
 * Packets between two containers of one bridge would be bridged, and table inet never see them, so
 * table bridge gives them to the host, which routes them: it writes RULESET_HOST_MAC over the
 * receiver's MAC, and here the bridge is told that this is one of the host's own (an entry of its
 * FDB). While it is not, nothing passes between the two. br_netfilter, which would show bridged
 * packets to table inet, costs each packet of a container that is routed, too: where it was
 * switched on for a guarded bridge it is switched off. (For all bridges it is a sysctl.)
 *
 * Frames for 01:80:c2:00:00:0x pass table bridge only where they are forwarded: a bridge has all
 * forwarded that it may. The rest (..:00 with STP, ..:02) is set at each port, see links.h; until
 * it is, the bridge learns nothing from them.
 */
#pragma once

#include "common/err.h"

struct bridges;

/* Whether this interface is guarded: settings_guards_interface. */
typedef bool bridges_guarded_fn(void *userdata, const char *ifname);

/* Opens the rtnetlink sockets in the current network namespace. */
int bridges_new(struct bridges **ret, struct err *err);
void bridges_free(struct bridges *b);
DEFINE_CLEANUP(struct bridges, bridges_free);

int bridges_fd(const struct bridges *b); /* poll for reading, then bridges_dispatch */

/*
 * Looks at all bridges (scan), or at those that changed (dispatch), and sets up guarded ones.
 * Returns how many were set up, or -errno: one bridge's failure does not keep others from it, and
 * the next dispatch looks at all again. A scan gives each its entry anew, as nobody tells where
 * that was taken away.
 */
int bridges_scan(struct bridges *b, bridges_guarded_fn *guarded, void *userdata, struct err *err);
int bridges_dispatch(struct bridges *b, bridges_guarded_fn *guarded, void *userdata,
		     struct err *err);
