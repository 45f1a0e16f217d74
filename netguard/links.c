/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Links and namespaces by rtnetlink; links_decide.c decides. Source: rtnetlink(7),
 * linux/if_link.h, linux/net_namespace.h, net/core/net_namespace.c, net/core/rtnetlink.c.
 */
#include "netguard/links.h"

#include "netguard/rtnl.h"
#include "netguard/rtnl_parse.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define ADDRESSES_MAX ((size_t)64)

/* What the kernel said of the process of a container. */
struct owner {
	char *id;
	pid_t pid;
	int nsid; /* -1: to be asked (again) */
};

struct links {
	struct mnl_socket *events;
	struct rtnl requests;
	struct links_list list;
	struct owner *owners; /* sorted by id */
	size_t n_owners;
	bool first;   /* the first reading: what is there is older than we are */
	bool changed; /* something that decides */
	bool lost;    /* messages were: all is to be read again */
	_Alignas(struct nlmsghdr) uint8_t buffer[RTNL_BUFFER];
};

static void free_owners(struct owner *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].id);
	free(list);
}

void links_free(struct links *l)
{
	if (!l)
		return;
	if (l->events)
		mnl_socket_close(l->events);
	rtnl_done(&l->requests);
	links_list_done(&l->list);
	free_owners(l->owners, l->n_owners);
	free(l);
}

int links_fd(const struct links *l)
{
	return mnl_socket_get_fd(l->events);
}

/* ---- messages ---- */

/* The number is free for another namespace. Its links are gone by their own messages. */
static void forget_nsid(struct links *l, int nsid)
{
	for (size_t i = 0; nsid >= 0 && i < l->n_owners; i++) {
		if (l->owners[i].nsid != nsid)
			continue;
		l->owners[i].nsid = -1;
		l->changed = true;
	}
}

/* A callback of mnl_cb_run. */
static int take(const struct nlmsghdr *nlh, void *data)
{
	struct links *l = data;

	if (nlh->nlmsg_type == RTM_DELNSID)
		forget_nsid(l, rtnl_parse_nsid(nlh));
	else
		l->changed |= links_list_take(&l->list, nlh, l->first);
	return MNL_CB_OK;
}

/* ---- reading all ---- */

static void reset_nothing(void *userdata _unused_)
{
}

/*
 * All links. What is known stays as it is: what a port's other end looked like when it was new is
 * asked once only.
 */
