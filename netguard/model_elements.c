/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings, people and members to elements: interfaces, members, users, ports of the host. */
#include "netguard/model_places.h"

#include <assert.h>

enum set_id maker_set(enum set_id set4, const struct addr *a)
{
	return a->family == AF_INET6 ? set4 + 1 : set4;
}

/* Whether every name that p matches is matched by another pattern too. */
static bool pattern_covered(const struct strv *patterns, size_t i)
{
	const char *p = patterns->items[i];

	for (size_t j = 0; j < patterns->n; j++) {
		const char *q = patterns->items[j];

		/* of two that are the same, the first stays */
		if (ifname_pattern_match(q, p) && (j < i || !streq(p, q)))
			return true;
	}
	return false;
}

/* Intervals may not overlap, so a pattern within another is left out. */
static void add_patterns(struct maker *k, enum set_id set, const struct strv *patterns)
{
	for (size_t i = 0; i < patterns->n; i++) {
		const char *p = patterns->items[i];
		size_t n = strlen(p);
		bool wide = p[n - 1] == '*';
		char name[IF_NAMESIZE] = "";
		struct nft_key key = {0};

		assert(ifname_pattern_valid(p)); /* settings have no others */
		if (pattern_covered(patterns, i))
			continue;
		memcpy(name, p, n - wide);
		nft_key_ifname(&key, name);
		elements_add(k->e, set, &key, NULL, NULL, NULL);
		k->e->sets[set][k->e->n[set] - 1].wildcard = wide;
	}
}

/* Settings have them sorted and without overlap; what touches becomes one. */
static void add_host_ports(struct maker *k)
{
	const struct settings_ports *list = &k->s->guard.host_ports;

	for (size_t i = 0, end; i < list->n; i = end) {
		struct ports all = list->items[i];
		struct nft_key key = {0}, last = {0};

		for (end = i + 1; end < list->n; end++) {
			const struct ports *next = &list->items[end];

			if (next->proto != all.proto || next->first > all.last + 1)
				break;
			all.last = next->last;
		}
		nft_key_proto(&key, all.proto);
		nft_key_port(&key, all.first);
		nft_key_proto(&last, all.proto);
		nft_key_port(&last, all.last);
		elements_add(k->e, SET_HOST_PORTS, &key, &last, NULL, NULL);
	}
}

static void add_allowed(struct maker *k)
{
	for (size_t i = 0; k->people && i < k->people->allowed.n; i++) {
		const struct account *a = &k->people->allowed.items[i];
		struct nft_key key = {0};

		nft_key_uid(&key, a->uid);
		elements_add(k->e, SET_ALLOWED_UIDS, &key, NULL, a->name, NULL);
	}
}

static void add_member(struct maker *k, const struct place *p)
{
	struct nft_key key = {0}, alone = {0};

	nft_key_ifname(&key, p->bridge);
	nft_key_addr(&key, &p->addr);
	elements_add(k->e, maker_set(SET_MEMBERS4, &p->addr), &key, NULL, p->member->pod, NULL);
	nft_key_addr(&alone, &p->addr);
	elements_add(k->e, maker_set(SET_GUARDED4, &p->addr), &alone, NULL, p->member->pod, NULL);
}

static void add_users(struct maker *k, const struct place *p)
{
	for (size_t i = 0; p->users && i < p->users->n; i++) {
		const struct account *a = &p->users->items[i];
		_cleanup_free_ char *comment = xasprintf("%s: %s", p->member->pod, a->name);
		struct nft_key key = {0};

		nft_key_addr(&key, &p->addr);
		nft_key_uid(&key, a->uid);
		elements_add(k->e, maker_set(SET_POD_UIDS4, &p->addr), &key, NULL, comment, NULL);
	}
}

static void add_address_ports(struct maker *k, enum set_id set4, const struct place *p,
			      const struct settings_ports *ports)
{
	for (size_t i = 0; i < ports->n; i++) {
		const struct ports *r = &ports->items[i];

		for (unsigned port = r->first; port <= r->last; port++) {
			struct nft_key key = {0};

			nft_key_addr(&key, &p->addr);
			nft_key_proto(&key, r->proto);
			nft_key_port(&key, (uint16_t)port);
			elements_add(k->e, maker_set(set4, &p->addr), &key, NULL, p->member->pod,
				     NULL);
		}
	}
}

/*
 * The kernel counts in nanoseconds and refuses a burst whose time is over 64 bits: 213,503 at
 * 1/day. Fewer is the stricter side, and an element that is refused would hold up others.
 */
static uint32_t burst_of(const struct settings_rate *rate)
{
	uint64_t each = rate->unit * 1000000000 / rate->rate;
	uint64_t most = each ? UINT64_MAX / each : UINT64_MAX;

	return rate->burst > most ? (uint32_t)most : rate->burst;
}

