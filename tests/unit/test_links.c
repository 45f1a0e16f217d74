/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose a port is: by the container's process, by the first look, or nobody's. */
#include "netguard/links.h"
#include "netguard/rtnl_parse.h"
#include "tests/unit/model_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#define MAC_A "02:00:00:00:00:0a"
#define MAC_B "02:00:00:00:00:0b"

/* "INDEX NAME MASTER NSID [MAC ADDRESS]": a link, with what was seen of its other end. */
static void put(struct links_list *l, const char *text)
{
	struct links_port p = {.peer = 100, .up = true};
	char mac[32] = "", address[64] = "";
	struct links_port *port;
	struct addr a;

	assert_true(sscanf(text, "%d %15s %d %d %31s %63s", &p.index, p.name, &p.master, &p.nsid,
			   mac, address) >= 4);
	port = links_list_put(l, &p);
	if (!mac[0])
		return;
	port->looked = true;
	port->has_mac = mac_parse(mac, port->mac);
	assert_true(port->has_mac);
	assert_true(addr_parse(address, &a));
	ARRAY_PUSH(port->addresses, port->n_addresses) = a;
}

static const struct decision {
	const char *name;
	const char *links[6];
	struct links_owner owners[3];
	const char *want_a, *want_b; /* interfaces of the containers a and b, on br-x */
} decisions[] = {
	{"by process", {"1 br-x 0 -1", "5 va 1 7", "6 vb 1 8"}, {{"a", 7}, {"b", 8}}, "va", "vb"},
	{"by process, whatever the other end looks like",
	 {"1 br-x 0 -1", "5 va 1 7 " MAC_B " 10.1.0.3", "6 vb 1 8 " MAC_A " 10.1.0.2"},
	 {{"a", 7}, {"b", 8}},
	 "va",
	 "vb"},
	{"another bridge's port of the same container",
	 {"1 br-x 0 -1", "2 br-y 0 -1", "5 va 2 7"},
	 {{"a", 7}},
	 "",
	 ""},
	{"one namespace of two containers is nobody's",
	 {"1 br-x 0 -1", "5 va 1 7"},
	 {{"a", 7}, {"b", 7}},
	 "",
	 ""},
	{"no namespace here", {"1 br-x 0 -1", "5 va 1 -1"}, {{"a", -1}}, "", ""},
	{"the newest of two", {"1 br-x 0 -1", "5 va 1 7", "9 vn 1 7"}, {{"a", 7}}, "vn", ""},
	{"by look, before there is a process",
	 {"1 br-x 0 -1", "5 va 1 7 " MAC_A " 10.1.0.2", "6 vb 1 8 " MAC_B " 10.1.0.3"},
	 {{NULL, 0}},
	 "va",
	 "vb"},
	{"by look: MAC and address both",
	 {"1 br-x 0 -1", "5 va 1 7 " MAC_A " 10.1.0.3", "6 vb 1 8 " MAC_A " 10.1.0.2"},
	 {{NULL, 0}},
	 "vb",
	 ""},
	{"by look: two that look the same are nobody's",
	 {"1 br-x 0 -1", "5 va 1 7 " MAC_A " 10.1.0.2", "6 vb 1 8 " MAC_A " 10.1.0.2"},
	 {{NULL, 0}},
	 "",
	 ""},
	{"a known container's port is not taken by looks",
	 {"1 br-x 0 -1", "6 vb 1 8 " MAC_A " 10.1.0.2"},
	 {{"b", 8}},
	 "",
	 "vb"},
	{"who has a process is not found by looks",
	 {"1 br-x 0 -1", "5 va 1 7 " MAC_A " 10.1.0.2"},
	 {{"a", 9}},
	 "",
	 ""},
	{"not looked at, no process", {"1 br-x 0 -1", "5 va 1 7"}, {{NULL, 0}}, "", ""},
	{"by look: on the other bridge it is not his",
	 {"1 br-x 0 -1", "2 br-y 0 -1", "5 va 2 7 " MAC_A " 10.1.0.2"},
	 {{NULL, 0}},
	 "",
	 ""},
	{"by look: a namespace of somebody who is known",
	 {"1 br-x 0 -1", "5 va 1 7 " MAC_A " 10.1.0.2"},
	 {{"c", 7}},
	 "",
	 ""},
	{"no bridge here has it, or none that is known",
	 {"1 br-x 0 -1", "5 va 0 7 " MAC_A " 10.1.0.2", "6 vb 9 8 " MAC_B " 10.1.0.3"},
	 {{"a", 7}, {"b", 8}},
	 "",
	 ""},
	{"no port at all", {NULL}, {{"a", 7}}, "", ""},
};

