/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What podctl says: progress to standard output, one line each, prefixed with the pod; errors to
 * standard error as "podctl: ...". Colours on terminals only. Whatever comes from outside is made
 * printable here.
 */
#pragma once

#include "common/base.h"

struct live;

struct ui {
	const char *pod;   /* NULL: no prefix */
	const char *kind;  /* what stands before it; NULL: "pod" */
	bool quiet;	   /* no progress */
	bool color;	   /* standard output is a terminal that may be coloured */
	struct live *live; /* of standard output, hidden while something is said; or NULL */
};

enum ui_color { UI_PLAIN, UI_RED, UI_GREEN, UI_YELLOW, UI_BOLD, UI_DIM };

void ui_say(const struct ui *ui, const char *fmt, ...) _printf_(2, 3);
void ui_error(const struct ui *ui, const char *fmt, ...) _printf_(2, 3);
/* Escape sequences, or "" where there is no colour. */
const char *ui_on(const struct ui *ui, enum ui_color color);
const char *ui_off(const struct ui *ui);