/* first: the first place of its pod, which makes the limit that all of them share. */
static void add_rate(struct maker *k, const struct place *p, bool first)
{
	const struct settings_rate *rate = &k->s->guard.host_rate;
	_cleanup_free_ char *name = NULL;
	struct nft_key key = {0};

	if (p->pod && p->pod->host_rate.rate)
		rate = &p->pod->host_rate;
	if (!rate->rate)
		return;
	name = model_limit_name(p->member->pod);
	if (first)
		elements_add_limit(k->e, name, rate->rate, rate->unit, burst_of(rate));
	nft_key_addr(&key, &p->addr);
	elements_add(k->e, maker_set(SET_POD_RATE4, &p->addr), &key, NULL, NULL, name);
}

static void add_bridge_address(struct maker *k, const struct place *p, const struct addr *addr)
{
	struct nft_key key = {0};

	nft_key_ifname(&key, p->address->veth);
	nft_key_ether(&key, p->address->mac);
	nft_key_addr(&key, addr);
	elements_add(k->e, maker_set(SET_BRIDGE_ADDRESSES4, addr), &key, NULL, p->member->pod,
		     NULL);
	if (addr->family == AF_INET6)
		elements_add(k->e, SET_BRIDGE_TARGETS6, &key, NULL, p->member->pod, NULL);
}

/* The bridge table knows a port only when its interface is known: then all it may send is known. */
static void add_bridge_port(struct maker *k, const struct place *p)
{
	const struct member_address *a = p->address;
	struct nft_key key = {0};
	struct addr local;

	if (!a->veth[0] || !a->has_mac)
		return;
	add_bridge_address(k, p, &p->addr);
	/* the port itself once: by its first family */
	if (p->addr.family == AF_INET6 && a->ip4.family != AF_UNSPEC)
		return;
	nft_key_ifname(&key, a->veth);
	elements_add(k->e, SET_BRIDGE_PORTS, &key, NULL, p->member->pod, NULL);
	nft_key_ether(&key, a->mac);
	elements_add(k->e, SET_BRIDGE_MACS, &key, NULL, p->member->pod, NULL);
	addr_link_local(a->mac, &local);
	add_bridge_address(k, p, &local);
}

static void add_ports(struct maker *k, enum set_id set, const struct strv *names)
{
	for (size_t i = 0; i < names->n; i++) {
		struct nft_key key = {0};

		nft_key_ifname(&key, names->items[i]);
		elements_add(k->e, set, &key, NULL, NULL, NULL);
	}
}

/* guard.deny_host_users_with: drop. What has no ports besides these gets its answer. */
static void add_silent(struct maker *k)
{
	static const uint8_t protocols[] = {IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6,
					    IPPROTO_SCTP};

	for (size_t i = 0; k->s->guard.deny_host_users_with_drop && i < ARRAY_SIZE(protocols);
	     i++) {
		struct nft_key key = {0};

		nft_key_proto(&key, protocols[i]);
		elements_add(k->e, SET_DENIED_SILENTLY, &key, NULL, NULL, NULL);
	}
}

struct elements *model_elements(const struct settings *s, const struct people *people,
				const struct model *m)
{
	struct maker k = {.s = s, .people = people, .m = m, .e = elements_new()};

	places_make(s, people, m, &k.places);
	add_patterns(&k, SET_CONTAINER_IFACES, &s->guard.container_interfaces);
	add_patterns(&k, SET_EXEMPT_IFACES, &s->guard.exempt_interfaces);
	add_allowed(&k);
	add_host_ports(&k);
	/* what is nobody's is closed as well: it is in no other set */
	add_ports(&k, SET_PORTS, &m->ports);
	add_ports(&k, SET_BRIDGE_PORTS, &m->ports);
	add_ports(&k, SET_BRIDGE_OTHER_PORTS, &m->other_ports);
	add_silent(&k);
	for (size_t i = 0; i < k.places.n; i++) {
		const struct place *p = &k.places.items[i];
		bool first = i == 0 || !streq(p[-1].member->pod, p->member->pod);

		add_member(&k, p);
		add_users(&k, p);
		add_rate(&k, p, first);
		add_bridge_port(&k, p);
		if (p->pod) {
			add_address_ports(&k, SET_POD_HOST_PORTS4, p, &p->pod->host_ports);
			add_address_ports(&k, SET_DIRECT4, p, &p->pod->direct_ports);
		}
	}
	maker_published(&k);
	maker_links(&k, NULL);
	maker_egress(&k);
	places_done(&k.places);
	elements_normalize(k.e);
	return k.e;
}
