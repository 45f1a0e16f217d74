/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text as one component of a path or query (RFC 3986: all but the unreserved characters escaped).
 */
#include "engine/engine.h"

static bool unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

char *engine_escape(const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *escaped = xmalloc(strlen(text) * 3 + 1), *out = escaped;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (unreserved(*text)) {
			*out++ = *text;
			continue;
		}
		*out++ = '%';
		*out++ = digits[c >> 4];
		*out++ = digits[c & 15];
	}
	*out = '\0';
	return escaped;
}
