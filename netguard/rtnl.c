/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/rtnl.h"

#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#define DUMP_TRIES 8
#define DRAIN_MAX  1024U

/* what the kernel counts for the smallest message: its sk_buff, the part all share, its data */
#define MESSAGE_MIN 512U

int rtnl_open(int protocol, int flags, unsigned groups, struct mnl_socket **ret, struct err *err)
{
	struct mnl_socket *s = mnl_socket_open2(protocol, SOCK_CLOEXEC | flags);

	if (!s)
		return err_os(err, errno, "netlink socket");
	if (mnl_socket_bind(s, groups, MNL_SOCKET_AUTOPID) < 0) {
		int saved = errno;

		mnl_socket_close(s);
		return err_os(err, saved, "netlink socket");
	}
	*ret = s;
	return 0;
}

/* How many messages can wait at most. */
static unsigned waiting_max(const struct mnl_socket *s)
{
	int size = 0;
	socklen_t n = sizeof(size);

	if (getsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUF, &size, &n) < 0 || size < 0)
		size = 0;
	return (unsigned)size / MESSAGE_MIN + 1;
}

int rtnl_hear(const struct mnl_socket *s, void *buffer, mnl_cb_t fn, void *userdata,
	      struct err *err)
{
	unsigned max = waiting_max(s);
	int lost = 0;

	for (unsigned i = 0; i < max; i++) {
		ssize_t n = mnl_socket_recvfrom(s, buffer, RTNL_BUFFER);

		if (n < 0 && errno == EAGAIN)
			break;
		/* of one that did not fit (ENOSPC) the rest is lost */
		if (n < 0 && errno != EINTR && errno != ENOBUFS && errno != ENOSPC)
			return err_os(err, errno, "rtnetlink events");
		if (n < 0)
			lost |= errno != EINTR;
		else if (mnl_cb_run(buffer, (size_t)n, 0, 0, fn, userdata) < 0)
			lost = 1;
	}
	return lost;
}

int rtnl_init(struct rtnl *r, int protocol, struct err *err)
{
	r->seq = (uint32_t)time(NULL);
	return rtnl_open(protocol, 0, 0, &r->socket, err);
}

void rtnl_done(struct rtnl *r)
{
	if (r->socket)
		mnl_socket_close(r->socket);
	r->socket = NULL;
}

struct nlmsghdr *rtnl_put(void *buffer, uint16_t type, uint16_t flags, size_t header)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	mnl_nlmsg_put_extra_header(nlh, header);
	return nlh;
}

int rtnl_talk(struct rtnl *r, struct nlmsghdr *nlh, mnl_cb_t fn, void *userdata)
{
	int result;

	/* what is left of an answer that was given up must not be taken for this one's; its number
	 * is another's, so that what may still be there behind so many is refused */
	for (unsigned i = 0; i < DRAIN_MAX; i++)
		if (recv(mnl_socket_get_fd(r->socket), r->buffer, sizeof(r->buffer), MSG_DONTWAIT) <
			    0 &&
		    errno != ENOBUFS)
			break;
	nlh->nlmsg_seq = ++r->seq;
	if (mnl_socket_sendto(r->socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		ssize_t n = mnl_socket_recvfrom(r->socket, r->buffer, sizeof(r->buffer));

		if (n < 0)
			return -errno;
		result = mnl_cb_run(r->buffer, (size_t)n, r->seq, mnl_socket_get_portid(r->socket),
				    fn, userdata);
	} while (result > MNL_CB_STOP);
	return result < 0 ? -errno : 0;
}

int rtnl_dump(struct rtnl *r, struct nlmsghdr *nlh, mnl_cb_t fn, void (*reset)(void *userdata),
	      void *userdata)
{
	int result = -EINTR;

	for (int i = 0; i < DUMP_TRIES && (result == -EINTR || result == -ENOBUFS); i++) {
		reset(userdata);
		result = rtnl_talk(r, nlh, fn, userdata);
	}
	return result;
}