static void test_decide(void **state)
{
	static const char *const lines[] = {"a a br-x,10.1.0.2,-", "b b br-x,10.1.0.3,-", NULL};
	_cleanup_(settings_freep)
	struct settings *s = settings_make("{}\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(decisions); i++) {
		const struct decision *d = &decisions[i];
		_cleanup_(model_freep)
		struct model *m = model_make(lines);
		struct links_list l = {0};
		size_t n_owners = 0;

		for (size_t j = 0; j < 2; j++) {
			struct member_address *a = &m->members[j].addresses[0];

			a->has_mac = mac_parse(j ? MAC_B : MAC_A, a->mac);
		}
		for (size_t j = 0; j < ARRAY_SIZE(d->links) && d->links[j]; j++)
			put(&l, d->links[j]);
		while (n_owners < ARRAY_SIZE(d->owners) && d->owners[n_owners].id)
			n_owners++;
		links_decide(&l, s, d->owners, n_owners, m);
		if (!streq(m->members[0].addresses[0].veth, d->want_a) ||
		    !streq(m->members[1].addresses[0].veth, d->want_b))
			fail_msg("%s: a has \"%s\", b has \"%s\"", d->name,
				 m->members[0].addresses[0].veth, m->members[1].addresses[0].veth);
		links_list_done(&l);
	}
}

/* A container whose process is gone: what looks as it did may be another's, which got its address.
 */
static void test_gone(void **state)
{
	static const char *const lines[] = {"a a br-x,10.1.0.2,-", NULL};
	_cleanup_(settings_freep)
	struct settings *s = settings_make("{}\n");
	_cleanup_(model_freep)
	struct model *m = model_make(lines);
	struct member_address *a = &m->members[0].addresses[0];
	struct links_list l = {0};

	(void)state;
	a->has_mac = mac_parse(MAC_A, a->mac);
	put(&l, "1 br-x 0 -1");
	put(&l, "5 va 1 7 " MAC_A " 10.1.0.2");
	links_decide(&l, s, NULL, 0, m);
	assert_string_equal(a->veth, "va");
	m->members[0].pid = 4711;
	links_decide(&l, s, NULL, 0, m);
	assert_string_equal(a->veth, "");
	links_list_done(&l);
}

/* All ports of guarded bridges are told, whosever they are, and none of other bridges. */
static void test_ports(void **state)
{
	_cleanup_(settings_freep)
	struct settings *s = settings_make("guard: { exempt_interfaces: [br-lan] }\n");
	_cleanup_(model_freep)
	struct model *m = model_new();
	struct links_list l = {0};

	(void)state;
	put(&l, "5 v5 1 3");
	put(&l, "1 br-x 0 -1");
	put(&l, "2 br-lan 0 -1");
	put(&l, "3 virbr0 0 -1");
	put(&l, "6 v6 2 3");
	put(&l, "7 v7 3 3");
	put(&l, "8 tap0 1 -1");
	links_decide(&l, s, NULL, 0, m);
	assert_int_equal(m->ports.n, 2);
	assert_string_equal(m->ports.items[0], "v5");
	assert_string_equal(m->ports.items[1], "tap0");
	assert_int_equal(m->other_ports.n, 0);
	links_list_remove(&l, 5);
	links_list_remove(&l, 99);
	links_decide(&l, s, NULL, 0, m);
	assert_int_equal(m->ports.n, 1);
	links_list_done(&l);
}

/* Ports of bridges that are not guarded, that could be containers'; where they change, all is new.
 */
static void test_other_ports(void **state)
{
	_cleanup_(settings_freep)
	struct settings *s = settings_make("guard: { exempt_interfaces: [br-lan] }\n");
	_cleanup_(model_freep)
	struct model *m = model_new();
	struct links_list l = {0};

	(void)state;
	put(&l, "1 br-x 0 -1");
	put(&l, "2 br-lan 0 -1");
	put(&l, "3 lxcbr0 0 -1");
	put(&l, "5 veth5 1 3");
	put(&l, "6 vnet6 3 3");
	put(&l, "7 veth7 3 3");
	put(&l, "8 veth8 2 3");
	put(&l, "9 veth9 0 3");
	model_settle(m);
	links_decide(&l, s, NULL, 0, m);
	assert_int_equal(m->other_ports.n, 2);
	assert_string_equal(m->other_ports.items[0], "veth7");
	assert_string_equal(m->other_ports.items[1], "veth8");
	assert_true(m->all);
	model_settle(m);
	links_decide(&l, s, NULL, 0, m);
	assert_false(m->all);
	/* as many, but another */
	links_list_remove(&l, 7);
	put(&l, "10 veth10 3 3");
	links_decide(&l, s, NULL, 0, m);
	assert_true(m->all);
	/* fewer */
	model_settle(m);
	links_list_remove(&l, 8);
	links_decide(&l, s, NULL, 0, m);
	assert_true(m->all);
	assert_int_equal(m->other_ports.n, 1);
	links_list_done(&l);
}

