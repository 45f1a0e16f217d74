/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/table.h"

#include "common/err.h"

#include <assert.h>
#include <stdio.h>

void table_add(struct table *t, size_t n, const char *const *cells, enum ui_color color)
{
	struct table_row row = {.color = color};

	assert(n <= TABLE_COLUMNS_MAX);
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(cells[i]) + 1;

		row.cells[i] = xmalloc(size);
		text_printable(row.cells[i], size, cells[i]);
	}
	ARRAY_PUSH(t->rows, t->n) = row;
	t->columns = n;
}

/* Bytes that begin a character of (valid) UTF-8. */
static size_t width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

/* Takes from the last column, then from the widest flexible one, until all fits. */
static void fit(const struct table *t, size_t *widths)
{
	size_t total = t->columns > 0 ? 2 * (t->columns - 1) : 0;

	for (size_t j = 0; j < t->columns; j++)
		total += widths[j];
	while (t->width > 0 && total > t->width) {
		size_t widest = t->columns;

		for (size_t j = 0; j < t->columns; j++) {
			if (t->flexible & 1U << j && widths[j] > TABLE_CUT_MIN &&
			    (widest == t->columns || j + 1 == t->columns ||
			     widths[j] >= widths[widest]))
				widest = j;
		}
		if (widest == t->columns)
			return;
		widths[widest]--;
		total--;
	}
}

/* The cell in at most n characters, the last two of them dots where it was cut. Caller frees. */
static char *cut(const char *cell, size_t n)
{
	const char *end = cell;

	if (width(cell) <= n)
		return xstrdup(cell);
	for (size_t i = 0; i < n - 2; i++) {
		end++;
		while (((unsigned char)*end & 0xc0) == 0x80)
			end++;
	}
	return xasprintf("%.*s..", (int)(end - cell), cell);
}

void table_print(const struct table *t, const struct ui *ui, size_t colored)
{
	size_t widths[TABLE_COLUMNS_MAX] = {0};

	for (size_t i = 0; i < t->n; i++) {
		for (size_t j = 0; j < t->columns; j++) {
			size_t w = width(t->rows[i].cells[j]);

			widths[j] = w > widths[j] ? w : widths[j];
		}
	}
	fit(t, widths);
	for (size_t i = 0; i < t->n; i++) {
		const struct table_row *row = &t->rows[i];
		size_t last = t->columns;

		while (last > 0 && !*row->cells[last - 1])
			last--;
		for (size_t j = 0; j < last; j++) {
			bool color = i == 0 || j == colored;
			_cleanup_free_ char *cell = cut(row->cells[j], widths[j]);
			size_t pad = j + 1 < last ? widths[j] - width(cell) + 2 : 0;

			printf("%s%s%s%*s", color ? ui_on(ui, row->color) : "", cell,
			       color ? ui_off(ui) : "", (int)pad, "");
		}
		printf("\n");
	}
}

void table_done(struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		for (size_t j = 0; j < t->columns; j++)
			free(t->rows[i].cells[j]);
	}
	free(t->rows);
	*t = (struct table){0};
}
