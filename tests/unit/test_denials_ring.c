/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring of denials, what had no record, and a record for the journal. */
#include "netguard/denials_early.h"
#include "netguard/denials_ring.h"
#include "netguard/journal.h"
#include "tests/unit/model_make.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const containers[] = {"we\x1b[31mb web br-pods,10.88.1.2,fd88::2",
					 "db db br-pods,10.88.1.3,-", NULL};

static struct denial example(void)
{
	struct denial d = {.reason = "container_to_container",
			   .proto = IPPROTO_TCP,
			   .has_ports = true,
			   .from_port = 40000,
			   .to_port = 5432};

	assert_true(addr_parse("10.88.1.2", &d.from));
	assert_true(addr_parse("10.88.1.3", &d.to));
	return d;
}

static void assert_json(json_t *j, const char *want)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text, want);
	free(text);
	json_decref(j);
}

static void test_record(void **state)
{
	_cleanup_(model_freep)
	struct model *m = model_make(containers);
	struct denial_context c = {
		.model = m, .user = "nobody", .in = "br-pods", .out = "", .time_ms = 1700000000123};
	struct denial d = example();

	(void)state;
	assert_json(
		denial_json(&d, &c),
		"{\"from\":{\"address\":\"10.88.1.2\",\"container\":\"we?[31mb\",\"pod\":\"web\","
		"\"port\":40000},\"in\":\"br-pods\",\"out\":null,\"protocol\":\"tcp\","
		"\"reason\":\"container_to_container\",\"text\":\"container_to_container: pod "
		"web (we?[31mb) 10.88.1.2:40000 -> pod db (db) 10.88.1.3:5432/tcp\","
		"\"time\":1700000000123,\"to\":{\"address\":\"10.88.1.3\",\"container\":\"db\","
		"\"pod\":\"db\",\"port\":5432},\"uid\":null,\"user\":null}");
	d = (struct denial){
		.reason = "host_to_container", .uid = 1235, .has_uid = true, .proto = IPPROTO_ICMP};
	assert_true(addr_parse("192.0.2.10", &d.from));
	assert_true(addr_parse("10.88.1.9", &d.to));
	assert_json(denial_json(&d, &c),
		    "{\"from\":{\"address\":\"192.0.2.10\",\"container\":null,\"pod\":null,"
		    "\"port\":null},\"in\":\"br-pods\",\"out\":null,\"protocol\":\"icmp\","
		    "\"reason\":\"host_to_container\",\"text\":\"host_to_container: user nobody "
		    "192.0.2.10 -> 10.88.1.9/icmp\",\"time\":1700000000123,\"to\":{\"address\":"
		    "\"10.88.1.9\",\"container\":null,\"pod\":null,\"port\":null},\"uid\":1235,"
		    "\"user\":\"nobody\"}");
}

static void test_bounded(void **state)
{
	_cleanup_(denials_ring_freep)
	struct denials_ring *r = denials_ring_new();
	json_t *list;

	(void)state;
	assert_json(denials_ring_last(r, 5), "[]");
	for (int i = 0; i < 3; i++)
		denials_ring_put(r, "forged", json_integer(i));
	assert_json(denials_ring_last(r, 2), "[1,2]");
	assert_json(denials_ring_last(r, 9), "[0,1,2]");
	for (int i = 3; i < 3 * DENIALS_RING; i++)
		denials_ring_put(r, "forged", json_integer(i));
	list = denials_ring_last(r, SIZE_MAX);
	assert_int_equal(json_array_size(list), DENIALS_RING);
	assert_int_equal(json_integer_value(json_array_get(list, 0)), 2 * DENIALS_RING);
	assert_int_equal(json_integer_value(json_array_get(list, DENIALS_RING - 1)),
			 3 * DENIALS_RING - 1);
	json_decref(list);
}

static void test_suppressed(void **state)
{
	_cleanup_(denials_ring_freep)
	struct denials_ring *r = denials_ring_new();
	char name[64];

	(void)state;
	/* what was there before is not ours */
	assert_int_equal(denials_ring_count(r, "forged", 1000, 1, NULL), 0);
	assert_int_equal(denials_ring_count(r, "forged", 1000, 1, NULL), 0);
	denials_ring_put(r, "forged", json_null());
	denials_ring_put(r, "forged", json_null());
	assert_int_equal(denials_ring_count(r, "forged", 1002, 1, NULL), 0);
	assert_int_equal(denials_ring_count(r, "forged", 1010, 1, NULL), 8);
	assert_int_equal(denials_ring_count(r, "forged", 1010, 1, NULL), 0);
	assert_int_equal(denials_ring_count(r, "forged", 1011, 1, NULL), 1);
	/* a record that comes after its packet was counted is not told twice */
	denials_ring_put(r, "forged", json_null());
	assert_int_equal(denials_ring_count(r, "forged", 1012, 1, NULL), 0);
	assert_int_equal(denials_ring_count(r, "forged", 1013, 1, NULL), 1);
	assert_json(denials_ring_counts(r), "{\"forged\":{\"recorded\":3,\"suppressed\":10}}");
	/* the table was made anew */
	assert_int_equal(denials_ring_count(r, "forged", 5, 1, NULL), 0);
	assert_int_equal(denials_ring_count(r, "forged", 9, 1, NULL), 4);
	/* more reasons than there can be */
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "reason_%d", i);
		denials_ring_put(r, name, json_null());
		denials_ring_count(r, name, 7, 1, NULL);
	}
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	denials_ring_put(r, name, json_null());
}

