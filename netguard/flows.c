/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connections by ctnetlink, sockets by sock_diag. Source: linux/netfilter/nfnetlink_conntrack.h,
 * net/netfilter/nf_conntrack_netlink.c, sock_diag(7).
 */
#include "netguard/flows.h"

#include "netguard/flows_parse.h"
#include "netguard/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

struct flows {
	struct rtnl flows, deletes, sockets;
};

struct listing {
	const struct flows_judge *judge;
	struct flows *f;
	int done, failed;
	struct err *err; /* why, where some failed */
};

/* ---- sockets ---- */

static struct nlmsghdr *put_socket(void *request, uint16_t type, uint8_t proto,
				   const struct addr *own, uint16_t own_port,
				   const struct addr *peer, uint16_t peer_port)
{
	struct inet_diag_req_v2 *req;
	struct nlmsghdr *nlh = rtnl_put(request, type, NLM_F_ACK, sizeof(*req));

	req = mnl_nlmsg_get_payload(nlh);
	req->sdiag_family = (uint8_t)own->family;
	req->sdiag_protocol = proto;
	req->idiag_states = ~0U;
	req->id.idiag_sport = htons(own_port);
	req->id.idiag_dport = htons(peer_port);
	memcpy(req->id.idiag_src, own->bytes, addr_size(own));
	memcpy(req->id.idiag_dst, peer->bytes, addr_size(peer));
	req->id.idiag_cookie[0] = req->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return nlh;
}

/* A look-up that finds no socket of this port may tell of another's. */
static int take_uid(const struct nlmsghdr *nlh, void *data)
{
	struct flows_socket found;
	struct flow *f = data;

	if (!flows_parse_socket(nlh, &found) || found.own_port != f->from_port)
		return MNL_CB_OK;
	f->has_uid = true;
	f->uid = found.uid;
	return MNL_CB_OK;
}

static void ask_uid(struct rtnl *sockets, struct flow *f)
{
	uint8_t request[512] = {0};
	struct nlmsghdr *nlh;

	/* of UDP the kernel wants the other end first, but only here (udp_dump_one) */
	if (f->proto == IPPROTO_UDP)
		nlh = put_socket(request, SOCK_DIAG_BY_FAMILY, f->proto, &f->to, f->to_port,
				 &f->from, f->from_port);
	else
		nlh = put_socket(request, SOCK_DIAG_BY_FAMILY, f->proto, &f->from, f->from_port,
				 &f->to, f->to_port);
	rtnl_talk(sockets, nlh, take_uid, f);
}

struct exact {
	uint16_t own_port, peer_port;
	struct flows_socket socket;
	bool found;
};

/*
 * The kernel's look-up falls back to a socket that listens, or is bound without a peer: that one
 * is everybody's, and ending it would end a service of the host. Only what has this very peer.
 */
static int take_exact(const struct nlmsghdr *nlh, void *data)
{
	struct exact *x = data;

	if (flows_parse_socket(nlh, &x->socket))
		x->found = !x->socket.listens && x->socket.own_port == x->own_port &&
			   x->socket.peer_port == x->peer_port && x->peer_port != 0;
	return MNL_CB_OK;
}

static void close_socket(struct rtnl *sockets, uint8_t proto, const struct addr *own,
			 uint16_t own_port, const struct addr *peer, uint16_t peer_port)
{
	struct exact x = {.own_port = own_port, .peer_port = peer_port};
	uint8_t request[512] = {0};
	struct inet_diag_req_v2 *req;
	struct nlmsghdr *nlh =
		put_socket(request, SOCK_DIAG_BY_FAMILY, proto, own, own_port, peer, peer_port);

	if (rtnl_talk(sockets, nlh, take_exact, &x) < 0 || !x.found)
		return;
	memset(request, 0, sizeof(request));
	nlh = put_socket(request, SOCK_DESTROY, proto, own, own_port, peer, peer_port);
	req = mnl_nlmsg_get_payload(nlh);
	memcpy(req->id.idiag_cookie, x.socket.cookie, sizeof(x.socket.cookie));
	rtnl_talk(sockets, nlh, NULL, NULL);
}

/* The ends of it that are on this host. A kernel that can't, or a socket that is gone: no matter.
 */
static void close_sockets(struct rtnl *sockets, const struct flow *f)
{
	/* datagrams are judged one by one once the connection is forgotten */
	if (f->proto != IPPROTO_TCP)
		return;
	if (f->from_local)
		close_socket(sockets, f->proto, &f->from, f->from_port, &f->to, f->to_port);
	if (f->at_local)
		close_socket(sockets, f->proto, &f->at, f->at_port, &f->from, f->from_port);
}