/* Of two addresses both must be there, and a container without a MAC is found by no look. */
static void test_looks(void **state)
{
	static const char *const lines[] = {"a a br-x,10.1.0.2,fd00::2", NULL};
	_cleanup_(settings_freep)
	struct settings *s = settings_make("{}\n");
	_cleanup_(model_freep)
	struct model *m = model_make(lines);
	struct member_address *a = &m->members[0].addresses[0];
	struct links_list l = {0};
	struct links_port *port;

	(void)state;
	put(&l, "1 br-x 0 -1");
	put(&l, "5 va 1 7 " MAC_A " 10.1.0.2");
	a->has_mac = mac_parse(MAC_A, a->mac);
	links_decide(&l, s, NULL, 0, m);
	assert_string_equal(a->veth, "");

	port = &l.items[1];
	ARRAY_PUSH(port->addresses, port->n_addresses) = a->ip6;
	links_decide(&l, s, NULL, 0, m);
	assert_string_equal(a->veth, "va");
	/* nothing new is no change */
	model_settle(m);
	links_decide(&l, s, NULL, 0, m);
	assert_int_equal(m->n_changes, 0);

	a->has_mac = false;
	links_decide(&l, s, NULL, 0, m);
	assert_string_equal(a->veth, "");
	assert_int_equal(m->n_changes, 1);
	links_list_done(&l);
}

/* What is seen stays with a port that only changes its name, bridge or state. */
static void test_put_again(void **state)
{
	struct links_port same = {.index = 5, .peer = 100, .nsid = 7, .up = false, .name = "vb"};
	struct links_port other = {.index = 5, .peer = 101, .nsid = 7, .up = true, .name = "vb"};
	struct links_list l = {0};
	const struct links_port *p;

	(void)state;
	put(&l, "5 va 1 7 " MAC_A " 10.1.0.2");
	p = links_list_put(&l, &same);
	assert_true(p->looked && p->has_mac && !p->up);
	assert_int_equal(p->n_addresses, 1);
	assert_string_equal(p->name, "vb");
	p = links_list_put(&l, &other);
	assert_true(p->looked && !p->has_mac);
	assert_int_equal(p->n_addresses, 0);
	/* one that was not seen yet has nothing to lose */
	put(&l, "6 vc 1 7");
	other.index = 6;
	p = links_list_put(&l, &other);
	assert_false(p->looked);
	links_list_remove(&l, 4);
	assert_int_equal(l.n, 2);
	assert_null(links_list_find(&l, 4));
	links_list_done(&l);
}

/* An end that moves to another namespace is not looked at again. */
static void test_moved(void **state)
{
	struct links_port moved = {.index = 5, .peer = 100, .nsid = 9, .up = true, .name = "va"};
	struct links_list l = {0};
	const struct links_port *p;

	(void)state;
	put(&l, "5 va 1 7 " MAC_A " 10.1.0.2");
	p = links_list_put(&l, &moved);
	assert_true(p->looked);
	assert_false(p->has_mac);
	assert_int_equal(p->n_addresses, 0);
	assert_int_equal(links_list_find(&l, 5)->nsid, 9);
	assert_null(links_list_find(&l, 6));
	links_list_done(&l);
}

/* "INDEX NAME MASTER NSID PEER FLAGS" as the kernel tells of it; type: RTM_NEWLINK, ... */
static bool take(struct links_list *l, uint16_t type, const char *text)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[512] = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	char name[IF_NAMESIZE];
	int master, nsid, peer;

	nlh->nlmsg_type = type;
	assert_int_equal(sscanf(text, "%d %15s %d %d %d %x", &ifi->ifi_index, name, &master, &nsid,
				&peer, &ifi->ifi_flags),
			 6);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	mnl_attr_put_u32(nlh, IFLA_MASTER, (uint32_t)master);
	mnl_attr_put_u32(nlh, IFLA_LINK_NETNSID, (uint32_t)nsid);
	mnl_attr_put_u32(nlh, IFLA_LINK, (uint32_t)peer);
	return links_list_take(l, nlh, true);
}

/* Of what the kernel tells, only what is new of a port or a bridge's name changes whose ports are.
 */
