/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes of a few elements among many: what they cost does not grow with what is there.
 *
 * They are kept beside the list of all elements, which is long, and worked into it when somebody
 * looks at it or when they are many.
 */
#include "netguard/keeper_private.h"

#include <errno.h>

#define PENDING_MAX 2000

void keeper_settle(struct keeper *k)
{
	struct elements *own;

	if (k->add && k->wanted->holders > 0) {
		own = elements_copy(k->wanted);
		elements_free(k->wanted);
		k->wanted = own;
	}
	if (k->add)
		elements_patch(k->wanted, k->del, k->add);
	elements_free(take_ptr(k->add));
	elements_free(take_ptr(k->del));
}

static bool holds(const struct keeper *k, enum set_id set, const struct nft_element *e)
{
	const struct nft_element *found = k->add ? elements_find(k->add, set, e) : NULL;

	if (!found && !(k->del && elements_find(k->del, set, e)))
		found = elements_find(k->wanted, set, e);
	return found && nft_element_equal(found, e);
}

static bool holds_limit(const struct keeper *k, const char *name)
{
	if (k->add && elements_find_limit(k->add, name))
		return true;
	if (k->del && elements_find_limit(k->del, name))
		return false;
	return elements_find_limit(k->wanted, name);
}

/* Whether what goes is there, and what comes is not: after a refusal it may be otherwise. */
static bool fits(const struct keeper *k, const struct elements_change *c)
{
	for (unsigned set = 0; set < SET_COUNT_; set++) {
		for (size_t i = 0; i < c->del->n[set]; i++)
			if (!holds(k, set, &c->del->sets[set][i]))
				return false;
		for (size_t i = 0; i < c->add->n[set]; i++)
			if (!elements_find(c->del, set, &c->add->sets[set][i]) &&
			    holds(k, set, &c->add->sets[set][i]))
				return false;
	}
	for (size_t i = 0; i < c->del->n_limits; i++)
		if (!holds_limit(k, c->del->limits[i].name))
			return false;
	for (size_t i = 0; i < c->add->n_limits; i++)
		if (!elements_find_limit(c->del, c->add->limits[i].name) &&
		    holds_limit(k, c->add->limits[i].name))
			return false;
	return true;
}

/* Puts a change behind those that wait. What one of these added and this one deletes is neither. */
static void remember(struct keeper *k, const struct elements_change *c)
{
	_cleanup_(elements_freep)
	struct elements *nothing = elements_new();
	_cleanup_(elements_freep)
	struct elements *old = elements_new();

	if (!k->add) {
		k->add = elements_new();
		k->del = elements_new();
	}
	for (unsigned set = 0; set < SET_COUNT_; set++)
		for (size_t i = 0; i < c->del->n[set]; i++)
			if (!elements_find(k->add, set, &c->del->sets[set][i]))
				elements_add_copy(old, set, &c->del->sets[set][i]);
	for (size_t i = 0; i < c->del->n_limits; i++) {
		const struct element_limit *l = &c->del->limits[i];

		if (!elements_find_limit(k->add, l->name))
			elements_add_limit(old, l->name, l->rate, l->unit, l->burst);
	}
	elements_patch(k->add, c->del, c->add);
	elements_patch(k->del, nothing, old);
	if (elements_count(k->add) + elements_count(k->del) > PENDING_MAX)
		keeper_settle(k);
}

int keeper_change(struct keeper *k, const struct elements *before, const struct elements *after,
		  struct keeper_result *ret, struct err *err)
{
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = nft_batch_new();
	_cleanup_(elements_change_done)
	struct elements_change change = {0};
	int r;

	if (!k->known || !k->wanted)
		return err_set(err, ESTALE, "what the kernel holds is not known");
	elements_difference(after, before, &change);
	if (!fits(k, &change))
		return err_set(err, ESTALE, "the change is of something else");
	keeper_put_change(b, k, &change);
	r = nft_batch_commit(k->socket, b, 0, err);
	if (r < 0)
		return r;
	remember(k, &change);
	*ret = (struct keeper_result){.added = elements_count(change.add),
				      .deleted = elements_count(change.del)};
	return 0;
}

static int compare_key(const void *key, const void *element)
{
	return nft_key_compare(key, &((const struct nft_element *)element)->key);
}

/* An element with this key, whatever its end. */
static bool has_key(const struct elements *e, enum set_id set, const struct nft_key *key)
{
	size_t i = array_place(key, e->sets[set], e->n[set], sizeof(**e->sets), compare_key);

	return i < e->n[set] && nft_key_compare(key, &e->sets[set][i].key) == 0;
}

bool keeper_has(const struct keeper *k, enum set_id set, const struct nft_key *key)
{
	if (!k->wanted)
		return false;
	if (k->add && has_key(k->add, set, key))
		return true;
	if (k->del && has_key(k->del, set, key))
		return false;
	return has_key(k->wanted, set, key);
}
