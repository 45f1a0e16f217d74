/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the kernel has of our tables.
 *
 * Whether a table is ours is told from all that it holds, read back and compared with what would be
 * sent: a mark (a comment, a hash in some user data) would stay when somebody takes a rule out.
 */
#include "netguard/keeper_private.h"

#include <errno.h>
#include <stdio.h>

int keeper_finds(const struct keeper *k, struct err *err)
{
	uint32_t flags, owner;

	return nft_dump_table(k->socket, &ruleset_tables[0], &flags, &owner, err);
}

static bool same_lines(const struct strv *a, const struct strv *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!streq(a->items[i], b->items[i]))
			return false;
	return true;
}

static int has_our_shape(struct keeper *k, const struct nft_table *t, struct err *err)
{
	_cleanup_(strv_done)
	struct strv have = {0};
	_cleanup_(strv_done)
	struct strv want = {0};
	int r = nft_table_shape(t, &want, err);

	if (r < 0)
		return r;
	r = nft_dump_shape(k->socket, t, &have, err);
	return r < 0 ? r : same_lines(&have, &want);
}

static int look_at_table(struct keeper *k, const struct nft_table *t, struct keeper_table *ret,
			 struct err *err)
{
	uint32_t flags = 0, owner = 0, mine = nft_socket_portid(k->socket);
	int r = nft_dump_table(k->socket, t, &flags, &owner, err);

	*ret = (struct keeper_table){.there = r > 0};
	if (r <= 0)
		return r;
	/* what persists and has no owner waits for one */
	ret->orphan = k->flags != 0 &&
		      (flags == NFT_TABLE_PERSIST || (flags == k->flags && owner != mine));
	if (!ret->orphan && flags != k->flags)
		return 0;
	r = has_our_shape(k, t, err);
	if (r < 0)
		return r;
	ret->ours = r > 0;
	return 0;
}

static void take_limit(void *userdata, const struct nft_limit *l)
{
	elements_add_limit(userdata, l->name, l->rate, l->unit, l->burst);
}

static int read_elements(struct keeper *k, const struct keeper_table *tables, struct elements *have,
			 struct err *err)
{
	for (unsigned set = 0; set < SET_COUNT_; set++) {
		int r;

		if (!tables[ruleset_set_in_bridge(set)].ours)
			continue;
		r = nft_dump_elements(k->socket, ruleset_set_table(set), ruleset_set(set),
				      &have->sets[set], &have->n[set], err);
		if (r < 0)
			return r;
	}
	return tables[0].ours
		       ? nft_dump_limits(k->socket, &ruleset_tables[0], take_limit, have, err)
		       : 0;
}

/* What was there a moment ago was deleted by somebody while it was read: read once more. */
static int vanished(int r)
{
	return r == -ENOENT ? -EAGAIN : r;
}

int keeper_look(struct keeper *k, struct keeper_table tables[RULESET_N_TABLES],
		struct elements **ret, struct err *err)
{
	_cleanup_(elements_freep)
	struct elements *have = elements_new();
	int r;

	for (size_t i = 0; i < RULESET_N_TABLES; i++) {
		r = look_at_table(k, &ruleset_tables[i], &tables[i], err);
		if (r < 0)
			return vanished(r);
	}
	r = read_elements(k, tables, have, err);
	if (r < 0)
		return vanished(r);
	/* sorted by the kernel's names already, but no element may be there twice */
	elements_normalize(have);
	*ret = take_ptr(have);
	return 0;
}

int keeper_differs(struct keeper *k, struct err *err)
{
	_cleanup_(elements_change_done)
	struct elements_change change = {0};
	_cleanup_(elements_freep)
	struct elements *have = NULL;
	struct keeper_table tables[RULESET_N_TABLES];
	int r = keeper_look(k, tables, &have, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < RULESET_N_TABLES; i++)
		if (!tables[i].ours || tables[i].orphan)
			return 1;
	keeper_settle(k);
	elements_difference(k->wanted, have, &change);
	return !elements_change_empty(&change);
}

int keeper_is_right(struct keeper *k, struct err *err)
{
	uint32_t before = 0, after = 0;
	int r;

	if (!k->wanted)
		return 0;
	r = nft_generation(k->socket, &before, err);
	if (r < 0)
		return r;
	if (k->right && k->right_at == before)
		return 1;
	k->right = false;
	r = keeper_differs(k, err);
	if (r != 0) {
		k->known = false;
		return r < 0 ? r : 0;
	}
	r = nft_generation(k->socket, &after, err);
	if (r < 0)
		return r;
	/* what was changed meanwhile is looked at the next time */
	k->right = after == before;
	k->right_at = after;
	return 1;
}
