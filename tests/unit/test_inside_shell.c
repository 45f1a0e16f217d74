/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/inside_shell.h"

#include <setjmp.h>
#include <cmocka.h>

#define HOSTILE "'; $(reboot) \"`reboot`\n#"

/* The words behind the text, each in <>; the text itself goes to *ret_text. Caller frees. */
static char *parameters(const char **words, const char **ret_text)
{
	char *out = xstrdup("");

	assert_string_equal(words[0], "/bin/sh");
	assert_string_equal(words[1], "-c");
	*ret_text = words[2];
	assert_string_equal(words[3], "/bin/sh");
	for (size_t i = 4; words[i]; i++) {
		char *more = xasprintf("%s<%s>", out, words[i]);

		free(out);
		out = more;
	}
	free(words);
	return out;
}

static void check(const char **words, const char *want, const char *const *same_text)
{
	const char *text;
	_cleanup_free_ char *got = parameters(words, &text);

	assert_string_equal(got, want);
	assert_null(strstr(text, "reboot"));
	if (same_text)
		assert_string_equal(text, *same_text);
}

static void test_shell(void **state _unused_)
{
	check(inside_shell(), "", NULL);
}

/* Whatever is asked for: the text stays, and what was said are parameters. */
static void test_login(void **state _unused_)
{
	const char *text;
	_cleanup_free_ char *plain = parameters(inside_login("/home/bob", NULL), &text);

	assert_string_equal(plain, "</home/bob><-l>");
	check(inside_login("/home/bob", "id"), "</home/bob><-c><id>", &text);
	check(inside_login("/home/bob", ""), "</home/bob><-c><>", &text);
	check(inside_login(HOSTILE, HOSTILE), "<" HOSTILE "><-c><" HOSTILE ">", &text);
}

static void test_sftp(void **state _unused_)
{
	struct strv none = {0}, some = {0};
	const char *text;
	_cleanup_free_ char *plain = parameters(inside_sftp("/home/bob", &none), &text);

	assert_string_equal(plain, "</home/bob>");
	strv_add(&some, "-R");
	strv_add(&some, HOSTILE);
	check(inside_sftp(HOSTILE, &some), "<" HOSTILE "><-R><" HOSTILE ">", &text);
	strv_done(&some);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shell),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_sftp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
