/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Denials of what came a moment too early. A container says which address it has as soon as it has
 * it (MLD, and Docker 28 in its name), which is before the engine tells of that. Dropping it does
 * no harm, since it is said again, and is no forgery, so a "forged" of an address that is nobody's
 * waits a moment: it is not told of where the address becomes that of a container on that bridge.
 * Pure; bounded, whatever comes.
 */
#pragma once

#include "netguard/denials.h"

#include <net/if.h>

#define DENIALS_EARLY	 32
#define DENIALS_EARLY_MS 500

/* A denial, and what was known beside it then. */
struct denial_seen {
	struct denial denial;
	char in[IF_NAMESIZE], out[IF_NAMESIZE]; /* "" where there is none */
	int64_t time_ms;			/* since 1970 */
	uint64_t at_ms;				/* loop_now_ms */
};

struct denials_early {
	struct denial_seen items[DENIALS_EARLY]; /* oldest first */
	size_t n;
};

/* Takes it where it may be such a one and there is room; else it is to be told of now. */
bool denials_early_take(struct denials_early *e, const struct model *m,
			const struct denial_seen *seen);

/* Forgets those whose address is its container's now. Returns how many. */
size_t denials_early_forget(struct denials_early *e, const struct model *m);

/* Gives the oldest, where its time is over: it is one like any other. */
bool denials_early_due(struct denials_early *e, uint64_t now_ms, struct denial_seen *ret);
