/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list in pieces is what the whole list is. */
#include "engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

static int collect(void *userdata, json_t *item, struct err *err _unused_)
{
	json_array_append(userdata, item);
	return 0;
}

/* Fed in pieces of this size. 0: whole; 1: not closed; -errno. */
static int feed(const char *text, size_t piece, json_t *ret)
{
	struct engine_items s = {0};
	size_t size = strlen(text);
	struct err err;
	int r = 0;

	for (size_t at = 0; r == 0 && at < size; at += piece)
		r = engine_items_feed(&s, text + at, size - at < piece ? size - at : piece, collect,
				      ret, &err);
	if (r == 0)
		r = !engine_items_whole(&s);
	engine_items_done(&s);
	return r;
}

static void test_table(void **state _unused_)
{
	static const struct {
		const char *text;
		int result;
	} table[] = {
		{"[]", 0},
		{" [ \n ] \r\n", 0},
		{"[1]", 0},
		{"[{\"a\":[1,2,{\"b\":\"],[\\\"}\"}]}, {\"c\":\"\\\\\"} ,[],\"x,y]\"]\n", 0},
		{"[\"\\u0000\"]", 0},
		{"", 1},
		{"[", 1},
		{"[1", 1},
		{"[1,", 1},
		{"[\"]", 1},
		{"[{]", 1},
		{"[,]", -EPROTO},
		{"[1,]", -EPROTO},
		{"[1,,2]", -EPROTO},
		{"[1 2]", -EPROTO},
		{"[}]", -EPROTO},
		{"[{]}]", -EPROTO},
		{"[{\"a\":1,\"a\":2}]", -EPROTO},
		{"{}", -EPROTO},
		{"[]]", -EPROTO},
		{"[][]", -EPROTO},
		{"null", -EPROTO},
		{"[\"\xff\"]", -EPROTO},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		for (size_t piece = 1; piece < 40; piece++) {
			json_auto_t *have = json_array(), *want = NULL;
			int r = feed(table[i].text, piece, have);
			struct err err;

			if (r != table[i].result)
				fail_msg("%s by %zu: %d", table[i].text, piece, r);
			if (r != 0)
				continue;
			assert_int_equal(engine_json_parse(table[i].text, strlen(table[i].text),
							   &want, &err),
					 0);
			assert_true(json_equal(have, want));
		}
	}
}

static int refuse(void *userdata _unused_, json_t *item _unused_, struct err *err)
{
	return err_set(err, ERANGE, "no");
}

/* What the reader of the list says ends it. */
static void test_ends(void **state _unused_)
{
	struct engine_items s = {0};
	struct err err;

	assert_int_equal(engine_items_feed(&s, "[1,2]", 5, refuse, NULL, &err), -ERANGE);
	engine_items_done(&s);
}

/* An entry that is too big is left out, and the others are not, however big it is. */
static void test_big(void **state _unused_)
{
	struct engine_items s = {0};
	_cleanup_free_ char *much = xmalloc(1024 * 1024);
	json_auto_t *list = json_array();
	struct err err;

	memset(much, 'x', 1024 * 1024);
	assert_int_equal(engine_items_feed(&s, "[1,\"", 4, collect, list, &err), 0);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(engine_items_feed(&s, much, 1024 * 1024, collect, list, &err), 0);
	assert_int_equal(engine_items_feed(&s, "],\",2]", 6, collect, list, &err), 0);
	assert_true(engine_items_whole(&s));
	assert_int_equal(s.left_out, 1);
	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(json_integer_value(json_array_get(list, 1)), 2);
	engine_items_done(&s);

	/* the only one */
	assert_int_equal(engine_items_feed(&s, "[", 1, collect, list, &err), 0);
	memset(much, ' ', 1024 * 1024);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(engine_items_feed(&s, much, 1024 * 1024, collect, list, &err), 0);
	assert_int_equal(engine_items_feed(&s, "1]", 2, collect, list, &err), 0);
	assert_int_equal(s.left_out, 1);
	engine_items_done(&s);

	assert_int_equal(engine_items_feed(&s, "[", 1, collect, list, &err), 0);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(engine_items_feed(&s, much, 1024 * 1024, collect, list, &err), 0);
	assert_true(s.room <= (size_t)8 * 1024 * 1024);
	assert_int_equal(engine_items_feed(&s, "1,3]", 4, collect, list, &err), 0);
	assert_true(engine_items_whole(&s));
	assert_int_equal(s.left_out, 1);
	assert_int_equal(json_array_size(list), 3);
	engine_items_done(&s);
}

static int count(void *userdata, json_t *item _unused_, struct err *err _unused_)
{
	++*(size_t *)userdata;
	return 0;
}

/* Many that are just small enough: from some amount on they are left out, and small ones are not.
 */
static void test_many_big(void **state _unused_)
{
	size_t size = (size_t)4 * 1024 * 1024 - 16, n = 0;
	_cleanup_free_ char *big = xmalloc(size);
	struct engine_items s = {0};
	struct err err;

	memset(big, ' ', size);
	memcpy(big, "[1", 2);
	memcpy(big + size - 2, "],", 2);
	assert_int_equal(engine_items_feed(&s, "[", 1, count, &n, &err), 0);
	for (unsigned i = 0; i < 70; i++)
		assert_int_equal(engine_items_feed(&s, big, size, count, &n, &err), 0);
	/* 65 of a little less than 4 MiB make 256 MiB, and no more of them are looked at */
	assert_int_equal(n, 65);
	assert_int_equal(s.left_out, 5);
	assert_int_equal(engine_items_feed(&s, "2,3]", 4, count, &n, &err), 0);
	assert_true(engine_items_whole(&s));
	assert_int_equal(n, 67);
	assert_int_equal(s.left_out, 5);
	engine_items_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),
					   cmocka_unit_test(test_ends), cmocka_unit_test(test_big),
					   cmocka_unit_test(test_many_big)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
