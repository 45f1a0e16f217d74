/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Limits of what stays behind a container's end: where they can be set, and how much they are. */
#include "podctl/ipc.h"

#include <setjmp.h>
#include <cmocka.h>
#include <unistd.h>

static void test_kernels(void **state _unused_)
{
	static const char *const lets[] = {"6.9.0", "6.12.3-amd64", "7.0", "7", "10.1.0"};
	static const char *const lets_not[] = {"6.8.12", "6.1.0-18-amd64", "5.10.0", "6", "",
					       "x.9"};

	for (size_t i = 0; i < ARRAY_SIZE(lets); i++)
		assert_true(ipc_kernel_lets(lets[i]));
	for (size_t i = 0; i < ARRAY_SIZE(lets_not); i++)
		assert_false(ipc_kernel_lets(lets_not[i]));
}

/* By what is known of the engine, which is not asked. */
static void test_ask(void **state _unused_)
{
	struct settings settings = {.policy.max_memory = 0};
	struct remap plain = {.known = true}, mapped = {.known = true, .uid = 100000};
	struct err err = {0};
	size_t page = 1;

	assert_int_equal(ipc_ask(&settings, true, &plain, &page, &err), 0);
	assert_int_equal(page, 0);
	settings.policy.max_memory = 1 << 26;
	assert_int_equal(ipc_ask(&settings, true, &plain, &page, &err), 0);
	assert_int_equal(page, getpagesize());
	assert_int_equal(ipc_ask(&settings, false, &plain, &page, &err), 0);
	assert_int_equal(page, getpagesize());
	assert_int_equal(ipc_ask(&settings, true, &mapped, &page, &err), 0);
	assert_int_equal(page, 0);
}

static void expect(int64_t memory, size_t page, const char *want)
{
	json_auto_t *limits = ipc_limits(memory, page);
	_cleanup_free_ char *text = json_dumps(limits, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text, want);
}

static void test_limits(void **state _unused_)
{
	expect(64 << 20, 4096,
	       "{\"kernel.msgmni\":\"4096\",\"kernel.sem\":\"32000 1048576 500 32000\","
	       "\"kernel.shmall\":\"16384\"}");
	expect(64 << 20, 65536,
	       "{\"kernel.msgmni\":\"4096\",\"kernel.sem\":\"32000 1048576 500 32000\","
	       "\"kernel.shmall\":\"1024\"}");
	expect(INT64_C(1) << 40, 4096,
	       "{\"kernel.msgmni\":\"32000\",\"kernel.sem\":\"32000 1024000000 500 32000\","
	       "\"kernel.shmall\":\"268435456\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernels),
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
