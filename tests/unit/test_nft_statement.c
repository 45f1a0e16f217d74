/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Statements: text, and that what can't be built fails instead of becoming a wider rule. The
 * bytecode of what can is held to nft's own in test_ruleset.
 */
#include "nft/nft.h"

#include <errno.h>
#include <setjmp.h>
#include <cmocka.h>

#define END                                                                                        \
	{                                                                                          \
		.kind = NFT_STATEMENT_END                                                          \
	}
#define VERDICT                                                                                    \
	{                                                                                          \
		.kind = NFT_STATEMENT_VERDICT, .values = { "accept" }                              \
	}

static const struct nft_set sets[] = {
	{.name = "pairs", .types = {NFT_TYPE_IPV4, NFT_TYPE_UID}},
	{"uids", {NFT_TYPE_UID}, .interval = true},
	{"rates", {NFT_TYPE_IPV4}, .limits = true},
};
static const struct nft_table inet = {
	.family = NFT_FAMILY_INET, .name = "t", .sets = sets, .n_sets = ARRAY_SIZE(sets)};
static const struct nft_table bridge = {
	.family = NFT_FAMILY_BRIDGE, .name = "t", .sets = sets, .n_sets = ARRAY_SIZE(sets)};

static void test_text_and_bytecode(void **state _unused_)
{
	static const struct {
		struct nft_statement statements[3];
		const char *text, *code;
	} cases[] = {
		{{{.kind = NFT_STATEMENT_SET,
		   .name = "pairs",
		   .fields = {NFT_FIELD_IP_DADDR, NFT_FIELD_SKUID}},
		  VERDICT},
		 "ip daddr . meta skuid @pairs accept",
		 "  [ meta load nfproto => reg 1 ]\n  [ cmp eq reg 1 0x00000002 ]\n"
		 "  [ payload load 4b @ network header + 16 => reg 1 ]\n"
		 "  [ meta load skuid => reg 9 ]\n  [ lookup reg 1 set pairs ]\n"
		 "  [ immediate reg 0 accept ]\n"},
		{{{.kind = NFT_STATEMENT_SET,
		   .name = "uids",
		   .fields = {NFT_FIELD_SKUID},
		   .negated = true}},
		 "meta skuid != @uids",
		 "  [ meta load skuid => reg 1 ]\n  [ byteorder reg 1 = hton(reg 1, 4, 4) ]\n"
		 "  [ lookup reg 1 set uids 0x1 ]\n"},
		{{{.kind = NFT_STATEMENT_IS,
		   .fields = {NFT_FIELD_IP_SADDR},
		   .values = {"10.0.0.0/16"}}},
		 "ip saddr 10.0.0.0/16",
		 "  [ meta load nfproto => reg 1 ]\n  [ cmp eq reg 1 0x00000002 ]\n"
		 "  [ payload load 2b @ network header + 12 => reg 1 ]\n"
		 "  [ cmp eq reg 1 0x0000000a ]\n"},
		{{{.kind = NFT_STATEMENT_ONE_OF,
		   .fields = {NFT_FIELD_ICMPV6_TYPE},
		   .values = {"nd-redirect"},
		   .negated = true}},
		 "icmpv6 type != { nd-redirect }",
		 "  [ meta load nfproto => reg 1 ]\n  [ cmp eq reg 1 0x0000000a ]\n"
		 "  [ meta load l4proto => reg 1 ]\n  [ cmp eq reg 1 0x0000003a ]\n"
		 "  [ payload load 1b @ transport header + 0 => reg 1 ]\n"
		 "  [ lookup reg 1 set __set%d 0x1 ]\n"},
		{{{.kind = NFT_STATEMENT_GROUP}, VERDICT},
		 "meta pkttype multicast ether daddr 01:80:c2:00:00:00-01:80:c2:00:00:0f accept",
		 "  [ meta load pkttype => reg 1 ]\n  [ cmp eq reg 1 0x00000002 ]\n"
		 "  [ meta load iiftype => reg 1 ]\n  [ cmp eq reg 1 0x00000001 ]\n"
		 "  [ payload load 6b @ link header + 0 => reg 1 ]\n"
		 "  [ cmp gte reg 1 0x00c28001 0x00000000 ]\n"
		 "  [ cmp lte reg 1 0x00c28001 0x00000f00 ]\n  [ immediate reg 0 accept ]\n"},
		{{{.kind = NFT_STATEMENT_ON_LINK}, VERDICT},
		 "ip6 hoplimit 255 accept",
		 "  [ meta load nfproto => reg 1 ]\n  [ cmp eq reg 1 0x0000000a ]\n"
		 "  [ payload load 1b @ network header + 7 => reg 1 ]\n"
		 "  [ cmp eq reg 1 0x000000ff ]\n  [ immediate reg 0 accept ]\n"},
		{{{.kind = NFT_STATEMENT_FRAGMENT}, VERDICT},
		 "frag frag-off != 0 accept",
		 "  [ meta load nfproto => reg 1 ]\n  [ cmp eq reg 1 0x0000000a ]\n"
		 "  [ exthdr load ipv6 2b @ 44 + 2 => reg 1 ]\n"
		 "  [ bitwise reg 1 = ( reg 1 & 0x0000f8ff ) ^ 0x00000000 ]\n"
		 "  [ cmp neq reg 1 0x00000000 ]\n  [ immediate reg 0 accept ]\n"},
		{{{.kind = NFT_STATEMENT_CT, .name = "state", .values = {"related"}}, VERDICT},
		 "ct state related accept",
		 "  [ ct load state => reg 1 ]\n"
		 "  [ bitwise reg 1 = ( reg 1 & 0x00000004 ) ^ 0x00000000 ]\n"
		 "  [ cmp neq reg 1 0x00000000 ]\n  [ immediate reg 0 accept ]\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct nft_rule rule = {cases[i].statements};
		_cleanup_free_ char *text = nft_rule_text(&rule), *code = NULL;
		struct err err = {0};
		size_t n = 0;

		assert_string_equal(text, cases[i].text);
		assert_int_equal(nft_rule_bytecode(&inet, &rule, &code, &err), 0);
		/* libnftnl puts two blanks before some brackets */
		for (char *p = code; *p; p++)
			if (!(p[0] == ' ' && p[1] == ' ' && p[2] == ']'))
				code[n++] = *p;
		code[n] = '\0';
		assert_string_equal(code, cases[i].code);
	}
}

static void test_what_cannot_be_built_fails(void **state _unused_)
{
	static const struct {
		const char *why;
		const struct nft_table *table;
		struct nft_statement statements[3];
	} cases[] = {
		{"no such set",
		 &inet,
		 {{.kind = NFT_STATEMENT_SET, .name = "nosuch", .fields = {NFT_FIELD_SKUID}},
		  VERDICT}},
		{"a field too few",
		 &inet,
		 {{.kind = NFT_STATEMENT_SET, .name = "pairs", .fields = {NFT_FIELD_IP_DADDR}},
		  VERDICT}},
		{"a field too many",
		 &inet,
		 {{.kind = NFT_STATEMENT_SET,
		   .name = "uids",
		   .fields = {NFT_FIELD_SKUID, NFT_FIELD_SKUID}},
		  VERDICT}},
		{"a field of another type",
		 &inet,
		 {{.kind = NFT_STATEMENT_SET, .name = "uids", .fields = {NFT_FIELD_IP_DADDR}},
		  VERDICT}},
		{"a map is no set",
		 &inet,
		 {{.kind = NFT_STATEMENT_SET, .name = "rates", .fields = {NFT_FIELD_IP_DADDR}},
		  VERDICT}},
		{"a set is no map",
		 &inet,
		 {{.kind = NFT_STATEMENT_LIMIT_MAP, .name = "uids", .fields = {NFT_FIELD_SKUID}},
		  VERDICT}},
		{"no set's name",
		 &inet,
		 {{.kind = NFT_STATEMENT_SET, .fields = {NFT_FIELD_SKUID}}}},
		{"no field", &inet, {{.kind = NFT_STATEMENT_SET, .name = "uids"}}},
		{"no address",
		 &inet,
		 {{.kind = NFT_STATEMENT_IS, .fields = {NFT_FIELD_IP_DADDR}, .values = {"lo"}}}},
		{"host bits",
		 &inet,
		 {{.kind = NFT_STATEMENT_IS,
		   .fields = {NFT_FIELD_IP_DADDR},
		   .values = {"10.0.0.1/8"}}}},
		{"an IPv6 address for ip",
		 &inet,
		 {{.kind = NFT_STATEMENT_IS, .fields = {NFT_FIELD_IP_DADDR}, .values = {"::1"}}}},
		{"half a byte of prefix",
		 &inet,
		 {{.kind = NFT_STATEMENT_IS,
		   .fields = {NFT_FIELD_IP_DADDR},
		   .values = {"10.0.0.0/12"}}}},
		{"an interface's name too long",
		 &inet,
		 {{.kind = NFT_STATEMENT_IS,
		   .fields = {NFT_FIELD_IIFNAME},
		   .values = {"abcdefghijklmnop"}}}},
		{"an unknown type of ICMPv6",
		 &bridge,
		 {{.kind = NFT_STATEMENT_IS,
		   .fields = {NFT_FIELD_ICMPV6_TYPE},
		   .values = {"nd-gossip"}}}},
		{"an unknown state",
		 &inet,
		 {{.kind = NFT_STATEMENT_CT, .name = "state", .values = {"established", "older"}}}},
		{"an unknown verdict",
		 &inet,
		 {{.kind = NFT_STATEMENT_VERDICT, .values = {"perhaps"}}}},
		{"an unknown rejection",
		 &inet,
		 {{.kind = NFT_STATEMENT_REJECT, .values = {"kindly"}}}},
		{"arp outside of a bridge",
		 &inet,
		 {{.kind = NFT_STATEMENT_IS,
		   .fields = {NFT_FIELD_ARP_SADDR_IP},
		   .values = {"10.0.0.1"}}}},
		{"a kind that is none", &bridge, {{.kind = NFT_STATEMENT_COUNT_}}},
		{"a field that is none",
		 &bridge,
		 {{.kind = NFT_STATEMENT_SET, .name = "uids", .fields = {NFT_FIELD_COUNT_}}}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct nft_rule rule = {cases[i].statements};
		struct err err = {0};
		char *code = NULL;

		if (nft_rule_bytecode(cases[i].table, &rule, &code, &err) != -EINVAL || code)
			fail_msg("built: %s", cases[i].why);
		if (!strstr(err.text, "can't be built"))
			fail_msg("%s: %s", cases[i].why, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_and_bytecode),
		cmocka_unit_test(test_what_cannot_be_built_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
