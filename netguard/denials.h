/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the table denied: NFLOG records of group 86 as structs, and as one line for people.
 *
 * Everything in a record comes from whoever sent the packet. Parsing is bounded and pure; a record
 * that makes no sense is dropped. The table limits the rate of records, not this module.
 */
#pragma once

#include "common/addr.h"
#include "common/err.h"
#include "netguard/model.h"

#include <linux/netlink.h>

#define DENIALS_GROUP	86
#define DENIAL_TEXT_MAX 512

struct denial {
	char reason[32];  /* the deny chain's: "container_to_host", "forged", ... */
	uint32_t in, out; /* interface indexes, 0: none */
	uint32_t uid;
	bool has_uid; /* the packet came from a socket of this host */
	struct addr from, to;
	uint8_t proto;
	bool has_ports;
	uint16_t from_port, to_port;
};

/* One netlink message of NFLOG (NFULNL_MSG_PACKET). False: no such message, or nonsense in it. */
bool denial_parse(const struct nlmsghdr *nlh, struct denial *ret);

/*
 * "container_to_host: pod web (web.app) 10.88.1.2:40000 -> 10.88.1.1:5433/tcp"; to a published port
 * with ", published as host port 9999". user: the name of
 * d->uid, or NULL for its number. Printable whatever the names are. Returns buf.
 */
const char *denial_format(const struct denial *d, const struct model *m, const char *user,
			  char buf[static DENIAL_TEXT_MAX]);

/* The container that has the address, or NULL. */
const struct member *denial_member(const struct model *m, const struct addr *a);
/*
 * The host ports that are published to where it was sent, at most DENIAL_HOST_PORTS, each once:
 * Docker had rewritten the packet when the table saw it, so the sender may have asked for one of
 * them. Returns how many.
 */
#define DENIAL_HOST_PORTS 8
size_t denial_host_ports(const struct model *m, const struct denial *d,
			 uint16_t ret[static DENIAL_HOST_PORTS]);
/* "tcp", "icmpv6", or the number (in buf). */
const char *denial_proto(uint8_t proto, char buf[static 8]);

/* The listener. One per network namespace: -EPERM or -EBUSY where another program has the group. */
struct denials;
int denials_new(struct denials **ret, struct err *err);
void denials_free(struct denials *d);
DEFINE_CLEANUP(struct denials, denials_free);
int denials_fd(const struct denials *d); /* poll for reading */

/*
 * Reads what is there, at most 64 messages, and calls fn for each record. Records that the kernel
 * had to drop are lost, the counters in the table still have them. Returns 0 or -errno.
 */
typedef void denials_fn(void *userdata, const struct denial *denial);
int denials_dispatch(struct denials *d, denials_fn *fn, void *userdata, struct err *err);
