/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses of a pod that stay the same however often it is made: what lies outside of the host
 * (DNS, firewalls) can name it. Pure.
 */
#include "podctl/create_private.h"

#include "common/json_build.h"
#include "podctl/digest.h"

#include <stdio.h>

/* Fewer addresses than this, and two pods would soon want the same. */
#define HOST_BITS_MIN 16

char *create_mac(const char *pod, const char *host, char buf[static 18])
{
	_cleanup_free_ char *text = xasprintf("podctl:%s/%s", host, pod);
	char hex[DIGEST_HEX_SIZE];

	digest_sha256(text, strlen(text), hex);
	snprintf(buf, CREATE_MAC_MAX, "06:%.2s:%.2s:%.2s:%.2s:%.2s", hex, hex + 2, hex + 4, hex + 6,
		 hex + 8);
	return buf;
}

/* All bits behind the prefix's are 0 (subnet router), a small number (gateways), or all 1. */
static bool is_special(const struct addr *a, unsigned length)
{
	unsigned ones = 0, zeroes = 0, bits = 0;
	unsigned last = a->bytes[15];

	for (unsigned i = length; i < 120; i++, bits++) {
		bool set = a->bytes[i / 8] & (0x80 >> i % 8);

		ones += set;
		zeroes += !set;
	}
	return zeroes == bits || (ones == bits && last >= 0x80);
}

bool create_ip6(const struct prefix *prefix, const char *mac, struct addr *ret)
{
	struct addr a = prefix->addr;
	uint8_t m[6], id[8];

	if (a.family != AF_INET6 || prefix->len > 128 - HOST_BITS_MIN || !mac_parse(mac, m))
		return false;
	id[0] = m[0] ^ 2;
	id[1] = m[1];
	id[2] = m[2];
	id[3] = 0xff;
	id[4] = 0xfe;
	id[5] = m[3];
	id[6] = m[4];
	id[7] = m[5];
	for (unsigned i = prefix->len < 64 ? 64 : prefix->len; i < 128; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		if (id[i / 8 - 8] & bit)
			a.bytes[i / 8] |= bit;
		else
			a.bytes[i / 8] &= (uint8_t)~bit;
	}
	if (is_special(&a, prefix->len))
		return false;
	*ret = a;
	return true;
}

bool create_meets(const char *pod, const char *other, const char *host,
		  const struct create_network *network)
{
	char a[CREATE_MAC_MAX], b[CREATE_MAC_MAX];

	create_mac(pod, host, a);
	create_mac(other, host, b);
	if (streq(a, b))
		return true;
	for (size_t i = 0; i < network->subnets.n; i++) {
		struct prefix prefix;
		struct addr x, y;

		if (prefix_parse(network->subnets.items[i], &prefix) &&
		    create_ip6(&prefix, a, &x) && create_ip6(&prefix, b, &y) &&
		    addr_compare(&x, &y) == 0)
			return true;
	}
	return false;
}

json_t *create_networking(const char *name, const struct create_network *network, const char *mac)
{
	json_t *endpoint = json_pack("{s:s}", "MacAddress", mac);

	for (size_t i = 0; i < network->subnets.n && network->user_defined; i++) {
		char text[ADDR_TEXT_MAX];
		struct prefix prefix;
		struct addr a;

		if (prefix_parse(network->subnets.items[i], &prefix) &&
		    create_ip6(&prefix, mac, &a)) {
			addr_format(&a, text);
			json_put(endpoint, "IPAMConfig", json_pack("{s:s}", "IPv6Address", text));
			break;
		}
	}
	return json_pack("{s:{s:o}}", "EndpointsConfig", name, endpoint);
}