static void test_take(void **state)
{
	static const struct {
		uint16_t type;
		const char *text;
		bool changes;
	} table[] = {
		{RTM_NEWLINK, "1 br-x 0 -1 0 0", false},
		{RTM_NEWLINK, "5 va 1 7 100 0", true},
		{RTM_NEWLINK, "5 va 1 7 100 0", false},
		{RTM_NEWLINK, "5 va 1 7 101 0", true},
		{RTM_NEWLINK, "5 va 1 8 101 0", true},
		{RTM_NEWLINK, "5 va 1 8 101 10000", true},
		{RTM_NEWLINK, "5 vb 1 8 101 10000", true},
		{RTM_NEWLINK, "5 vb 2 8 101 10000", true},
		/* it leaves its bridge, and goes on elsewhere */
		{RTM_NEWLINK, "5 vb 0 8 101 10000", true},
		{RTM_NEWLINK, "5 vb 0 8 101 0", false},
		{RTM_NEWLINK, "1 br-y 0 -1 0 0", true},
		{RTM_NEWADDR, "5 vb 1 8 101 0", false},
		{RTM_DELLINK, "9 v9 1 8 101 0", false},
		{RTM_DELLINK, "5 vb 0 8 101 0", true},
		{RTM_DELLINK, "5 vb 0 8 101 0", false},
	};
	struct links_list l = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (take(&l, table[i].type, table[i].text) != table[i].changes)
			fail_msg("%zu: %s", i, table[i].text);
	assert_int_equal(l.n, 1);
	assert_string_equal(l.items[0].name, "br-y");
	links_list_done(&l);
}

/* ---- what ports forward ---- */

/* Of port 5 of bridge 1, as its link tells; kind: of its master, NULL: none is told. */
static struct nlmsghdr *put_link(void *buffer, const char *kind, uint16_t groups)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	struct nlattr *info, *data;

	nlh->nlmsg_type = RTM_NEWLINK;
	ifi->ifi_index = 5;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "va");
	mnl_attr_put_u32(nlh, IFLA_MASTER, 1);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	if (kind)
		mnl_attr_put_strz(nlh, IFLA_INFO_SLAVE_KIND, kind);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_SLAVE_DATA);
	mnl_attr_put_u8(nlh, IFLA_BRPORT_STATE, 3);
	mnl_attr_put_u16(nlh, IFLA_BRPORT_GROUP_FWD_MASK, groups);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return nlh;
}

/* ... and as its bridge does; type of the message, and of the attribute that has the port. */
static struct nlmsghdr *put_port(void *buffer, uint16_t type, int index, uint32_t master,
				 uint16_t protinfo)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	struct nlattr *data;

	nlh->nlmsg_type = type;
	ifi->ifi_family = AF_BRIDGE;
	ifi->ifi_index = index;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "va");
	mnl_attr_put_u32(nlh, IFLA_MASTER, master);
	data = mnl_attr_nest_start(nlh, protinfo);
	mnl_attr_put_u8(nlh, IFLA_BRPORT_STATE, 3);
	mnl_attr_put_u16(nlh, IFLA_BRPORT_GROUP_FWD_MASK, 0x4000);
	mnl_attr_nest_end(nlh, data);
	return nlh;
}

static void test_port_messages(void **state)
{
	static const struct {
		uint16_t type;
		int index;
		uint32_t master;
		uint16_t protinfo;
		bool is;
	} table[] = {
		{RTM_NEWLINK, 5, 1, IFLA_PROTINFO, true},
		{RTM_DELLINK, 5, 1, IFLA_PROTINFO, false},
		{RTM_NEWLINK, 0, 1, IFLA_PROTINFO, false},
		{RTM_NEWLINK, 5, 0, IFLA_PROTINFO, false},
		{RTM_NEWLINK, 5, 1, IFLA_AF_SPEC, false},
	};
	_Alignas(struct nlmsghdr) uint8_t buffer[512];
	struct rtnl_link link;
	struct nlmsghdr *nlh;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		memset(buffer, 0, sizeof(buffer));
		nlh = put_port(buffer, table[i].type, table[i].index, table[i].master,
			       table[i].protinfo);
		assert_int_equal(rtnl_parse_port(nlh, &link), table[i].is);
		assert_false(rtnl_parse_link(nlh, &link));
	}
	memset(buffer, 0, sizeof(buffer));
	nlh = put_port(buffer, RTM_NEWLINK, 5, 1, IFLA_PROTINFO);
	assert_true(rtnl_parse_port(nlh, &link));
	assert_int_equal(link.index, 5);
	assert_int_equal(link.master, 1);
	assert_int_equal(link.group_mask, 0x4000);
	nlh->nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)) - 4;
	assert_false(rtnl_parse_port(nlh, &link));
	memset(buffer, 0, sizeof(buffer));
	nlh = put_link(buffer, "bridge", 0x4000);
	assert_false(rtnl_parse_port(nlh, &link));
	assert_true(rtnl_parse_link(nlh, &link));
	assert_true(link.is_port && link.group_mask == 0x4000 && !link.is_bridge);
}

