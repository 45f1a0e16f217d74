/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text in columns, fitted to a width. Cells are made printable; widths count characters, not bytes.
 */
#pragma once

#include "podctl/ui.h"

#define TABLE_COLUMNS_MAX 12
#define TABLE_CUT_MIN	  6

struct table_row {
	char *cells[TABLE_COLUMNS_MAX];
	enum ui_color color;
};

struct table {
	struct table_row *rows;
	size_t n, columns;
	size_t width;	   /* at most so wide; 0: as wide as it gets */
	unsigned flexible; /* columns (1 << i) that may be cut for that, down to TABLE_CUT_MIN */
};

void table_add(struct table *t, size_t n, const char *const *cells, enum ui_color color);
/* colored: the column that has the row's colour; the first row is coloured as a whole. */
void table_print(const struct table *t, const struct ui *ui, size_t colored);
void table_done(struct table *t);
