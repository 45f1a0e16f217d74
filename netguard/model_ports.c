/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Published ports and the whitelist.
 *
 * The host port decides before DNAT, the container's address and port after it, and both must
 * agree. Where docker-proxy carries a connection there is no second look (it connects as root),
 * so the first must be right alone: a whitelisted port that a container of another pod publishes
 * passes for nobody. Ports of the whitelist are checked from the start, so a pod's port is not
 * open to everybody until its container is known.
 */
#include "netguard/model_places.h"

static int compare_published(const void *a, const void *b)
{
	const struct published *x = a, *y = b;

	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	if (!x->pod || !y->pod)
		return !x->pod - !y->pod;
	return strcmp(x->pod, y->pod);
}

/*
 * All bindings. A container that does not run holds its ports, too, be it that it has stopped or
 * was only created: when it is started its proxy listens before the engine tells of it (seconds
 * before, where the engine itself starts), and till then the port must not be open to the world.
 * So such a port is closed, but it takes nothing from a pod that has it meanwhile; and one on which
 * a service of the host listens is not closed: a container that may never start must not take that
 * from the world. (Of SCTP it is not known who listens: it is always closed.)
 */

struct published *published_list(const struct model *m, size_t *ret_n)
{
	struct published *list = NULL;
	size_t n = 0;

	for (size_t i = 0; i < m->n_members; i++) {
		const struct member *member = &m->members[i];

		for (size_t j = 0; j < member->n_ports; j++) {
			const struct member_port *p = &member->ports[j];
			bool held = !member_is_up(member) || p->port == 0;

			if (p->host_port == 0 || (held && p->taken))
				continue;
			ARRAY_PUSH(list, n) = (struct published){
				.proto = p->proto,
				.port = p->host_port,
				.pod = member->pod,
				.member = member,
				.host_ip = &p->host_ip,
				.loopback = addr_is_loopback(&p->host_ip),
				.held = held,
			};
		}
	}
	if (n)
		qsort(list, n, sizeof(*list), compare_published);
	*ret_n = n;
	return list;
}

/* The entries of one port. */
static const struct published *find_port(const struct published *list, size_t n, uint8_t proto,
					 uint16_t port, size_t *ret_n)
{
	struct published key = {.proto = proto, .port = port, .pod = ""};
	size_t first = array_place(&key, list, n, sizeof(key), compare_published), end = first;

	while (end < n && list[end].proto == proto && list[end].port == port)
		end++;
	*ret_n = end - first;
	return list + first;
}

/* Whether nobody but this pod publishes the port (to others than the host itself: world). */
static bool only_by(const struct published *list, size_t n, const char *pod, bool world)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].held || (world && list[i].loopback))
			continue;
		if (!list[i].pod || !streq(list[i].pod, pod))
			return false;
	}
	return true;
}

static struct nft_key port_key(uint8_t proto, uint16_t port)
{
	struct nft_key key = {0};

	nft_key_proto(&key, proto);
	nft_key_port(&key, port);
	return key;
}

static void add_port_uids(struct maker *k, uint8_t proto, uint16_t port, const char *pod)
{
	const struct settings_pod *p = settings_find_pod(k->s, pod);
	size_t at = p ? (size_t)(p - settings_pod_at(k->s, 0)) : 0;
	const struct accounts *users;

	if (!p || !k->people || at >= k->people->n_pods)
		return;
	users = &k->people->pod_users[at];
	for (size_t i = 0; i < users->n; i++) {
		_cleanup_free_ char *comment = xasprintf("%s: %s", pod, users->items[i].name);
		struct nft_key key = port_key(proto, port);

		nft_key_uid(&key, users->items[i].uid);
		elements_add(k->e, SET_PORT_UIDS, &key, NULL, comment, NULL);
	}
}

