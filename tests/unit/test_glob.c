/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/glob.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

static void test_table(void **state _unused_)
{
	static const struct {
		const char *pattern, *text;
		bool want;
	} cases[] = {
		{"", "", true},
		{"", "a", false},
		{"/a", "/a", true},
		{"/a", "/ab", false},
		{"/ab", "/a", false},
		{"*", "web.app", true},
		{"*", "a/b", false},
		{"*", "", true},
		{"web.*", "web.app", true},
		{"web.*", "web", false},
		{"web.*", "xweb.app", false},
		{"*.app", "web.app", true},
		{"*.app", "web.app2", false},
		{"a*b*c", "aXbXbXc", true},
		{"a*b*c", "aXcXb", false},
		{"?", "a", true},
		{"?", "", false},
		{"?", "/", false},
		{"a?c", "a\303\244c", true},
		{"a?c", "a\377c", true},
		{"a?c", "a\377\377c", false},
		{"a\303\244c", "a\303\244c", true},
		{"a\303\244c", "a\303\266c", false},
		{"\\*", "*", true},
		{"\\*", "a", false},
		{"\\\\", "\\", true},
		{"a\\", "a", false},
		{"/var/*", "/var/x", true},
		{"/var/*", "/var/x/y", false},
		{"/var/*", "/var/", true},
		{"/var/**", "/var", true},
		{"/var/**", "/var/", true},
		{"/var/**", "/var/x/y", true},
		{"/var/**", "/variable", false},
		{"/var/**", "/va", false},
		{"/a/**/b", "/a/b", true},
		{"/a/**/b", "/a/x/b", true},
		{"/a/**/b", "/a/x/y/b", true},
		{"/a/**/b", "/ab", false},
		{"/a/**/b", "/a/xb", false},
		{"/a**b", "/a/x/b", true},
		{"/a**b", "/ab", true},
		{"**", "", true},
		{"**", "/any/thing", true},
		{"**/*.pyc", "/usr/lib/x.pyc", true},
		{"**/*.pyc", "/x.pyc", true},
		{"**/*.pyc", "/x.py", false},
		{"/**", "", true},
		{"/**", "/x", true},
		{"/a/*/c/**", "/a/b/c", true},
		{"/a/*/c/**", "/a/b/b/c/d", false},
		{"/run/*.pid", "/run/x.pid", true},
		{"/run/*.pid", "/run/../etc/x.pid", false},
		{"/[ab]", "/a", false},
		{"/[ab]", "/[ab]", true},
		{"\xf1*", "\xf1\xb3\xb7\xb7", false},
		{"\xf1*", "\xf1z", true},
		{"a*", "a\xb3", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (glob_match(cases[i].pattern, cases[i].text) != cases[i].want)
			fail_msg("\"%s\" on \"%s\" should be %d", cases[i].pattern, cases[i].text,
				 cases[i].want);
	}
}

/* What takes one that goes back 2^40 steps and more. */
static void test_not_exponential(void **state _unused_)
{
	char pattern[1024] = "", text[4096];

	for (size_t i = 0; i + 8 < sizeof(pattern); i += 8)
		memcpy(pattern + i, "/**/*a*a", 9);
	memset(text, 'a', sizeof(text) - 1);
	for (size_t i = 0; i < sizeof(text); i += 16)
		text[i] = '/';
	text[sizeof(text) - 2] = 'b';
	text[sizeof(text) - 1] = '\0';
	assert_false(glob_match(pattern, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_not_exponential),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
