/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of elements: sorted, doubles joined, and the difference of two. */
#include "netguard/elements.h"

#include <setjmp.h>
#include <cmocka.h>

static struct nft_key port(uint16_t n)
{
	struct nft_key key = {0};

	nft_key_proto(&key, IPPROTO_TCP);
	nft_key_port(&key, n);
	return key;
}

static void add(struct elements *e, uint16_t n, const char *comment)
{
	struct nft_key key = port(n);

	elements_add(e, SET_PUBLISHED_PORTS, &key, NULL, comment, NULL);
}

static void add_rate(struct elements *e, const char *address, const char *limit)
{
	struct nft_key key = {0};
	struct addr a;

	assert_true(addr_parse(address, &a));
	nft_key_addr(&key, &a);
	elements_add(e, SET_POD_RATE4, &key, NULL, NULL, limit);
}

static void test_keys_are_padded(void **state)
{
	struct nft_key key = {0};
	static const uint8_t want[] = {6,   0, 0, 0, 0x1f, 0x90, 0, 0, 'b', 'r', '-',
				       'x', 0, 0, 0, 0,	   0,	 0, 0, 0,   0,	 0,
				       0,   0, 2, 1, 2,	   3,	 4, 5, 0,   0};

	(void)state;
	nft_key_proto(&key, IPPROTO_TCP);
	nft_key_port(&key, 8080);
	nft_key_ifname(&key, "br-x");
	nft_key_ether(&key, (const uint8_t[]){2, 1, 2, 3, 4, 5});
	assert_int_equal(key.size, sizeof(want));
	assert_memory_equal(key.data, want, sizeof(want));
}

static void test_normalize(void **state)
{
	_cleanup_(elements_freep)
	struct elements *e = elements_new();
	struct nft_element *items;

	(void)state;
	add(e, 443, "web");
	add(e, 80, "web");
	add(e, 80, "db");
	add(e, 80, "web");
	add(e, 80, NULL);
	elements_add_limit(e, "web", 20, 1, 5);
	elements_add_limit(e, "db", 1, 1, 5);
	elements_add_limit(e, "web", 99, 1, 5);
	elements_normalize(e);
	assert_int_equal(elements_count(e), 2);
	items = e->sets[SET_PUBLISHED_PORTS];
	assert_string_equal(items[0].comment, "web, db");
	assert_string_equal(items[1].comment, "web");
	assert_int_equal(e->n_limits, 2);
	assert_string_equal(e->limits[0].name, "db");
	assert_int_equal(e->limits[1].rate, 20);
}

static void test_comments_are_fit_for_nft(void **state)
{
	_cleanup_(elements_freep)
	struct elements *e = elements_new();
	char longer[300];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	add(e, 1, "a\"b\\c\nd");
	add(e, 2, longer);
	add(e, 3, "");
	assert_string_equal(e->sets[SET_PUBLISHED_PORTS][0].comment, "a'b\\c?d");
	assert_int_equal(strlen(e->sets[SET_PUBLISHED_PORTS][1].comment), NFT_COMMENT_MAX);
	assert_null(e->sets[SET_PUBLISHED_PORTS][2].comment);
}

/* have and want: ports with comments; what is to be added and deleted */
static void test_difference(void **state)
{
	_cleanup_(elements_freep)
	struct elements *have = elements_new();
	_cleanup_(elements_freep)
	struct elements *want = elements_new();
	struct elements_change change;

	(void)state;
	add(have, 1, "gone");
	add(have, 2, "same");
	add(have, 3, "old");
	add(want, 2, "same");
	add(want, 3, "new");
	add(want, 4, NULL);
	elements_normalize(have);
	elements_normalize(want);
	elements_difference(want, have, &change);
	assert_int_equal(change.add->n[SET_PUBLISHED_PORTS], 2);
	assert_string_equal(change.add->sets[SET_PUBLISHED_PORTS][0].comment, "new");
	assert_null(change.add->sets[SET_PUBLISHED_PORTS][1].comment);
	assert_int_equal(change.del->n[SET_PUBLISHED_PORTS], 2);
	assert_string_equal(change.del->sets[SET_PUBLISHED_PORTS][0].comment, "gone");
	assert_string_equal(change.del->sets[SET_PUBLISHED_PORTS][1].comment, "old");
	elements_change_done(&change);

	elements_difference(want, want, &change);
	assert_int_equal(elements_count(change.add) + elements_count(change.del), 0);
	elements_change_done(&change);
}

