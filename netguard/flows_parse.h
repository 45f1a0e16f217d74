/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What ctnetlink's messages say of connections, and sock_diag's of sockets. Pure. The kernel's
 * framing of a message is trusted, its contents are not. Source: nfnetlink_conntrack.h,
 * net/netfilter/nf_conntrack_netlink.c, sock_diag(7).
 */
#pragma once

#include "netguard/flows.h"

#include <libmnl/libmnl.h>

#define FLOWS_TUPLE_MAX 256

/* A connection, with what names it for the kernel. */
struct flows_entry {
	struct flow flow;		/* from_local, at_local and the user are not known here */
	uint8_t tuple[FLOWS_TUPLE_MAX]; /* the contents of CTA_TUPLE_ORIG */
	uint16_t tuple_size;
	bool has_id, has_zone;
	uint32_t id;   /* as the kernel gave it */
	uint16_t zone; /* the same */
};

/* False where it is no message of a connection, or something that decides is missing. */
bool flows_parse_entry(const struct nlmsghdr *nlh, struct flows_entry *e);

struct flows_socket {
	struct addr own;
	uint16_t own_port, peer_port;
	uint32_t uid;
	bool listens;
	uint32_t cookie[2]; /* names this very one */
};

/* False where it is no message of a socket. */
bool flows_parse_socket(const struct nlmsghdr *nlh, struct flows_socket *ret);
