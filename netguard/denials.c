/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The NFLOG listener: binds group 86, hands records on. Sources: linux/netfilter/nfnetlink_log.h,
 * net/netfilter/nfnetlink_log.c.
 */
#include "netguard/denials.h"

#include "netguard/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <sys/socket.h>

#define DENIALS_COPY 128 /* bytes of each packet: the headers */

struct denials {
	struct mnl_socket *nl;
	_Alignas(struct nlmsghdr) uint8_t buffer[64 * 1024];
};

void denials_free(struct denials *d)
{
	if (!d)
		return;
	if (d->nl)
		mnl_socket_close(d->nl);
	free(d);
}

static struct nlmsghdr *config_start(void *buffer, uint16_t group)
{
	struct nfgenmsg *nfg;
	struct nlmsghdr *nlh = rtnl_put(buffer, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG,
					NLM_F_ACK, sizeof(*nfg));

	nfg = mnl_nlmsg_get_payload(nlh);
	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;
	nfg->res_id = htons(group);
	return nlh;
}

/* Sends a configuration message and waits for the kernel's answer. */
static int config_send(struct denials *d, struct nlmsghdr *nlh)
{
	ssize_t n;

	if (mnl_socket_sendto(d->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(d->nl, d->buffer, sizeof(d->buffer));
	if (n < 0)
		return -errno;
	if (mnl_cb_run(d->buffer, (size_t)n, 0, mnl_socket_get_portid(d->nl), NULL, NULL) < 0)
		return -errno;
	return 0;
}

static int config_bind(struct denials *d)
{
	struct nfulnl_msg_config_cmd bind = {.command = NFULNL_CFG_CMD_BIND};
	struct nfulnl_msg_config_mode mode = {.copy_range = htonl(DENIALS_COPY),
					      .copy_mode = NFULNL_COPY_PACKET};
	uint8_t request[256] = {0}; /* padding goes to the kernel too */
	struct nlmsghdr *nlh;
	int r;

	nlh = config_start(request, DENIALS_GROUP);
	mnl_attr_put(nlh, NFULA_CFG_CMD, sizeof(bind), &bind);
	r = config_send(d, nlh);
	if (r < 0)
		return r;
	/* each record at once: people watch them live, and the table limits their rate */
	nlh = config_start(request, DENIALS_GROUP);
	mnl_attr_put(nlh, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(nlh, NFULA_CFG_QTHRESH, htonl(1));
	return config_send(d, nlh);
}

int denials_new(struct denials **ret, struct err *err)
{
	_cleanup_(denials_freep)
	struct denials *d = xcalloc(1, sizeof(*d));
	int r;

	d->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!d->nl)
		return err_os(err, errno, "netlink socket for denials");
	if (mnl_socket_bind(d->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return err_os(err, errno, "netlink socket for denials");
	r = config_bind(d);
	if (r < 0)
		return err_os(err, -r, "log group %d", DENIALS_GROUP);
	*ret = take_ptr(d);
	return 0;
}

int denials_fd(const struct denials *d)
{
	return mnl_socket_get_fd(d->nl);
}

int denials_dispatch(struct denials *d, denials_fn *fn, void *userdata, struct err *err)
{
	for (int i = 0; i < 64; i++) {
		ssize_t n = mnl_socket_recvfrom(d->nl, d->buffer, sizeof(d->buffer));
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)(void *)d->buffer;
		int left = (int)n;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0 && errno == ENOBUFS)
			continue; /* some were lost: the counters have them */
		if (n < 0)
			return err_os(err, errno, "log group %d", DENIALS_GROUP);
		while (mnl_nlmsg_ok(nlh, left)) {
			struct denial denial;

			if (denial_parse(nlh, &denial))
				fn(userdata, &denial);
			nlh = mnl_nlmsg_next(nlh, &left);
		}
	}
	return 0;
}
