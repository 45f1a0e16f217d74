/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes guarded bridges pass what goes from one of their ports to another through the table.
 *
 * Packets between two containers of one bridge are bridged, not routed: without br_netfilter the
 * table's forward chain never sees them, and pods would reach each other unasked. The switch is
 * per bridge (IFLA_BR_NF_CALL_IPTABLES; needs the module br_netfilter), so bridges that
 * are not Docker's stay as they are.
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
 * Looks at all bridges (scan), or at those that changed (dispatch), and switches guarded ones on.
 * Returns how many were switched, or -errno: one bridge's failure does not keep others from it, and
 * the next dispatch looks at all again.
 */
int bridges_scan(struct bridges *b, bridges_guarded_fn *guarded, void *userdata, struct err *err);
int bridges_dispatch(struct bridges *b, bridges_guarded_fn *guarded, void *userdata,
		     struct err *err);

/* Whether the kernel can do it at all: br_netfilter is loaded. */
bool bridges_filter_available(void);
