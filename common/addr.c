/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses, prefixes, ports. Pure. A parser takes the whole text or nothing: no blanks, signs,
 * leading zeros or other ways to write the same, so that what was checked is what is meant.
 */
#include "common/addr.h"

#include "common/text.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>

bool addr_parse(const char *text, struct addr *ret)
{
	struct addr a = {0};

	if (inet_pton(AF_INET, text, &a.v4) == 1) {
		a.family = AF_INET;
	} else if (inet_pton(AF_INET6, text, &a.v6) == 1) {
		/* ::ffff:192.0.2.1 is an IPv4 address that would escape IPv4's rules */
		if (IN6_IS_ADDR_V4MAPPED(&a.v6))
			return false;
		a.family = AF_INET6;
	} else {
		return false;
	}
	*ret = a;
	return true;
}

const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT_MAX])
{
	if (a->family == AF_UNSPEC || !inet_ntop(a->family, a->bytes, buf, ADDR_TEXT_MAX))
		buf[0] = '\0';
	return buf;
}

size_t addr_size(const struct addr *a)
{
	return a->family == AF_INET ? 4 : a->family == AF_INET6 ? 16 : 0;
}

bool addr_is_any(const struct addr *a)
{
	static const uint8_t any[16];

	return a->family == AF_UNSPEC || memcmp(a->bytes, any, addr_size(a)) == 0;
}

bool addr_is_loopback(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->bytes[0] == 127;
	return a->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a->v6);
}

void addr_link_local(const uint8_t mac[static 6], struct addr *ret)
{
	*ret = (struct addr){.family = AF_INET6, .bytes = {0xfe, 0x80}};
	memcpy(ret->bytes + 8, mac, 3);
	ret->bytes[8] ^= 2;
	ret->bytes[11] = 0xff;
	ret->bytes[12] = 0xfe;
	memcpy(ret->bytes + 13, mac + 3, 3);
}

int addr_compare(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, addr_size(a));
}

/* Bit i of an address, from the most significant. */
static bool addr_bit(const struct addr *a, unsigned i)
{
	return a->bytes[i / 8] >> (7 - i % 8) & 1;
}

bool prefix_parse(const char *text, struct prefix *ret)
{
	char addr[ADDR_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	struct prefix p = {0};
	unsigned bits;

	if (n >= sizeof(addr))
		return false;
	memcpy(addr, text, n);
	addr[n] = '\0';
	if (!addr_parse(addr, &p.addr))
		return false;
	bits = (unsigned)addr_size(&p.addr) * 8;
	p.len = bits;
	if (slash) {
		uint64_t len;

		if (!text_number(slash + 1, bits, &len))
			return false;
		p.len = (unsigned)len;
	}
	for (unsigned i = p.len; i < bits; i++) {
		if (addr_bit(&p.addr, i))
			return false;
	}
	*ret = p;
	return true;
}

const char *prefix_format(const struct prefix *p, char buf[static ADDR_TEXT_MAX])
{
	size_t n = strlen(addr_format(&p->addr, buf));

	snprintf(buf + n, ADDR_TEXT_MAX - n, "/%u", p->len);
	return buf;
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
	unsigned whole = p->len / 8, rest = p->len % 8;

	if (p->addr.family != a->family || a->family == AF_UNSPEC)
		return false;
	assert(p->len <= addr_size(a) * 8);
	if (memcmp(p->addr.bytes, a->bytes, whole) != 0)
		return false;
	return rest == 0 || (p->addr.bytes[whole] ^ a->bytes[whole]) >> (8 - rest) == 0;
}

const char *proto_name(uint8_t proto)
{
	if (proto == IPPROTO_SCTP)
		return "sctp";
	return proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" : "?";
}

bool proto_parse(const char *text, uint8_t *ret)
{
	if (streq(text, "tcp"))
		*ret = IPPROTO_TCP;
	else if (streq(text, "udp"))
		*ret = IPPROTO_UDP;
	else
		return false;
	return true;
}

bool proto_parse_published(const char *text, uint8_t *ret)
{
	if (!streq(text, "sctp"))
		return proto_parse(text, ret);
	*ret = IPPROTO_SCTP;
	return true;
}

bool proto_has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

bool port_parse(const char *text, uint16_t *ret)
{
	uint64_t n;

	if (!text_number(text, UINT16_MAX, &n) || n == 0)
		return false;
	*ret = (uint16_t)n;
	return true;
}

bool ports_parse(const char *text, struct ports *ret)
{
	char buf[PORTS_TEXT_MAX];
	struct ports p = {.proto = IPPROTO_TCP};
	char *slash, *dash;

	if (strlen(text) >= sizeof(buf))
		return false;
	memcpy(buf, text, strlen(text) + 1);
	slash = strchr(buf, '/');
	if (slash) {
		*slash = '\0';
		if (!proto_parse(slash + 1, &p.proto))
			return false;
	}
	dash = strchr(buf, '-');
	if (dash)
		*dash = '\0';
	if (!port_parse(buf, &p.first))
		return false;
	p.last = p.first;
	if (dash && !port_parse(dash + 1, &p.last))
		return false;
	if (p.first > p.last)
		return false;
	*ret = p;
	return true;
}

const char *ports_format(const struct ports *p, char buf[static PORTS_TEXT_MAX])
{
	if (p->first == p->last)
		snprintf(buf, PORTS_TEXT_MAX, "%u/%s", p->first, proto_name(p->proto));
	else
		snprintf(buf, PORTS_TEXT_MAX, "%u-%u/%s", p->first, p->last, proto_name(p->proto));
	return buf;
}

bool ports_overlap(const struct ports *a, const struct ports *b)
{
	return a->proto == b->proto && a->first <= b->last && b->first <= a->last;
}

bool ports_contain(const struct ports *p, uint8_t proto, uint16_t port)
{
	return p->proto == proto && p->first <= port && port <= p->last;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool mac_parse(const char *text, uint8_t ret[static 6])
{
	uint8_t mac[6];

	for (size_t i = 0; i < 6; i++, text += 3) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret, mac, sizeof(mac));
	return true;
}