static void test_a_changed_limit_takes_its_elements_along(void **state)
{
	_cleanup_(elements_freep)
	struct elements *have = elements_new();
	_cleanup_(elements_freep)
	struct elements *want = elements_new();
	struct elements_change change;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct elements *e = i ? want : have;

		elements_add_limit(e, "db", 7, 1, 5);
		elements_add_limit(e, "web", i ? 30 : 20, 1, 5);
		add_rate(e, "10.0.0.1", "web");
		add_rate(e, "10.0.0.2", "db");
		elements_normalize(e);
	}
	elements_difference(want, have, &change);
	assert_int_equal(change.add->n_limits, 1);
	assert_int_equal(change.del->n_limits, 1);
	assert_int_equal(change.add->n[SET_POD_RATE4], 1);
	assert_int_equal(change.del->n[SET_POD_RATE4], 1);
	assert_string_equal(change.add->sets[SET_POD_RATE4][0].object, "web");
	elements_change_done(&change);
}

/* A copy stands for itself; what is held goes with its last holder. */
static void test_copy_and_hold(void **state)
{
	_cleanup_(elements_freep)
	struct elements *e = elements_new();
	struct elements *copy, *held;
	struct elements_change change;

	(void)state;
	add(e, 80, "web");
	add(e, 81, "webs");
	add_rate(e, "10.0.0.1", "web");
	elements_add_limit(e, "web", 20, 1, 5);
	copy = elements_copy(e);
	elements_difference(copy, e, &change);
	assert_true(elements_change_empty(&change));
	elements_change_done(&change);
	/* a comment that begins as one of the list does is another one */
	add(copy, 81, "web");
	elements_normalize(copy);
	assert_string_equal(copy->sets[SET_PUBLISHED_PORTS][1].comment, "webs, web");
	assert_string_equal(e->sets[SET_PUBLISHED_PORTS][1].comment, "webs");
	elements_free(copy);

	held = elements_hold(e);
	assert_ptr_equal(held, e);
	elements_free(held);
	assert_int_equal(elements_count(e), 3);
	elements_free(NULL);
}

/* The same keys, whatever stands beside them. */
static void test_same(void **state)
{
	struct nft_key one = {0}, two = {0};
	_cleanup_(elements_freep)
	struct elements *a = elements_new();
	_cleanup_(elements_freep)
	struct elements *b = elements_new();

	(void)state;
	nft_key_uid(&one, 1);
	nft_key_uid(&two, 2);
	assert_true(elements_same(a, b, SET_ALLOWED_UIDS));
	elements_add(a, SET_ALLOWED_UIDS, &one, NULL, "one", NULL);
	assert_false(elements_same(a, b, SET_ALLOWED_UIDS));
	elements_add(b, SET_ALLOWED_UIDS, &two, NULL, "two", NULL);
	assert_false(elements_same(a, b, SET_ALLOWED_UIDS));
	elements_add(a, SET_ALLOWED_UIDS, &two, NULL, "other", NULL);
	elements_add(b, SET_ALLOWED_UIDS, &one, NULL, NULL, NULL);
	elements_normalize(a);
	elements_normalize(b);
	assert_true(elements_same(a, b, SET_ALLOWED_UIDS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_are_padded),
		cmocka_unit_test(test_normalize),
		cmocka_unit_test(test_comments_are_fit_for_nft),
		cmocka_unit_test(test_difference),
		cmocka_unit_test(test_a_changed_limit_takes_its_elements_along),
		cmocka_unit_test(test_copy_and_hold),
		cmocka_unit_test(test_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
