/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bridges by rtnetlink: one socket hears of new links, another asks and sets. A bridge is set up
 * when it appears, long before Docker connects a container to it. Source: rtnetlink(7),
 * linux/if_link.h, net/bridge/br_netlink.c, net/bridge/br_fdb.c.
 */
#include "netguard/bridges.h"

#include "netguard/rtnl.h"
#include "netguard/rtnl_parse.h"
#include "netguard/ruleset.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define SCAN_TRIES 8

struct bridges {
	struct mnl_socket *events;
	struct rtnl requests;
	bool again; /* something was lost, or failed: all are to be looked at */
	int *ready; /* indexes of bridges that know the host's MAC, sorted */
	size_t n_ready;
	_Alignas(struct nlmsghdr) uint8_t buffer[RTNL_BUFFER];
};

/*
 * All that a bridge takes. Frames for 01:80:c2:00:00:0x that are not forwarded pass no hook, or not
 * the one of others, and yet the bridge learns from them where a MAC is: a container could draw
 * another's packets to its own port.
 */
#define GROUPS 0xfff8

/* Guarded bridges that are not set up yet, found while reading a batch of messages. */
struct found {
	struct bridges *b;
	bridges_guarded_fn *guarded;
	void *userdata;
	struct rtnl_link *items;
	size_t n;
};

void bridges_free(struct bridges *b)
{
	if (!b)
		return;
	if (b->events)
		mnl_socket_close(b->events);
	rtnl_done(&b->requests);
	free(b->ready);
	free(b);
}

int bridges_new(struct bridges **ret, struct err *err)
{
	_cleanup_(bridges_freep)
	struct bridges *b = xcalloc(1, sizeof(*b));
	int r;

	r = rtnl_open(NETLINK_ROUTE, SOCK_NONBLOCK, RTMGRP_LINK, &b->events, err);
	if (r < 0)
		return r;
	r = rtnl_init(&b->requests, NETLINK_ROUTE, err);
	if (r < 0)
		return r;
	*ret = take_ptr(b);
	return 0;
}

int bridges_fd(const struct bridges *b)
{
	return mnl_socket_get_fd(b->events);
}

/* ---- which know the host's MAC ---- */

static int compare_index(const void *key, const void *item)
{
	int x = *(const int *)key, y = *(const int *)item;

	return (x > y) - (x < y);
}

static size_t place_of(const struct bridges *b, int index)
{
	return array_place(&index, b->ready, b->n_ready, sizeof(*b->ready), compare_index);
}

static bool is_ready(const struct bridges *b, int index)
{
	size_t i = place_of(b, index);

	return i < b->n_ready && b->ready[i] == index;
}

static void set_ready(struct bridges *b, int index)
{
	size_t i = place_of(b, index), behind = b->n_ready - i;

	if (is_ready(b, index))
		return;
	ARRAY_PUSH(b->ready, b->n_ready) = index;
	memmove(&b->ready[i + 1], &b->ready[i], behind * sizeof(*b->ready));
	b->ready[i] = index;
}

/* An index is used again. */
static void forget_ready(struct bridges *b, int index)
{
	size_t i = place_of(b, index);

	if (!is_ready(b, index))
		return;
	b->n_ready--;
	memmove(&b->ready[i], &b->ready[i + 1], (b->n_ready - i) * sizeof(*b->ready));
}

/* ---- setting up ---- */

/* A callback of mnl_cb_run: collects, since a request can't be sent in the middle of a dump. */
static int collect(const struct nlmsghdr *nlh, void *data)
{
	struct found *found = data;
	struct rtnl_link link;

	if (!rtnl_parse_link(nlh, &link))
		return MNL_CB_OK;
	if (nlh->nlmsg_type == RTM_DELLINK)
		forget_ready(found->b, link.index);
	if (nlh->nlmsg_type != RTM_NEWLINK || !link.is_bridge ||
	    (is_ready(found->b, link.index) && !link.on4 && !link.on6 &&
	     link.group_mask == GROUPS && !link.learns_groups && !link.snoops) ||
	    !found->guarded(found->userdata, link.name))
		return MNL_CB_OK;
	ARRAY_PUSH(found->items, found->n) = link;
	return MNL_CB_OK;
}

