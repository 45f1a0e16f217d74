/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dns_name.h"

/* not tolower(): a locale has other letters */
static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_plain(char c)
{
	c = lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool dns_name_valid(const char *name)
{
	if (strlen(name) > DNS_NAME_MAX)
		return false;
	for (;;) {
		size_t n = 0;

		while (is_plain(name[n]))
			n++;
		if (n == 0 || name[0] == '-' || name[n - 1] == '-')
			return false;
		if (name[n] != '.')
			return name[n] == '\0';
		name += n + 1;
	}
}

bool dns_name_same(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return !*a && !*b;
}

bool dns_name_of_pod(const char *name, const char *pod)
{
	for (; *pod; pod++, name++) {
		if (lower(*name) != (*pod == '_' ? '-' : lower(*pod)))
			return false;
	}
	return !*name || *name == '-';
}
