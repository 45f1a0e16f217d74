/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `netguard run` as on a kernel that has no owner and persist flags for tables (before Linux 6.9):
 * what asks for them is refused, as such kernels do. So the table may be changed by anybody, and
 * the daemon has to put it back. No test by itself: tests/e2e/32_heal.sh starts it.
 */
#include "common/err.h"
#include "netguard/daemon.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* a flag that no kernel knows: it says EOPNOTSUPP, as old ones to these two */
#define UNKNOWN_FLAG 0x8000U
#define NEW_FLAGS    0x6U

static int spoil_flags(const struct nlattr *attr, void *data _unused_)
{
	uint32_t *flags = mnl_attr_get_payload(attr);

	if (mnl_attr_get_type(attr) == NFTA_TABLE_FLAGS && (ntohl(*flags) & NEW_FLAGS))
		*flags = htonl(UNKNOWN_FLAG);
	return MNL_CB_OK;
}

/* In the place of libc's: the program's own comes first. */
ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	for (size_t i = 0; i < msg->msg_iovlen; i++) {
		struct nlmsghdr *nlh = msg->msg_iov[i].iov_base;
		int left = (int)msg->msg_iov[i].iov_len;
		int domain = 0;
		socklen_t size = sizeof(domain);

		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 ||
		    domain != AF_NETLINK)
			break;
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
			if (nlh->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE))
				mnl_attr_parse(nlh, sizeof(struct nfgenmsg), spoil_flags, NULL);
	}
	return syscall(SYS_sendmsg, fd, msg, flags);
}

int main(void)
{
	struct err err;

	if (daemon_run(&err) < 0) {
		fprintf(stderr, "netguard: %s\n", err.text);
		return 1;
	}
	return 0;
}
