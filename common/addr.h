/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses, prefixes, protocols and ports: parsed strictly, printed canonically, compared.
 * Parsers return false and leave *ret alone on anything but the whole, exact form.
 */
#pragma once

#include "common/base.h"

#include <netinet/in.h>

#define ADDR_TEXT_MAX  (INET6_ADDRSTRLEN + 4) /* room for "/128" */
#define PORTS_TEXT_MAX 24		      /* "65535-65535/tcp" */

struct addr {
	int family; /* AF_INET or AF_INET6; AF_UNSPEC: none */
	union {
		struct in_addr v4;
		struct in6_addr v6;
		uint8_t bytes[16];
	};
};

struct prefix {
	struct addr addr; /* host bits are zero */
	unsigned len;
};

/* A protocol (IPPROTO_TCP or IPPROTO_UDP) and a range of ports, first <= last, first >= 1. */
struct ports {
	uint8_t proto;
	uint16_t first, last;
};

/* "192.0.2.1", "2001:db8::1" (no zone, no brackets; a v4-mapped v6 address is refused). */
bool addr_parse(const char *text, struct addr *ret);
const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT_MAX]); /* returns buf */
size_t addr_size(const struct addr *a);					       /* 4, 16 or 0 */
bool addr_is_any(const struct addr *a);	     /* none, 0.0.0.0 or :: */
bool addr_is_loopback(const struct addr *a); /* 127.0.0.0/8 or ::1 */
/* The link-local address that goes with a MAC: fe80::/64 and the modified EUI-64 (RFC 4291, A). */
void addr_link_local(const uint8_t mac[static 6], struct addr *ret);

int addr_compare(const struct addr *a, const struct addr *b); /* by family, then bytes */

/* "192.0.2.0/24"; a bare address is the prefix of its whole length. Host bits set: false. */
bool prefix_parse(const char *text, struct prefix *ret);
const char *prefix_format(const struct prefix *p, char buf[static ADDR_TEXT_MAX]);
bool prefix_contains(const struct prefix *p, const struct addr *a);

/* "80", "80/tcp", "53/udp", "8000-8009", "8000-8009/udp". Without a protocol: TCP. */
bool ports_parse(const char *text, struct ports *ret);
const char *ports_format(const struct ports *p, char buf[static PORTS_TEXT_MAX]); /* "80/tcp" */
bool ports_overlap(const struct ports *a, const struct ports *b);
bool ports_contain(const struct ports *p, uint8_t proto, uint16_t port);

const char *proto_name(uint8_t proto); /* "tcp", "udp", "sctp", or "?" */
/* What people may write: tcp or udp. */
bool proto_parse(const char *text, uint8_t *ret);
/* What an engine publishes: sctp too, which nobody can allow. */
bool proto_parse_published(const char *text, uint8_t *ret);
/* The same protocols: their ports stand at the same place, and connections of them have some. */
bool proto_has_ports(uint8_t proto);

/* A port number 1..65535 in plain decimal, no sign, no leading zero. */
bool port_parse(const char *text, uint16_t *ret);

/* Ethernet address "02:42:0a:58:00:02". */
bool mac_parse(const char *text, uint8_t ret[static 6]);
