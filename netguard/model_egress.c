/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Container to world, for pods with an egress list.
 *
 * The kernel's set of ranges refuses entries that overlap, so the list is made disjoint: prefixes
 * are nested or disjoint as they are, and each gets its own ports less those that a wider prefix
 * has already.
 */
#include "netguard/model_places.h"

/* Ports 0..65535 as bits. */
struct port_bits {
	uint8_t bits[8192];
};

static bool has_port(const struct port_bits *b, unsigned port)
{
	return b->bits[port / 8] & (1U << (port % 8));
}

static bool contains(const struct prefix *wide, const struct prefix *narrow)
{
	return wide->len <= narrow->len && prefix_contains(wide, &narrow->addr);
}

static void set_ports(struct port_bits *b, unsigned first, unsigned last)
{
	while (first <= last) {
		if (first % 8 == 0 && last - first >= 8) {
			size_t n = (last - first) / 8;

			memset(&b->bits[first / 8], 0xff, n);
			first += (unsigned)(n * 8);
		} else {
			b->bits[first / 8] |= (uint8_t)(1U << (first % 8));
			first++;
		}
	}
}

/* Sets the ports of all entries of this protocol whose prefix is p, or strictly wider (wider). */
static void collect(const struct settings_pod *pod, const struct prefix *p, uint8_t proto,
		    bool wider, struct port_bits *b)
{
	for (size_t i = 0; i < pod->n_egress; i++) {
		const struct settings_egress *e = &pod->egress[i];

		if (e->ports.proto == proto && contains(&e->to, p) && (e->to.len < p->len) == wider)
			set_ports(b, e->ports.first, e->ports.last);
	}
}

/* What a pod may reach outside: entries of which no two overlap. The same for all its places. */
struct way_out {
	struct prefix to;
	struct ports ports;
};

struct ways_out {
	struct way_out *items;
	size_t n;
};

static void add_ways(const struct settings_pod *pod, const struct prefix *to, uint8_t proto,
		     struct ways_out *ret)
{
	struct port_bits own = {0}, wider = {0};
	unsigned first = 0;

	collect(pod, to, proto, false, &own);
	collect(pod, to, proto, true, &wider);
	for (unsigned port = 1; port <= 65536; port++) {
		bool in = port < 65536 && has_port(&own, port) && !has_port(&wider, port);

		if (in && !first)
			first = port;
		if (!in && first) {
			ARRAY_PUSH(ret->items, ret->n) = (struct way_out){
				*to, {proto, (uint16_t)first, (uint16_t)(port - 1)}};
			first = 0;
		}
	}
}

static void find_ways(const struct settings_pod *pod, struct ways_out *ret)
{
	for (size_t j = 0; j < pod->n_egress; j++) {
		const struct settings_egress *e = &pod->egress[j];
		bool seen = false;

		/* once for each prefix and protocol */
		for (size_t l = 0; l < j; l++)
			seen |= pod->egress[l].ports.proto == e->ports.proto &&
				pod->egress[l].to.len == e->to.len &&
				contains(&pod->egress[l].to, &e->to);
		if (!seen)
			add_ways(pod, &e->to, e->ports.proto, ret);
	}
}

static void add_range(struct maker *k, const struct place *p, const struct way_out *w)
{
	struct nft_key key = {0}, end = {0};
	struct addr highest = w->to.addr;

	for (size_t bit = w->to.len; bit < addr_size(&highest) * 8; bit++)
		highest.bytes[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
	nft_key_addr(&key, &p->addr);
	nft_key_addr(&key, &w->to.addr);
	nft_key_proto(&key, w->ports.proto);
	nft_key_port(&key, w->ports.first);
	nft_key_addr(&end, &p->addr);
	nft_key_addr(&end, &highest);
	nft_key_proto(&end, w->ports.proto);
	nft_key_port(&end, w->ports.last);
	elements_add(k->e, maker_set(SET_EGRESS4, &p->addr), &key, &end, p->member->pod, NULL);
}

void maker_egress(struct maker *k)
{
	const struct settings_pod *pod = NULL; /* whose ways are in ways */
	struct ways_out ways = {0};

	for (size_t i = 0; i < k->places.n; i++) {
		const struct place *p = &k->places.items[i];
		struct nft_key key = {0};

		if (!p->pod || !p->pod->egress_given)
			continue;
		if (p->pod != pod) {
			ways.n = 0;
			free(take_ptr(ways.items));
			pod = p->pod;
			find_ways(pod, &ways);
		}
		nft_key_addr(&key, &p->addr);
		elements_add(k->e, maker_set(SET_EGRESS_LIMITED4, &p->addr), &key, NULL,
			     p->member->pod, NULL);
		for (size_t j = 0; j < ways.n; j++)
			if (ways.items[j].to.addr.family == p->addr.family)
				add_range(k, p, &ways.items[j]);
	}
	free(ways.items);
}
