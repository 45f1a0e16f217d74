/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeps the kernel's tables equal to the elements that are wanted: installs them in one
 * transaction, adopts what an earlier daemon of the same shape left, sends only differences, and
 * puts back what somebody else changed. Owns the netlink sockets.
 */
#pragma once

#include "common/err.h"
#include "netguard/elements.h"

struct keeper;

/*
 * Opens the netlink sockets in the current network namespace. owner_fd: a netlink socket handed
 * over by systemd's descriptor store that owns the table, or -1.
 */
int keeper_new(int owner_fd, struct keeper **ret, struct err *err);
void keeper_free(struct keeper *k); /* the tables stay */
DEFINE_CLEANUP(struct keeper, keeper_free);

struct keeper_result {
	bool installed;	       /* the whole table was sent anew */
	bool adopted;	       /* a table was there and taken over */
	size_t added, deleted; /* elements sent */
	size_t refused;	       /* permissions that the kernel did not take: see keeper_apply */
};

/* Whether a table of ours is in the kernel, of whatever shape: 1, 0, or -errno. */
int keeper_finds(const struct keeper *k, struct err *err);

/*
 * Makes the kernel hold exactly `want` (normalized; held, and not to be changed then). The first
 * call installs or adopts. Where it refuses elements that give a permission, all others are put in
 * force, ret->refused says how many are missing and err names the first. On failure nothing new is
 * allowed (what is wanted no more may be gone); err names the statement or element that was
 * refused.
 */
int keeper_apply(struct keeper *k, const struct elements *want, struct keeper_result *ret,
		 struct err *err);

/*
 * The same for a part: what of the elements `before` turns into `after` (both normalized). 0 where
 * that is in force; -errno: nothing was changed, and keeper_apply with all of it is to be called.
 */
int keeper_change(struct keeper *k, const struct elements *before, const struct elements *after,
		  struct keeper_result *ret, struct err *err);
/* Whether the kernel holds an element with this key, as far as is known. */
bool keeper_has(const struct keeper *k, enum set_id set, const struct nft_key *key);

/*
 * What the first keeper_apply found in a table that it adopted, as an earlier daemon had left it;
 * NULL: there was none. Once; caller frees.
 */
struct elements *keeper_take_found(struct keeper *k);

/* What the kernel holds as far as is known: `want` of the last keeper_apply with the changes
 * since, less what was refused. Valid until the next call that changes something.
 */
const struct elements *keeper_holds(struct keeper *k);

/*
 * NFNLGRP_NFTABLES notifications: poll keeper_fd() for reading and call keeper_dispatch(), which
 * returns 1 and fills `who` ("nft[1234]") where somebody else touched our tables and they no
 * longer hold what they should (call keeper_heal then), 0 where all is well, -errno on failure.
 */
int keeper_fd(const struct keeper *k);
int keeper_dispatch(struct keeper *k, char who[static 64], struct err *err);
int keeper_heal(struct keeper *k, struct keeper_result *ret, struct err *err);

/*
 * Reads from the kernel whether it holds what it should: 1, 0 (call keeper_heal then), or -errno
 * where that can't be known. One short question where the ruleset was not changed since the last 1.
 */
int keeper_is_right(struct keeper *k, struct err *err);

int keeper_owner_fd(const struct keeper *k); /* for the descriptor store; -1 where the kernel has no
						owner flag */
bool keeper_owns(const struct keeper *k);

/*
 * Named counters of denials: "forged" (of both tables), "host_to_container", ... Returns how many
 * are in ret, at most max, or -errno.
 */
struct keeper_counter {
	const char *name;
	uint64_t packets, bytes;
};
int keeper_counters(struct keeper *k, struct keeper_counter *ret, size_t max, struct err *err);

/* The kernel's number of its ruleset: another one after each change, whoever made it. */
int keeper_generation(struct keeper *k, uint32_t *ret, struct err *err);

/* Takes both tables away. For `netguard remove`. */
int keeper_remove(struct keeper *k, struct err *err);
