/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All places of the pattern that the text read so far may have led to are followed at once, so
 * there is no trying again. A place is an offset into the pattern.
 */
#include "common/glob.h"

#include "common/err.h"

#define WILD "*?\\/"

/* Of a valid or broken character: its bytes. */
static size_t unit(const char *text)
{
	uint32_t c;
	size_t n = text_utf8_at(text, &c);

	return n > 0 ? n : 1;
}

/* Adds a place and those that are reached from it without reading anything. */
static void add(const char *p, size_t at, bool *places)
{
	while (!places[at]) {
		places[at] = true;
		if (p[at] == '*') {
			at += p[at + 1] == '*' ? 2 : 1;
		} else if (startswith(p + at, "/**") && (!p[at + 3] || p[at + 3] == '/')) {
			/* nothing at all, or the slash behind it alone */
			at += 3;
		} else {
			break;
		}
	}
}

/* Where a place leads with the character of n bytes at text. */
static void step(const char *p, size_t at, const char *text, size_t n, bool *next)
{
	if (p[at] == '*') {
		if (p[at + 1] == '*' || *text != '/')
			add(p, at, next);
		return;
	}
	if (p[at] == '?') {
		if (*text != '/')
			add(p, at + 1, next);
		return;
	}
	if (p[at] == '\\' && p[at + 1])
		at++;
	if (p[at] && unit(p + at) == n && memcmp(p + at, text, n) == 0)
		add(p, at + n, next);
}

/* Reads the whole text; the pattern's end must be among the places then. */
static bool follow(const char *p, const char *text)
{
	size_t size = strlen(p) + 1;
	_cleanup_free_ bool *both = xcalloc(2, size);
	bool *now = both, *next = both + size;

	add(p, 0, now);
	while (*text) {
		size_t n = unit(text);
		bool *other = now, any = false;

		memset(next, 0, size);
		for (size_t i = 0; i < size; i++) {
			if (now[i]) {
				any = true;
				step(p, i, text, n, next);
			}
		}
		if (!any)
			return false;
		text += n;
		now = next;
		next = other;
	}
	return now[size - 1];
}

bool glob_match(const char *pattern, const char *text)
{
	/* most texts differ before the first wildcard; a slash may be the beginning of one */
	size_t plain = strcspn(pattern, WILD);

	while (pattern[plain] == '/' && pattern[plain + 1] != '*')
		plain += 1 + strcspn(pattern + plain + 1, WILD);
	if (strncmp(pattern, text, plain) != 0)
		return false;
	/* a broken character of the pattern is not the beginning of a whole one */
	if (((unsigned char)text[plain] & 0xc0) == 0x80)
		plain = 0;
	return follow(pattern + plain, text + plain);
}
