/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which word was meant: edit distance, a swap of two neighbours counting as one edit. Pure. */
#include "common/nearest.h"

#include <string.h>

#define WORD_MAX_BYTES 40

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Both at most WORD_MAX_BYTES long. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
	/* rows i - 2, i - 1 and i of the table of distances between beginnings of a and b */
	size_t rows[3][WORD_MAX_BYTES + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= nb; j++)
		above[j] = before[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			row[j] = least(above[j], row[j - 1]) + 1;
			row[j] = least(row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[nb];
}

void nearest_begin(struct nearest *n, const char *word)
{
	size_t length = strnlen(word, WORD_MAX_BYTES + 1);

	*n = (struct nearest){.word = word, .best = length > WORD_MAX_BYTES ? 0 : length / 3 + 1};
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	size_t length = strnlen(candidate, WORD_MAX_BYTES + 1), d;

	if (n->best == 0 || length > WORD_MAX_BYTES)
		return;
	d = distance(n->word, strlen(n->word), candidate, length);
	if (d < n->best) {
		n->best = d;
		n->found = candidate;
	}
}
