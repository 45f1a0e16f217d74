/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/err.h"

#include <setjmp.h>
#include <cmocka.h>

static void test_printable(void **state _unused_)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"", ""},
		{"plain text ~!", "plain text ~!"},
		{"a\nb\tc\rd", "a?b?c?d"},
		{"\x1b[31mred", "?[31mred"},
		{"del\x7f", "del?"},
		{"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xb3",
		 "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xb3"},
		/* C1 controls, encoded as UTF-8 */
		{"\xc2\x85\xc2\x9b", "??"},
		/* not UTF-8: lone continuation, cut sequences, overlong, surrogate, too large */
		{"\x80z", "?z"},
		{"\xc3", "?"},
		{"\xe2\x82", "??"},
		{"\xc0\xaf", "??"},
		{"\xe0\x80\x80", "???"},
		{"\xed\xa0\x80", "???"},
		{"\xf4\x90\x80\x80", "????"},
		{"\xff\xfe", "??"},
		/* right-to-left override, isolate, line separator, byte order mark */
		{"a\xe2\x80\xae"
		 "b\xe2\x81\xa6"
		 "c\xe2\x80\xa8"
		 "d\xef\xbb\xbf",
		 "a?b?c?d?"},
	};
	char buf[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(text_printable(buf, sizeof(buf), cases[i].in), cases[i].out);
}

/* Cut at a whole character, whatever the size. */
static void test_cut(void **state _unused_)
{
	char buf[8];

	for (size_t size = 1; size <= sizeof(buf); size++) {
		memset(buf, '#', sizeof(buf));
		text_printable(buf, size, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
		assert_int_equal(strlen(buf), (size - 1) / 3 * 3);
		for (size_t i = size; i < sizeof(buf); i++)
			assert_int_equal(buf[i], '#');
	}
	buf[0] = '#';
	text_printable(buf, 0, "abc");
	assert_int_equal(buf[0], '#');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