static int set_switches(struct bridges *b, const struct rtnl_link *bridge)
{
	static const struct br_boolopt_multi no_learning = {
		.optval = 1U << BR_BOOLOPT_NO_LL_LEARN, .optmask = 1U << BR_BOOLOPT_NO_LL_LEARN};
	uint8_t request[512] = {0};
	struct ifinfomsg *ifi;
	struct nlmsghdr *nlh = rtnl_put(request, RTM_NEWLINK, NLM_F_ACK, sizeof(*ifi));
	struct nlattr *info, *data, *spec, *inet, *conf;

	ifi = mnl_nlmsg_get_payload(nlh);
	ifi->ifi_index = bridge->index;
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u8(nlh, IFLA_BR_NF_CALL_IPTABLES, 0);
	mnl_attr_put_u8(nlh, IFLA_BR_NF_CALL_IP6TABLES, 0);
	mnl_attr_put_u16(nlh, IFLA_BR_GROUP_FWD_MASK, GROUPS);
	mnl_attr_put(nlh, IFLA_BR_MULTI_BOOLOPT, sizeof(no_learning), &no_learning);
	/* else who asks for members of groups, as a router, is given what the others no longer
	 * get, since they have not heard the question: also ND, which goes to groups */
	mnl_attr_put_u8(nlh, IFLA_BR_MCAST_SNOOPING, 0);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	/* the host is on the way from one container to another on purpose */
	spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	inet = mnl_attr_nest_start(nlh, AF_INET);
	conf = mnl_attr_nest_start(nlh, IFLA_INET_CONF);
	mnl_attr_put_u32(nlh, IPV4_DEVCONF_SEND_REDIRECTS, 0);
	mnl_attr_nest_end(nlh, conf);
	mnl_attr_nest_end(nlh, inet);
	mnl_attr_nest_end(nlh, spec);
	return rtnl_talk(&b->requests, nlh, NULL, NULL);
}

/* The bridge takes what is for this MAC as for the host. */
static int add_host_mac(struct bridges *b, const struct rtnl_link *bridge)
{
	uint8_t request[512] = {0}, mac[6];
	struct ndmsg *ndm;
	struct nlmsghdr *nlh = rtnl_put(request, RTM_NEWNEIGH,
					NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, sizeof(*ndm));
	int r;

	ndm = mnl_nlmsg_get_payload(nlh);
	ndm->ndm_family = AF_BRIDGE;
	ndm->ndm_ifindex = bridge->index;
	ndm->ndm_state = NUD_PERMANENT;
	ndm->ndm_flags = NTF_SELF;
	if (!mac_parse(RULESET_HOST_MAC, mac))
		return -EINVAL;
	mnl_attr_put(nlh, NDA_LLADDR, sizeof(mac), mac);
	r = rtnl_talk(&b->requests, nlh, NULL, NULL);
	if (r == 0)
		set_ready(b, bridge->index);
	return r;
}

/* Sets up all that were found. Returns how many, or the last failure after trying each. */
static int set_up_found(struct bridges *b, struct found *found, struct err *err)
{
	int done = 0, failed = 0;

	for (size_t i = 0; i < found->n; i++) {
		int r = set_switches(b, &found->items[i]);

		if (r == 0)
			r = add_host_mac(b, &found->items[i]);
		if (r == -ENODEV) /* gone in the meantime */
			continue;
		if (r < 0)
			failed = err_os(err, -r,
					"bridge %s: packets between its ports can't be routed",
					found->items[i].name);
		else
			done++;
	}
	free(found->items);
	return failed < 0 ? failed : done;
}

static int list_bridges(struct bridges *b, struct found *found)
{
	uint8_t request[512] = {0};
	struct nlmsghdr *nlh = rtnl_put(request, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	struct nlattr *info;

	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO); /* the kernel leaves out other kinds */
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(nlh, info);
	return rtnl_talk(&b->requests, nlh, collect, found);
}

int bridges_scan(struct bridges *b, bridges_guarded_fn *guarded, void *userdata, struct err *err)
{
	struct found found = {.b = b, .guarded = guarded, .userdata = userdata};
	int r = -EINTR, done;
	struct err why;

	b->n_ready = 0;
	/* links that come and go while they are listed */
	for (int i = 0; i < SCAN_TRIES && (r == -EINTR || r == -ENOBUFS); i++)
		r = list_bridges(b, &found);
	/* what was seen is set up anyway */
	done = set_up_found(b, &found, &why);
	b->again = r < 0 || done < 0;
	if (r < 0)
		return err_os(err, -r, "list of bridges");
	if (done < 0)
		*err = why;
	return done;
}

int bridges_dispatch(struct bridges *b, bridges_guarded_fn *guarded, void *userdata,
		     struct err *err)
{
	struct found found = {.b = b, .guarded = guarded, .userdata = userdata};
	struct err why;
	int r = rtnl_hear(b->events, b->buffer, collect, &found, err), done, scanned;

	b->again |= r != 0;
	done = set_up_found(b, &found, &why);
	if (r < 0)
		return r;
	if (!b->again && done >= 0)
		return done;
	scanned = bridges_scan(b, guarded, userdata, err);
	return scanned < 0 ? scanned : scanned + (done > 0 ? done : 0);
}