static int read_all(struct links *l, struct err *err)
{
	struct links_list before = l->list;
	uint8_t request[512] = {0};
	struct nlmsghdr *nlh = rtnl_put(request, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	int r;

	l->list = (struct links_list){0};
	r = rtnl_dump(&l->requests, nlh, take, reset_nothing, l);
	if (r < 0) {
		links_list_done(&l->list);
		l->list = before;
		return err_os(err, -r, "list of links");
	}
	for (size_t i = 0; i < l->list.n; i++) {
		struct links_port *p = &l->list.items[i];
		const struct links_port *b = links_list_find(&before, p->index);

		if (!b)
			continue;
		p->looked = b->looked;
		if (b->peer != p->peer || b->nsid != p->nsid)
			continue;
		p->has_mac = b->has_mac;
		memcpy(p->mac, b->mac, sizeof(p->mac));
		for (size_t j = 0; j < b->n_addresses; j++)
			ARRAY_PUSH(p->addresses, p->n_addresses) = b->addresses[j];
	}
	links_list_done(&before);
	l->changed = true;
	return 0;
}

int links_new(struct links **ret, struct err *err)
{
	_cleanup_(links_freep)
	struct links *l = xcalloc(1, sizeof(*l));
	int on = 1;
	unsigned group = RTNLGRP_NSID;
	int r;

	r = rtnl_open(NETLINK_ROUTE, SOCK_NONBLOCK, RTMGRP_LINK, &l->events, err);
	if (r < 0)
		return r;
	if (mnl_socket_setsockopt(l->events, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return err_os(err, errno, "rtnetlink: notifications of namespaces");
	r = rtnl_init(&l->requests, NETLINK_ROUTE, err);
	if (r < 0)
		return r;
	/* without it a dump of addresses ignores which namespace and which link is meant */
	if (mnl_socket_setsockopt(l->requests.socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) < 0)
		return err_os(err, errno, "rtnetlink: strict checks");
	l->first = true;
	r = read_all(l, err);
	if (r < 0)
		return r;
	l->first = false;
	*ret = take_ptr(l);
	return 0;
}

/* ---- looking at the other end ---- */

static int take_mac(const struct nlmsghdr *nlh, void *data)
{
	struct links_port *p = data;
	struct rtnl_link other;

	if (nlh->nlmsg_type != RTM_NEWLINK || !rtnl_parse_link(nlh, &other) || !other.has_mac)
		return MNL_CB_OK;
	memcpy(p->mac, other.mac, sizeof(p->mac));
	p->has_mac = true;
	return MNL_CB_OK;
}

static int take_address(const struct nlmsghdr *nlh, void *data)
{
	struct links_port *p = data;
	uint32_t index;
	struct addr a;

	if (rtnl_parse_address(nlh, &index, &a) && index == (uint32_t)p->peer &&
	    p->n_addresses < ADDRESSES_MAX)
		ARRAY_PUSH(p->addresses, p->n_addresses) = a;
	return MNL_CB_OK;
}

static void reset_addresses(void *userdata)
{
	struct links_port *p = userdata;

	p->n_addresses = 0;
}

/* Not that it is gone, or in nobody's reach: asked again it may be told. */
static bool may_pass(int r)
{
	return r == -ENOMEM || r == -ENOBUFS || r == -EINTR || r == -EAGAIN;
}

/* A failure leaves the port nobody's until the process is known; -errno where it may pass. */
static int look(struct links *l, struct links_port *p)
{
	uint8_t request[512] = {0};
	struct ifinfomsg *ifi;
	struct ifaddrmsg *ifa;
	struct nlmsghdr *nlh = rtnl_put(request, RTM_GETLINK, NLM_F_ACK, sizeof(*ifi));
	int r, result = 0;

	p->looked = true;
	ifi = mnl_nlmsg_get_payload(nlh);
	ifi->ifi_index = p->peer;
	mnl_attr_put_u32(nlh, IFLA_TARGET_NETNSID, (uint32_t)p->nsid);
	r = rtnl_talk(&l->requests, nlh, take_mac, p);
	if (r < 0)
		p->has_mac = false;
	if (may_pass(r))
		result = r;
	memset(request, 0, sizeof(request));
	nlh = rtnl_put(request, RTM_GETADDR, NLM_F_DUMP, sizeof(*ifa));
	ifa = mnl_nlmsg_get_payload(nlh);
	ifa->ifa_index = (uint32_t)p->peer;
	mnl_attr_put_u32(nlh, IFA_TARGET_NETNSID, (uint32_t)p->nsid);
	r = rtnl_dump(&l->requests, nlh, take_address, reset_addresses, p);
	if (r < 0)
		p->has_mac = false;
	if (may_pass(r))
		result = r;
	p->looked = result == 0;
	return result;
}

static int look_at_new(struct links *l, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < l->list.n; i++) {
		struct links_port *p = &l->list.items[i];

		if (!p->looked && p->up && p->master && p->nsid >= 0 && p->peer > 0)
			result = look(l, p) < 0 ? err_os(err, ENOBUFS, "port %s", p->name) : result;
	}
	return result;
}

/* ---- events ---- */

int links_dispatch(struct links *l, struct err *err)
{
	int r = rtnl_hear(l->events, l->buffer, take, l, err);

	l->lost |= r != 0;
	if (r < 0)
		return r;
	if (l->lost) {
		/* also numbers of namespaces may be others' now */
		for (size_t i = 0; i < l->n_owners; i++)
			l->owners[i].nsid = -1;
		r = read_all(l, err);
		if (r < 0)
			return r;
		l->lost = false;
	}
	r = look_at_new(l, err);
	if (r < 0)
		return r;
	r = l->changed;
	l->changed = false;
	return r;
}

struct rtnl *links_requests(struct links *l)
{
	return &l->requests;
}

bool links_exists(const struct links *l, const char *name)
{
	for (size_t i = 0; i < l->list.n; i++) {
		if (streq(l->list.items[i].name, name))
			return true;
	}
	return false;
}

void links_names(const struct links *l, struct strv *ret)
{
	*ret = (struct strv){0};
	for (size_t i = 0; i < l->list.n; i++)
		strv_add(ret, l->list.items[i].name);
	strv_sort(ret);
}

/* ---- what ports forward ---- */

/* By the port's bridge, whose settings these are: where it has none any more, nothing is set. */
static int set_groups(struct links *l, const struct links_port *p)
{
	uint8_t request[512] = {0};
	struct ifinfomsg *ifi;
	struct nlmsghdr *nlh = rtnl_put(request, RTM_SETLINK, NLM_F_ACK, sizeof(*ifi));
	struct nlattr *port;

	ifi = mnl_nlmsg_get_payload(nlh);
	ifi->ifi_family = AF_BRIDGE;
	ifi->ifi_index = p->index;
	port = mnl_attr_nest_start(nlh, IFLA_PROTINFO);
	mnl_attr_put_u16(nlh, IFLA_BRPORT_GROUP_FWD_MASK, LINKS_GROUPS);
	mnl_attr_nest_end(nlh, port);
	return rtnl_talk(&l->requests, nlh, NULL, NULL);
}

int links_open_groups(struct links *l, const struct settings *s, struct err *err)
{
	int done = 0, failed = 0;

	for (size_t i = 0; i < l->list.n; i++) {
		struct links_port *p = &l->list.items[i];
		int r;

		if (!links_lacks_groups(&l->list, s, p))
			continue;
		r = set_groups(l, p);
		/* gone, or no bridge's any more: its message is on the way */
		if (r == -ENODEV || r == -EOPNOTSUPP)
			continue;
		if (r < 0) {
			failed = err_os(err, -r, "port %s: frames for groups can't be filtered",
					p->name);
		} else {
			p->groups = LINKS_GROUPS;
			done++;
		}
	}
	return failed < 0 ? failed : done;
}

/* ---- owners ---- */

static int take_nsid(const struct nlmsghdr *nlh, void *data)
{
	int *ret = data;

	if (nlh->nlmsg_type == RTM_NEWNSID)
		*ret = rtnl_parse_nsid(nlh);
	return MNL_CB_OK;
}

/* -errno where there is no such process, or it can't be asked. */
static int ask_nsid(struct links *l, pid_t pid, int *ret)
{
	uint8_t request[512] = {0};
	struct nlmsghdr *nlh = rtnl_put(request, RTM_GETNSID, NLM_F_ACK, sizeof(struct rtgenmsg));
	int nsid = -1, r;

	mnl_attr_put_u32(nlh, NETNSA_PID, (uint32_t)pid);
	r = rtnl_talk(&l->requests, nlh, take_nsid, &nsid);
	if (r < 0)
		return r;
	*ret = nsid;
	return 0;
}

/* The owners for these members: what is known is kept, the rest asked for; -errno where asking
 * again may help. */
static int refresh_owners(struct links *l, const struct model *m)
{
	struct owner *list = NULL;
	size_t n = 0, o = 0;
	int r, result = 0;

	for (size_t i = 0; i < m->n_members; i++) {
		const struct member *member = &m->members[i];
		struct owner new = {.pid = member->pid, .nsid = -1};

		if (member->pid <= 0 || member->n_addresses == 0)
			continue;
		while (o < l->n_owners && strcmp(l->owners[o].id, member->id) < 0)
			o++;
		if (o < l->n_owners && streq(l->owners[o].id, member->id) &&
		    l->owners[o].pid == member->pid)
			new.nsid = l->owners[o].nsid;
		r = new.nsid < 0 ? ask_nsid(l, member->pid, &new.nsid) : 0;
		if (may_pass(r))
			result = r;
		if (r < 0)
			continue;
		new.id = xstrdup(member->id);
		ARRAY_PUSH(list, n) = new;
	}
	free_owners(l->owners, l->n_owners);
	l->owners = list;
	l->n_owners = n;
	return result;
}

int links_assign(struct links *l, const struct settings *s, struct model *m, struct err *err)
{
	struct links_owner *owners = NULL;
	size_t n = 0;
	int r;

	/* what the kernel told before the answers below must not be taken for later */
	r = links_dispatch(l, err);
	if (r < 0) {
		/* what an earlier look has told of is not in the model yet */
		l->changed = true;
		return r;
	}
	r = refresh_owners(l, m);
	for (size_t i = 0; i < l->n_owners; i++)
		ARRAY_PUSH(owners, n) =
			(struct links_owner){.id = l->owners[i].id, .nsid = l->owners[i].nsid};
	links_decide(&l->list, s, owners, n, m);
	free(owners);
	if (r < 0) {
		/* so that the next look leads here again */
		l->changed = true;
		return err_os(err, -r, "owners of ports");
	}
	return 0;
}
