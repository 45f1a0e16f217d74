/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void test_array_push(void **state _unused_)
{
	_cleanup_free_ unsigned *list = NULL;
	size_t n = 0;

	for (unsigned i = 0; i < 1000; i++)
		ARRAY_PUSH(list, n) = i * 3;
	assert_int_equal(n, 1000);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(list[i], i * 3);
}

static void test_take_ptr(void **state _unused_)
{
	char *a = xstrdup("x");
	_cleanup_free_ char *b = take_ptr(a);
	int fd = 7;

	assert_null(a);
	assert_string_equal(b, "x");
	assert_int_equal(take_fd(&fd), 7);
	assert_int_equal(fd, -1);
}

static void test_cleanup(void **state _unused_)
{
	int kept;

	{
		_cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		_cleanup_close_ int none _unused_ = -1;
		_cleanup_fclose_ FILE *no_file _unused_ = NULL;

		kept = fd;
		errno = EXDEV;
	}
	assert_int_equal(errno, EXDEV);
	assert_int_equal(fcntl(kept, F_GETFD), -1);
	{
		_cleanup_fclose_ FILE *f = fopen("/dev/null", "re");

		assert_non_null(f);
		kept = fileno(f);
	}
	assert_int_equal(fcntl(kept, F_GETFD), -1);
}

static void test_startswith(void **state _unused_)
{
	assert_string_equal(startswith("@group", "@"), "group");
	assert_string_equal(startswith("abc", "abc"), "");
	assert_string_equal(startswith("abc", ""), "abc");
	assert_null(startswith("ab", "abc"));
	assert_null(startswith("xabc", "abc"));
}

static void test_strings(void **state _unused_)
{
	_cleanup_free_ char *a = xasprintf("%s-%d", "pod", 7);
	_cleanup_free_ char *b = xstrndup("container", 3);
	_cleanup_free_ char *c = xmemdup("a\0b", 3);
	_cleanup_free_ char *d = xmemdup(NULL, 0);

	assert_string_equal(a, "pod-7");
	assert_string_equal(b, "con");
	assert_memory_equal(c, "a\0b", 3);
	assert_non_null(d);
	assert_null(xstrdup(NULL));
}

static void test_zero_sizes(void **state _unused_)
{
	_cleanup_free_ void *a = xmalloc(0), *b = xcalloc(0, 8), *c = xcalloc(8, 0);
	_cleanup_free_ void *d = xreallocarray(NULL, 0, 4);

	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(c);
	assert_non_null(d);
}

static int compare_ints(const void *key, const void *item)
{
	return *(const int *)key - *(const int *)item;
}

/* The first of those that are the same; the end where all come before. */
static void test_array_place(void **state _unused_)
{
	static const int list[] = {1, 3, 3, 3, 5};
	static const size_t want[] = {0, 0, 1, 1, 4, 4, 5};

	for (int key = 0; key < (int)ARRAY_SIZE(want); key++)
		assert_int_equal(
			array_place(&key, list, ARRAY_SIZE(list), sizeof(*list), compare_ints),
			want[key]);
	assert_int_equal(array_place(list, NULL, 0, sizeof(*list), compare_ints), 0);
}

static void test_strv(void **state _unused_)
{
	struct strv v = {0};

	assert_false(strv_has(&v, "a"));
	strv_add(&v, "a");
	strv_take(&v, xstrdup("b"));
	assert_true(strv_has(&v, "a"));
	assert_true(strv_has(&v, "b"));
	assert_false(strv_has(&v, "c"));
	assert_int_equal(v.n, 2);
	strv_done(&v);
	strv_sort(&v);
	assert_null(strv_find(&v, "a"));
	for (const char *s = "dbfdb"; *s; s++)
		strv_take(&v, xstrndup(s, 1));
	strv_sort(&v);
	for (size_t i = 1; i < v.n; i++)
		assert_true(strcmp(v.items[i - 1], v.items[i]) <= 0);
	for (char s[2] = "a"; s[0] <= 'g'; s[0]++) {
		if (strv_has(&v, s))
			assert_string_equal(strv_find(&v, s), s);
		else
			assert_null(strv_find(&v, s));
	}
	strv_done(&v);
	assert_int_equal(v.n, 0);
	assert_null(v.items);
	strv_done(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_array_push), cmocka_unit_test(test_take_ptr),
		cmocka_unit_test(test_cleanup),	   cmocka_unit_test(test_startswith),
		cmocka_unit_test(test_strings),	   cmocka_unit_test(test_zero_sizes),
		cmocka_unit_test(test_strv),	   cmocka_unit_test(test_array_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
