/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is wrong with a file. Pure but for problems_print. Paths and texts are kept printable. */
#include "common/problems.h"

#include "common/err.h"

#define SHOWN_MAX 64

static char *printable(char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = xmalloc(size);

	text_printable(copy, size, text);
	free(text);
	return copy;
}

static void _printf_(5, 0) add(struct problems *p, bool warning, struct mark mark, const char *path,
			       const char *fmt, va_list ap)
{
	/* as many warnings as there may be, errors are still seen */
	size_t kept_errors = 0;

	for (size_t i = 0; i < p->n; i++)
		kept_errors += !p->items[i].warning;
	if (!warning)
		p->n_errors++;
	if ((warning ? p->n - kept_errors : kept_errors) >= PROBLEMS_MAX)
		return;
	ARRAY_PUSH(p->items, p->n) = (struct problem){
		.mark = mark,
		.warning = warning,
		.path = printable(xstrdup(path)),
		.text = printable(xvasprintf(fmt, ap)),
	};
}

void problems_add(struct problems *p, struct mark mark, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, false, mark, path, fmt, ap);
	va_end(ap);
}

void problems_warn(struct problems *p, struct mark mark, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(p, true, mark, path, fmt, ap);
	va_end(ap);
}

static bool mark_after(struct mark a, struct mark b)
{
	return a.line != b.line ? a.line > b.line : a.column > b.column;
}

void problems_sort(struct problems *p)
{
	/* by insertion: few, and those at one place stay in the order they were found */
	for (size_t i = 1; i < p->n; i++) {
		struct problem moved = p->items[i];
		size_t j = i;

		for (; j > 0 && mark_after(p->items[j - 1].mark, moved.mark); j--)
			p->items[j] = p->items[j - 1];
		p->items[j] = moved;
	}
}

char *problem_format(const struct problem *problem, const char *file)
{
	_cleanup_free_ char *name = printable(xstrdup(file));
	char place[32] = "";

	if (problem->mark.line > 0)
		snprintf(place, sizeof(place), "%u:%u:", problem->mark.line, problem->mark.column);
	return xasprintf("%s:%s %s%s%s%s", name, place, problem->warning ? "warning: " : "",
			 problem->path, *problem->path ? ": " : "", problem->text);
}

void problems_print(const struct problems *p, const char *file, FILE *out)
{
	size_t errors = 0;

	for (size_t i = 0; i < p->n; i++) {
		_cleanup_free_ char *line = problem_format(&p->items[i], file);

		fprintf(out, "%s\n", line);
		errors += !p->items[i].warning;
	}
	if (p->n_errors > errors) {
		_cleanup_free_ char *name = printable(xstrdup(file));

		fprintf(out, "%s: and %zu more errors\n", name, p->n_errors - errors);
	}
}

void problems_done(struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].path);
		free(p->items[i].text);
	}
	free(p->items);
	*p = (struct problems){0};
}

bool problems_may_show(const char *text)
{
	char clean[SHOWN_MAX + 1];

	return *text && strnlen(text, SHOWN_MAX + 1) <= SHOWN_MAX &&
	       streq(text_printable(clean, sizeof(clean), text), text);
}

const char *problems_quote(char *buf, const char *text)
{
	if (!*text || problems_may_show(text))
		snprintf(buf, PROBLEM_QUOTE_MAX, "'%s'", text);
	else
		snprintf(buf, PROBLEM_QUOTE_MAX, "the value");
	return buf;
}