/* Whether another of the same entry's prefixes covers this one: intervals may not overlap. */
static bool prefix_covered(const struct prefix *list, size_t n, size_t i)
{
	for (size_t j = 0; j < n; j++) {
		if (j == i || list[j].addr.family != list[i].addr.family ||
		    list[j].len > list[i].len || !prefix_contains(&list[j], &list[i].addr))
			continue;
		if (list[j].len < list[i].len || j < i)
			return true;
	}
	return false;
}

static struct addr prefix_last(const struct prefix *p)
{
	struct addr last = p->addr;
	size_t bits = addr_size(&last) * 8;

	for (size_t bit = p->len; bit < bits; bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
	return last;
}

static void add_sources(struct maker *k, const struct settings_grant *g, uint16_t port)
{
	for (size_t i = 0; i < g->n_from; i++) {
		struct nft_key key = port_key(g->ports.proto, port);
		struct nft_key end = port_key(g->ports.proto, port);
		struct addr last = prefix_last(&g->from[i]);

		if (prefix_covered(g->from, g->n_from, i))
			continue;
		nft_key_addr(&key, &g->from[i].addr);
		nft_key_addr(&end, &last);
		elements_add(k->e, maker_set(SET_PORT_WHITELIST_FROM4, &last), &key,
			     addr_compare(&last, &g->from[i].addr) ? &end : NULL, g->pod, NULL);
	}
}

static void add_grant(struct maker *k, const struct settings_grant *g, const struct published *list,
		      size_t n)
{
	for (unsigned i = g->ports.first; i <= g->ports.last; i++) {
		uint16_t port = (uint16_t)i;
		struct nft_key key = port_key(g->ports.proto, port);
		size_t n_here;
		const struct published *here = find_port(list, n, g->ports.proto, port, &n_here);

		elements_add(k->e, SET_PUBLISHED_PORTS, &key, NULL, g->pod, NULL);
		if (g->pod_users_only) {
			elements_add(k->e, SET_PRIVATE_PORTS, &key, NULL, g->pod, NULL);
			if (only_by(here, n_here, g->pod, false))
				add_port_uids(k, g->ports.proto, port, g->pod);
		}
		if (!only_by(here, n_here, g->pod, true))
			continue;
		if (g->n_from == 0)
			elements_add(k->e, SET_PORT_WHITELIST, &key, NULL, g->pod, NULL);
		add_sources(k, g, port);
	}
}

/* What the containers of one port of the host have in common. */
struct sharing {
	bool only;	    /* no other pod publishes it */
	bool only_to_world; /* no other pod publishes it to others than the host */
	bool up;	    /* one of them runs */
};

/* Whether it is published at each address of the family. */
static bool at_any(const struct addr *host_ip, int family)
{
	return addr_is_any(host_ip) && (host_ip->family == AF_UNSPEC || host_ip->family == family);
}

static bool is_open_to_world(const struct published *p)
{
	return !p->loopback && !p->held;
}

static void add_proxied_at(struct maker *k, const struct published *p, const struct addr *first,
			   const struct addr *last)
{
	struct nft_key key = port_key(p->proto, p->port), end = port_key(p->proto, p->port);

	nft_key_addr(&key, first);
	nft_key_addr(&end, last);
	elements_add(k->e, maker_set(SET_PROXIED4, first), &key, &end, p->pod, NULL);
}

/*
 * Where docker-proxy listens for containers. A port that is published at some addresses only may be
 * a service's of the host at others, which containers have no business with.
 */
static void add_proxied(struct maker *k, const struct published *here, size_t n)
{
	static const int families[] = {AF_INET, AF_INET6};
	bool any[ARRAY_SIZE(families)] = {false};

	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		for (size_t i = 0; i < n; i++)
			any[f] |=
				is_open_to_world(&here[i]) && at_any(here[i].host_ip, families[f]);
	}
	if (any[0] && any[1]) {
		struct nft_key key = port_key(here->proto, here->port);

		elements_add(k->e, SET_PROXIED_PORTS, &key, NULL, here->pod, NULL);
		return;
	}
	for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
		const struct prefix all = {.addr.family = families[f]};
		const struct addr last = prefix_last(&all);

