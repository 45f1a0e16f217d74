/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/problems.h"

#include <setjmp.h>
#include <cmocka.h>

#define X8  "xxxxxxxx"
#define X64 X8 X8 X8 X8 X8 X8 X8 X8

static char *print(const struct problems *p, const char *file)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	problems_print(p, file, f);
	fclose(f);
	return text;
}

static void test_print(void **state _unused_)
{
	_cleanup_(problems_done)
	struct problems p = {0};
	_cleanup_free_ char *text = NULL;

	problems_add(&p, (struct mark){12, 3}, "a.b", "is %s", "wrong");
	problems_add(&p, (struct mark){3, 9}, "", "second");
	problems_warn(&p, (struct mark){3, 1}, "c", "careful");
	problems_add(&p, (struct mark){0}, "", "is larger");
	problems_add(&p, (struct mark){12, 3}, "a.c", "comes after");
	assert_int_equal(p.n_errors, 4);
	problems_sort(&p);
	text = print(&p, "web.yml");
	assert_string_equal(text, "web.yml: is larger\n"
				  "web.yml:3:1: warning: c: careful\n"
				  "web.yml:3:9: second\n"
				  "web.yml:12:3: a.b: is wrong\n"
				  "web.yml:12:3: a.c: comes after\n");
}

/* Nothing from outside can forge a line or speak to the terminal. */
static void test_printable(void **state _unused_)
{
	_cleanup_(problems_done)
	struct problems p = {0};
	_cleanup_free_ char *text = NULL;

	problems_add(&p, (struct mark){1, 1}, "a\nb", "c\x1b[2J");
	text = print(&p, "x\ny");
	assert_string_equal(text, "x?y:1:1: a?b: c?[2J\n");
}

static void test_many(void **state _unused_)
{
	_cleanup_(problems_done)
	struct problems p = {0};
	_cleanup_free_ char *text = NULL;
	size_t lines = 0;

	for (unsigned i = 0; i < 500; i++)
		problems_warn(&p, (struct mark){i + 1, 1}, "", "warning %u", i);
	for (unsigned i = 0; i < 500; i++)
		problems_add(&p, (struct mark){i + 1, 2}, "", "error %u", i);
	assert_int_equal(p.n_errors, 500);
	assert_int_equal(p.n, 2 * PROBLEMS_MAX);
	text = print(&p, "f");
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 2 * PROBLEMS_MAX + 1);
	assert_non_null(strstr(text, "f: and 400 more errors\n"));
}

static void test_quote(void **state _unused_)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"web", "'web'"},
		{"", "''"},
		{X64, "'" X64 "'"},
		{X64 "x", "the value"},
		{X64 X64 X64, "the value"},
		{"a\nb", "the value"},
		{"\x1b[2J", "the value"},
		{"\xff", "the value"},
		{"gr\xc3\xbc\xc3\x9f", "'gr\xc3\xbc\xc3\x9f'"},
	};
	char buf[PROBLEM_QUOTE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(problems_quote(buf, cases[i].in), cases[i].out);
	assert_false(problems_may_show(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
