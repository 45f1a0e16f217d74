/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The error object: a code and the sentence that a person reads. Caller-owned, no allocation.
 *
 * A function that can fail for a reason worth telling takes `struct err *err` last (never NULL)
 * and returns 0 or -errno. Callers on the way up add what they know with err_wrap:
 *
 *	return err_wrap(err, "pod %s", name);      ->  "pod web: image busybox: not found"
 */
#pragma once

#include "common/base.h"
#include "common/text.h"

#define ERR_TEXT_MAX 512

struct err {
	int code; /* positive errno; 0 where nothing went wrong */
	char text[ERR_TEXT_MAX];
};

/* Sets code (positive errno) and text. Returns -code. Long texts are cut, marked by "...". */
int err_set(struct err *err, int code, const char *fmt, ...) _printf_(3, 4);

/* The same, with ": " and what the C library says of the code put behind the text. */
int err_os(struct err *err, int code, const char *fmt, ...) _printf_(3, 4);

/* Puts "FMT: " before the text that is there. Returns -code. */
int err_wrap(struct err *err, const char *fmt, ...) _printf_(2, 3);

#if (defined(__clang_analyzer__) || defined(GCC_ANALYZER)) && !defined(ERR_IN_ITSELF)
/* Analyzers see one file at a time: this tells them that what they return is negative. */
static inline int err_negative_(int r)
{
	if (r >= 0)
		abort();
	return r;
}
#define err_set(...)  err_negative_(err_set(__VA_ARGS__))
#define err_os(...)   err_negative_(err_os(__VA_ARGS__))
#define err_wrap(...) err_negative_(err_wrap(__VA_ARGS__))
#endif