/* ---- all ---- */

static struct nlmsghdr *put_flow(void *request, uint16_t type, uint16_t flags, int family)
{
	struct nfgenmsg *nfg;
	struct nlmsghdr *nlh = rtnl_put(request, (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type),
					flags, sizeof(*nfg));

	nfg = mnl_nlmsg_get_payload(nlh);
	nfg->nfgen_family = (uint8_t)family;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

static int forget(struct rtnl *deletes, const struct flows_entry *e)
{
	uint8_t request[1024] = {0};
	struct nlmsghdr *nlh =
		put_flow(request, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, e->flow.from.family);

	mnl_attr_put(nlh, CTA_TUPLE_ORIG | NLA_F_NESTED, e->tuple_size, e->tuple);
	/* this very one, not one that began since with the same addresses */
	if (e->has_id)
		mnl_attr_put_u32(nlh, CTA_ID, e->id);
	if (e->has_zone)
		mnl_attr_put_u16(nlh, CTA_ZONE, e->zone);
	return rtnl_talk(deletes, nlh, NULL, NULL);
}

/*
 * Ended as it is read: a container may have opened as many connections as the kernel remembers, and
 * none is kept here. The list does not suffer: the kernel goes on where it was.
 */
static int take(const struct nlmsghdr *nlh, void *data)
{
	struct listing *l = data;
	const struct flows_judge *j = l->judge;
	struct flows_entry e;
	int r;

	if (!flows_parse_entry(nlh, &e))
		return MNL_CB_OK;
	e.flow.from_local = j->local(j->userdata, &e.flow.from);
	e.flow.at_local = j->local(j->userdata, &e.flow.at);
	if (j->asks_uid(j->userdata, &e.flow))
		ask_uid(&l->f->sockets, &e.flow);
	if (!j->ends(j->userdata, &e.flow))
		return MNL_CB_OK;
	r = forget(&l->f->deletes, &e);
	close_sockets(&l->f->sockets, &e.flow);
	if (r == 0 || r == -ENOENT)
		l->done++;
	else
		l->failed = err_os(l->err, -r, "a connection can't be ended");
	return MNL_CB_OK;
}

/* Those that were ended already are in no second list. */
static void reset_nothing(void *userdata _unused_)
{
}

int flows_end_judged(struct flows *f, const struct flows_judge *judge, struct err *err)
{
	struct listing l = {.judge = judge, .f = f, .err = err};
	uint8_t request[512] = {0};
	struct nlmsghdr *nlh = put_flow(request, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
	int r;

	r = rtnl_dump(&f->flows, nlh, take, reset_nothing, &l);
	if (r < 0)
		return err_os(err, -r, "list of connections");
	return l.failed < 0 ? l.failed : l.done;
}

void flows_free(struct flows *f)
{
	if (!f)
		return;
	rtnl_done(&f->flows);
	rtnl_done(&f->deletes);
	rtnl_done(&f->sockets);
	free(f);
}

int flows_new(struct flows **ret, struct err *err)
{
	_cleanup_(flows_freep)
	struct flows *f = xcalloc(1, sizeof(*f));
	int r = rtnl_init(&f->flows, NETLINK_NETFILTER, err);

	if (r == 0)
		r = rtnl_init(&f->deletes, NETLINK_NETFILTER, err);
	if (r == 0)
		r = rtnl_init(&f->sockets, NETLINK_SOCK_DIAG, err);
	if (r < 0)
		return r;
	*ret = take_ptr(f);
	return 0;
}

struct by_change {
	const struct flows_change *change;
	flows_local_fn *local;
	void *userdata;
};

static bool change_ends(void *userdata, const struct flow *f)
{
	const struct by_change *b = userdata;

	return flows_ends(b->change, f);
}

static bool change_asks_uid(void *userdata, const struct flow *f)
{
	const struct by_change *b = userdata;

	return flows_asks_uid(b->change, f);
}

static bool change_local(void *userdata, const struct addr *a)
{
	const struct by_change *b = userdata;

	return b->local(b->userdata, a);
}

int flows_end(struct flows *f, const struct flows_change *c, flows_local_fn *local, void *userdata,
	      struct err *err)
{
	struct by_change by = {c, local, userdata};
	const struct flows_judge judge = {change_ends, change_asks_uid, change_local, &by};

	return flows_end_judged(f, &judge, err);
}
