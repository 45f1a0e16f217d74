/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Batches: what is in them, what an error is said to be about, what poisons them. The kernel's
 * part is in tests/e2e/keeper_check.c.
 */
#include "netguard/ruleset.h"
#include "nft/private.h"
#include "tests/unit/reference_elements.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <setjmp.h>
#include <cmocka.h>

static struct nft_batch *batch_of_elements(const struct elements *e, enum set_id set)
{
	struct nft_batch *b = nft_batch_new();

	nft_batch_add_elements(b, ruleset_set_table(set), ruleset_set(set), e->sets[set],
			       e->n[set]);
	return b;
}

/* Every set's elements come back from their own messages as they went in. */
static void test_elements_round_trip(void **state _unused_)
{
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();

	reference_add(e, SET_CONTAINER_IFACES, "*", NULL, NULL, NULL);
	reference_add(e, SET_EXEMPT_IFACES, "abcdefghijklmno", NULL, "last of its length", NULL);
	reference_add(e, SET_ALLOWED_UIDS, "4294967295", NULL, NULL, NULL);
	reference_add(e, SET_ALLOWED_UIDS, "1000", NULL, "just before", NULL);
	reference_add(e, SET_ALLOWED_UIDS, "2000", "2999", NULL, NULL);
	reference_add(e, SET_EGRESS6, "fd88::2 . :: . udp . 1",
		      "fd88::2 . ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff . udp . 65535", NULL,
		      NULL);
	elements_normalize(e);
	/* a star covers all names: by itself */
	e->n[SET_CONTAINER_IFACES] = 1;
	for (unsigned set = 0; set < SET_COUNT_; set++) {
		_cleanup_(nft_batch_freep)
		struct nft_batch *b = batch_of_elements(e, set);
		struct nft_raw_elements raw = {0};
		struct nft_element *list;
		const struct nlmsghdr *nlh;
		size_t at = 0, n;

		while (nft_next_message(b->data, b->size, &at, &nlh))
			assert_int_equal(nft_elements_parse(ruleset_set_table(set),
							    ruleset_set(set), nlh, &raw),
					 0);
		nft_elements_join(ruleset_set(set), &raw, &list, &n);
		assert_int_equal(n, e->n[set]);
		for (size_t i = 0; i < n; i++) {
			if (!nft_element_equal(&list[i], &e->sets[set][i]))
				fail_msg("%s: element %zu", ruleset_set_name(set), i);
			nft_element_done(&list[i]);
		}
		free(list);
	}
	e->n[SET_CONTAINER_IFACES] = 3;
}

/* Uids in host order but in intervals: that is what the kernel compares with. */
static void test_order_of_uids(void **state _unused_)
{
	static const struct {
		enum set_id set;
		const char *key;
		uint32_t want;
	} cases[] = {
		{SET_ALLOWED_UIDS, "258", 0x02010000}, /* network order */
		{SET_PORT_UIDS, "tcp . 80 . 258", 258},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nft_key k;
		_cleanup_(elements_freep)
		struct elements *e = elements_new();
		uint32_t uid;

		reference_add(e, cases[i].set, cases[i].key, NULL, NULL, NULL);
		k = e->sets[cases[i].set][0].key;
		nft_turn_uids(ruleset_set(cases[i].set), &k);
		memcpy(&uid, k.data + k.size - sizeof(uid), sizeof(uid));
		assert_int_equal(uid, cases[i].want);
	}
}

static void test_big_lists_are_split(void **state _unused_)
{
	_cleanup_(elements_freep)
	struct elements *e = elements_new();
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = NULL;
	const struct nlmsghdr *nlh;
	struct nft_raw_elements raw = {0};
	size_t at = 0, messages = 0;

	for (unsigned i = 0; i < 10000; i++) {
		struct nft_key key = {0};

		nft_key_proto(&key, IPPROTO_TCP);
		nft_key_port(&key, (uint16_t)(i + 1));
		elements_add(e, SET_PUBLISHED_PORTS, &key, NULL, "web", NULL);
	}
	elements_normalize(e);
	b = batch_of_elements(e, SET_PUBLISHED_PORTS);
	while (nft_next_message(b->data, b->size, &at, &nlh)) {
		assert_true(nlh->nlmsg_len < 65536);
		assert_int_equal(nft_elements_parse(&ruleset_tables[0],
						    ruleset_set(SET_PUBLISHED_PORTS), nlh, &raw),
				 0);
		messages++;
	}
	assert_int_equal(at, b->size);
	assert_int_equal(messages, b->n_messages);
	assert_true(messages > 1 && messages < 20);
	assert_int_equal(raw.n, 10000);
	nft_raw_elements_done(&raw);
}

static void expect_text(const struct nft_batch *b, size_t message, size_t offset, const char *want)
{
	_cleanup_free_ char *text = nft_message_text(b, &b->messages[message], offset);

	assert_string_equal(text, want);
}

