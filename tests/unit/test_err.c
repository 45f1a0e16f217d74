/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/err.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>

static void test_set(void **state _unused_)
{
	struct err err = {0};

	assert_int_equal(err_set(&err, ENOENT, "pod %s: %d", "web", 3), -ENOENT);
	assert_int_equal(err.code, ENOENT);
	assert_string_equal(err.text, "pod web: 3");
}

static void test_os(void **state _unused_)
{
	struct err err = {0};

	assert_int_equal(err_os(&err, EACCES, "open %s", "/x"), -EACCES);
	assert_int_equal(err.code, EACCES);
	assert_string_equal(err.text, "open /x: Permission denied");
}

static void test_wrap(void **state _unused_)
{
	struct err err = {0};

	err_set(&err, EIO, "not found");
	assert_int_equal(err_wrap(&err, "image %s", "busybox"), -EIO);
	assert_int_equal(err_wrap(&err, "pod %s", "web"), -EIO);
	assert_int_equal(err.code, EIO);
	assert_string_equal(err.text, "pod web: image busybox: not found");
}

static char *repeat(char c, size_t n)
{
	char *s = xmalloc(n + 1);

	memset(s, c, n);
	s[n] = '\0';
	return s;
}

/* What does not fit is cut, marked, and never runs over. */
static void test_long(void **state _unused_)
{
	for (size_t n = ERR_TEXT_MAX - 8; n < ERR_TEXT_MAX + 8; n++) {
		_cleanup_free_ char *x = repeat('x', n);
		bool cut = n >= ERR_TEXT_MAX;
		struct err err = {0};

		err_set(&err, EIO, "%s", x);
		assert_int_equal(strlen(err.text), cut ? ERR_TEXT_MAX - 1 : n);
		assert_int_equal(strcmp(err.text + strlen(err.text) - 3, "...") == 0, cut);
		err_wrap(&err, "above");
		assert_true(startswith(err.text, "above: xxx"));
		assert_int_equal(strlen(err.text),
				 n + 7 >= ERR_TEXT_MAX ? ERR_TEXT_MAX - 1 : n + 7);
		err_wrap(&err, "%s", x);
		assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
		err_os(&err, EIO, "%s", x);
		assert_true(strlen(err.text) < ERR_TEXT_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_os),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
