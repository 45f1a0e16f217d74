/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transactions: a batch goes to the kernel in one sendmsg, which works it off before it returns,
 * so that the whole answer is there to read when it does.
 *
 * Success is never taken for granted: the last message of a batch asks for an acknowledgement, and
 * where neither that nor an error can be read the outcome counts as unknown (-ENOBUFS).
 */
#include "nft/private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef ERESTART
#error "the kernel answers ERESTART where the ruleset has changed meanwhile"
#endif

/* ---- what an error is about ---- */

static const char *verb_of(uint16_t type)
{
	return type == NFT_MSG_DELTABLE || type == NFT_MSG_DELSETELEM || type == NFT_MSG_DELOBJ
		       ? "delete"
		       : "add";
}

/* The element at this offset of the message, or NULL. */
static char *element_at(const struct nft_batch *b, const struct nft_message *m, size_t offset)
{
	const void *at = b->data + m->offset;
	const struct nlmsghdr *nlh = at;
	struct nft_raw_element raw;
	char *text;

	if (offset == 0 || offset + NFT_ATTR_HEADER > nlh->nlmsg_len || offset % 4 != 0)
		return NULL;
	at = b->data + m->offset + offset;
	if (nft_element_parse(m->set, at, nlh->nlmsg_len - offset, &raw) < 0)
		return NULL;
	text = nft_element_text(m->set, &raw.element);
	nft_element_done(&raw.element);
	return text;
}

char *nft_message_text(const struct nft_batch *b, const struct nft_message *m, size_t offset)
{
	const char *family = nft_family_name(m->table->family), *table = m->table->name;
	_cleanup_free_ char *more = NULL;

	switch (m->type) {
	case NFT_MSG_NEWTABLE:
	case NFT_MSG_DELTABLE:
		return xasprintf("%s table %s %s", verb_of(m->type), family, table);
	case NFT_MSG_NEWOBJ:
	case NFT_MSG_DELOBJ:
		return xasprintf("%s object %s %s %s", verb_of(m->type), family, table, m->name);
	case NFT_MSG_NEWCHAIN:
		return xasprintf("add chain %s %s %s", family, table, m->chain->name);
	default:
		break;
	}
	if (m->rule) {
		more = nft_rule_text(m->rule);
		return xasprintf("add rule %s %s %s%s%s", family, table,
				 m->chain ? m->chain->name : "", m->chain ? " " : "", more);
	}
	if (m->type == NFT_MSG_NEWSET)
		return xasprintf("add %s %s %s %s", m->set->limits ? "map" : "set", family, table,
				 m->set->name);
	more = element_at(b, m, offset);
	return more ? xasprintf("%s element %s %s %s { %s }", verb_of(m->type), family, table,
				m->set->name, more)
		    : xasprintf("%s elements %s %s %s", verb_of(m->type), family, table,
				m->set->name);
}

/* ---- sending ---- */

struct control {
	struct nlmsghdr nlh;
	struct nfgenmsg nfg;
	struct nlattr attr;
	uint32_t generation;
};

/* BATCH_BEGIN or BATCH_END. */
static void control_init(struct control *c, uint16_t type, uint32_t seq, uint32_t generation)
{
	*c = (struct control){
		.nlh = {.nlmsg_len = offsetof(struct control, attr),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_seq = seq},
		.nfg = {.version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)},
		.attr = {.nla_len = NFT_ATTR_HEADER + sizeof(uint32_t),
			 .nla_type = NFNL_BATCH_GENID},
		.generation = htonl(generation),
	};
	if (generation != 0)
		c->nlh.nlmsg_len = sizeof(*c);
}

static struct nlmsghdr *message_at(struct nft_batch *b, size_t i)
{
	void *at = b->data + b->messages[i].offset;

	return at;
}

/* Sequence numbers from first on; the last message is acknowledged. */
static void number_messages(struct nft_batch *b, uint32_t first)
{
	for (size_t i = 0; i < b->n_messages; i++)
		message_at(b, i)->nlmsg_seq = first + (uint32_t)i;
	message_at(b, b->n_messages - 1)->nlmsg_flags |= NLM_F_ACK;
}

static void drain(struct nft_socket *s)
{
	ssize_t n;

	do
		n = recv(s->fd, s->buffer, NFT_RECV_SIZE, MSG_DONTWAIT);
	while (n >= 0 || errno == ENOBUFS || errno == EINTR);
}

/* A batch must fit into the send buffer as a whole. */
static void make_room(struct nft_socket *s, size_t size)
{
	int have = 0, want = (int)size;
	socklen_t length = sizeof(have);

	if (s->send_room > size + 4096)
		return;
	if (getsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &have, &length) == 0 && have > 0)
		s->send_room = (size_t)have;
	if (s->send_room > size + 4096)
		return;
	if (setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &want, sizeof(want)) < 0)
		(void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &want, sizeof(want));
}

