/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the keeper share and nobody else includes. */
#pragma once

#include "netguard/keeper.h"
#include "netguard/ruleset.h"

struct keeper {
	struct nft_socket *socket; /* one for life: it owns the tables */
	struct nft_monitor *monitor;
	bool probed;		 /* whether the kernel takes these flags is known */
	uint32_t flags;		 /* of our tables: owner and persist, or 0 where the kernel can't */
	struct elements *wanted; /* what the kernel should hold: all that it took; NULL: nothing */
	/*
	 * Changes since, which are not worked into it yet: first what is in del is taken from it,
	 * then add comes to it. NULL: none.
	 */
	struct elements *add, *del;
	struct elements *found; /* by the first keeper_apply, in a table that it adopted; or NULL */
	bool missed;		/* others changed the ruleset while the monitor did not listen */
	bool loud;  /* the last try: the monitor listens all the time, any generation will do */
	bool known; /* the kernel is known to hold `wanted`; else it is asked first */
	bool right; /* it was read from the kernel that it does, */
	uint32_t right_at; /* ... when the ruleset had this generation */
};

/* What the kernel has of one table. */
struct keeper_table {
	bool there;  /* one of that name */
	bool ours;   /* of our shape and flags, so only its elements may differ */
	bool orphan; /* ours, but this socket does not own it yet */
};

/*
 * Reads both tables. ret: elements of those that are ours (normalized; caller frees). 0, or -errno;
 * -EAGAIN where they change faster than they can be read.
 */
int keeper_look(struct keeper *k, struct keeper_table tables[RULESET_N_TABLES],
		struct elements **ret, struct err *err);

/* 1 where the kernel does not hold `wanted`, 0 where it does, or -errno as keeper_look. */
int keeper_differs(struct keeper *k, struct err *err);

/*
 * Turns what the kernel has into what is wanted, in one transaction; tables: as keeper_look gave
 * them, or NULL: both are there and ours.
 */
int keeper_send(struct keeper *k, const struct keeper_table *tables, const struct elements *want,
		const struct elements *have, uint32_t generation, struct keeper_result *ret,
		struct err *err);

/*
 * Where one of tables is to be replaced: puts a second table with the same contents beside it. 1
 * where it did (generation, unless 0, is then the one behind that), 0 where there is no need or the
 * kernel refuses a part, or -errno.
 */
int keeper_second_table(struct keeper *k, const struct keeper_table *tables,
			const struct elements *want, uint32_t *generation, struct err *err);
/* Takes it away, also one that a daemon left that was killed. 0 or -errno. */
int keeper_drop_second(struct keeper *k, struct err *err);

/* Works the changes into k->wanted: to be called before that is looked at. */
void keeper_settle(struct keeper *k);

/* The deletions, then the additions of a change between tables that are there and ours. */
void keeper_put_change(struct nft_batch *b, const struct keeper *k,
		       const struct elements_change *change);

/* Whether parts of a change that failed so may succeed. */
bool keeper_can_split(int r);

/*
 * The same as keeper_send in parts, leaving out what is refused (ret->refused; err is of the
 * first). Sets k->wanted to what is in force then. -errno: nothing new was given.
 */
int keeper_send_parts(struct keeper *k, const struct keeper_table tables[RULESET_N_TABLES],
		      const struct elements *want, const struct elements *have, uint32_t generation,
		      struct keeper_result *ret, struct err *err);
