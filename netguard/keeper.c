/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables in the kernel, kept equal to what is wanted.
 *
 * Two ways lead there. Where the kernel is known to hold what the last call wanted, the difference
 * of the two is sent, and nothing is asked. Otherwise (at first, after a refusal, after somebody
 * else's change) the kernel is asked what it has; a table that is not ours in every part is
 * replaced, one that is gets the difference, all in one transaction which the kernel refuses if
 * the ruleset changed since it was asked.
 *
 * Always true: a transaction that fails changes nothing, and whatever made it fail, the next one
 * begins with asking. What is refused even then is sent in parts (keeper_partial.c).
 */
#include "netguard/keeper_private.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

/* So often is the kernel asked again when others change the ruleset meanwhile (dockerd does). */
#define SYNC_TRIES 8

int keeper_new(int owner_fd, struct keeper **ret, struct err *err)
{
	_cleanup_(keeper_freep)
	struct keeper *k = xcalloc(1, sizeof(*k));
	int r = nft_socket_open(owner_fd, &k->socket, err);

	if (r < 0)
		return r;
	r = nft_monitor_open(k->socket, &k->monitor, err);
	if (r < 0)
		return r;
	*ret = take_ptr(k);
	return 0;
}

void keeper_free(struct keeper *k)
{
	if (!k)
		return;
	nft_monitor_close(k->monitor);
	nft_socket_close(k->socket);
	elements_free(k->wanted);
	elements_free(k->add);
	elements_free(k->del);
	elements_free(k->found);
	free(k);
}

int keeper_fd(const struct keeper *k)
{
	return nft_monitor_fd(k->monitor);
}

bool keeper_owns(const struct keeper *k)
{
	return k->flags != 0 && k->wanted;
}

int keeper_owner_fd(const struct keeper *k)
{
	return keeper_owns(k) ? nft_socket_fd(k->socket) : -1;
}

#define OWNED (NFT_TABLE_OWNER | NFT_TABLE_PERSIST)

/* A dry run tells whether the kernel knows tables that outlive their owner. */
static int probe(struct keeper *k, struct err *err)
{
	static const struct nft_table table = {.family = NFT_FAMILY_INET,
					       .name = RULESET_TABLE "-probe"};
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = nft_batch_new();
	int r;

	nft_batch_add_table(b, &table, OWNED);
	r = nft_batch_check(k->socket, b, err);
	if (r < 0 && r != -EOPNOTSUPP && r != -EINVAL)
		return r;
	k->flags = r == 0 ? OWNED : 0;
	k->probed = true;
	return 0;
}

/*
 * Which flags our tables get. A dry run is given up by the kernel, which takes it 5 to 15 ms: so
 * what is there is asked first, and where nothing is, that it can is taken for granted until it
 * refuses (sync_once).
 */
static int choose_flags(struct keeper *k, struct err *err)
{
	bool there = false;

	for (size_t i = 0; !k->probed && i < RULESET_N_TABLES; i++) {
		uint32_t flags = 0, owner = 0;
		int r = nft_dump_table(k->socket, &ruleset_tables[i], &flags, &owner, err);

		if (r < 0)
			return r;
		there |= r > 0;
		if (r > 0 && flags & NFT_TABLE_PERSIST) {
			k->flags = OWNED;
			k->probed = true;
		}
	}
	if (k->probed)
		return 0;
	if (there)
		return probe(k, err);
	k->flags = OWNED;
	return 0;
}

/* ---- batches ---- */

static void put_deletions(struct nft_batch *b, const struct elements *del)
{
	for (unsigned set = 0; set < SET_COUNT_; set++)
		nft_batch_delete_elements(b, ruleset_set_table(set), ruleset_set(set),
					  del->sets[set], del->n[set]);
	for (size_t i = 0; i < del->n_limits; i++)
		nft_batch_delete_limit(b, &ruleset_tables[0], del->limits[i].name);
}

/* tables: what is there of them; NULL: both are, and ours. Limits are listed before all else. */
static void put_additions(struct nft_batch *b, const struct keeper *k,
			  const struct keeper_table *tables, const struct elements *add)
{
	for (size_t i = 0; tables && i < RULESET_N_TABLES; i++) {
		if (!tables[i].ours && tables[i].there)
			nft_batch_delete_table(b, &ruleset_tables[i]);
		if (!tables[i].ours || tables[i].orphan)
			nft_batch_add_table(b, &ruleset_tables[i], k->flags);
	}
	for (size_t i = 0; i < add->n_limits; i++) {
		struct nft_limit l = elements_limit(&add->limits[i]);

		nft_batch_add_limit(b, &ruleset_tables[0], &l);
	}
	for (size_t i = 0; tables && i < RULESET_N_TABLES; i++)
		if (!tables[i].ours)
			nft_batch_add_contents(b, &ruleset_tables[i]);
	for (unsigned set = 0; set < SET_COUNT_; set++)
		nft_batch_add_elements(b, ruleset_set_table(set), ruleset_set(set), add->sets[set],
				       add->n[set]);
}

void keeper_put_change(struct nft_batch *b, const struct keeper *k,
		       const struct elements_change *change)
{
	put_deletions(b, change->del);
	put_additions(b, k, NULL, change->add);
}

/* So many elements are worth the questions that keeping them from the monitor takes. */
#define QUIET_MIN 500

/*
 * Sends a big batch while the monitor does not listen (see nft_monitor_pause). With a generation:
 * what others change before it is refused, and what they change behind it shows as one more.
 */
static int commit_quietly(struct keeper *k, struct nft_batch *b, uint32_t generation,
			  struct err *err)
{
	uint32_t now = 0;
	struct err why;
	int r, resumed;

	r = nft_monitor_pause(k->monitor, err);
	if (r < 0)
		return r;
	r = nft_batch_commit(k->socket, b, generation, err);
	resumed = nft_monitor_resume(k->monitor, &why);
	if (resumed < 0) {
		*err = why;
		return resumed;
	}
	if (r == 0)
		k->missed = nft_generation(k->socket, &now, &why) < 0 || now != generation + 1;
	return r;
}

static int commit(struct keeper *k, struct nft_batch *b, size_t n, uint32_t generation,
		  struct err *err)
{
	int r;

	if (n < QUIET_MIN || k->loud)
		return nft_batch_commit(k->socket, b, generation, err);
	if (generation == 0) {
		r = nft_generation(k->socket, &generation, err);
		if (r < 0)
			return r;
	}
	return commit_quietly(k, b, generation, err);
}

/*
 * Turns what the kernel has into what is wanted, in one transaction: deletions first, so that
 * nothing is there twice. 0, and nothing is sent, where there is no difference.
 */
int keeper_send(struct keeper *k, const struct keeper_table *tables, const struct elements *want,
		const struct elements *have, uint32_t generation, struct keeper_result *ret,
		struct err *err)
{
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = nft_batch_new();
	_cleanup_(elements_change_done)
	struct elements_change change = {0};
	struct keeper_result result = {0};
	const struct elements *add = want;
	int r;

	if (elements_count(have) + have->n_limits > 0) {
		elements_difference(want, have, &change);
		put_deletions(b, change.del);
		add = change.add;
		result.deleted = elements_count(change.del);
	}
	put_additions(b, k, tables, add);
	result.added = elements_count(add);
	r = commit(k, b, result.added + result.deleted, generation, err);
	if (r < 0)
		return r;
	for (size_t i = 0; tables && i < RULESET_N_TABLES; i++) {
		result.adopted |= tables[i].ours && (tables[i].orphan || !k->wanted);
		result.installed |= !tables[i].ours;
	}
	*ret = result;
	return 0;
}

/* ---- the long way ---- */

static int sync_once(struct keeper *k, const struct elements *want, struct keeper_result *ret,
		     struct err *err)
{
	_cleanup_(elements_freep)
	struct elements *have = NULL;
	struct keeper_table tables[RULESET_N_TABLES];
	bool first = !k->wanted;
	uint32_t generation = 0;
	struct err why;
	int seconded, r = nft_generation(k->socket, &generation, err);

	assert(want);
	if (r < 0)
		return r;
	r = keeper_look(k, tables, &have, err);
	if (r < 0)
		return r;
	if (k->loud)
		generation = 0;
	seconded = keeper_second_table(k, tables, want, &generation, err);
	if (seconded < 0)
		return seconded;
	r = keeper_send(k, tables, want, have, generation, ret, err);
	if (r == 0) {
		struct elements *held = elements_hold(want); /* which may be k->wanted */

		elements_free(k->wanted);
		k->wanted = held;
		k->probed = true;
	} else if (!k->probed && (r == -EOPNOTSUPP || r == -EINVAL)) {
		r = probe(k, err);
		r = r < 0 ? r : -EAGAIN;
	} else if (keeper_can_split(r)) {
		r = keeper_send_parts(k, tables, want, have, generation, ret, err);
	}
	/* one that stays denies what it should not some day, but is tried again */
	if (seconded > 0 && keeper_drop_second(k, &why) < 0 && r == 0) {
		*err = why;
		r = -EAGAIN;
	}
	if (r == 0 && first && tables[0].ours)
		k->found = take_ptr(have);
	if (r < 0 || !k->missed)
		return r;
	k->missed = false;
	r = keeper_differs(k, err);
	return r > 0 ? -ESTALE : r;
}

static int sync(struct keeper *k, const struct elements *want, struct keeper_result *ret,
		struct err *err)
{
	struct keeper_result result = {0};
	int r = choose_flags(k, err);

	if (r == 0 && !k->wanted)
		r = keeper_drop_second(k, err);
	if (r < 0)
		return r;
	k->known = false;
	for (unsigned i = 1; i <= SYNC_TRIES; i++) {
		struct keeper_result part = {0};

		/*
		 * Others change other tables; a change of ours in the moment between is refused or
		 * seen by the monitor.
		 */
		k->loud = i == SYNC_TRIES;
		r = sync_once(k, want, &part, err);
		result.installed |= part.installed;
		result.adopted |= part.adopted;
		result.added += part.added;
		result.deleted += part.deleted;
		result.refused = part.refused;
		if (r != -ESTALE && r != -EAGAIN && r != -ENOBUFS)
			break;
	}
	k->loud = false;
	if (r == 0)
		*ret = result;
	return r;
}

int keeper_apply(struct keeper *k, const struct elements *want, struct keeper_result *ret,
		 struct err *err)
{
	struct keeper_result result = {0};
	int r = -ESTALE;

	keeper_settle(k);
	if (k->known)
		r = keeper_send(k, NULL, want, k->wanted, 0, &result, err);
	if (r == 0 && k->missed) {
		/* what is asked now is what others made of it */
		elements_free(k->wanted);
		k->wanted = elements_hold(want);
		k->missed = false;
		r = -ESTALE;
	}
	if (r < 0) {
		r = sync(k, want, &result, err);
		if (r < 0)
			return r;
	} else {
		elements_free(k->wanted);
		k->wanted = elements_hold(want);
	}
	k->known = true;
	*ret = result;
	return 0;
}

int keeper_heal(struct keeper *k, struct keeper_result *ret, struct err *err)
{
	int r;

	if (!k->wanted)
		return 0;
	keeper_settle(k);
	r = sync(k, k->wanted, ret, err);
	k->known = r == 0;
	return r;
}

const struct elements *keeper_holds(struct keeper *k)
{
	keeper_settle(k);
	return k->wanted;
}

struct elements *keeper_take_found(struct keeper *k)
{
	return take_ptr(k->found);
}

/* ---- others ---- */

int keeper_dispatch(struct keeper *k, char who[static 64], struct err *err)
{
	struct nft_change change = {.table = false};
	int r = nft_monitor_read(k->monitor, RULESET_TABLE, &change, err);

	if (r <= 0)
		return r;
	if ((!change.table && !change.lost) || !k->wanted)
		return 0;
	r = keeper_differs(k, err);
	/* what can't be read now is looked at before the next change */
	if (r != 0)
		k->known = false;
	if (r <= 0)
		return r;
	if (change.table && change.pid != 0)
		snprintf(who, 64, "%s[%u]", change.name[0] ? change.name : "?", change.pid);
	else
		snprintf(who, 64, "somebody");
	return 1;
}

struct counters {
	struct keeper_counter *list;
	size_t n, max;
};

/* A name that is in both tables counts as one. */
static void take_counter(void *userdata, const char *name, uint64_t packets, uint64_t bytes)
{
	const struct nft_table *t = &ruleset_tables[0];
	struct counters *c = userdata;

	for (size_t i = 0; i < c->n; i++) {
		if (streq(c->list[i].name, name)) {
			c->list[i].packets += packets;
			c->list[i].bytes += bytes;
			return;
		}
	}
	for (size_t i = 0; i < t->n_counters; i++)
		if (c->n < c->max && streq(t->counters[i], name))
			c->list[c->n++] = (struct keeper_counter){t->counters[i], packets, bytes};
}

int keeper_counters(struct keeper *k, struct keeper_counter *ret, size_t max, struct err *err)
{
	struct counters c = {ret, 0, max};

	for (size_t i = 0; i < RULESET_N_TABLES; i++) {
		int r = nft_dump_counters(k->socket, &ruleset_tables[i], take_counter, &c, err);

		if (r < 0)
			return r;
	}
	return (int)c.n;
}

int keeper_generation(struct keeper *k, uint32_t *ret, struct err *err)
{
	return nft_generation(k->socket, ret, err);
}

int keeper_remove(struct keeper *k, struct err *err)
{
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = nft_batch_new();
	int r;

	for (size_t i = 0; i < RULESET_N_TABLES; i++) {
		uint32_t flags, owner;

		r = nft_dump_table(k->socket, &ruleset_tables[i], &flags, &owner, err);
		if (r < 0)
			return r;
		if (r > 0)
			nft_batch_delete_table(b, &ruleset_tables[i]);
	}
	r = nft_batch_commit(k->socket, b, 0, err);
	if (r == 0)
		r = keeper_drop_second(k, err);
	if (r < 0)
		return r;
	keeper_settle(k);
	elements_free(take_ptr(k->wanted));
	k->known = false;
	return 0;
}
