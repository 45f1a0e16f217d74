/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is done when the kernel refuses a change as a whole: what it takes of it is put in force,
 * so that one element does not hold up all others.
 *
 * First comes what takes rights away: permissions that are wanted no more, and all changes of the
 * sets that restrict. Only when those are in force are permissions given, in ever smaller parts
 * until what is refused stands alone. So at each moment the kernel allows no more than is wanted.
 */
#include "netguard/keeper_private.h"

#include <errno.h>

/* A refused transaction takes up to 20 ms: so many, then the rest counts as refused too. */
#define REFUSALS_MAX 64

bool keeper_can_split(int r)
{
	switch (r) {
	case -EPERM: /* somebody else owns the table */
	case -ENOMEM:
	case -ENOBUFS:
	case -ESTALE:
	case -EAGAIN:
	case -EOPNOTSUPP:
		return false;
	default:
		return r < 0;
	}
}

/* Sets whose elements restrict: without one of them more is let through. */
static bool restricts(enum set_id set)
{
	switch (set) {
	case SET_CONTAINER_IFACES:
	case SET_PRIVATE_PORTS:
	case SET_POD_RATE4:
	case SET_POD_RATE6:
	case SET_PUBLISHED_PORTS:
	case SET_EGRESS_LIMITED4:
	case SET_EGRESS_LIMITED6:
	case SET_PORTS:
	case SET_BRIDGE_PORTS:
		return true;
	default:
		return false;
	}
}

static void copy_set(struct elements *to, const struct elements *from, enum set_id set)
{
	for (size_t i = 0; i < from->n[set]; i++)
		elements_add_copy(to, set, &from->sets[set][i]);
}

/* The elements of a set that are in both and the same. */
static void copy_common(struct elements *to, const struct elements *a, const struct elements *b,
			enum set_id set)
{
	for (size_t i = 0, j = 0; i < a->n[set] && j < b->n[set];) {
		const struct nft_element *x = &a->sets[set][i], *y = &b->sets[set][j];
		int r = nft_element_compare(x, y);

		if (r == 0 && nft_element_equal(x, y))
			elements_add_copy(to, set, x);
		i += r <= 0;
		j += r >= 0;
	}
}

/* The permissions that are there and wanted; restrictions and limits as in the last one. */
static struct elements *without_new(const struct elements *want, const struct elements *have,
				    const struct elements *restrictions)
{
	struct elements *ret = elements_new();

	for (unsigned set = 0; set < SET_COUNT_; set++) {
		if (restricts(set))
			copy_set(ret, restrictions, set);
		else
			copy_common(ret, want, have, set);
	}
	for (size_t i = 0; i < restrictions->n_limits; i++) {
		const struct element_limit *l = &restrictions->limits[i];

		elements_add_limit(ret, l->name, l->rate, l->unit, l->burst);
	}
	return ret;
}

struct giving {
	struct keeper *k;
	struct elements *held; /* gets what the kernel has taken */
	struct keeper_result *result;
	unsigned refusals;
	struct err *err; /* of the first element that was refused */
};

static int give(struct giving *g, enum set_id set, const struct nft_element *list, size_t n)
{
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = nft_batch_new();
	struct err err;
	int r;

	if (n == 0)
		return 0;
	if (g->refusals >= REFUSALS_MAX) {
		g->result->refused += n;
		return 0;
	}
	nft_batch_add_elements(b, ruleset_set_table(set), ruleset_set(set), list, n);
	r = nft_batch_commit(g->k->socket, b, 0, &err);
	if (r == 0) {
		for (size_t i = 0; i < n; i++)
			elements_add_copy(g->held, set, &list[i]);
		g->result->added += n;
		return 0;
	}
	if (!keeper_can_split(r)) {
		*g->err = err;
		return r;
	}
	g->refusals++;
	if (n > 1) {
		r = give(g, set, list, n / 2);
		return r < 0 ? r : give(g, set, list + n / 2, n - n / 2);
	}
	if (g->result->refused++ == 0)
		*g->err = err;
	return 0;
}

static void hold(struct keeper *k, struct elements *held)
{
	elements_normalize(held);
	elements_free(k->wanted);
	k->wanted = held;
}

int keeper_send_parts(struct keeper *k, const struct keeper_table tables[RULESET_N_TABLES],
		      const struct elements *want, const struct elements *have, uint32_t generation,
		      struct keeper_result *ret, struct err *err)
{
	_cleanup_(elements_freep)
	struct elements *held = without_new(want, have, want);
	_cleanup_(elements_change_done)
	struct elements_change change = {0};
	struct keeper_result result = {0};
	struct giving g = {.k = k, .held = held, .result = &result, .err = err};
	int r = keeper_send(k, tables, held, have, generation, &result, err);
	bool ours = true;

	for (size_t i = 0; i < RULESET_N_TABLES; i++)
		ours &= tables[i].ours;
	if (keeper_can_split(r) && ours) {
		/* what restricts is refused: nothing is given, but what is wanted no more goes */
		_cleanup_(elements_freep)
		struct elements *less = without_new(want, have, have);
		struct err ignored;

		if (keeper_send(k, tables, less, have, generation, &result, &ignored) == 0)
			hold(k, take_ptr(less));
	}
	if (r < 0)
		return r;
	elements_difference(want, held, &change);
	for (unsigned set = 0; r == 0 && set < SET_COUNT_; set++)
		r = give(&g, set, change.add->sets[set], change.add->n[set]);
	hold(k, take_ptr(held));
	if (r == 0)
		*ret = result;
	return r;
}
