/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can't be said to the engine is an error, and never another command. */
#include "podctl/exec_create.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>

#define NO_UTF8 "A=\xff"

/* No engine: none is to be asked. */
static void refused(const struct exec *x, bool tty)
{
	char *path = NULL;
	struct err err = {0};

	assert_int_equal(exec_create(x, tty, &path, &err), -EINVAL);
	assert_non_null(strstr(err.text, "must be UTF-8"));
	assert_null(path);
}

static void test_no_utf8(void **state _unused_)
{
	static const char *const plain[] = {"A=b", NULL}, *const odd[] = {"A=b", NO_UTF8, NULL};
	const struct exec cases[] = {
		{.container_id = "0", .argv = odd, .env = plain},
		{.container_id = "0", .argv = plain, .env = odd},
		{.container_id = "0", .argv = plain, .directory = NO_UTF8},
		{.container_id = "0", .argv = plain, .user = NO_UTF8},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct exec at_terminal = cases[i];

		at_terminal.term = "xterm";
		refused(&cases[i], false);
		refused(&at_terminal, true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_utf8)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
