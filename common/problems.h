/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All that is wrong with one file, each with its place: FILE:LINE:COL: path.to.key: what is wrong.
 *
 * A file may be one that its reader must not see (a link planted as web.yml), so problems never
 * quote its contents beyond the offending key or a scalar of at most 64 printable characters:
 * problems_quote is the only way in for text from the file.
 */
#pragma once

#include "common/base.h"

#include <stdio.h>

struct mark {
	unsigned line, column; /* from 1; 0: the file as a whole */
};

struct problem {
	struct mark mark;
	bool warning; /* does not make the file invalid */
	char *path;   /* "containers.app.image"; "" for the whole file */
	char *text;
};

struct problems {
	struct problem *items;
	size_t n;
	size_t n_errors; /* those that are not warnings */
};

/* Of each sort this many are kept; further errors are counted in n_errors only. */
#define PROBLEMS_MAX 100

void problems_add(struct problems *p, struct mark mark, const char *path, const char *fmt, ...)
	_printf_(4, 5);
void problems_warn(struct problems *p, struct mark mark, const char *path, const char *fmt, ...)
	_printf_(4, 5);
void problems_sort(struct problems *p); /* by line and column */
/* The line that problems_print writes, without its newline. Caller frees. */
char *problem_format(const struct problem *problem, const char *file);
/* One line each, as above, and one that says how many more; file: the name to print before. */
void problems_print(const struct problems *p, const char *file, FILE *out);
void problems_done(struct problems *p);

/*
 * Text of the file for a message: "'text'" when it is at most 64 printable characters, otherwise
 * "the value". buf: at least PROBLEM_QUOTE_MAX. Returns buf.
 */
#define PROBLEM_QUOTE_MAX 80
const char *problems_quote(char *buf, const char *text);
/* Whether text may be shown as above: at most 64 bytes, all of them printable, not empty. */
bool problems_may_show(const char *text);
