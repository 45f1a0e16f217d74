/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/publish.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

static const char *format(const struct publish *p, char buf[static 128])
{
	char ip[ADDR_TEXT_MAX] = "*";

	if (p->ip.family != AF_UNSPEC)
		addr_format(&p->ip, ip);
	snprintf(buf, 128, "%s %u-%u %u-%u %s", ip, p->host_first, p->host_last, p->first, p->last,
		 proto_name(p->proto));
	return buf;
}

static void test_good(void **state _unused_)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{"80:8080", "* 80-80 8080-8080 tcp"},
		{"80:80/tcp", "* 80-80 80-80 tcp"},
		{"53:53/udp", "* 53-53 53-53 udp"},
		{"80", "* 0-0 80-80 tcp"},
		{":80", "* 0-0 80-80 tcp"},
		{":80-81/udp", "* 0-0 80-81 udp"},
		{"8000-8009:9000-9009", "* 8000-8009 9000-9009 tcp"},
		{"1-65535:1-65535", "* 1-65535 1-65535 tcp"},
		{"192.0.2.1:80:80", "192.0.2.1 80-80 80-80 tcp"},
		{"192.0.2.1::80", "192.0.2.1 0-0 80-80 tcp"},
		{"0.0.0.0:80:80", "0.0.0.0 80-80 80-80 tcp"},
		{"[2001:db8::1]:80:80", "2001:db8::1 80-80 80-80 tcp"},
		{"[::]::80", ":: 0-0 80-80 tcp"},
		{"[::1]:1-2:3-4/udp", "::1 1-2 3-4 udp"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct publish p;
		const char *wrong = publish_parse(cases[i].in, &p);
		char buf[128];

		if (wrong)
			fail_msg("%s: %s", cases[i].in, wrong);
		assert_string_equal(format(&p, buf), cases[i].want);
	}
}

static void test_bad(void **state _unused_)
{
	static const char *const cases[] = {
		"",
		":",
		"::",
		":::",
		"80:",
		"80:80:80",
		"0:80",
		"80:0",
		"65536:80",
		"80:65536",
		"080:80",
		"+80:80",
		"80 :80",
		" 80:80",
		"80:80 ",
		"-80:80",
		"80-:80",
		"81-80:80-81",
		"80-81:80",
		"80:80-81",
		"80-81:80-82",
		":81-80",
		"80:80/",
		"80:80/sctp",
		"80:80/TCP",
		"80:80/tcp/tcp",
		"80:80tcp",
		"a:80",
		"80:b",
		"192.0.2.1:80",
		"192.0.2.256:80:80",
		"192.0.2:80:80",
		"localhost:80:80",
		"2001:db8::1:80:80",
		"[2001:db8::1:80:80",
		"2001:db8::1]:80:80",
		"[192.0.2.1]:80:80",
		"[]:80:80",
		"[::1]80:80",
		"[::1]:80",
		"[fe80::1%eth0]:80:80",
		"/tcp",
		"80-90-100:80-90",
	};

	char endless[512];

	memset(endless, '1', sizeof(endless));
	memcpy(endless + sizeof(endless) - 4, ":80", 4);
	assert_non_null(publish_parse(endless, &(struct publish){0}));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct publish p = {.first = 7};

		if (!publish_parse(cases[i], &p))
			fail_msg("'%s' is taken", cases[i]);
		assert_int_equal(p.first, 7);
	}
}

static void test_overlap(void **state _unused_)
{
	static const struct {
		const char *a, *b;
		bool want;
	} cases[] = {
		{"80:80", "80:81", true},
		{"80:80", "81:80", false},
		{"80:80/udp", "80:80", false},
		{"80-90:80-90", "90-95:80-85", true},
		{"80-90:80-90", "91-96:80-85", false},
		{"192.0.2.1:80:80", "80:80", true},
		{"192.0.2.1:80:80", "192.0.2.2:80:80", false},
		{"192.0.2.1:80:80", "192.0.2.1:80:81", true},
		{"192.0.2.1:80:80", "0.0.0.0:80:81", true},
		{"[2001:db8::1]:80:80", "0.0.0.0:80:81", false},
		{"[2001:db8::1]:80:80", "[::]:80:81", true},
		{":80", ":80", false},
		{":80", "80:80", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct publish a, b;

		assert_null(publish_parse(cases[i].a, &a));
		assert_null(publish_parse(cases[i].b, &b));
		assert_int_equal(publish_overlap(&a, &b), cases[i].want);
		assert_int_equal(publish_overlap(&b, &a), cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