static int send_batch(struct nft_socket *s, struct nft_batch *b, uint32_t generation, bool commit,
		      struct err *err)
{
	struct control begin, end;
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};
	struct iovec iov[] = {{&begin, 0}, {b->data, b->size}, {&end, 0}};
	struct msghdr msg = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = iov,
		.msg_iovlen = commit ? 3 : 2,
	};
	ssize_t n;

	control_init(&begin, NFNL_MSG_BATCH_BEGIN, s->seq++, generation);
	number_messages(b, s->seq);
	s->seq += (uint32_t)b->n_messages;
	control_init(&end, NFNL_MSG_BATCH_END, s->seq++, 0);
	iov[0].iov_len = begin.nlh.nlmsg_len;
	iov[2].iov_len = end.nlh.nlmsg_len;
	make_room(s, b->size + sizeof(begin) + sizeof(end));
	do
		n = sendmsg(s->fd, &msg, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_os(err, errno, "nftables: sending %zu bytes", b->size) : 0;
}

/* ---- the answer ---- */

struct answer {
	uint32_t first; /* sequence number of the batch's first message */
	size_t n;	/* of its messages */
	bool acknowledged, lost;
	/* of the first that was refused */
	int code;
	size_t index; /* n: the transaction as a whole */
	size_t offset;
	char text[128];
};

static void read_error(const struct nlmsghdr *nlh, struct answer *a)
{
	const struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1] = {NULL};
	size_t skip = nft_align(sizeof(struct nlmsghdr)) + sizeof(struct nlmsgerr);
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	uint32_t index, offset = 0;
	const char *text;

	if (nlh->nlmsg_len < skip)
		return;
	index = e->msg.nlmsg_seq - a->first;
	if (e->error == 0) {
		a->acknowledged |= index == a->n - 1;
		return;
	}
	if (index >= a->n)
		index = (uint32_t)a->n;
	if (a->code != 0 && index >= a->index)
		return;
	a->code = -e->error;
	a->index = index;
	a->offset = 0;
	a->text[0] = '\0';
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += nft_align(e->msg.nlmsg_len) - sizeof(struct nlmsghdr);
	if (skip > nlh->nlmsg_len ||
	    nft_attributes((const uint8_t *)nlh + skip, nlh->nlmsg_len - skip, attrs,
			   ARRAY_SIZE(attrs)) < 0)
		return;
	text = nft_attr_str(attrs[NLMSGERR_ATTR_MSG]);
	if (text)
		text_printable(a->text, sizeof(a->text), text);
	/* the only number here that is in the host's order */
	if (attrs[NLMSGERR_ATTR_OFFS] &&
	    mnl_attr_get_payload_len(attrs[NLMSGERR_ATTR_OFFS]) == sizeof(offset))
		memcpy(&offset, mnl_attr_get_payload(attrs[NLMSGERR_ATTR_OFFS]), sizeof(offset));
	a->offset = offset;
}

bool nft_next_message(const void *data, size_t size, size_t *at, const struct nlmsghdr **ret)
{
	const void *here = (const uint8_t *)data + *at;
	const struct nlmsghdr *nlh = here;

	if (*at > size || size - *at < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) ||
	    nlh->nlmsg_len > size - *at)
		return false;
	*at += nft_align(nlh->nlmsg_len);
	*ret = nlh;
	return true;
}

static void read_answer(struct nft_socket *s, struct answer *a)
{
	for (;;) {
		ssize_t n = recv(s->fd, s->buffer, NFT_RECV_SIZE, MSG_DONTWAIT);
		const struct nlmsghdr *nlh;
		size_t at = 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) {
			a->lost = true;
			continue;
		}
		if (n < 0)
			return;
		while (nft_next_message(s->buffer, (size_t)n, &at, &nlh))
			if (nlh->nlmsg_type == NLMSG_ERROR)
				read_error(nlh, a);
	}
}

static int set_error(const struct nft_batch *b, const struct answer *a, struct err *err)
{
	_cleanup_free_ char *about = NULL;

	if (a->code == 0)
		return err_set(err, ENOBUFS, "nftables: the kernel's answer was lost");
	if (a->index == a->n && a->code == ERESTART)
		return err_set(err, ESTALE, "nftables: the ruleset has changed meanwhile");
	about = a->index == a->n ? xstrdup("nftables transaction")
				 : nft_message_text(b, &b->messages[a->index], a->offset);
	if (a->text[0])
		return err_os(err, a->code, "%s: %s", about, a->text);
	return err_os(err, a->code, "%s", about);
}