/* A bridge: what it learns from is known only where the kernel can do without. */
static void test_bridge_messages(void **state)
{
	static const struct {
		size_t size; /* of the options that are told */
		struct br_boolopt_multi options;
		bool learns;
	} table[] = {
		{0, {0, 0}, false},
		{8, {0, 0}, false},
		{8, {0, 1U << BR_BOOLOPT_NO_LL_LEARN}, true},
		{8, {1U << BR_BOOLOPT_NO_LL_LEARN, 1U << BR_BOOLOPT_NO_LL_LEARN}, false},
		{7, {0, 1U << BR_BOOLOPT_NO_LL_LEARN}, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_Alignas(struct nlmsghdr) uint8_t buffer[512] = {0};
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
		struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
		struct nlattr *info, *data;
		struct rtnl_link link;

		nlh->nlmsg_type = RTM_NEWLINK;
		ifi->ifi_index = 1;
		mnl_attr_put_strz(nlh, IFLA_IFNAME, "br-x");
		info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
		mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "bridge");
		data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
		mnl_attr_put_u16(nlh, IFLA_BR_GROUP_FWD_MASK, 0xfff8);
		mnl_attr_put_u8(nlh, IFLA_BR_MCAST_SNOOPING, i == 0);
		if (table[i].size > 0)
			mnl_attr_put(nlh, IFLA_BR_MULTI_BOOLOPT, table[i].size, &table[i].options);
		mnl_attr_nest_end(nlh, data);
		mnl_attr_nest_end(nlh, info);
		assert_true(rtnl_parse_link(nlh, &link));
		assert_true(link.is_bridge && !link.is_port);
		assert_int_equal(link.group_mask, 0xfff8);
		assert_int_equal(link.learns_groups, table[i].learns);
		assert_int_equal(link.snoops, i == 0);
	}
}

/* Ports of guarded bridges lack what they don't forward; what is told of them is the last word. */
static void test_groups(void **state)
{
	_cleanup_(settings_freep)
	struct settings *s = settings_make("guard: { exempt_interfaces: [br-lan] }\n");
	_Alignas(struct nlmsghdr) uint8_t buffer[512];
	struct links_list l = {0};

#define TAKE(put) (memset(buffer, 0, sizeof(buffer)), links_list_take(&l, put, true))
#define LACKS()	  links_lacks_groups(&l, s, links_list_find(&l, 5))

	(void)state;
	/* of what is not known nothing is kept */
	assert_false(TAKE(put_port(buffer, RTM_NEWLINK, 5, 1, IFLA_PROTINFO)));
	assert_int_equal(l.n, 0);
	put(&l, "9 v9 1 3");
	assert_false(TAKE(put_port(buffer, RTM_NEWLINK, 5, 1, IFLA_PROTINFO)));
	assert_int_equal(l.n, 1);

	/* its bridge is not known yet */
	assert_true(TAKE(put_link(buffer, "bridge", 0)));
	assert_false(LACKS());
	put(&l, "1 br-x 0 -1");
	assert_true(LACKS());
	put(&l, "1 br-lan 0 -1");
	assert_false(LACKS());
	put(&l, "1 br-x 0 -1");

	/* it changes nothing of whose it is */
	assert_false(TAKE(put_link(buffer, "bridge", LINKS_GROUPS)));
	assert_false(LACKS());
	assert_false(TAKE(put_port(buffer, RTM_NEWLINK, 5, 2, IFLA_PROTINFO)));
	assert_false(LACKS());
	assert_false(TAKE(put_port(buffer, RTM_NEWLINK, 5, 1, IFLA_PROTINFO)));
	assert_true(LACKS());
	assert_false(TAKE(put_link(buffer, "bridge", LINKS_GROUPS)));
	assert_false(LACKS());

	/* another kind's port, whatever stands where a bridge has it, and one that left */
	assert_false(TAKE(put_link(buffer, "bond", 0)));
	assert_false(LACKS());
	assert_false(TAKE(put_link(buffer, NULL, 0)));
	assert_false(LACKS());
	put(&l, "5 va 0 -1");
	assert_false(LACKS());
	links_list_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decide),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_other_ports),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_put_again),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_port_messages),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_bridge_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
