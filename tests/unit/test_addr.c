/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/addr.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

/* out: NULL where the text must be refused */
struct form {
	const char *in, *out;
};

static void expect(bool ok, const char *got, const struct form *f)
{
	if (ok != (f->out != NULL) || (ok && !streq(got, f->out)))
		fail_msg("'%s': got %s, wanted %s", f->in, ok ? got : "refused",
			 f->out ? f->out : "refused");
}

static void test_addr(void **state _unused_)
{
	static const struct form forms[] = {
		{"192.0.2.1", "192.0.2.1"},
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"2001:DB8:0:0::1", "2001:db8::1"},
		{"::", "::"},
		{"fe80::1", "fe80::1"},
		{"", NULL},
		{"192.0.2", NULL},
		{"192.0.2.256", NULL},
		{"192.0.2.01", NULL},
		{"0x7f.0.0.1", NULL},
		{"2130706433", NULL},
		{" 192.0.2.1", NULL},
		{"192.0.2.1 ", NULL},
		{"192.0.2.1/32", NULL},
		{"::ffff:192.0.2.1", NULL},
		{"::ffff:c000:201", NULL},
		{"fe80::1%eth0", NULL},
		{"[::1]", NULL},
		{"1:2:3:4:5:6:7:8:9", NULL},
		{"localhost", NULL},
	};
	char buf[ADDR_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct addr a = {.family = 77};
		bool ok = addr_parse(forms[i].in, &a);

		expect(ok, ok ? addr_format(&a, buf) : "", &forms[i]);
		if (!ok)
			assert_int_equal(a.family, 77);
	}
}

static void test_addr_order(void **state _unused_)
{
	struct addr a, b, c, none = {0};
	char buf[ADDR_TEXT_MAX] = "x";

	assert_true(addr_parse("192.0.2.1", &a) && addr_parse("192.0.2.2", &b) &&
		    addr_parse("::1", &c));
	assert_true(addr_compare(&a, &b) < 0 && addr_compare(&b, &a) > 0);
	assert_int_equal(addr_compare(&a, &a), 0);
	assert_true(addr_compare(&b, &c) < 0 && addr_compare(&c, &b) > 0);
	assert_int_equal(addr_compare(&none, &none), 0);
	assert_int_equal(addr_size(&a), 4);
	assert_int_equal(addr_size(&c), 16);
	assert_int_equal(addr_size(&none), 0);
	assert_string_equal(addr_format(&none, buf), "");
}

static void test_prefix(void **state _unused_)
{
	static const struct form forms[] = {
		{"192.0.2.0/24", "192.0.2.0/24"},
		{"192.0.2.1", "192.0.2.1/32"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"::/0", "::/0"},
		{"2001:db8::/32", "2001:db8::/32"},
		{"2001:db8::1", "2001:db8::1/128"},
		{"192.0.2.128/25", "192.0.2.128/25"},
		{"255.255.255.254/31", "255.255.255.254/31"},
		{"192.0.2.1/24", NULL},
		{"192.0.2.128/24", NULL},
		{"2001:db8::1/127", NULL},
		{"192.0.2.0/33", NULL},
		{"::/129", NULL},
		{"192.0.2.0/", NULL},
		{"192.0.2.0/ 24", NULL},
		{"192.0.2.0/+24", NULL},
		{"192.0.2.0/024", NULL},
		{"192.0.2.0/24/24", NULL},
		{"192.0.2.0/255.255.255.0", NULL},
		{"192.0.2.0/4294967320", NULL},
		{"/24", NULL},
		{"", NULL},
		{"::ffff:0:0/96", NULL},
		{"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb/64", NULL},
	};
	char buf[ADDR_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct prefix p = {.len = 7777};
		bool ok = prefix_parse(forms[i].in, &p);

		expect(ok, ok ? prefix_format(&p, buf) : "", &forms[i]);
		if (!ok)
			assert_int_equal(p.len, 7777);
	}
}

static void test_prefix_contains(void **state _unused_)
{
	static const struct {
		const char *prefix, *addr;
		bool inside;
	} cases[] = {
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.128/25", "192.0.2.128", true},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.4/31", "192.0.2.5", true},
		{"192.0.2.4/31", "192.0.2.6", false},
		{"192.0.2.4", "192.0.2.4", true},
		{"192.0.2.4", "192.0.2.5", false},
		{"0.0.0.0/0", "255.1.2.3", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "2001:db8::1", true},
		{"::/0", "192.0.2.1", false},
		{"2001:db8::/33", "2001:db8:7fff::", true},
		{"2001:db8::/33", "2001:db8:8000::", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix p;
		struct addr a;

		assert_true(prefix_parse(cases[i].prefix, &p) && addr_parse(cases[i].addr, &a));
		if (prefix_contains(&p, &a) != cases[i].inside)
			fail_msg("%s in %s", cases[i].addr, cases[i].prefix);
	}
}