static int transact(struct nft_socket *s, struct nft_batch *b, uint32_t generation, bool commit,
		    struct err *err)
{
	struct answer a = {.n = b->n_messages};
	int r;

	if (b->poison.code != 0) {
		*err = b->poison;
		return -err->code;
	}
	if (b->n_messages == 0)
		return 0;
	drain(s);
	a.first = s->seq + 1;
	r = send_batch(s, b, generation, commit, err);
	if (r < 0)
		return r;
	read_answer(s, &a);
	if (a.code == 0 && a.acknowledged)
		return 0;
	return set_error(b, &a, err);
}

int nft_batch_commit(struct nft_socket *s, struct nft_batch *b, uint32_t generation,
		     struct err *err)
{
	return transact(s, b, generation, true, err);
}

int nft_batch_check(struct nft_socket *s, struct nft_batch *b, struct err *err)
{
	return transact(s, b, 0, false, err);
}

/* ---- questions ---- */

/* 1: the answer goes on, 0: it is at its end, or -errno. */
static int take_answer(const struct nlmsghdr *nlh, bool dump, nft_answer_fn *fn, void *userdata,
		       struct err *err)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	int32_t code;
	int r;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		return err_set(err, EAGAIN, "nftables: the ruleset changed while it was read");
	if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR) {
		if (nlh->nlmsg_len < sizeof(*nlh) + sizeof(code))
			return err_set(err, EBADMSG, "nftables: an answer without a result");
		code = e->error;
		return code == 0 ? 0 : err_os(err, -code, "nftables: reading the ruleset");
	}
	if (nlh->nlmsg_type == NLMSG_NOOP)
		return 1;
	r = fn(userdata, nlh);
	if (r < 0)
		return err_os(err, -r, "nftables: reading the kernel's answer");
	return dump;
}

int nft_ask(struct nft_socket *s, struct nft_batch *b, nft_answer_fn *fn, void *userdata,
	    struct err *err)
{
	struct nlmsghdr *request = message_at(b, 0);
	bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	ssize_t n;

	drain(s);
	request->nlmsg_seq = s->seq++;
	if (send(s->fd, request, request->nlmsg_len, 0) < 0)
		return err_os(err, errno, "nftables: asking for the ruleset");
	for (;;) {
		const struct nlmsghdr *nlh;
		size_t at = 0;

		/* the first part is there already, the others come as room is made for them */
		n = recv(s->fd, s->buffer, NFT_RECV_SIZE, MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(err, errno == EAGAIN ? EPROTO : errno,
				      "nftables: reading the ruleset");
		if ((size_t)n > NFT_RECV_SIZE)
			return err_set(err, EMSGSIZE, "nftables: a part of the ruleset is too big");
		while (nft_next_message(s->buffer, (size_t)n, &at, &nlh)) {
			int r;

			if (nlh->nlmsg_seq != request->nlmsg_seq)
				continue;
			r = take_answer(nlh, dump, fn, userdata, err);
			if (r <= 0)
				return r;
		}
	}
}

/* ---- the socket ---- */

int nft_socket_open(int fd, struct nft_socket **ret, struct err *err)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK};
	socklen_t length = sizeof(addr);
	_cleanup_close_ int opened = fd;
	int on = 1, size = 1024 * 1024;
	struct nft_socket *s;

	if (opened < 0) {
		opened = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
		if (opened < 0)
			return err_os(err, errno, "nftables: opening a netlink socket");
		if (bind(opened, (struct sockaddr *)&addr, sizeof(addr)) < 0)
			return err_os(err, errno, "nftables: binding a netlink socket");
	}
	if (getsockname(opened, (struct sockaddr *)&addr, &length) < 0)
		return err_os(err, errno, "nftables: not a netlink socket");
	if (length != sizeof(addr) || addr.nl_family != AF_NETLINK)
		return err_set(err, EINVAL, "nftables: not a netlink socket");
	if (setsockopt(opened, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) < 0 ||
	    setsockopt(opened, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) < 0)
		return err_os(err, errno, "nftables: netlink options");
	if (setsockopt(opened, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(opened, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	s = xcalloc(1, sizeof(*s));
	s->fd = take_fd(&opened);
	s->portid = addr.nl_pid;
	s->seq = 1;
	s->buffer = xmalloc(NFT_RECV_SIZE);
	*ret = s;
	return 0;
}

void nft_socket_close(struct nft_socket *s)
{
	if (!s)
		return;
	closep(&s->fd);
	free(s->buffer);
	free(s);
}

int nft_socket_fd(const struct nft_socket *s)
{
	return s->fd;
}

uint32_t nft_socket_portid(const struct nft_socket *s)
{
	return s->portid;
}
