/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/reference_elements.h"
#include "netguard/ruleset.h"

#include <setjmp.h>
#include <cmocka.h>

static bool add_field(struct nft_key *k, uint8_t type, const char *text)
{
	struct addr a;
	uint8_t mac[6], proto;
	uint16_t port;

	switch (type) {
	case NFT_TYPE_IFNAME:
		nft_key_ifname(k, text);
		return true;
	case NFT_TYPE_IPV4:
	case NFT_TYPE_IPV6:
	case NFT_TYPE_RAW6:
		if (!addr_parse(text, &a) || (a.family == AF_INET) != (type == NFT_TYPE_IPV4))
			return false;
		nft_key_addr(k, &a);
		return true;
	case NFT_TYPE_ETHER:
		if (!mac_parse(text, mac))
			return false;
		nft_key_ether(k, mac);
		return true;
	case NFT_TYPE_PROTO:
		if (!proto_parse(text, &proto))
			return false;
		nft_key_proto(k, proto);
		return true;
	case NFT_TYPE_PORT:
		if (!port_parse(text, &port))
			return false;
		nft_key_port(k, port);
		return true;
	default:
		nft_key_uid(k, (uint32_t)strtoul(text, NULL, 10));
		return true;
	}
}

static struct nft_key key_from(enum set_id set, const char *text, bool *ret_wildcard)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *field = copy, *next;
	struct nft_key k = {0};
	size_t n = strlen(copy);

	*ret_wildcard = n > 0 && copy[n - 1] == '*';
	if (*ret_wildcard)
		copy[n - 1] = '\0';
	for (size_t i = 0; field; i++, field = next) {
		next = strstr(field, " . ");
		if (next) {
			*next = '\0';
			next += 3;
		}
		if (i >= NFT_FIELDS_MAX || !add_field(&k, ruleset_set(set)->types[i], field))
			fail_msg("%s: not of set %s", text, ruleset_set_name(set));
	}
	return k;
}

void reference_add(struct elements *e, enum set_id set, const char *key, const char *end,
		   const char *comment, const char *object)
{
	bool wildcard, ignored;
	struct nft_key k = key_from(set, key, &wildcard), last = {0};

	if (end)
		last = key_from(set, end, &ignored);
	elements_add(e, set, &k, end ? &last : NULL, comment, object);
	e->sets[set][e->n[set] - 1].wildcard = wildcard;
}

