/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which key was meant: edit distance, a swap of two neighbours counting as one edit. Pure. */
#include "common/schema.h"

#define KEY_MAX 40

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Both at most KEY_MAX long. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
	/* rows i - 2, i - 1 and i of the table of distances between beginnings of a and b */
	size_t rows[3][KEY_MAX + 1];
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

const char *schema_nearest(const struct schema *schema, const char *key)
{
	size_t n = strnlen(key, KEY_MAX + 1);
	size_t best = n / 3 + 1;
	const char *nearest = NULL;

	if (n > KEY_MAX)
		return NULL;
	for (const struct schema_field *f = schema->fields; f->key; f++) {
		size_t nf = strnlen(f->key, KEY_MAX + 1), d;

		/* nobody is sent to a key that is refused */
		if (f->type == SCHEMA_REFUSED || nf > KEY_MAX)
			continue;
		d = distance(key, n, f->key, nf);
		if (d < best) {
			best = d;
			nearest = f->key;
		}
	}
	return nearest;
}
