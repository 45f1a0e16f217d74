/* SPDX-License-Identifier: GPL-3.0-or-later */
#define ERR_IN_ITSELF
#include "common/err.h"

#include <assert.h>
#include <stdio.h>

/* Writes at text[at..]; where it does not fit, the end becomes "...". Returns the new length. */
static _printf_(3, 0) size_t
	put(char text[static ERR_TEXT_MAX], size_t at, const char *fmt, va_list ap)
{
	int n = vsnprintf(text + at, ERR_TEXT_MAX - at, fmt, ap);

	if (n < 0) {
		text[at] = '\0';
		return at;
	}
	if ((size_t)n >= ERR_TEXT_MAX - at) {
		memcpy(text + ERR_TEXT_MAX - 4, "...", 4);
		return ERR_TEXT_MAX - 1;
	}
	return at + (size_t)n;
}

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	assert(code > 0);
	err->code = code;
	va_start(ap, fmt);
	put(err->text, 0, fmt, ap);
	va_end(ap);
	return -code;
}

int err_os(struct err *err, int code, const char *fmt, ...)
{
	char reason[128];
	va_list ap;
	size_t n;

	assert(code > 0);
	err->code = code;
	va_start(ap, fmt);
	n = put(err->text, 0, fmt, ap);
	va_end(ap);
	if (n < ERR_TEXT_MAX - 1)
		snprintf(err->text + n, ERR_TEXT_MAX - n, ": %s",
			 strerror_r(code, reason, sizeof(reason)));
	return -code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char below[ERR_TEXT_MAX];
	va_list ap;
	size_t n;

	memcpy(below, err->text, sizeof(below));
	va_start(ap, fmt);
	n = put(err->text, 0, fmt, ap);
	va_end(ap);
	if (n < ERR_TEXT_MAX - 1) {
		int more = snprintf(err->text + n, ERR_TEXT_MAX - n, ": %s", below);

		if (more > 0 && (size_t)more >= ERR_TEXT_MAX - n)
			memcpy(err->text + ERR_TEXT_MAX - 4, "...", 4);
	}
	return -err->code;
}