static void test_journal(void **state)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	static const struct journal_field fields[] = {{"NETGUARD_POD", "web"},
						      {"NETGUARD_USER", NULL},
						      {"NETGUARD_X", "a\nPRIORITY=0"},
						      {0}};
	char dir[] = "/tmp/test_journal.XXXXXX", buf[512];
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct err err;
	ssize_t n;
	int r;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/s", dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(journal_send(sa.sun_path, 5, "denied x", fields, &err), 0);
	n = recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	buf[n] = '\0';
	assert_string_equal(buf, "PRIORITY=5\nSYSLOG_IDENTIFIER=netguard\nMESSAGE=denied x\n"
				 "NETGUARD_POD=web\nNETGUARD_X=a PRIORITY=0\n");
	/* a journal that does not read is not waited for */
	for (int i = 0; i < 10000; i++) {
		r = journal_send(sa.sun_path, 5, "denied x", fields, &err);
		if (r < 0)
			break;
	}
	assert_int_equal(r, -EAGAIN);
	unlink(sa.sun_path);
	rmdir(dir);
	assert_int_equal(journal_send(sa.sun_path, 5, "denied x", fields, &err), -ENOENT);
}

/* Few wait for more, and are told of with those. */
static void test_few(void **state _unused_)
{
	_cleanup_(denials_ring_freep)
	struct denials_ring *r = denials_ring_new();
	bool waits = false;

	assert_int_equal(denials_ring_count(r, "forged", 100, 10, &waits), 0);
	assert_false(waits);
	assert_int_equal(denials_ring_count(r, "forged", 109, 10, &waits), 0);
	assert_true(waits);
	assert_int_equal(denials_ring_count(r, "forged", 110, 10, &waits), 10);
	waits = false;
	assert_int_equal(denials_ring_count(r, "forged", 111, 10, NULL), 0);
	assert_int_equal(denials_ring_count(r, "forged", 111, 1, &waits), 1);
	assert_int_equal(denials_ring_count(r, "forged", 111, 10, &waits), 0);
	assert_false(waits);
}

static struct denial_seen forged(const char *from, uint64_t at_ms)
{
	struct denial_seen seen = {.denial = {.reason = "forged"}, .in = "br-pods", .at_ms = at_ms};

	assert_true(addr_parse(from, &seen.denial.from));
	return seen;
}

/* What has its address a moment later is no forger; what gets another one is. */
static void test_early(void **state _unused_)
{
	static const char *const before[] = {"db db br-pods,10.88.1.3,-", NULL};
	static const char *const elsewhere[] = {"web web br-others,10.88.1.2,fd88::2", NULL};
	_cleanup_(model_freep)
	struct model *m = model_make(before), *after = model_make(containers),
		     *other = model_make(elsewhere);
	struct denials_early e = {0};
	struct denial_seen seen = forged("10.88.1.3", 0);
	struct member_address *web;

	/* it is somebody's already */
	assert_false(denials_early_take(&e, m, &seen));
	seen = forged("10.88.1.2", 1000);
	strcpy(seen.denial.reason, "midstream");
	assert_false(denials_early_take(&e, m, &seen));

	seen = forged("10.88.1.2", 1000);
	assert_true(denials_early_take(&e, m, &seen));
	seen = forged("fd88::2", 1000);
	assert_true(denials_early_take(&e, m, &seen));
	seen = forged("fe80::88:bff:fe01:102", 1000);
	assert_true(denials_early_take(&e, m, &seen));
	seen = forged("10.88.1.9", 1200);
	assert_true(denials_early_take(&e, m, &seen));
	assert_int_equal(denials_early_forget(&e, m), 0);
	assert_int_equal(denials_early_forget(&e, other), 0);
	web = model_find(after, "we\x1b[31mb")->addresses;
	web->has_mac = true;
	memcpy(web->mac, (uint8_t[]){2, 0x88, 0x0b, 1, 1, 2}, 6);
	assert_int_equal(denials_early_forget(&e, after), 3);

	assert_false(denials_early_due(&e, 1200 + DENIALS_EARLY_MS - 1, &seen));
	assert_true(denials_early_due(&e, 1200 + DENIALS_EARLY_MS, &seen));
	assert_int_equal(seen.denial.from.bytes[3], 9);
	assert_false(denials_early_due(&e, 99999, &seen));

	seen = forged("10.88.1.9", 0);
	for (size_t i = 0; i < DENIALS_EARLY; i++)
		assert_true(denials_early_take(&e, m, &seen));
	assert_false(denials_early_take(&e, m, &seen)); /* no room: told of at once */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),	   cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_suppressed), cmocka_unit_test(test_few),
		cmocka_unit_test(test_early),	   cmocka_unit_test(test_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
