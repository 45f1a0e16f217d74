/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

void freep(void *p)
{
	free(*(void **)p);
	*(void **)p = NULL;
}

void closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

void fclosep(void *f)
{
	FILE **file = f;

	if (*file)
		fclose(*file);
	*file = NULL;
}

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

void *xmalloc(size_t size)
{
	return must(malloc(size ? size : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return must(calloc(n ? n : 1, size ? size : 1));
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	return must(reallocarray(p, n ? n : 1, size ? size : 1));
}

char *xstrdup(const char *s)
{
	return s ? must(strdup(s)) : NULL;
}

char *xstrndup(const char *s, size_t n)
{
	return must(strndup(s, n));
}

void *xmemdup(const void *p, size_t n)
{
	void *copy = xmalloc(n);

	if (n)
		memcpy(copy, p, n);
	return copy;
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	return s;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

FILE *xopen_memstream(char **text, size_t *size)
{
	FILE *out = open_memstream(text, size);

	if (!out)
		abort();
	return out;
}

void xclose_memstream(FILE *f, char **text)
{
	bool bad = ferror(f);

	/* without memory there is less; or none, of which fclose says nothing */
	if (fclose(f) != 0 || bad || !*text)
		abort();
}

void *array_grow_(void *list, size_t n, size_t size)
{
	/* full exactly when the count is 0 or a power of two */
	if ((n & (n - 1)) == 0)
		list = xreallocarray(list, n ? n * 2 : 1, size);
	return list;
}

void strv_add(struct strv *v, const char *s)
{
	strv_take(v, xstrdup(s));
}

void strv_take(struct strv *v, char *s)
{
	ARRAY_PUSH(v->items, v->n) = s;
}

bool strv_has(const struct strv *v, const char *s)
{
	for (size_t i = 0; i < v->n; i++) {
		if (streq(v->items[i], s))
			return true;
	}
	return false;
}

void strv_done(struct strv *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->items[i]);
	free(v->items);
	*v = (struct strv){0};
}
