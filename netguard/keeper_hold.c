/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * While a table of another shape is replaced, a second one with the same contents stands beside it.
 *
 * The kernel has the hooks of both, the old and the new table, before the moment at which rules
 * change. A packet that the new chain sees before it has rules, and the old one when it has none
 * any more, would pass both. The second table has its rules all the while.
 */
#include "netguard/keeper_private.h"

#include <errno.h>

/* The kernel takes it away with our socket, should we be killed. */
static struct nft_table second(size_t i)
{
	struct nft_table t = ruleset_tables[i];

	t.name = RULESET_TABLE "-next";
	return t;
}

static bool is_replaced(const struct keeper_table *t)
{
	return t->there && !t->ours;
}

static int put_leftovers(struct keeper *k, struct nft_batch *b, struct nft_table *tables,
			 struct err *err)
{
	int n = 0;

	for (size_t i = 0; i < RULESET_N_TABLES; i++) {
		uint32_t flags, owner;
		int r = nft_dump_table(k->socket, &tables[i], &flags, &owner, err);

		if (r < 0)
			return r;
		if (r > 0)
			nft_batch_delete_table(b, &tables[i]);
		n += r > 0;
	}
	return n;
}

static void put_contents(struct nft_batch *b, const struct nft_table *table, size_t i,
			 const struct elements *want)
{
	for (size_t l = 0; i == 0 && l < want->n_limits; l++) {
		struct nft_limit limit = elements_limit(&want->limits[l]);

		nft_batch_add_limit(b, table, &limit);
	}
	nft_batch_add_contents(b, table);
	for (unsigned set = 0; set < SET_COUNT_; set++)
		if (ruleset_set_table(set) == &ruleset_tables[i])
			nft_batch_add_elements(b, table, ruleset_set(set), want->sets[set],
					       want->n[set]);
}

int keeper_second_table(struct keeper *k, const struct keeper_table *tables,
			const struct elements *want, uint32_t *generation, struct err *err)
{
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = nft_batch_new();
	struct nft_table next[RULESET_N_TABLES];
	bool any = false;
	int r;

	for (size_t i = 0; i < RULESET_N_TABLES; i++) {
		next[i] = second(i);
		any |= is_replaced(&tables[i]);
	}
	if (!any)
		return 0;
	r = put_leftovers(k, b, next, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < RULESET_N_TABLES; i++) {
		if (!is_replaced(&tables[i]))
			continue;
		nft_batch_add_table(b, &next[i], k->flags ? NFT_TABLE_OWNER : 0);
		put_contents(b, &next[i], i, want);
	}
	r = nft_batch_commit(k->socket, b, *generation, err);
	/* an element that the kernel refuses: the table is replaced without it, part by part */
	if (keeper_can_split(r))
		return 0;
	if (r < 0)
		return r;
	if (*generation)
		*generation = *generation == UINT32_MAX ? 1 : *generation + 1;
	return 1;
}

int keeper_drop_second(struct keeper *k, struct err *err)
{
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = nft_batch_new();
	struct nft_table next[RULESET_N_TABLES];
	int r;

	for (size_t i = 0; i < RULESET_N_TABLES; i++)
		next[i] = second(i);
	r = put_leftovers(k, b, next, err);
	return r > 0 ? nft_batch_commit(k->socket, b, 0, err) : r;
}
