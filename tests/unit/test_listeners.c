/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of sockets that listen: by port, and which were there before. */
#include "netguard/listeners.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <netinet/in.h>

#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP

static struct listeners *make(const struct listener *items, size_t n)
{
	struct listeners *l = listeners_new();

	for (size_t i = 0; i < n; i++)
		listeners_add(l, &items[i]);
	listeners_settle(l);
	return l;
}

static void test_ports(void **state)
{
	static const struct listener items[] = {{UDP, 53, true, {1, 0}},
						{TCP, 22, false, {2, 0}},
						{TCP, 80, true, {4, 0}},
						{TCP, 80, false, {3, 0}},
						{TCP, 443, true, {5, 0}}};
	struct listeners *l = make(items, ARRAY_SIZE(items)), *none = make(NULL, 0);

	(void)state;
	assert_true(listeners_on(l, TCP, 22, false));
	assert_true(listeners_on(l, TCP, 80, false));
	assert_false(listeners_on(l, TCP, 443, false));
	assert_true(listeners_on(l, TCP, 443, true));
	assert_true(listeners_on(l, UDP, 53, true));
	assert_false(listeners_on(l, UDP, 53, false));
	assert_false(listeners_on(l, UDP, 22, true));
	assert_false(listeners_on(l, UDP, 54, true));
	/* never asked for */
	assert_false(listeners_on(l, IPPROTO_SCTP, 22, true));
	assert_false(listeners_on(l, IPPROTO_SCTP, 53, true));
	assert_false(listeners_on(none, TCP, 22, true));
	assert_false(listeners_on(NULL, TCP, 22, true));
	/* held twice, freed twice */
	assert_ptr_equal(listeners_hold(l), l);
	assert_null(listeners_hold(NULL));
	listeners_free(l);
	assert_true(listeners_on(l, TCP, 22, false));
	listeners_free(l);
	listeners_free(none);
	listeners_free(NULL);
}

/* One who ends and another who begins on the same port are two. */
static void test_before(void **state)
{
	static const struct listener first[] = {
		{TCP, 22, false, {1, 0}}, {TCP, 80, false, {2, 0}}, {UDP, 53, false, {3, 0}}};
	static const struct listener second[] = {
		{TCP, 22, false, {1, 0}}, {TCP, 80, false, {4, 0}}, {UDP, 99, false, {5, 0}}};
	struct listeners *before = make(first, 3), *now = make(second, 3);
	struct listeners *still = listeners_still(before, now),
			 *since = listeners_since(before, now);

	(void)state;
	assert_int_equal(still->n, 1);
	assert_int_equal(still->items[0].port, 22);
	assert_int_equal(since->n, 2);
	assert_true(listeners_on(since, TCP, 80, false));
	assert_true(listeners_on(since, UDP, 99, false));
	listeners_free(before);
	listeners_free(now);
	listeners_free(still);
	listeners_free(since);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ports),
					   cmocka_unit_test(test_before)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
