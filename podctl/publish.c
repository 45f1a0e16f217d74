/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cut from the end, since an IPv6 address in front has colons of its own (in brackets). */
#include "podctl/publish.h"

#include <stdio.h>

#define ENTRY_MAX 128

/* "80" or "80-89" */
static const char *parse_range(const char *text, uint16_t *ret_first, uint16_t *ret_last)
{
	char first[8];
	const char *dash = strchr(text, '-');
	size_t n = dash ? (size_t)(dash - text) : strlen(text);
	uint16_t a, b;

	if (n >= sizeof(first))
		return "has a port that is not 1 to 65535";
	memcpy(first, text, n);
	first[n] = '\0';
	if (!port_parse(first, &a))
		return "has a port that is not 1 to 65535";
	b = a;
	if (dash && !port_parse(dash + 1, &b))
		return "has a port that is not 1 to 65535";
	if (b < a)
		return "has a range that ends before it begins";
	*ret_first = a;
	*ret_last = b;
	return NULL;
}

static const char *parse_ip(char *text, struct addr *ret)
{
	size_t n = strlen(text);

	if (text[0] == '[') {
		if (n < 2 || text[n - 1] != ']')
			return "has a [ without its ]";
		text[n - 1] = '\0';
		text++;
		if (!addr_parse(text, ret) || ret->family != AF_INET6)
			return "has no valid IPv6 address in its brackets";
		return NULL;
	}
	if (strchr(text, ':'))
		return "has an IPv6 address without brackets, or too many colons";
	if (!addr_parse(text, ret) || ret->family != AF_INET)
		return "has no valid IP address";
	return NULL;
}

/* [IP:]HOST[-HOST], which may be empty: an ephemeral port. */
static const char *parse_host(char *text, struct publish *p)
{
	char *colon = strrchr(text, ':'), *ports = text;
	const char *wrong;

	if (colon && !strchr(colon, ']')) {
		*colon = '\0';
		ports = colon + 1;
		wrong = parse_ip(text, &p->ip);
		if (wrong)
			return wrong;
	}
	return *ports ? parse_range(ports, &p->host_first, &p->host_last) : NULL;
}

const char *publish_parse(const char *text, struct publish *ret)
{
	struct publish p = {.proto = IPPROTO_TCP};
	char buf[ENTRY_MAX];
	char *slash, *colon, *ports = buf;
	const char *wrong;

	if (strlen(text) >= sizeof(buf))
		return "is too long";
	memcpy(buf, text, strlen(text) + 1);
	slash = strchr(buf, '/');
	if (slash) {
		*slash++ = '\0';
		if (!proto_parse(slash, &p.proto))
			return "has a protocol other than tcp and udp";
	}
	colon = strrchr(buf, ':');
	if (colon) {
		*colon = '\0';
		ports = colon + 1;
		wrong = parse_host(buf, &p);
		if (wrong)
			return wrong;
	}
	wrong = parse_range(ports, &p.first, &p.last);
	if (wrong)
		return wrong;
	if (p.host_first && p.host_last - p.host_first != p.last - p.first)
		return "has ranges of different lengths";
	*ret = p;
	return NULL;
}

/* 0.0.0.0 and :: are every address of their family. */
static bool is_any(const struct addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->bytes, zero, addr_size(a)) == 0;
}

static bool same_address(const struct addr *a, const struct addr *b)
{
	if (a->family == AF_UNSPEC || b->family == AF_UNSPEC)
		return true;
	if (a->family != b->family)
		return false;
	return is_any(a) || is_any(b) || addr_compare(a, b) == 0;
}

bool publish_overlap(const struct publish *a, const struct publish *b)
{
	if (a->proto != b->proto || !a->host_first || !b->host_first)
		return false;
	return same_address(&a->ip, &b->ip) && a->host_first <= b->host_last &&
	       b->host_first <= a->host_last;
}
