/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the keeper share and nobody else includes. */
#pragma once

#include "netguard/keeper.h"
#include "netguard/ruleset.h"

struct keeper {
	struct nft_socket *socket; /* one for life: it owns the tables */
	struct nft_monitor *monitor;
	bool probed;
	uint32_t flags; /* of our tables: owner and persist, or 0 where the kernel can't */
	struct elements
		*wanted; /* what the last keeper_apply that succeeded put there; NULL: none */
	bool known;	 /* the kernel is known to hold `wanted`; else it is asked first */
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
