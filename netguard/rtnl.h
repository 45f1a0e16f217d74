/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Netlink sockets and questions, for those that follow links, namespaces, flows and denials. */
#pragma once

#include "common/err.h"

#include <libmnl/libmnl.h>

#define RTNL_BUFFER ((size_t)64 * 1024)

/*
 * A question: one is asked at a time, on a socket of its own. An answer that was given up is
 * never taken for a later one's.
 */
struct rtnl {
	struct mnl_socket *socket;
	uint32_t seq;
	_Alignas(struct nlmsghdr) uint8_t buffer[RTNL_BUFFER];
};

/* protocol: NETLINK_ROUTE, ...; flags: SOCK_NONBLOCK or 0; groups: of the first 32, as a mask. */
int rtnl_open(int protocol, int flags, unsigned groups, struct mnl_socket **ret, struct err *err);

/*
 * Reads what waits at a socket that does not block, into buffer (RTNL_BUFFER bytes), calling fn for
 * each message: all that had come before, and an end even where more come as fast as they are read.
 * 0; 1: some were lost, or fn gave one up (MNL_CB_ERROR), so the state that they tell of is to be
 * read anew; -errno: so it is then, too.
 */
int rtnl_hear(const struct mnl_socket *s, void *buffer, mnl_cb_t fn, void *userdata,
	      struct err *err);

/* For questions. */
int rtnl_init(struct rtnl *r, int protocol, struct err *err);
void rtnl_done(struct rtnl *r);

/*
 * The head of a request, and behind it a zeroed header of this size for the caller to fill
 * (mnl_nlmsg_get_payload). flags: besides NLM_F_REQUEST; NLM_F_DUMP or NLM_F_ACK, since rtnl_talk
 * waits for an end of the answer.
 */
struct nlmsghdr *rtnl_put(void *buffer, uint16_t type, uint16_t flags, size_t header);

/*
 * Sends a request and reads to the end of its answer, calling fn (may be NULL) for each message.
 * Returns 0 or -errno: also what the kernel said to the request.
 */
int rtnl_talk(struct rtnl *r, struct nlmsghdr *nlh, mnl_cb_t fn, void *userdata);

/* rtnl_talk of a dump, again where it was interrupted by changes; reset is called before each. */
int rtnl_dump(struct rtnl *r, struct nlmsghdr *nlh, mnl_cb_t fn, void (*reset)(void *userdata),
	      void *userdata);
