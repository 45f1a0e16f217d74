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

		for (unsigned port = r->first; ports_writable(r) && port <= r->last; port++) {
			struct nft_key key = pair_key(a, b);

			nft_key_proto(&key, r->proto);
			nft_key_port(&key, (uint16_t)port);
			elements_add(k->e, maker_set(SET_LINKS4, &a->addr), &key, NULL, comment,
				     NULL);
		}
	}
}

static void add_links(struct maker *k, const struct place *a)
{
	for (size_t i = 0; a->pod && i < a->pod->n_connect_to; i++) {
		const struct settings_link *link = &a->pod->connect_to[i];
		size_t first, n = places_of_pod(&k->places, link->pod, &first);

		if (streq(link->pod, a->member->pod))
			continue; /* within the pod everything is allowed already */
		for (size_t j = first; j < first + n; j++) {
			if (link->any)
				add_pair(k, a, &k->places.items[j]);
			else
				add_pair_ports(k, a, &k->places.items[j], &link->ports);
		}
	}
}

/* guard.pod_to_pod: allow: each member may be reached, an element for each and not for each pair */
static void add_open(struct maker *k, const struct place *p)
{
	struct nft_key key = {0};

	nft_key_addr(&key, &p->addr);
	elements_add(k->e, maker_set(SET_OPEN4, &p->addr), &key, NULL, p->member->pod, NULL);
}

void maker_links(struct maker *k)
{
	/* places of one pod stand together */
	size_t first = 0, end = 0;

	for (size_t i = 0; i < k->places.n; i++) {
		const struct place *a = &k->places.items[i];

		if (k->s->guard.pod_to_pod_allow) {
			add_open(k, a);
			continue;
		}
		if (i == end) {
			const char *pod = a->member->pod;

			for (first = i; end < k->places.n; end++)
				if (!streq(k->places.items[end].member->pod, pod))
					break;
		}
		for (size_t j = first; j < end; j++)
			add_pair(k, a, &k->places.items[j]);
		add_links(k, a);
	}
}