static void test_ports(void **state _unused_)
{
	static const struct form forms[] = {
		{"80", "80/tcp"},
		{"80/tcp", "80/tcp"},
		{"53/udp", "53/udp"},
		{"8000-8009", "8000-8009/tcp"},
		{"1-65535/udp", "1-65535/udp"},
		{"10000-65535/tcp", "10000-65535/tcp"},
		{"80-80", "80/tcp"},
		{"", NULL},
		{"0", NULL},
		{"65536", NULL},
		{"99999999999999999999", NULL},
		{"080", NULL},
		{"0x50", NULL},
		{"+80", NULL},
		{"-80", NULL},
		{"80-", NULL},
		{"-", NULL},
		{"90-80", NULL},
		{"0-80", NULL},
		{"80-90-100", NULL},
		{"80/", NULL},
		{"/tcp", NULL},
		{"80/TCP", NULL},
		{"80/sctp", NULL},
		{"80/tcp/udp", NULL},
		{"80 /tcp", NULL},
		{" 80", NULL},
		{"80\n", NULL},
		{"00000000000000000000000000080", NULL},
	};
	char buf[PORTS_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct ports p = {.first = 7};
		bool ok = ports_parse(forms[i].in, &p);

		expect(ok, ok ? ports_format(&p, buf) : "", &forms[i]);
		if (!ok)
			assert_int_equal(p.first, 7);
	}
	assert_string_equal(proto_name(1), "?");
}

/* People write less than engines publish. */
static void test_protocols(void **state _unused_)
{
	static const struct {
		const char *name;
		uint8_t proto;
		bool written, published;
	} all[] = {{"tcp", IPPROTO_TCP, true, true},	 {"udp", IPPROTO_UDP, true, true},
		   {"sctp", IPPROTO_SCTP, false, true},	 {"dccp", IPPROTO_DCCP, false, false},
		   {"SCTP", IPPROTO_ICMP, false, false}, {"", 0, false, false}};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		uint8_t written = 7, published = 7;

		assert_int_equal(proto_parse(all[i].name, &written), all[i].written);
		assert_int_equal(written, all[i].written ? all[i].proto : 7);
		assert_int_equal(proto_parse_published(all[i].name, &published), all[i].published);
		assert_int_equal(published, all[i].published ? all[i].proto : 7);
		assert_int_equal(proto_has_ports(all[i].proto), all[i].published);
		assert_string_equal(proto_name(all[i].proto), all[i].published ? all[i].name : "?");
	}
}

static void test_ports_overlap(void **state _unused_)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} cases[] = {
		{"80", "80", true},	    {"80", "80/udp", false},  {"80-90", "90-100", true},
		{"80-89", "90-100", false}, {"1-65535", "443", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ports a, b;

		assert_true(ports_parse(cases[i].a, &a) && ports_parse(cases[i].b, &b));
		assert_int_equal(ports_overlap(&a, &b), cases[i].overlap);
		assert_int_equal(ports_overlap(&b, &a), cases[i].overlap);
	}
}

static void test_ports_contain(void **state _unused_)
{
	struct ports p;

	assert_true(ports_parse("80-90/udp", &p));
	assert_true(ports_contain(&p, IPPROTO_UDP, 80));
	assert_true(ports_contain(&p, IPPROTO_UDP, 90));
	assert_false(ports_contain(&p, IPPROTO_UDP, 79));
	assert_false(ports_contain(&p, IPPROTO_UDP, 91));
	assert_false(ports_contain(&p, IPPROTO_TCP, 85));
}

static void test_mac(void **state _unused_)
{
	static const struct form forms[] = {
		{"02:42:0a:58:00:02", "02420a580002"},
		{"FF:ff:AA:bb:00:10", "ffffaabb0010"},
		{"", NULL},
		{"02", NULL},
		{"02:", NULL},
		{"02:42:0a:58:00", NULL},
		{"02:42:0a:58:00:", NULL},
		{"02:42:0a:58:00:0", NULL},
		{"02:42:0a:58:00:02:", NULL},
		{"02:42:0a:58:00:02x", NULL},
		{"02-42-0a-58-00-02", NULL},
		{"0g:42:0a:58:00:02", NULL},
		{"02420a580002", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		uint8_t mac[6] = {1, 2, 3, 4, 5, 6};
		bool ok = mac_parse(forms[i].in, mac);
		char buf[16];

		snprintf(buf, sizeof(buf), "%02x%02x%02x%02x%02x%02x", mac[0], mac[1], mac[2],
			 mac[3], mac[4], mac[5]);
		expect(ok, buf, &forms[i]);
		if (!ok)
			assert_string_equal(buf, "010203040506");
	}
}

static void test_any(void **state _unused_)
{
	static const struct {
		const char *text;
		bool any;
	} cases[] = {{"0.0.0.0", true}, {"::", true}, {"0.0.0.1", false}, {"::1", false}};
	struct addr a = {0};

	assert_true(addr_is_any(&a));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(addr_parse(cases[i].text, &a));
		if (addr_is_any(&a) != cases[i].any)
			fail_msg("%s", cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addr),	      cmocka_unit_test(test_addr_order),
		cmocka_unit_test(test_prefix),	      cmocka_unit_test(test_prefix_contains),
		cmocka_unit_test(test_ports),	      cmocka_unit_test(test_protocols),
		cmocka_unit_test(test_ports_overlap), cmocka_unit_test(test_ports_contain),
		cmocka_unit_test(test_mac),	      cmocka_unit_test(test_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
