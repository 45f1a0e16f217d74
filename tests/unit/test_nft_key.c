/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys of elements: how they lie in memory, what they compare to, how nft writes them. */
#include "netguard/ruleset.h"
#include "tests/unit/reference_elements.h"

#include <setjmp.h>
#include <cmocka.h>

static void test_lies_as_in_registers(void **state _unused_)
{
	static const uint8_t want[] = {'e', 't', 'h', '0', 0, 0, 0, 0, 0, 0, 0,	  0, 0, 0,
				       0,   0,	 2,   0,   0, 0, 0, 3, 0, 0, 192, 0, 2, 1};
	struct nft_key k = {0};
	struct addr a;

	assert_true(addr_parse("192.0.2.1", &a));
	nft_key_ifname(&k, "eth0");
	nft_key_ether(&k, (const uint8_t[]){2, 0, 0, 0, 0, 3});
	nft_key_addr(&k, &a);
	assert_int_equal(k.size, sizeof(want));
	assert_memory_equal(k.data, want, sizeof(want));

	k = (struct nft_key){0};
	nft_key_proto(&k, IPPROTO_UDP);
	nft_key_port(&k, 0x1234);
	nft_key_uid(&k, 0x01020304);
	assert_int_equal(k.size, 12);
	assert_memory_equal(k.data, "\x11\0\0\0\x12\x34\0\0\1\2\3\4", 12);
}

static void test_text(void **state _unused_)
{
	static const struct {
		enum set_id set;
		const char *key, *end, *comment, *object, *want;
	} cases[] = {
		{SET_MEMBERS4, "br-pods . 10.88.1.2", NULL, "web", NULL,
		 "\"br-pods\" . 10.88.1.2 comment \"web\""},
		{SET_MEMBERS6, "br-pods . fd88::2", NULL, NULL, NULL, "\"br-pods\" . fd88::2"},
		{SET_CONTAINER_IFACES, "br-*", NULL, NULL, NULL, "\"br-*\""},
		{SET_CONTAINER_IFACES, "*", NULL, NULL, NULL, "\"*\""},
		{SET_CONTAINER_IFACES, "abcdefghijklmno", NULL, NULL, NULL, "\"abcdefghijklmno\""},
		{SET_ALLOWED_UIDS, "4294967295", NULL, NULL, NULL, "4294967295"},
		{SET_ALLOWED_UIDS, "1000", "1999", NULL, NULL, "1000-1999"},
		{SET_HOST_PORTS, "tcp . 1000", "tcp . 1999", NULL, NULL, "tcp . 1000-1999"},
		{SET_HOST_PORTS, "udp . 53", "udp . 53", NULL, NULL, "udp . 53"},
		{SET_POD_RATE4, "10.88.1.2", NULL, NULL, "web", "10.88.1.2 : \"web\""},
		{SET_EGRESS4, "10.88.1.2 . 0.0.0.0 . tcp . 443",
		 "10.88.1.2 . 255.255.255.255 . tcp . 443", NULL, NULL,
		 "10.88.1.2 . 0.0.0.0/0 . tcp . 443"},
		{SET_EGRESS4, "10.88.1.2 . 10.0.0.1 . tcp . 443",
		 "10.88.1.2 . 10.0.0.2 . tcp . 445", NULL, NULL,
		 "10.88.1.2 . 10.0.0.1-10.0.0.2 . tcp . 443-445"},
		{SET_PORT_WHITELIST_FROM6,
		 "tcp . 443 . 2001:db8::", "tcp . 443 . 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
		 NULL, NULL, "tcp . 443 . 2001:db8::/32"},
		{SET_BRIDGE_ADDRESSES4, "vweb . 02:00:00:00:00:0a . 10.88.1.2", NULL, NULL, NULL,
		 "\"vweb\" . 02:00:00:00:00:0a . 10.88.1.2"},
		{SET_BRIDGE_TARGETS6, "vweb . 02:00:00:00:00:0a . fe80::a", NULL, NULL, NULL,
		 "\"vweb\" . 02:00:00:00:00:0a . 0xfe80000000000000000000000000000a"},
		{SET_BRIDGE_TARGETS6, "vweb . 02:00:00:00:00:0a . 5:0:0:3::", NULL, NULL, NULL,
		 "\"vweb\" . 02:00:00:00:00:0a . 0x50000000000030000000000000000"},
		{SET_BRIDGE_TARGETS6, "vweb . 02:00:00:00:00:0a . ::", NULL, NULL, NULL,
		 "\"vweb\" . 02:00:00:00:00:0a . 0x0"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(elements_freep)
		struct elements *e = elements_new();
		_cleanup_free_ char *text = NULL;

		reference_add(e, cases[i].set, cases[i].key, cases[i].end, cases[i].comment,
			      cases[i].object);
		text = nft_element_text(ruleset_set(cases[i].set), e->sets[cases[i].set]);
		assert_string_equal(text, cases[i].want);
	}
}

static void test_compare(void **state _unused_)
{
	struct nft_element a = {0}, b = {0}, c = {0};

	nft_key_uid(&a.key, 255);
	nft_key_uid(&b.key, 256);
	c = b;
	assert_true(nft_element_compare(&a, &b) < 0); /* as numbers, not as they lie in memory */
	assert_true(nft_element_compare(&b, &a) > 0);
	assert_int_equal(nft_element_compare(&b, &c), 0);
	nft_key_uid(&c.end, 300);
	assert_int_not_equal(nft_element_compare(&b, &c), 0);
	c = b;
	c.wildcard = true;
	assert_int_not_equal(nft_element_compare(&b, &c), 0);
	c = b;
	c.comment = (char[]){"x"};
	assert_int_equal(nft_element_compare(&b, &c), 0);
	assert_false(nft_element_equal(&b, &c));
}

static void test_comment(void **state _unused_)
{
	char longest[300];
	_cleanup_free_ char *a = nft_comment("say \"hi\"\n\x1b[31m"), *b = NULL;

	assert_string_equal(a, "say 'hi'??[31m");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	b = nft_comment(longest);
	assert_int_equal(strlen(b), NFT_COMMENT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lies_as_in_registers),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_comment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
