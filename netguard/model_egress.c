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
	return wide->addr.family == narrow->addr.family && wide->len <= narrow->len &&
	       prefix_contains(wide, &narrow->addr);
}

/* Sets the ports of all entries of this protocol whose prefix is p, or strictly wider (wider). */
static void collect(const struct settings_pod *pod, const struct prefix *p, uint8_t proto,
		    bool wider, struct port_bits *b)
{
	for (size_t i = 0; i < pod->n_egress; i++) {
		const struct settings_egress *e = &pod->egress[i];

		if (e->ports.proto != proto || !contains(&e->to, p) ||
		    (e->to.len < p->len) != wider)
			continue;
		for (unsigned port = e->ports.first; port <= e->ports.last; port++)
			b->bits[port / 8] |= (uint8_t)(1U << (port % 8));
	}
}

static void add_range(struct maker *k, const struct place *p, const struct prefix *to,
		      uint8_t proto, unsigned first, unsigned last)
{
	struct nft_key key = {0}, end = {0};
	struct addr highest = to->addr;

	for (size_t bit = to->len; bit < addr_size(&highest) * 8; bit++)
		highest.bytes[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
	nft_key_addr(&key, &p->addr);
	nft_key_addr(&key, &to->addr);
	nft_key_proto(&key, proto);
	nft_key_port(&key, (uint16_t)first);
	nft_key_addr(&end, &p->addr);
	nft_key_addr(&end, &highest);
	nft_key_proto(&end, proto);
	nft_key_port(&end, (uint16_t)last);
	elements_add(k->e, maker_set(SET_EGRESS4, &p->addr), &key, &end, p->member->pod, NULL);
}

static void add_prefix(struct maker *k, const struct place *p, const struct prefix *to,
		       uint8_t proto)
{
	struct port_bits own = {0}, wider = {0};
	unsigned first = 0;

	collect(p->pod, to, proto, false, &own);
	collect(p->pod, to, proto, true, &wider);
	for (unsigned port = 1; port <= 65536; port++) {
		bool in = port < 65536 && has_port(&own, port) && !has_port(&wider, port);

		if (in && !first)
			first = port;
		if (!in && first) {
			add_range(k, p, to, proto, first, port - 1);
			first = 0;
		}
	}
}

void maker_egress(struct maker *k)
{
	for (size_t i = 0; i < k->places.n; i++) {
		const struct place *p = &k->places.items[i];
		struct nft_key key = {0};

		if (!p->pod || !p->pod->egress_given)
			continue;
		nft_key_addr(&key, &p->addr);
		elements_add(k->e, maker_set(SET_EGRESS_LIMITED4, &p->addr), &key, NULL,
			     p->member->pod, NULL);
		for (size_t j = 0; j < p->pod->n_egress; j++) {
			const struct settings_egress *e = &p->pod->egress[j];
			bool seen = e->to.addr.family != p->addr.family;

			/* once for each prefix and protocol */
			for (size_t l = 0; l < j; l++)
				seen |= p->pod->egress[l].ports.proto == e->ports.proto &&
					p->pod->egress[l].to.len == e->to.len &&
					contains(&p->pod->egress[l].to, &e->to);
			if (!seen)
				add_prefix(k, p, &e->to, e->ports.proto);
		}
	}
}
