/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables that fit: what a terminal of some width gets. */
#include "podctl/table.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

/* What table_print writes. Caller frees. */
static char *print(size_t width, unsigned flexible, const char *const rows[][3], size_t n)
{
	struct table t = {.width = width, .flexible = flexible};
	struct ui ui = {0};
	char text[4096] = {0};
	FILE *f = tmpfile();
	int saved = dup(STDOUT_FILENO);

	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		table_add(&t, 3, rows[i], UI_BOLD);
	fflush(stdout);
	assert_true(dup2(fileno(f), STDOUT_FILENO) >= 0);
	table_print(&t, &ui, 0);
	fflush(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	close(saved);
	rewind(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	table_done(&t);
	return xstrdup(text);
}

static void test_width(void **state _unused_)
{
	static const char *const rows[][3] = {{"A", "NAME", "IMAGE"},
					      {"x", "short", "registry.example.com/some/image:1"},
					      {"y",
					       "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc"
					       "\xc3\xa4\xc3\xb6\xc3\xbc",
					       ""}};
	static const struct {
		size_t width;
		unsigned flexible;
		const char *second; /* line */
	} cases[] = {
		{0, 6, "x  short      registry.example.com/some/image:1\n"},
		{200, 6, "x  short      registry.example.com/some/image:1\n"},
		{47, 6, "x  short      registry.example.com/some/image:1\n"},
		{30, 6, "x  short      registry.examp..\n"},
		{30, 4, "x  short      registry.examp..\n"},
		/* the last first, then the widest */
		{19, 6, "x  short     regi..\n"},
		/* what may not be cut is not, nor to nothing */
		{10, 6, "x  short   regi..\n"},
		{10, 0, "x  short      registry.example.com/some/image:1\n"},
		{1, 4, "x  short      regi..\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text =
			print(cases[i].width, cases[i].flexible, rows, ARRAY_SIZE(rows));
		const char *second = strchr(text, '\n') + 1;
		_cleanup_free_ char *line =
			xstrndup(second, (size_t)(strchr(second, '\n') - second) + 1);

		if (!streq(line, cases[i].second))
			fail_msg("%zu: %s", i, line);
	}
}

/* Characters are cut, not bytes. */
static void test_characters(void **state _unused_)
{
	static const char *const rows[][3] = {
		{"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4", "b", "c"}};
	_cleanup_free_ char *text = print(12, 1, rows, 1);

	assert_string_equal(text, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4..  b  c\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
