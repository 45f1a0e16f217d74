/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/shellwords.h"

#include <setjmp.h>
#include <cmocka.h>

/* Words joined by '|', each in <>; or "!" and what is wrong. Caller frees. */
static char *split(const char *text)
{
	struct strv v = {0};
	const char *wrong = shellwords_split(text, &v);
	char *out = wrong ? xasprintf("!%s", wrong) : xstrdup("");

	for (size_t i = 0; i < v.n; i++) {
		char *more = xasprintf("%s<%s>", out, v.items[i]);

		free(out);
		out = more;
	}
	strv_done(&v);
	return out;
}

static void test_split(void **state _unused_)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", ""},
		{" \t\n ", ""},
		{"a", "<a>"},
		{" a  b\tc\nd ", "<a><b><c><d>"},
		{"'a b' c", "<a b><c>"},
		{"a'b c'd", "<ab cd>"},
		{"''", "<>"},
		{"\"\" ''", "<><>"},
		{"'a\\n\"b'", "<a\\n\"b>"},
		{"\"a 'b' \\\"c\\\" \\$d \\`e\\` \\\\ \\n\"", "<a 'b' \"c\" $d `e` \\ \\n>"},
		{"a\\ b", "<a b>"},
		{"\\'a\\\"", "<'a\">"},
		{"a\\\nb", "<ab>"},
		{"\"a\\\nb\"", "<ab>"},
		{"\\\n", ""},
		{"$HOME * ; # | > `x` ~", "<$HOME><*><;><#><|><>><`x`><~>"},
		{"sh -c 'echo \"$PAGE\" > /x && exec sleep 1'",
		 "<sh><-c><echo \"$PAGE\" > /x && exec sleep 1>"},
		{"caf\xc3\xa9 \xe2\x82\xac", "<caf\xc3\xa9><\xe2\x82\xac>"},
		{"a 'b", "!has a ' without its end"},
		{"a \"b", "!has a \" without its end"},
		{"\"a\\\"", "!has a \" without its end"},
		{"a\\", "!ends in a backslash"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *got = split(cases[i].text);

		assert_string_equal(got, cases[i].want);
	}
}

static void test_limit(void **state _unused_)
{
	_cleanup_free_ char *text = xmalloc(2 * (SHELLWORDS_MAX + 1) + 1);
	struct strv v = {0};

	for (size_t i = 0; i <= SHELLWORDS_MAX; i++)
		memcpy(text + 2 * i, "a ", 3);
	assert_string_equal(shellwords_split(text, &v), "has too many words");
	assert_int_equal(v.n, 0);
	text[2 * SHELLWORDS_MAX] = '\0';
	assert_null(shellwords_split(text, &v));
	assert_int_equal(v.n, SHELLWORDS_MAX);
	/* adds to what is there */
	assert_null(shellwords_split("one more", &v));
	assert_int_equal(v.n, SHELLWORDS_MAX + 2);
	strv_done(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
