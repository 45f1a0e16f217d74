/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Messages of rtnetlink, as the kernel tells of links, addresses, namespaces and routes: whatever
 * they say, the list of links stays sorted, and no container is given a port that is not one of its
 * own bridge.
 */
#include "netguard/links.h"
#include "netguard/rtnl_parse.h"
#include "netguard/traffic.h"
#include "nft/private.h"

#include <linux/rtnetlink.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_member(struct model *m, const char *id, uint8_t last)
{
	struct member member = {
		.id = xstrdup(id), .name = xstrdup(id), .pod = xstrdup(id), .running = true};
	struct member_address a = {.bridge = "br-x", .has_mac = true};

	a.ip4 = (struct addr){.family = AF_INET, .bytes = {10, 1, 0, last}};
	a.mac[0] = 2;
	a.mac[5] = last;
	ARRAY_PUSH(member.addresses, member.n_addresses) = a;
	model_put(m, &member);
}

/* As links does with the answer of a first look. */
static void look(struct links_list *l, const struct rtnl_link *link, const struct nlmsghdr *nlh)
{
	struct links_port *p;
	struct addr a;
	uint32_t index;

	if (l->n == 0)
		return;
	p = &l->items[l->n - 1];
	if (link && link->has_mac) {
		p->looked = p->has_mac = true;
		memcpy(p->mac, link->mac, sizeof(p->mac));
	}
	if (rtnl_parse_address(nlh, &index, &a) && p->n_addresses < 8)
		ARRAY_PUSH(p->addresses, p->n_addresses) = a;
}

static void take(struct links_list *l, const struct nlmsghdr *nlh)
{
	struct rtnl_link link;
	uint8_t type;
	uint32_t oif;

	if (rtnl_parse_link(nlh, &link)) {
		if (link.index <= 0 || memchr(link.name, '\0', sizeof(link.name)) == NULL)
			abort();
		if (!link.has_stats && (link.stats.rx_bytes || link.stats.tx_packets))
			abort();
		look(l, &link, nlh);
	} else {
		look(l, NULL, nlh);
	}
	if (rtnl_parse_port(nlh, &link) && (link.index <= 0 || link.master <= 0))
		abort();
	links_list_take(l, nlh, false);
	if (rtnl_parse_nsid(nlh) < -1)
		abort();
	(void)rtnl_parse_route(nlh, &type, &oif);
}

static void check_list(const struct links_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->items[i].index <= 0 || !l->items[i].name[0] ||
		    (i > 0 && l->items[i].index <= l->items[i - 1].index) ||
		    links_list_find(l, l->items[i].index) != &l->items[i])
			abort();
	}
}

static bool is_port_of(const struct links_list *l, const char *name, const char *bridge)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct links_port *master = links_list_find(l, l->items[i].master);

		if (streq(l->items[i].name, name) && master && streq(master->name, bridge) &&
		    l->items[i].nsid >= 0)
			return true;
	}
	return false;
}

static void decide(const struct links_list *l)
{
	static const struct links_owner owners[] = {{"a", 1}};
	struct problems problems = {0};
	struct settings *s = NULL;
	struct model *m = model_new();

	if (settings_parse("{}", 2, "h", &problems, &s) < 0)
		abort();
	add_member(m, "a", 2);
	add_member(m, "b", 3);
	links_decide(l, s, owners, ARRAY_SIZE(owners), m);
	for (size_t i = 0; i < m->n_members; i++) {
		const struct member_address *a = &m->members[i].addresses[0];

		if (a->veth[0] &&
		    (!is_port_of(l, a->veth, a->bridge) || !strv_has(&m->ports, a->veth)))
			abort();
	}
	for (size_t i = 0; i < l->n; i++) {
		const struct links_port *p = &l->items[i];

		/* nobody else's port is touched */
		if (links_lacks_groups(l, s, p) &&
		    (!p->of_bridge || p->groups == LINKS_GROUPS || !strv_has(&m->ports, p->name)))
			abort();
	}
	model_free(m);
	settings_free(s);
	problems_done(&problems);
}

/* Where all links are ports of a pod, what they carried is that pod's. */
static void add_up(const struct links_list *l, const void *messages, size_t size)
{
	_cleanup_(elements_freep)
	struct elements *held = elements_new();
	_cleanup_(traffic_done)
	struct traffic t = {0};
	const struct nlmsghdr *nlh;
	size_t at = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct nft_key key = {0};

		nft_key_ifname(&key, l->items[i].name);
		elements_add(held, SET_BRIDGE_PORTS, &key, NULL, "web", NULL);
	}
	elements_normalize(held);
	while (nft_next_message(messages, size, &at, &nlh))
		traffic_take(&t, held, nlh);
	for (size_t i = 0; i < t.n; i++)
		if (l->n == 0 || !t.items[i].pod)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ void *messages = NULL;
	const struct nlmsghdr *nlh;
	struct links_list l = {0};
	size_t at = 0;

	if (size == 0 || size > 64UL * 1024)
		return 0;
	/* aligned and padded, as what is received; its framing is the kernel's */
	messages = xcalloc(1, NLMSG_ALIGN(size));
	memcpy(messages, data, size);
	while (nft_next_message(messages, size, &at, &nlh)) {
		take(&l, nlh);
		check_list(&l);
	}
	decide(&l);
	add_up(&l, messages, size);
	links_list_done(&l);
	return 0;
}
