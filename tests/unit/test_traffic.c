/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ports have carried: read from messages of the kernel, and whose it is. */
#include "netguard/traffic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#define STATS_MIN offsetof(struct rtnl_link_stats64, rx_errors)

/* A message about a link with n bytes of statistics: 1000 packets received, 2000 sent, ... */
static struct nlmsghdr *message(uint8_t *buffer, uint16_t type, const char *name, size_t n)
{
	const uint64_t values[32] = {1000, 2000, UINT64_C(3) << 40, 4000, 5, 6};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	nlh->nlmsg_type = type;
	ifi->ifi_index = 7;
	/* so that what follows lies at no multiple of 8 */
	mnl_attr_put_u32(nlh, IFLA_MASTER, 3);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	if (n > 0)
		mnl_attr_put(nlh, IFLA_STATS64, n, values);
	return nlh;
}

/* A link with so many bytes of statistics, which is read in any case. */
static struct rtnl_link parse(size_t size)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[1024] = {0};
	struct rtnl_link link;

	assert_true(rtnl_parse_link(message(buffer, RTM_NEWLINK, "veth7", size), &link));
	return link;
}

static void test_parse(void **state)
{
	/* of older kernels, of this one, of a later one */
	static const size_t sizes[] = {STATS_MIN, 23 * 8, sizeof(struct rtnl_link_stats64), 32 * 8};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct rtnl_link link = parse(sizes[i]);

		assert_true(link.has_stats);
		assert_int_equal(link.stats.rx_packets, 1000);
		assert_int_equal(link.stats.tx_packets, 2000);
		assert_int_equal(link.stats.rx_bytes, UINT64_C(3) << 40);
		assert_int_equal(link.stats.tx_bytes, 4000);
		/* the rest is as it was */
		assert_string_equal(link.name, "veth7");
		assert_int_equal(link.master, 3);
	}
}

/* None, or too short to have all that is asked for: the link is told all the same. */
static void test_parse_none(void **state)
{
	static const size_t sizes[] = {0, 1, 8, STATS_MIN - 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct rtnl_link link = parse(sizes[i]);

		assert_false(link.has_stats);
		assert_int_equal(link.stats.rx_packets, 0);
		assert_int_equal(link.stats.tx_bytes, 0);
	}
}

static void add_port(struct elements *e, enum set_id set, const char *name, const char *pod)
{
	struct nft_key key = {0};

	nft_key_ifname(&key, name);
	elements_add(e, set, &key, NULL, pod, NULL);
}

static void test_take(void **state)
{
	static const struct {
		const char *name, *pod; /* pod NULL: it is not taken */
		uint16_t type;
		size_t size;
	} table[] = {
		{"vweb", "web", RTM_NEWLINK, STATS_MIN},
		{"vdb", "db", RTM_NEWLINK, STATS_MIN},
		{"vweb2", "web", RTM_NEWLINK, STATS_MIN},
		{"vweb", NULL, RTM_NEWLINK, 0},
		{"vweb", NULL, RTM_DELLINK, STATS_MIN},
		{"vnew", NULL, RTM_NEWLINK, STATS_MIN},
		{"vboth", NULL, RTM_NEWLINK, STATS_MIN},
		{"vwe", NULL, RTM_NEWLINK, STATS_MIN},
		{"br-pods", NULL, RTM_NEWLINK, STATS_MIN},
		{"vapart", "web/others", RTM_NEWLINK, STATS_MIN},
	};
	_Alignas(struct nlmsghdr) uint8_t buffer[1024];
	_cleanup_(elements_freep)
	struct elements *held = elements_new();
	_cleanup_(traffic_done)
	struct traffic t = {0};
	size_t n = 0;

	(void)state;
	add_port(held, SET_BRIDGE_PORTS, "vweb2", "web");
	add_port(held, SET_BRIDGE_PORTS, "vweb", "web");
	add_port(held, SET_BRIDGE_PORTS, "vdb", "db");
	add_port(held, SET_BRIDGE_PORTS, "vnew", NULL);
	add_port(held, SET_BRIDGE_PORTS, "vapart", "web/others");
	/* as it is told where two have one port */
	add_port(held, SET_BRIDGE_PORTS, "vboth", "web");
	add_port(held, SET_BRIDGE_PORTS, "vboth", "db");
	add_port(held, SET_CONTAINER_IFACES, "br-pods", "web");
	elements_normalize(held);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct nlmsghdr *nlh;

		memset(buffer, 0, sizeof(buffer));
		nlh = message(buffer, table[i].type, table[i].name, table[i].size);
		if (traffic_take(&t, held, nlh) != (table[i].pod != NULL))
			fail_msg("%zu: %s", i, table[i].name);
		/* no table is in force yet */
		assert_false(traffic_take(&t, NULL, nlh));
		if (!table[i].pod)
			continue;
		assert_int_equal(t.n, ++n);
		assert_string_equal(t.items[n - 1].pod, table[i].pod);
		assert_int_equal(t.items[n - 1].stats.rx_packets, 1000);
		assert_int_equal(t.items[n - 1].stats.tx_packets, 2000);
	}
	assert_int_equal(t.n, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_none),
		cmocka_unit_test(test_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
