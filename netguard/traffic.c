/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Statistics of links: see traffic.h. Source: rtnetlink(7), linux/if_link.h. */
#include "netguard/traffic.h"

#include "netguard/model.h"
#include "netguard/rtnl.h"

#include <linux/rtnetlink.h>

void traffic_done(struct traffic *t)
{
	free(t->items);
	*t = (struct traffic){0};
}

/* The pod that a port is of; NULL: nobody's (one that two pods have is neither's), or no port of a
 * guarded bridge. */
static const char *pod_of(const struct elements *held, const char *name)
{
	struct nft_element port = {0};
	const struct nft_element *found;

	nft_key_ifname(&port.key, name);
	found = elements_find(held, SET_BRIDGE_PORTS, &port);
	return found && found->comment && model_pod_valid(found->comment) ? found->comment : NULL;
}

bool traffic_take(struct traffic *t, const struct elements *held, const struct nlmsghdr *nlh)
{
	struct rtnl_link link;
	const char *pod;

	if (!held || nlh->nlmsg_type != RTM_NEWLINK || !rtnl_parse_link(nlh, &link) ||
	    !link.has_stats)
		return false;
	pod = pod_of(held, link.name);
	if (!pod)
		return false;
	ARRAY_PUSH(t->items, t->n) = (struct traffic_port){pod, link.stats};
	return true;
}

struct reading {
	const struct elements *held;
	struct traffic traffic;
};

static int take(const struct nlmsghdr *nlh, void *data)
{
	struct reading *r = data;

	traffic_take(&r->traffic, r->held, nlh);
	return MNL_CB_OK;
}

static void forget(void *userdata)
{
	struct reading *r = userdata;

	r->traffic.n = 0;
}

int traffic_ask(struct rtnl *r, const struct elements *held, struct traffic *ret, struct err *err)
{
	struct reading reading = {.held = held};
	uint8_t request[512] = {0};
	struct nlmsghdr *nlh = rtnl_put(request, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	int result = rtnl_dump(r, nlh, take, forget, &reading);

	if (result < 0) {
		traffic_done(&reading.traffic);
		return err_os(err, -result, "statistics of links");
	}
	*ret = reading.traffic;
	return 0;
}
