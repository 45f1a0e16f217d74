/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Container to container: within a pod always, to other pods as connect_to or pod_to_pod say. */
#include "netguard/model_places.h"

/* "web" within a pod, "web -> db" between two. *ret_made: to be freed, where it is not a's own. */
static const char *pair_comment(const struct place *a, const struct place *b, char **ret_made)
{
	if (streq(a->member->pod, b->member->pod))
		return a->member->pod;
	return *ret_made = xasprintf("%s -> %s", a->member->pod, b->member->pod);
}

static struct nft_key pair_key(const struct place *a, const struct place *b)
{
	struct nft_key key = {0};

	nft_key_addr(&key, &a->addr);
	nft_key_addr(&key, &b->addr);
	return key;
}

static void add_pair(struct maker *k, const struct place *a, const struct place *b)
{
	_cleanup_free_ char *made = NULL;
	struct nft_key key = {0};
	const char *comment;

	if (a->addr.family != b->addr.family || a->member == b->member)
		return;
	comment = pair_comment(a, b, &made);
	key = pair_key(a, b);
	elements_add(k->e, maker_set(SET_LINKS_ANY4, &a->addr), &key, NULL, comment, NULL);
}

static void add_pair_ports(struct maker *k, const struct place *a, const struct place *b,
			   const struct settings_ports *ports)
{
	_cleanup_free_ char *made = NULL;
	const char *comment;

	if (a->addr.family != b->addr.family)
		return;
	comment = pair_comment(a, b, &made);
	for (size_t i = 0; i < ports->n; i++) {
		const struct ports *r = &ports->items[i];

		for (unsigned port = r->first; port <= r->last; port++) {
			struct nft_key key = pair_key(a, b);

			nft_key_proto(&key, r->proto);
			nft_key_port(&key, (uint16_t)port);
			elements_add(k->e, maker_set(SET_LINKS4, &a->addr), &key, NULL, comment,
				     NULL);
		}
	}
}

/* What one pod may send to another, or within itself. */
struct link {
	const struct place *from, *to;
	size_t n_from, n_to;
	const struct settings_ports *ports; /* NULL: any */
};

static void add_link(struct maker *k, const struct link *l)
{
	for (size_t i = 0; i < l->n_from; i++) {
		for (size_t j = 0; j < l->n_to; j++) {
			if (l->ports)
				add_pair_ports(k, &l->from[i], &l->to[j], l->ports);
			else
				add_pair(k, &l->from[i], &l->to[j]);
		}
	}
}

/* Whether the table has room for it: see MODEL_LINK_MAX. */
static bool link_fits(const struct link *l)
{
	size_t from6 = 0, to6 = 0, ports = 0;

	for (size_t i = 0; i < l->n_from; i++)
		from6 += l->from[i].addr.family == AF_INET6;
	for (size_t i = 0; i < l->n_to; i++)
		to6 += l->to[i].addr.family == AF_INET6;
	for (size_t i = 0; l->ports && i < l->ports->n; i++)
		ports += (size_t)(l->ports->items[i].last - l->ports->items[i].first) + 1;
	/* numbers of addresses are far below 2^24, of ports of a link below 2^27 */
	return (from6 * to6 + (l->n_from - from6) * (l->n_to - to6)) <=
	       MODEL_LINK_MAX / (ports > 0 ? ports : 1);
}

/* guard.pod_to_pod: allow: each member may be reached, an element for each and not for each pair */
static void add_open(struct maker *k, const struct place *p)
{
	struct nft_key key = {0};

	nft_key_addr(&key, &p->addr);
	elements_add(k->e, maker_set(SET_OPEN4, &p->addr), &key, NULL, p->member->pod, NULL);
}

static void take_link(struct maker *k, const struct link *l, struct strv *warnings)
{
	bool fits = link_fits(l);

	if (!warnings && fits)
		add_link(k, l);
	else if (warnings && !fits && l->from != l->to)
		strv_take(warnings,
			  xasprintf("pod %s may not reach pod %s: %zu and %zu addresses "
				    "are too many for the table",
				    l->from->member->pod, l->to->member->pod, l->n_from, l->n_to));
	else if (warnings && !fits)
		strv_take(warnings,
			  xasprintf("containers of pod %s may not reach each other: %zu addresses "
				    "are too many for the table",
				    l->from->member->pod, l->n_from));
}

/* All of one pod, whose places begin here. */
static void take_links(struct maker *k, const struct place *from, size_t n, struct strv *warnings)
{
	const struct link within = {.from = from, .to = from, .n_from = n, .n_to = n};

	take_link(k, &within, warnings);
	for (size_t i = 0; from->pod && i < from->pod->n_connect_to; i++) {
		const struct settings_link *link = &from->pod->connect_to[i];
		size_t first, n_to = places_of_pod(&k->places, link->pod, &first);
		const struct link l = {.from = from,
				       .to = k->places.items + first,
				       .n_from = n,
				       .n_to = n_to,
				       .ports = link->any ? NULL : &link->ports};

		/* within the pod everything is allowed already */
		if (n_to > 0 && !streq(link->pod, from->member->pod))
			take_link(k, &l, warnings);
	}
}

void maker_links(struct maker *k, struct strv *warnings)
{
	/* places of one pod stand together */
	for (size_t i = 0, n; i < k->places.n; i += n) {
		const struct place *from = &k->places.items[i];

		for (n = 1; i + n < k->places.n; n++)
			if (!streq(from[n].member->pod, from->member->pod))
				break;
		for (size_t j = 0; k->s->guard.pod_to_pod_allow && !warnings && j < n; j++)
			add_open(k, &from[j]);
		if (!k->s->guard.pod_to_pod_allow)
			take_links(k, from, n, warnings);
	}
}
