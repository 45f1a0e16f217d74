/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules that the table does not have (yet): what is not understood is said, never guessed, and
 * what can be read is read as the kernel would.
 */
#include "netguard/explain_rules.h"
#include "netguard/ruleset.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#define END                                                                                        \
	{                                                                                          \
		.kind = NFT_STATEMENT_END                                                          \
	}
#define ACCEPT                                                                                     \
	{                                                                                          \
		.kind = NFT_STATEMENT_VERDICT, .values = { "accept" }                              \
	}
#define IS(f, v)                                                                                   \
	{                                                                                          \
		.kind = NFT_STATEMENT_IS, .fields = {NFT_FIELD_##f}, .values = { v }               \
	}
#define IS_NOT(f, v)                                                                               \
	{                                                                                          \
		.kind = NFT_STATEMENT_IS, .fields = {NFT_FIELD_##f}, .values = {v},                \
		.negated = true                                                                    \
	}
#define IN(n, ...)                                                                                 \
	{                                                                                          \
		.kind = NFT_STATEMENT_SET, .name = (n), .fields = { __VA_ARGS__ }                  \
	}
#define WORD(w, n)                                                                                 \
	{                                                                                          \
		.kind = NFT_STATEMENT_VERDICT, .values = {w}, .name = (n)                          \
	}
#define CT(n, ...)                                                                                 \
	{                                                                                          \
		.kind = NFT_STATEMENT_CT, .name = (n), .values = { __VA_ARGS__ }                   \
	}
#define L4_TO NFT_FIELD_L4PROTO, NFT_FIELD_TH_DPORT

#define L4_ASKED NFT_FIELD_L4PROTO, NFT_FIELD_CT_ASKED_DPORT

enum outcome { ACCEPTED, DENIED, LOST };

struct one_rule {
	const char *name;
	struct nft_statement rule[4];
	enum outcome want;
	bool matched;
};

/* One rule at the hook, for a TCP packet from 10.0.0.1 to 10.0.0.2:80 by uid 7 out of eth0. */
static const struct one_rule rules[] = {
	{"out of an interface", {IS(OIFNAME, "eth0"), ACCEPT, END}, ACCEPTED, true},
	{"out of another", {IS(OIFNAME, "eth1"), WORD("drop", NULL), END}, ACCEPTED, false},
	{"of a protocol", {IS(L4PROTO, "tcp"), WORD("drop", NULL), END}, DENIED, true},
	{"of one that nobody asks about",
	 {IS(L4PROTO, "igmp"), WORD("drop", NULL), END},
	 ACCEPTED,
	 false},
	{"of one that is not known", {IS(L4PROTO, "sctp"), ACCEPT, END}, LOST, false},
	{"to what is local", {IS(FIB_DADDR_TYPE, "local"), ACCEPT, END}, ACCEPTED, false},
	{"to what is another host's",
	 {IS(FIB_DADDR_TYPE, "unicast"), WORD("drop", NULL), END},
	 DENIED,
	 true},
	{"from this host", {IS(FIB_SADDR_TYPE, "local"), WORD("drop", NULL), END}, DENIED, true},
	{"from what all routers have",
	 {IS(FIB_SADDR_TYPE, "anycast"), WORD("drop", NULL), END},
	 ACCEPTED,
	 false},
	{"from another kind of address", {IS(FIB_SADDR_TYPE, "unicast"), ACCEPT, END}, LOST, false},
	{"for the host", {IS(PKTTYPE, "host"), WORD("drop", NULL), END}, DENIED, true},
	{"no reply",
	 {IN("host_ports", NFT_FIELD_L4PROTO, NFT_FIELD_TH_SPORT), ACCEPT, END},
	 ACCEPTED,
	 false},
	{"to another kind of address", {IS(FIB_DADDR_TYPE, "anycast"), ACCEPT, END}, LOST, false},
	{"what begins", {IS(CT_DIRECTION, "original"), WORD("drop", NULL), END}, DENIED, true},
	{"what answers", {IS(CT_DIRECTION, "reply"), WORD("drop", NULL), END}, ACCEPTED, false},
	{"from an address", {IS(IP_SADDR, "10.0.0.0/24"), WORD("drop", NULL), END}, DENIED, true},
	{"to an address", {IS(IP_DADDR, "10.0.0.2"), WORD("drop", NULL), END}, DENIED, true},
	{"from one of the other family",
	 {IS(IP6_SADDR, "::/0"), WORD("drop", NULL), END},
	 ACCEPTED,
	 false},
	{"no address", {IS(IP_DADDR, "here"), ACCEPT, END}, LOST, false},
	{"a field that is not compared", {IS(SKUID, "7"), ACCEPT, END}, LOST, false},
	{"one of types",
	 {{.kind = NFT_STATEMENT_ONE_OF, .fields = {NFT_FIELD_ICMPV6_TYPE}}, ACCEPT, END},
	 ACCEPTED,
	 false},
	{"none of types, but of another protocol",
	 {{.kind = NFT_STATEMENT_ONE_OF, .fields = {NFT_FIELD_ICMPV6_TYPE}, .negated = true},
	  WORD("drop", NULL),
	  END},
	 ACCEPTED,
	 false},
	{"not of a type, and of another protocol",
	 {IS_NOT(ICMPV6_TYPE, "nd-redirect"), WORD("drop", NULL), END},
	 ACCEPTED,
	 false},
	{"of ICMPv6", {IS(L4PROTO, "ipv6-icmp"), WORD("drop", NULL), END}, ACCEPTED, false},
	{"between neighbours", {{.kind = NFT_STATEMENT_ON_LINK}, ACCEPT, END}, ACCEPTED, false},
	{"a frame for a group", {{.kind = NFT_STATEMENT_GROUP}, ACCEPT, END}, ACCEPTED, false},
	{"asked for at an address",
	 {IS(CT_ASKED_DADDR, "192.0.2.0/24"), WORD("drop", NULL), END},
	 DENIED,
	 true},
	{"asked for elsewhere",
	 {IS(CT_ASKED_DADDR, "10.0.0.2"), WORD("drop", NULL), END},
	 ACCEPTED,
	 false},
	{"asked for at a port",
	 {IN("host_ports", L4_ASKED), WORD("drop", NULL), END},
	 DENIED,
	 true},
	{"asked for at another", {IN("published_ports", L4_ASKED), ACCEPT, END}, ACCEPTED, false},
	{"a fragment",
	 {{.kind = NFT_STATEMENT_FRAGMENT}, WORD("drop", NULL), END},
	 ACCEPTED,
	 false},
	{"no neighbour's target",
	 {IN("published_ports", NFT_FIELD_ND_TARGET), ACCEPT, END},
	 ACCEPTED,
	 false},
	{"one of something else",
	 {{.kind = NFT_STATEMENT_ONE_OF, .fields = {NFT_FIELD_L4PROTO}}, ACCEPT, END},
	 LOST,
	 false},
	{"a state", {CT("state", "established", "related"), ACCEPT, END}, ACCEPTED, false},
	{"another state", {CT("state", "new"), ACCEPT, END}, LOST, false},
	{"rewritten", {CT("status", "dnat"), WORD("drop", NULL), END}, DENIED, true},
	{"rewritten at the other end", {CT("status", "snat"), ACCEPT, END}, LOST, true},
	{"as many states as there may be",
	 {CT("state", "related", "related", "related", "related", "related", "related", "related",
	     "related"),
	  ACCEPT, END},
	 ACCEPTED,
	 false},
	{"a kind of statement to come", {{.kind = NFT_STATEMENT_COUNT_}, ACCEPT, END}, LOST, false},
	{"a set that is not there", {IN("nobody", NFT_FIELD_IIFNAME), ACCEPT, END}, LOST, false},
	{"a set of the other table", {IN("macs", NFT_FIELD_IIFNAME), ACCEPT, END}, LOST, false},
	{"a field that is not loaded",
	 {IN("published_ports", NFT_FIELD_FIB_DADDR_TYPE), ACCEPT, END},
	 LOST,
	 false},
	{"found", {IN("published_ports", L4_TO), WORD("drop", NULL), END}, DENIED, true},
	{"found in a range", {IN("host_ports", L4_TO), WORD("drop", NULL), END}, DENIED, true},
	{"as many fields as there may be",
	 {IN("host_ports", L4_TO, NFT_FIELD_SKUID, NFT_FIELD_SKUID, NFT_FIELD_SKUID), ACCEPT, END},
	 ACCEPTED,
	 false},
	{"fewer fields than the set has",
	 {IN("host_ports", NFT_FIELD_L4PROTO), ACCEPT, END},
	 ACCEPTED,
	 false},
	{"more than a key holds",
	 {IN("host_ports", NFT_FIELD_IIFNAME, NFT_FIELD_IIFNAME, NFT_FIELD_IIFNAME), ACCEPT, END},
	 LOST,
	 false},
	{"no neighbour's frame",
	 {IN("published_ports", NFT_FIELD_ARP_SADDR_ETHER), ACCEPT, END},
	 ACCEPTED,
	 false},
	{"no MAC is known",
	 {IN("published_ports", NFT_FIELD_ETHER_SADDR), ACCEPT, END},
	 ACCEPTED,
	 false},
	{"by its user",
	 {IN("allowed_uids", NFT_FIELD_SKUID), WORD("drop", NULL), END},
	 DENIED,
	 true},
	{"to a chain", {WORD("goto", "denies"), END}, DENIED, true},
	{"to a chain that says nothing, and back", {WORD("jump", "empty"), END}, ACCEPTED, true},
	{"to a chain and not back", {WORD("goto", "empty"), END}, ACCEPTED, true},
	{"to none", {WORD("jump", "nowhere"), END}, LOST, true},
	{"a word that is no verdict", {WORD("queue", NULL), END}, LOST, true},
	{"nameless before the verdict",
	 {{.kind = NFT_STATEMENT_COUNTER, .name = "c"}, WORD("continue", NULL), END},
	 LOST,
	 true},
	{"in a ring", {WORD("jump", "ring"), END}, LOST, true},
	{"a rule without a verdict", {{.kind = NFT_STATEMENT_LOG}, END}, ACCEPTED, false},
	{"over the rate",
	 {{.kind = NFT_STATEMENT_LIMIT_MAP, .name = "pod_rate4", .fields = {NFT_FIELD_IP_SADDR}},
	  WORD("drop", NULL),
	  END},
	 DENIED,
	 true},
	{"over nobody's rate",
	 {{.kind = NFT_STATEMENT_LIMIT_MAP, .name = "pod_rate4", .fields = {NFT_FIELD_IP_DADDR}},
	  WORD("drop", NULL),
	  END},
	 ACCEPTED,
	 false},
};

/* The same for a ping from fd88::2 to fd88::3. */
static const struct one_rule ping_rules[] = {
	{"of ICMPv6", {IS(L4PROTO, "ipv6-icmp"), WORD("drop", NULL), END}, DENIED, true},
	{"of another protocol", {IS_NOT(L4PROTO, "ipv6-icmp"), ACCEPT, END}, ACCEPTED, false},
	{"of a neighbour's type", {IS(ICMPV6_TYPE, "nd-redirect"), ACCEPT, END}, ACCEPTED, false},
	{"of another", {IS_NOT(ICMPV6_TYPE, "nd-redirect"), WORD("drop", NULL), END}, DENIED, true},
	{"one of types",
	 {{.kind = NFT_STATEMENT_ONE_OF, .fields = {NFT_FIELD_ICMPV6_TYPE}},
	  WORD("drop", NULL),
	  END},
	 ACCEPTED,
	 false},
	{"none of types",
	 {{.kind = NFT_STATEMENT_ONE_OF, .fields = {NFT_FIELD_ICMPV6_TYPE}, .negated = true},
	  WORD("drop", NULL),
	  END},
	 DENIED,
	 true},
};

static const struct nft_statement drop[] = {WORD("drop", NULL), END};
static const struct nft_statement around[] = {WORD("jump", "ring"), END};
static const struct nft_rule denies[] = {{drop}};
static const struct nft_rule ring[] = {{around}};

static void add(struct elements *e, enum set_id set, uint16_t port, uint16_t end)
{
	struct nft_key key = {0}, last = {0};

	nft_key_proto(&key, IPPROTO_TCP);
	nft_key_port(&key, port);
	nft_key_proto(&last, IPPROTO_TCP);
	nft_key_port(&last, end);
	elements_add(e, set, &key, &last, NULL, NULL);
}

static struct elements *make_elements(const struct explain_packet *p)
{
	struct elements *e = elements_new();
	struct nft_key uid = {0}, from = {0};

	add(e, SET_PUBLISHED_PORTS, 80, 80);
	add(e, SET_HOST_PORTS, 22, 25);
	add(e, SET_HOST_PORTS, 79, 81);
	nft_key_uid(&uid, p->uid);
	elements_add(e, SET_ALLOWED_UIDS, &uid, NULL, NULL, NULL);
	nft_key_addr(&from, &p->from);
	elements_add(e, SET_POD_RATE4, &from, NULL, NULL, "web");
	elements_normalize(e);
	return e;
}

static void check_rules(const struct one_rule *list, size_t n, const struct explain_packet *p,
			const struct elements *e)
{
	for (size_t i = 0; i < n; i++) {
		const struct nft_rule rule = {list[i].rule};
		const struct nft_chain chains[] = {
			{.name = "forward", .hook = "forward", .rules = &rule, .n_rules = 1},
			{.name = "elsewhere", .hook = "input", .rules = denies, .n_rules = 1},
			{.name = "denies", .rules = denies, .n_rules = 1},
			{.name = "empty"},
			{.name = "ring", .rules = ring, .n_rules = 1},
		};
		struct nft_table table = ruleset_tables[0];
		struct explain_trace t = {0};
		struct err err = {0};
		int r;

		table.chains = chains;
		table.n_chains = ARRAY_SIZE(chains);
		r = explain_table(&table, e, "forward", p, &t, &err);
		if (r != (list[i].want == ACCEPTED ? 1 : list[i].want == DENIED ? 0 : -EINVAL))
			fail_msg("%s: %d", list[i].name, r);
		if ((t.n > 0) != list[i].matched)
			fail_msg("%s: %zu steps", list[i].name, t.n);
	}
}

static void test_rules(void **state)
{
	struct explain_packet p = {.oif = "eth0",
				   .proto = IPPROTO_TCP,
				   .has_port = true,
				   .port = 80,
				   .has_uid = true,
				   .uid = 7,
				   .to_unicast = true,
				   .dnat = true,
				   .over_rate = true};
	_cleanup_(elements_freep)
	struct elements *e = NULL;

	(void)state;
	assert_true(addr_parse("10.0.0.1", &p.from) && addr_parse("10.0.0.2", &p.to) &&
		    addr_parse("192.0.2.10", &p.asked));
	p.asked_port = 22;
	e = make_elements(&p);
	check_rules(rules, ARRAY_SIZE(rules), &p, e);
}

/* What was not rewritten goes where it was asked for. */
static void test_as_asked(void **state)
{
	static const struct one_rule as_asked[] = {
		{"at an address",
		 {IS(CT_ASKED_DADDR, "10.0.0.2"), WORD("drop", NULL), END},
		 DENIED,
		 true},
		{"at a port",
		 {IN("published_ports", L4_ASKED), WORD("drop", NULL), END},
		 DENIED,
		 true},
	};
	struct explain_packet p = {.proto = IPPROTO_TCP, .has_port = true, .port = 80};
	_cleanup_(elements_freep)
	struct elements *e = NULL;

	(void)state;
	assert_true(addr_parse("10.0.0.1", &p.from) && addr_parse("10.0.0.2", &p.to));
	e = make_elements(&p);
	check_rules(as_asked, ARRAY_SIZE(as_asked), &p, e);
}

static void test_ping(void **state)
{
	struct explain_packet p = {.oif = "eth0", .proto = IPPROTO_ICMPV6};
	_cleanup_(elements_freep)
	struct elements *e = elements_new();

	(void)state;
	assert_true(addr_parse("fd88::2", &p.from) && addr_parse("fd88::3", &p.to));
	check_rules(ping_rules, ARRAY_SIZE(ping_rules), &p, e);
}

/* A table of many hooks: steps that are more than can be kept are an error, too. */
static void test_too_many_steps(void **state)
{
	static const struct nft_statement jump[] = {WORD("jump", "empty"), END};
	struct nft_rule many[EXPLAIN_STEPS_MAX + 1];
	const struct nft_chain chains[] = {
		{.name = "forward", .hook = "forward", .rules = many, .n_rules = ARRAY_SIZE(many)},
		{.name = "empty"},
	};
	const struct explain_packet p = {.proto = IPPROTO_TCP};
	_cleanup_(elements_freep)
	struct elements *e = elements_new();
	struct nft_table table = ruleset_tables[0];
	struct explain_trace t = {0};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i].statements = jump;
	table.chains = chains;
	table.n_chains = ARRAY_SIZE(chains);
	assert_int_equal(explain_table(&table, e, "forward", &p, &t, &err), -EINVAL);
	assert_int_equal(t.n, EXPLAIN_STEPS_MAX);
	assert_non_null(strstr(err.text, "is not known to explain"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_as_asked),
		cmocka_unit_test(test_ping),
		cmocka_unit_test(test_too_many_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
