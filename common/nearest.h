/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef COMMON_NEAREST_H
#define COMMON_NEAREST_H

/*
 * Which word was meant by one that is not known: edit distance at most a third of its length, a
 * swap of two neighbours counting as one edit. Pure; words are borrowed.
 */
#include "common/base.h"

struct nearest {
	const char *word;
	size_t best;
	const char *found; /* the nearest one so far; NULL: none is near */
};

/* A word of more than 40 bytes is near to none. */
void nearest_begin(struct nearest *n, const char *word);
void nearest_offer(struct nearest *n, const char *candidate);

#endif
