/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pattern, a NUL, and a text: matched as a plain matcher that tries everything would, where that
 * one has an end; and in a time that its length bounds (the fuzzer's own limit).
 */
#include "common/glob.h"

#include "common/err.h"

#include <assert.h>

#define STEPS_MAX 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t unit(const char *text)
{
	uint32_t c;
	size_t n = text_utf8_at(text, &c);

	return n > 0 ? n : 1;
}

/* -1: too many steps */
static int slow(const char *p, const char *t, int *steps)
{
	int r;

	if (++*steps > STEPS_MAX)
		return -1;
	if (!*p)
		return !*t;
	if (startswith(p, "/**") && (!p[3] || p[3] == '/')) {
		r = slow(p + 3, t, steps);
		if (r)
			return r;
	}
	if (*p == '*') {
		bool any = p[1] == '*';

		r = slow(p + 1 + any, t, steps);
		if (r || !*t || (*t == '/' && !any))
			return r;
		return slow(p, t + unit(t), steps);
	}
	if (!*t)
		return 0;
	if (*p == '?')
		return *t == '/' ? 0 : slow(p + 1, t + unit(t), steps);
	if (*p == '\\' && p[1])
		p++;
	if (unit(p) != unit(t) || memcmp(p, t, unit(p)) != 0)
		return 0;
	return slow(p + unit(p), t + unit(t), steps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *pattern = xstrndup((const char *)data, size), *text = NULL;
	size_t n = strlen(pattern);
	int steps = 0, want;

	text = n < size ? xstrndup((const char *)data + n + 1, size - n - 1) : xstrdup("");
	want = slow(pattern, text, &steps);
	if (want < 0)
		glob_match(pattern, text);
	else
		assert(glob_match(pattern, text) == (want != 0));
	return 0;
}
