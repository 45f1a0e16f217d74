/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Notifications of changes that others make.
 *
 * Our own transactions, which may have thousands of elements, are dropped in the kernel by a
 * filter: each notification carries the port id of the socket whose transaction it tells of. Each
 * transaction ends with NEWGEN, which names the process. What could not be queued is not guessed:
 * the caller learns that something was lost.
 */
#include "nft/private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

struct nft_monitor {
	int fd;
	bool touched; /* by the transaction whose NEWGEN has not come yet */
	uint8_t *buffer;
};

static int set_filter(int fd, uint32_t portid, struct err *err)
{
	/* a load gives network order, and the port id lies in the host's */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(portid), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return err_os(err, errno, "nftables: filter for notifications");
	return 0;
}

static int set_membership(int fd, int option, struct err *err)
{
	int group = NFNLGRP_NFTABLES;

	if (setsockopt(fd, SOL_NETLINK, option, &group, sizeof(group)) < 0)
		return err_os(err, errno, "nftables: the group of notifications");
	return 0;
}

int nft_monitor_pause(struct nft_monitor *m, struct err *err)
{
	return set_membership(m->fd, NETLINK_DROP_MEMBERSHIP, err);
}

int nft_monitor_resume(struct nft_monitor *m, struct err *err)
{
	return set_membership(m->fd, NETLINK_ADD_MEMBERSHIP, err);
}

int nft_monitor_open(const struct nft_socket *own, struct nft_monitor **ret, struct err *err)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK};
	int size = 4 * 1024 * 1024, r;
	_cleanup_close_ int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
	struct nft_monitor *m;

	if (fd < 0)
		return err_os(err, errno, "nftables: opening a netlink socket");
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return err_os(err, errno, "nftables: binding a netlink socket");
	r = set_filter(fd, own->portid, err);
	if (r < 0)
		return r;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	r = set_membership(fd, NETLINK_ADD_MEMBERSHIP, err);
	if (r < 0)
		return r;
	m = xcalloc(1, sizeof(*m));
	m->fd = take_fd(&fd);
	m->buffer = xmalloc(NFT_RECV_SIZE);
	*ret = m;
	return 0;
}

void nft_monitor_close(struct nft_monitor *m)
{
	if (!m)
		return;
	closep(&m->fd);
	free(m->buffer);
	free(m);
}

int nft_monitor_fd(const struct nft_monitor *m)
{
	return m->fd;
}

bool nft_monitor_take(bool *touched, const char *table, const struct nlmsghdr *nlh,
		      struct nft_change *c)
{
	const struct nlattr *a[NFTA_GEN_MAX + 1];
	const char *name;

	if (nlh->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
	    nft_message_attributes(nlh, a, ARRAY_SIZE(a)) < 0)
		return false;
	if ((nlh->nlmsg_type & 0xff) != NFT_MSG_NEWGEN) {
		name = nft_attr_str(a[NFTA_TABLE_NAME]);
		*touched |= name && streq(name, table);
		return true;
	}
	if (*touched) {
		c->table = true;
		c->pid = 0;
		(void)nft_attr_u32(a[NFTA_GEN_PROC_PID], &c->pid);
		name = nft_attr_str(a[NFTA_GEN_PROC_NAME]);
		text_printable(c->name, sizeof(c->name), name ? name : "");
	}
	*touched = false;
	return true;
}

int nft_monitor_read(struct nft_monitor *m, const char *table, struct nft_change *ret,
		     struct err *err)
{
	struct nft_change c = {.table = false};
	bool any = false;

	for (;;) {
		ssize_t n = recv(m->fd, m->buffer, NFT_RECV_SIZE, MSG_DONTWAIT | MSG_TRUNC);
		const struct nlmsghdr *nlh;
		size_t at = 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0 && errno != ENOBUFS)
			return err_os(err, errno, "nftables: reading notifications");
		any = true;
		if (n < 0 || (size_t)n > NFT_RECV_SIZE) {
			c.lost = true;
			continue;
		}
		while (nft_next_message(m->buffer, (size_t)n, &at, &nlh))
			nft_monitor_take(&m->touched, table, nlh, &c);
	}
	if (any)
		*ret = c;
	return any;
}
