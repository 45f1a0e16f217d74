/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What rtnetlink's messages say of links, addresses, namespaces and routes. Pure. The kernel's
 * framing of a message is trusted, its contents are not. Source: rtnetlink(7), linux/if_link.h,
 * linux/net_namespace.h.
 */
#pragma once

#include "common/addr.h"

#include <libmnl/libmnl.h>
#include <net/if.h>

/* What a link has carried, since it is there: packets and bytes with their Ethernet headers. */
struct rtnl_stats {
	uint64_t rx_packets, rx_bytes; /* of the host's end of a pair: what the other end sent */
	uint64_t tx_packets, tx_bytes;
};

struct rtnl_link {
	int index; /* above 0 */
	int master, peer;
	int nsid; /* of the other end; -1: none is told */
	bool up;  /* the other end is up too */
	char name[IF_NAMESIZE];
	bool has_mac;
	uint8_t mac[6];

	bool is_bridge;
	bool on4, on6;	    /* what it bridges passes the tables of inet */
	bool learns_groups; /* also from frames for 01:80:c2:00:00:0x that it does not forward */
	bool snoops;	    /* on what its ports say of groups of IP */

	bool is_port; /* of a bridge */

	/* of a bridge or a port: which of these frames it forwards, a bit for each last digit */
	uint16_t group_mask;

	bool has_stats; /* false: none are told, all are 0 */
	struct rtnl_stats stats;
};

/* Of RTM_NEWLINK, which has a name, and RTM_DELLINK; false where it is another message. */
bool rtnl_parse_link(const struct nlmsghdr *nlh, struct rtnl_link *ret);

/*
 * Of RTM_NEWLINK of the family AF_BRIDGE, as a bridge tells of its port when settings of it change:
 * index, master and group_mask, all else is as if not told; false where it is another message.
 */
bool rtnl_parse_port(const struct nlmsghdr *nlh, struct rtnl_link *ret);

/* Of RTM_NEWADDR, IPv4 and IPv6; *index: of its link. */
bool rtnl_parse_address(const struct nlmsghdr *nlh, uint32_t *index, struct addr *ret);

/* The number of a namespace, of RTM_NEWNSID and RTM_DELNSID; -1: it has none, or another message.
 */
int rtnl_parse_nsid(const struct nlmsghdr *nlh);

/* Of RTM_NEWROUTE: its type (RTN_UNICAST, ...), and the index of the link; 0: none is told. */
bool rtnl_parse_route(const struct nlmsghdr *nlh, uint8_t *type, uint32_t *oif);
