/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/listening.h"

#include <setjmp.h>
#include <cmocka.h>

static void test_unix(void **state _unused_)
{
	struct listenings l = {0};

	listenings_read_unix(
		&l, "Num       RefCount Protocol Flags    Type St Inode Path\n"
		    "0000000000000000: 00000002 00000000 00010000 0001 01 25023 /run/docker.sock\n"
		    "0000000000000000: 00000003 00000000 00000000 0001 03 25024 /run/docker.sock\n"
		    "0000000000000000: 00000002 00000000 00010000 0001 01 25025 @abstract\n"
		    "0000000000000000: 00000002 00000000 00010000 0001 01 25026\n"
		    "0000000000000000: 00000002 00000000 00010000 0001 01 25027 /with a space\n"
		    "half: a line");
	assert_int_equal(l.n, 2);
	assert_string_equal(l.items[0].where, "/run/docker.sock");
	assert_int_equal(l.items[0].inode, 25023);
	assert_false(l.items[0].tcp);
	assert_string_equal(l.items[1].where, "/with a space");
	listenings_done(&l);
}

static void test_tcp(void **state _unused_)
{
	struct listenings l = {0};

	listenings_read_tcp(
		&l, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
		    "uid  timeout inode\n"
		    "   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000"
		    "     0        0 31337 1 0000000000000000 100 0 0 10 0\n"
		    "   1: 0100007F:1389 0200007F:0001 01 00000000:00000000 00:00000000 00000000"
		    "     0        0 31338 1 0000000000000000 100 0 0 10 0\n"
		    "   2: 00000000000000000000000001000000:0947 "
		    "00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 "
		    "00000000     0        0 31339 1 0000000000000000 100 0 0 10 0\n"
		    "   3: 0100:0947 00000000:0000 0A 00000000:00000000 00:00000000 00000000"
		    "     0        0 31340 1\n");
	assert_int_equal(l.n, 2);
	assert_string_equal(l.items[0].where, "127.0.0.1:5000");
	assert_int_equal(l.items[0].inode, 31337);
	assert_true(l.items[0].tcp);
	assert_string_equal(l.items[1].where, "[::1]:2375");
	listenings_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
