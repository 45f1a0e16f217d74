/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text_printable never writes more bytes than it reads. */
#include "common/text.h"

size_t text_utf8_at(const char *text, uint32_t *ret)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80	 ? 1
		   : s[0] < 0xc0 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf8 ? 4
				 : 0;
	uint32_t c;

	if (n == 0)
		return 0;
	c = n == 1 ? s[0] : s[0] & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80) /* also the terminating NUL */
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return n;
}

bool text_harmless(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	/* line separators, bidirectional marks, overrides and isolates, byte order mark */
	return !(c == 0x2028 || c == 0x2029 || c == 0x200e || c == 0x200f || c == 0x061c ||
		 (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff);
}

char *text_printable(char *buf, size_t size, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t at = 0;

	if (size == 0)
		return buf;
	while (*s) {
		uint32_t c = 0;
		size_t n = text_utf8_at((const char *)s, &c);
		bool keep = n > 0 && text_harmless(c);
		size_t out = keep ? n : 1;

		if (at + out >= size)
			break;
		if (keep)
			memcpy(buf + at, s, n);
		else
			buf[at] = '?';
		at += out;
		s += n > 0 ? n : 1;
	}
	buf[at] = '\0';
	return buf;
}

/* Linear but for the last star, which is where it falls back to: no exponential patterns. */
bool text_matches(const char *text, const char *glob)
{
	const char *star = NULL, *back = NULL;

	while (*text) {
		if (*glob == '*') {
			star = ++glob;
			back = text;
		} else if (*glob == *text) {
			glob++;
			text++;
		} else if (star) {
			glob = star;
			text = ++back;
		} else {
			return false;
		}
	}
	return glob[strspn(glob, "*")] == '\0';
}

bool text_path_below(const char *path, const char *folder)
{
	const char *rest = startswith(path, folder);

	return rest && (*rest == '\0' || *rest == '/');
}

bool text_list_has(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (*list) {
		size_t item = strcspn(list, ",");

		if (item == n && strncmp(list, word, n) == 0)
			return true;
		list += item;
		list += *list == ',';
	}
	return false;
}

char *text_clean_path(const char *path)
{
	char *out = xmalloc(strlen(path) + 2);
	size_t size = 0;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && startswith(path, "..")) {
			while (size > 0 && out[--size] != '/')
				;
		} else if (n > 0 && !(n == 1 && *path == '.')) {
			out[size++] = '/';
			memcpy(out + size, path, n);
			size += n;
		}
		path += n;
		path += strspn(path, "/");
	}
	out[size] = '\0';
	return out;
}

bool text_digits(const char *text, size_t n, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)text[i] - '0';

		if (digit > 9 || value > max / 10 || digit > max - value * 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return true;
}

bool text_number(const char *text, uint64_t max, uint64_t *ret)
{
	return (text[0] != '0' || !text[1]) && text_digits(text, strlen(text), max, ret);
}

bool text_id(const char *text, uint32_t *ret)
{
	uint64_t id;

	if (!text_number(text, UINT32_MAX - 1, &id))
		return false;
	*ret = (uint32_t)id;
	return true;
}
