/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The guarded addresses. An address that two containers claim belongs to neither, whatever the
 * bridge: the sets that grant something to an address don't know bridges.
 */
#include "netguard/model_places.h"

static int compare_addr(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int r = addr_compare(&x->addr, &y->addr);

	return r ? r : strcmp(x->bridge, y->bridge);
}

static int compare_pod(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int r = strcmp(x->member->pod, y->member->pod);

	return r ? r : compare_addr(a, b);
}

static void add_place(const struct member *member, const struct member_address *address,
		      const struct addr *addr, struct places *p)
{
	struct place place = {
		.member = member, .bridge = address->bridge, .address = address, .addr = *addr};

	if (addr->family == AF_UNSPEC)
		return;
	ARRAY_PUSH(p->items, p->n) = place;
}

/* Leaves out what several claim. Sorted by address. */
static void drop_contested(struct places *p)
{
	size_t kept = 0;

	for (size_t i = 0, end; i < p->n; i = end) {
		bool contested = false;

		for (end = i + 1; end < p->n; end++) {
			if (addr_compare(&p->items[i].addr, &p->items[end].addr) != 0)
				break;
			if (p->items[end].member != p->items[i].member)
				contested = true;
		}
		if (contested) {
			char text[ADDR_TEXT_MAX];

			strv_add(&p->contested, addr_format(&p->items[i].addr, text));
			continue;
		}
		for (size_t j = i; j < end; j++)
			p->items[kept++] = p->items[j];
	}
	p->n = kept;
}

/* Sorted by pod: what the configuration says of each. */
static void find_pods(const struct settings *s, const struct people *people, struct places *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct place *place = &p->items[i];
		size_t at;

		if (i > 0 && streq(place[-1].member->pod, place->member->pod)) {
			place->pod = place[-1].pod;
			place->users = place[-1].users;
			continue;
		}
		place->pod = settings_find_pod(s, place->member->pod);
		at = place->pod ? (size_t)(place->pod - settings_pod_at(s, 0)) : 0;
		if (place->pod && people && at < people->n_pods)
			place->users = &people->pod_users[at];
	}
}

void places_make(const struct settings *s, const struct people *people, const struct model *m,
		 struct places *ret)
{
	const char *bridge = ""; /* no interface has that name */
	bool guarded = false;

	*ret = (struct places){0};
	for (size_t i = 0; i < m->n_members; i++) {
		const struct member *member = &m->members[i];

		if (!member->pod || member->host_network)
			continue;
		for (size_t j = 0; j < member->n_addresses; j++) {
			const struct member_address *a = &member->addresses[j];

			/* most are on few bridges */
			if (!streq(bridge, a->bridge))
				guarded = settings_guards_interface(s, a->bridge);
			bridge = a->bridge;
			if (!guarded)
				continue;
			add_place(member, a, &a->ip4, ret);
			add_place(member, a, &a->ip6, ret);
		}
	}
	if (ret->n == 0)
		return;
	qsort(ret->items, ret->n, sizeof(*ret->items), compare_addr);
	drop_contested(ret);
	qsort(ret->items, ret->n, sizeof(*ret->items), compare_pod);
	find_pods(s, people, ret);
}

void places_done(struct places *p)
{
	free(p->items);
	strv_done(&p->contested);
	*p = (struct places){0};
}

static int compare_pod_name(const void *pod, const void *place)
{
	return strcmp(pod, ((const struct place *)place)->member->pod);
}

size_t places_of_pod(const struct places *p, const char *pod, size_t *ret_first)
{
	size_t first = array_place(pod, p->items, p->n, sizeof(*p->items), compare_pod_name);
	size_t end = first;

	while (end < p->n && streq(p->items[end].member->pod, pod))
		end++;
	*ret_first = first;
	return end - first;
}
