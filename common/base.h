/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What every file needs: cleanup attributes, ownership transfer, allocation that can't fail,
 * growing arrays.
 *
 * Out of memory aborts (see xmalloc): netguard's table stays in the kernel and systemd starts the
 * daemon again, podctl's next apply converges. So no caller has a path for it that nobody tests.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a)	 (sizeof(a) / sizeof((a)[0]))
#define _printf_(f, a)	 __attribute__((format(printf, f, a)))
#define _unused_	 __attribute__((unused))
#define _must_check_	 __attribute__((warn_unused_result))
#define _cleanup_(f)	 __attribute__((cleanup(f)))
#define _cleanup_free_	 _cleanup_(freep)
#define _cleanup_close_	 _cleanup_(closep)
#define _cleanup_fclose_ _cleanup_(fclosep)

/* Defines NAMEp(TYPE **) for _cleanup_, from a destructor NAME(TYPE *) that accepts NULL. */
#define DEFINE_CLEANUP(type, name)                                                                 \
	static inline void name##p(type **p)                                                       \
	{                                                                                          \
		name(*p);                                                                          \
		*p = NULL;                                                                         \
	}                                                                                          \
	struct name##_cleanup_is_defined

/* Hands over what a _cleanup_ variable holds: returns it and leaves NULL behind. */
#define take_ptr(p)                                                                                \
	({                                                                                         \
		__typeof__(&(p)) take_pp_ = &(p);                                                  \
		__typeof__(p) take_v_ = *take_pp_;                                                 \
		*take_pp_ = NULL;                                                                  \
		take_v_;                                                                           \
	})

/* The same for descriptors, leaving -1. */
static inline int take_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

void freep(void *p);   /* p: address of a pointer to what malloc gave */
void closep(int *fd);  /* closes unless negative; keeps errno */
void fclosep(void *f); /* f: address of a FILE *; closes unless NULL */

/* Allocation: never NULL, abort() when memory is out. Zero sizes give a pointer that can be freed.
 */
void *xmalloc(size_t size) _must_check_;
void *xcalloc(size_t n, size_t size) _must_check_;
void *xreallocarray(void *p, size_t n, size_t size) _must_check_;
char *xstrdup(const char *s) _must_check_; /* NULL gives NULL */
char *xstrndup(const char *s, size_t n) _must_check_;
void *xmemdup(const void *p, size_t n) _must_check_;
char *xasprintf(const char *fmt, ...) _printf_(1, 2) _must_check_;
char *xvasprintf(const char *fmt, va_list ap) _printf_(1, 0) _must_check_;
FILE *xopen_memstream(char **text, size_t *size) _must_check_; /* *text: to be freed */
void xclose_memstream(FILE *f, char **text); /* *text is all that was written, or it aborts */

/*
 * Makes room for one more in a plain array (pointer, count): ARRAY_PUSH(list, n) = value;
 * Capacity follows from the count (powers of two), so there is no third variable to keep right.
 */
#define ARRAY_PUSH(list, n)                                                                        \
	(*({                                                                                       \
		/* the size of an element is meant, also where that is a pointer */                \
		/* NOLINTNEXTLINE(bugprone-sizeof-expression) */                                   \
		(list) = array_grow_((list), (n), sizeof(*(list)));                                \
		&(list)[(n)++];                                                                    \
	}))
void *array_grow_(void *list, size_t n, size_t size);

/*
 * The place in a sorted array of the first item that does not come before the key; n: all do. There
 * it is, or belongs. compare: as bsearch's.
 */
size_t array_place(const void *key, const void *array, size_t n, size_t size,
		   int (*compare)(const void *key, const void *item));

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Whether two texts are the same, where NULL is the same as NULL only. */
static inline bool streq_null(const char *a, const char *b)
{
	return a && b ? streq(a, b) : a == b;
}

/* The part of s after prefix, or NULL when s does not start with it. */
static inline const char *startswith(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

/* A list of strings that owns them. */
struct strv {
	char **items;
	size_t n;
};

void strv_add(struct strv *v, const char *s);	   /* copies s */
void strv_take(struct strv *v, char *s);	   /* takes s over */
void strv_add_once(struct strv *v, const char *s); /* unless it is there */
bool strv_has(const struct strv *v, const char *s);
void strv_sort(struct strv *v);
char *strv_find(const struct strv *v, const char *s); /* its own one, NULL: none; v is sorted */
void strv_done(struct strv *v);			      /* frees and empties */