struct elements *reference_elements(void)
{
	static const struct {
		enum set_id set;
		const char *key, *end, *comment, *object;
	} list[] = {
		{SET_CONTAINER_IFACES, "docker0", NULL, NULL, NULL},
		{SET_CONTAINER_IFACES, "br-*", NULL, NULL, NULL},
		{SET_EXEMPT_IFACES, "br-lan", NULL, NULL, NULL},
		{SET_MEMBERS4, "br-pods . 10.88.1.2", NULL, "web", NULL},
		{SET_MEMBERS4, "br-pods . 10.88.1.3", NULL, "db", NULL},
		{SET_MEMBERS6, "br-pods . fd88::2", NULL, "web", NULL},
		{SET_ALLOWED_UIDS, "0", NULL, "root", NULL},
		{SET_ALLOWED_UIDS, "1001", NULL, "traefik", NULL},
		{SET_POD_UIDS4, "10.88.1.2 . 1234", NULL, "web: bob", NULL},
		{SET_POD_UIDS6, "fd88::2 . 1234", NULL, "web: bob", NULL},
		{SET_PRIVATE_PORTS, "tcp . 8080", NULL, "web", NULL},
		{SET_PORT_UIDS, "tcp . 8080 . 1234", NULL, "web: bob", NULL},
		{SET_HOST_PORTS, "udp . 53", NULL, NULL, NULL},
		{SET_POD_HOST_PORTS4, "10.88.1.2 . tcp . 5432", NULL, "web", NULL},
		{SET_POD_HOST_PORTS6, "fd88::2 . tcp . 5432", NULL, "web", NULL},
		{SET_POD_RATE4, "10.88.1.2", NULL, NULL, "web"},
		{SET_POD_RATE6, "fd88::2", NULL, NULL, "web"},
		{SET_PUBLISHED_PORTS, "tcp . 80", NULL, "web", NULL},
		{SET_PUBLISHED_PORTS, "tcp . 443", NULL, "web", NULL},
		{SET_PUBLISHED_PORTS, "tcp . 8080", NULL, "web", NULL},
		{SET_PUBLISHED_PORTS, "tcp . 9999", NULL, "rogue", NULL},
		{SET_PORT_WHITELIST, "tcp . 80", NULL, "web", NULL},
		{SET_PORT_WHITELIST, "tcp . 8080", NULL, "web", NULL},
		{SET_PORT_WHITELIST_FROM4, "tcp . 443 . 192.0.2.0", "tcp . 443 . 192.0.2.255",
		 "web", NULL},
		{SET_PORT_WHITELIST_FROM6, "tcp . 443 . 2001:db8::",
		 "tcp . 443 . 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "web", NULL},
		{SET_PROXIED_PORTS, "tcp . 80", NULL, "web", NULL},
		{SET_PROXIED4, "tcp . 8080 . 192.0.2.10", NULL, "web", NULL},
		{SET_PUBLISHED4, "10.88.1.2 . tcp . 80", NULL, "web: host port 80", NULL},
		{SET_PUBLISHED4, "10.88.1.2 . tcp . 8080", NULL, "web: host port 8080", NULL},
		{SET_PUBLISHED6, "fd88::2 . tcp . 80", NULL, "web: host port 80", NULL},
		{SET_LINKS4, "10.88.1.2 . 10.88.1.3 . tcp . 5432", NULL, "web -> db", NULL},
		{SET_PORTS, "vweb", NULL, NULL, NULL},
		{SET_PORTS, "vdb", NULL, NULL, NULL},
		{SET_PORTS, "vnew", NULL, NULL, NULL},
		{SET_GUARDED4, "10.88.1.2", NULL, "web", NULL},
		{SET_GUARDED4, "10.88.1.3", NULL, "db", NULL},
		{SET_GUARDED6, "fd88::2", NULL, "web", NULL},
		{SET_BRIDGE_PORTS, "vweb", NULL, "web", NULL},
		{SET_BRIDGE_PORTS, "vdb", NULL, "db", NULL},
		{SET_BRIDGE_PORTS, "vnew", NULL, NULL, NULL},
		{SET_BRIDGE_OTHER_PORTS, "vethlxc", NULL, NULL, NULL},
		{SET_BRIDGE_MACS, "vweb . 02:00:00:00:00:02", NULL, "web", NULL},
		{SET_BRIDGE_MACS, "vdb . 02:00:00:00:00:03", NULL, "db", NULL},
		{SET_BRIDGE_ADDRESSES4, "vweb . 02:00:00:00:00:02 . 10.88.1.2", NULL, "web", NULL},
		{SET_BRIDGE_ADDRESSES4, "vdb . 02:00:00:00:00:03 . 10.88.1.3", NULL, "db", NULL},
		{SET_BRIDGE_ADDRESSES6, "vweb . 02:00:00:00:00:02 . fd88::2", NULL, "web", NULL},
		{SET_BRIDGE_ADDRESSES6, "vweb . 02:00:00:00:00:02 . fe80::ff:fe00:2", NULL, "web",
		 NULL},
		{SET_BRIDGE_TARGETS6, "vweb . 02:00:00:00:00:02 . fd88::2", NULL, "web", NULL},
		{SET_BRIDGE_TARGETS6, "vweb . 02:00:00:00:00:02 . fe80::ff:fe00:2", NULL, "web",
		 NULL},
	};
	struct elements *e = elements_new();

	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		reference_add(e, list[i].set, list[i].key, list[i].end, list[i].comment,
			      list[i].object);
	elements_add_limit(e, "web", 20, 1, 10);
	elements_normalize(e);
	return e;
}