		if (any[f])
			add_proxied_at(k, here, &all.addr, &last);
		for (size_t i = 0; !any[f] && i < n; i++) {
			if (is_open_to_world(&here[i]) && here[i].host_ip->family == families[f])
				add_proxied_at(k, here, here[i].host_ip, here[i].host_ip);
		}
	}
}

/* Ports of the host that one pod publishes: here are all entries of that port and pod. */
static void add_published_port(struct maker *k, const struct published *here, size_t n,
			       const struct sharing *sharing)
{
	const struct published *p = &here[0];
	const struct settings_grant *g = settings_find_grant(k->s, p->proto, p->port);
	struct nft_key key = port_key(p->proto, p->port);
	bool granted = g && streq(g->pod, p->pod);
	bool loopback = false;

	if (!granted)
		elements_add(k->e, SET_PUBLISHED_PORTS, &key, NULL, p->pod, NULL);
	for (size_t i = 0; i < n; i++) {
		/* what only may come closes no port to users of the host that one has now */
		loopback |= here[i].loopback && (!here[i].held || !sharing->up);
	}
	if (granted && sharing->only_to_world)
		add_proxied(k, here, n);
	if (!loopback || (granted && g->pod_users_only))
		return;
	elements_add(k->e, SET_PRIVATE_PORTS, &key, NULL, p->pod, NULL);
	if (sharing->only)
		add_port_uids(k, p->proto, p->port, p->pod);
}

static bool is_up(const struct published *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!list[i].held)
			return true;
	return false;
}

static bool binding_has_family(const struct member_port *b, int family)
{
	const struct addr *ip = &b->host_ip;

	return !addr_is_loopback(ip) && (ip->family == family || addr_is_any(ip));
}

/* Where the member's bindings arrive: on its own address and port. */
static void add_arrivals(struct maker *k, const struct place *p)
{
	const struct member *m = p->member;

	for (size_t i = 0; i < m->n_ports; i++) {
		const struct member_port *b = &m->ports[i];
		const struct settings_grant *g = settings_find_grant(k->s, b->proto, b->host_port);
		_cleanup_free_ char *comment = NULL;
		struct nft_key key = {0};

		if (b->port == 0 || !g || !streq(g->pod, m->pod) ||
		    !binding_has_family(b, p->addr.family))
			continue;
		/* 0.0.0.0 and [::] are two bindings that give one element */
		comment = xasprintf("%s: host port %u", m->pod, (unsigned)b->host_port);
		nft_key_addr(&key, &p->addr);
		nft_key_proto(&key, b->proto);
		nft_key_port(&key, b->port);
		elements_add(k->e, maker_set(SET_PUBLISHED4, &p->addr), &key, NULL, comment, NULL);
	}
}

void maker_published(struct maker *k)
{
	size_t n;
	_cleanup_free_ struct published *list = published_list(k->m, &n);

	for (size_t i = 0; i < k->s->n_port_whitelist; i++)
		add_grant(k, &k->s->port_whitelist[i], list, n);
	for (size_t i = 0, end; i < n; i = end) {
		size_t n_here;
		const struct published *here =
			find_port(list, n, list[i].proto, list[i].port, &n_here);

		for (end = i + 1; end < n && compare_published(&list[i], &list[end]) == 0;)
			end++;
		if (list[i].pod) {
			const struct sharing sharing = {
				.only = only_by(here, n_here, list[i].pod, false),
				.only_to_world = only_by(here, n_here, list[i].pod, true),
				.up = is_up(here, n_here)};

			add_published_port(k, &list[i], end - i, &sharing);
		}
	}
	for (size_t i = 0; i < k->places.n; i++)
		add_arrivals(k, &k->places.items[i]);
}
