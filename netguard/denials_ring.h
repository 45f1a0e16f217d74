/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The last denials, for `netguard denied`, and how many were denied without a record: the table
 * logs few of each reason in a second, and counts all. Pure; bounded, whatever comes.
 */
#pragma once

#include "netguard/denials.h"

#include <jansson.h>

#define DENIALS_RING	512
#define DENIALS_REASONS 16

struct denials_ring;
struct denials_ring *denials_ring_new(void);
void denials_ring_free(struct denials_ring *r);
DEFINE_CLEANUP(struct denials_ring, denials_ring_free);

/* What is known beside the packet. */
struct denial_context {
	const struct model *model;
	const char *user;     /* name of the uid, or NULL */
	const char *in, *out; /* names of the interfaces, "" where there is none */
	int64_t time_ms;      /* since 1970 */
};

/*
 * One denial as JSON: time, reason, in, out, uid, user, from and to (address, port, pod,
 * container), protocol, text (as denial_format). Printable throughout.
 */
json_t *denial_json(const struct denial *d, const struct denial_context *c);

/* Puts a record in (takes it over) and the oldest out where the ring is full. */
void denials_ring_put(struct denials_ring *r, const char *reason, json_t *record);

/* The last n, oldest first: a new list of new references. */
json_t *denials_ring_last(const struct denials_ring *r, size_t n);

/*
 * Tells what a counter says now. Returns how many more packets were denied for that reason without
 * a record since that was last told; 0 where they are fewer than least, which are told with those
 * that come (*ret_waits, may be NULL). The first call for a reason only begins to count, and so
 * does one with a counter that went back (the table was made anew).
 */
uint64_t denials_ring_count(struct denials_ring *r, const char *reason, uint64_t packets,
			    uint64_t least, bool *ret_waits);

/* {"forged": {"recorded": N, "suppressed": N}, ...}, since the counting began. */
json_t *denials_ring_counts(const struct denials_ring *r);
