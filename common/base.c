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

size_t array_place(const void *key, const void *array, size_t n, size_t size,
		   int (*compare)(const void *key, const void *item))
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(key, (const char *)array + middle * size) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void strv_add(struct strv *v, const char *s)
{
	strv_take(v, xstrdup(s));
}

void strv_take(struct strv *v, char *s)
{
	ARRAY_PUSH(v->items, v->n) = s;
}

void strv_add_once(struct strv *v, const char *s)
{
	if (!strv_has(v, s))
		strv_add(v, s);
}

bool strv_has(const struct strv *v, const char *s)
{
	for (size_t i = 0; i < v->n; i++) {
		if (streq(v->items[i], s))
			return true;
	}
	return false;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void strv_sort(struct strv *v)
{
	if (v->n > 0)
		qsort(v->items, v->n, sizeof(*v->items), compare_strings);
}

char *strv_find(const struct strv *v, const char *s)
{
	size_t i = array_place(&s, v->items, v->n, sizeof(*v->items), compare_strings);

	return i < v->n && streq(v->items[i], s) ? v->items[i] : NULL;
}

void strv_done(struct strv *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->items[i]);
	free(v->items);
	*v = (struct strv){0};
}