static void test_what_an_error_is_about(void **state _unused_)
{
	const struct nft_table *t = &ruleset_tables[0];
	const struct nft_limit limit = {.name = "web", .rate = 1, .unit = 1, .burst = 5};
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = nft_batch_new();
	const void *at;
	const struct nlattr *list = NULL;
	size_t offset;

	nft_batch_add_table(b, t, 0);
	nft_batch_add_limit(b, t, &limit);
	nft_batch_add_set(b, t, ruleset_set(SET_POD_RATE4));
	nft_batch_add_chain(b, t, &t->chains[0]);
	nft_batch_add_rule(b, t, &t->chains[0], &t->chains[0].rules[6]);
	nft_batch_delete_limit(b, t, "web");
	nft_batch_delete_table(b, t);
	nft_batch_add_elements(b, t, ruleset_set(SET_MEMBERS4), e->sets[SET_MEMBERS4],
			       e->n[SET_MEMBERS4]);
	expect_text(b, 0, 0, "add table inet netguard");
	expect_text(b, 1, 0, "add object inet netguard web");
	expect_text(b, 2, 0, "add map inet netguard pod_rate4");
	expect_text(b, 3, 0, "add chain inet netguard output");
	expect_text(b, 4, 0,
		    "add rule inet netguard output oifname @container_ifaces oifname != "
		    "@exempt_ifaces goto host_to_container");
	expect_text(b, 5, 0, "delete object inet netguard web");
	expect_text(b, 6, 0, "delete table inet netguard");
	expect_text(b, 7, 0, "add elements inet netguard members4");
	/* the second element, found as the kernel points at it */
	at = b->data + b->messages[7].offset + NLMSG_LENGTH(sizeof(struct nfgenmsg));
	for (list = at; (list->nla_type & NLA_TYPE_MASK) != NFTA_SET_ELEM_LIST_ELEMENTS; list = at)
		at = (const uint8_t *)list + nft_align(list->nla_len);
	at = nft_next_nested(list, nft_next_nested(list, NULL));
	offset = (size_t)((const uint8_t *)at - (b->data + b->messages[7].offset));
	expect_text(
		b, 7, offset,
		"add element inet netguard members4 { \"br-pods\" . 10.88.1.3 comment \"db\" }");
	/* offsets that make no sense are not followed */
	expect_text(b, 7, 3, "add elements inet netguard members4");
	expect_text(b, 7, 1000000, "add elements inet netguard members4");
}

static void test_poison(void **state _unused_)
{
	const struct nft_table *t = &ruleset_tables[0];
	struct nft_element bad[] = {
		{.key = {.size = 4}},				    /* too short for members4 */
		{.key = {.size = 20}, .object = (char[]){"limit"}}, /* no map */
		{.key = {.size = 20}, .wildcard = true},
		{.key = {.size = 20}, .end = {.size = 20}}, /* no intervals */
	};
	const struct nft_chain unknown = {.name = "x", .hook = "nowhere", .priority = "filter"},
			       when = {.name = "x", .hook = "input", .priority = "soon"};
	struct nft_statement statement[] = {{.kind = NFT_STATEMENT_SET}, {0}};
	const struct nft_rule rule = {statement};
	/* what typeof says of a field is not known of all, and only within concatenations */
	const struct nft_set of[] = {
		{.name = "x",
		 .types = {NFT_TYPE_IFNAME, NFT_TYPE_RAW6},
		 .fields = {NFT_FIELD_OIFNAME, NFT_FIELD_ND_TARGET}},
		{.name = "x", .types = {NFT_TYPE_RAW6}, .fields = {NFT_FIELD_ND_TARGET}}};

	for (size_t i = 0; i < ARRAY_SIZE(bad) + 5; i++) {
		_cleanup_(nft_batch_freep)
		struct nft_batch *b = nft_batch_new();
		/* never asked: a poisoned batch is not sent */
		struct nft_socket no_socket = {.fd = -1};
		struct err err = {0};

		assert_true(nft_batch_empty(b));
		if (i < ARRAY_SIZE(bad))
			nft_batch_add_elements(b, t, ruleset_set(SET_MEMBERS4), &bad[i], 1);
		else if (i == ARRAY_SIZE(bad))
			nft_batch_add_chain(b, t, &unknown);
		else if (i == ARRAY_SIZE(bad) + 1)
			nft_batch_add_chain(b, t, &when);
		else if (i == ARRAY_SIZE(bad) + 2)
			nft_batch_add_rule(b, t, &t->chains[0], &rule);
		else
			nft_batch_add_set(b, t, &of[i - ARRAY_SIZE(bad) - 3]);
		assert_false(nft_batch_empty(b));
		nft_batch_add_table(b, t, 0); /* what is sound behind it does not heal it */
		assert_int_equal(nft_batch_commit(&no_socket, b, 0, &err), -EINVAL);
		assert_true(err.text[0] != '\0');
		assert_int_equal(nft_batch_check(&no_socket, b, &err), -EINVAL);
	}
}

/* Messages that are cut off or lie about their lengths are refused whole. */
static void test_malformed_messages(void **state _unused_)
{
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = batch_of_elements(e, SET_MEMBERS4);
	size_t refused = 0;

	for (size_t i = 20; i < b->size; i += 2) {
		_cleanup_free_ uint8_t *copy = xmemdup(b->data, b->size);
		struct nft_raw_elements raw = {0};
		const struct nlmsghdr *nlh;
		size_t at = 0;

		memset(copy + i, 0xff, 2);
		while (nft_next_message(copy, b->size, &at, &nlh)) {
			int r = nft_elements_parse(&ruleset_tables[0], ruleset_set(SET_MEMBERS4),
						   nlh, &raw);

			refused += r < 0;
			assert_true(r == 0 || raw.n == 0);
		}
		nft_raw_elements_done(&raw);
	}
	assert_true(refused > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements_round_trip),
		cmocka_unit_test(test_order_of_uids),
		cmocka_unit_test(test_big_lists_are_split),
		cmocka_unit_test(test_what_an_error_is_about),
		cmocka_unit_test(test_poison),
		cmocka_unit_test(test_malformed_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
