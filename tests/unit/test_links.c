/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose a port is: by the container's process, by the first look, or nobody's. */
#include "netguard/links.h"
#include "tests/unit/model_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <libmnl/libmnl.h>
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
	links_list_remove(&l, 5);
	links_list_remove(&l, 99);
	links_decide(&l, s, NULL, 0, m);
	assert_int_equal(m->ports.n, 1);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decide),	  cmocka_unit_test(test_ports),
		cmocka_unit_test(test_moved),	  cmocka_unit_test(test_looks),
		cmocka_unit_test(test_put_again), cmocka_unit_test(test_take),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
