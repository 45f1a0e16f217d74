/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/text.h"

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

static void test_harmless(void **state _unused_)
{
	static const struct {
		uint32_t first, last;
	} wrong[] = {
		{0x7f, 0x9f},	  {0x61c, 0x61c},   {0x200e, 0x200f}, {0x2028, 0x2029},
		{0x202a, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff},
	};

	assert_false(text_harmless(0));
	assert_false(text_harmless(0x1f));
	assert_true(text_harmless(0x20));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		for (uint32_t c = wrong[i].first; c <= wrong[i].last; c++)
			assert_false(text_harmless(c));
	}
	assert_true(text_harmless(0x7e) && text_harmless(0xa0));
	assert_true(text_harmless(0x61b) && text_harmless(0x61d));
	assert_true(text_harmless(0x200d) && text_harmless(0x2010));
	assert_true(text_harmless(0x2027) && text_harmless(0x202f));
	assert_true(text_harmless(0x2065) && text_harmless(0x206a));
	assert_true(text_harmless(0xfefe) && text_harmless(0xff00));
}

static void test_digits(void **state _unused_)
{
	static const struct {
		const char *text;
		uint64_t max, want;
		bool ok, plain; /* as digits; also as a number */
	} cases[] = {
		{"0", 0, 0, true, true},
		{"7", 9, 7, true, true},
		{"10", 9, 0, false, false},
		{"9", 8, 0, false, false},
		{"65535", 65535, 65535, true, true},
		{"65536", 65535, 0, false, false},
		{"007", 9, 7, true, false},
		{"00", 9, 0, true, false},
		{"18446744073709551615", UINT64_MAX, UINT64_MAX, true, true},
		{"18446744073709551616", UINT64_MAX, 0, false, false},
		{"99999999999999999999", UINT64_MAX, 0, false, false},
		{"184467440737095516150", UINT64_MAX, 0, false, false},
		{"", 9, 0, false, false},
		{"-1", 9, 0, false, false},
		{"+1", 9, 0, false, false},
		{" 1", 9, 0, false, false},
		{"1 ", 9, 0, false, false},
		{"1a", 99, 0, false, false},
		{"\xd9\xa1", 99, 0, false, false}, /* a digit of another script */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t n = 42, plain = 42;
		bool ok = text_digits(cases[i].text, strlen(cases[i].text), cases[i].max, &n);

		if (ok != cases[i].ok || n != (ok ? cases[i].want : 42) ||
		    text_number(cases[i].text, cases[i].max, &plain) != cases[i].plain ||
		    plain != (cases[i].plain ? n : 42))
			fail_msg("\"%s\" up to %llu", cases[i].text,
				 (unsigned long long)cases[i].max);
	}
}

static void test_clean_path(void **state _unused_)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"/", ""},
		{"//", ""},
		{"/a/b", "/a/b"},
		{"a/b", "/a/b"},
		{"//a//b/", "/a/b"},
		{"/./a/./b/.", "/a/b"},
		{"/a/../b", "/b"},
		{"/a/b/../../c", "/c"},
		{"/../a", "/a"},
		{"../../a/..", ""},
		{"/..a/.b", "/..a/.b"},
		{"/.../a", "/.../a"},
		{"/a/xy", "/a/xy"},
		{"/a/x", "/a/x"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *path = text_clean_path(cases[i][0]);

		assert_string_equal(path, cases[i][1]);
	}
}

static void test_path_below(void **state _unused_)
{
	assert_true(text_path_below("/a", "/a"));
	assert_true(text_path_below("/a/b", "/a"));
	assert_false(text_path_below("/ab", "/a"));
	assert_false(text_path_below("/", "/a"));
}

static void test_id(void **state _unused_)
{
	uint32_t id = 42;

	assert_false(text_id("4294967295", &id));
	assert_false(text_id("01000", &id));
	assert_int_equal(id, 42);
	assert_true(text_id("4294967294", &id));
	assert_int_equal(id, 4294967294U);
	assert_true(text_id("0", &id));
	assert_int_equal(id, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_printable),  cmocka_unit_test(test_cut),
		cmocka_unit_test(test_harmless),   cmocka_unit_test(test_digits),
		cmocka_unit_test(test_clean_path), cmocka_unit_test(test_path_below),
		cmocka_unit_test(test_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
