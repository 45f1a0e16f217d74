/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Netlink that fails the daemon: of all that it sends and receives (tables, links, bridges,
 * connections, log records) each call in turn fails, brings nothing but ENOBUFS, or a refusal in
 * place of the kernel's answer; while it starts, and while a container and a link come and go.
 * Nothing passes that is denied, and when the fault is over the kernel has what is wanted.
 *
 * FAULTS_LONG=1: each call; otherwise a prime step, so that each kind is met. Needs root.
 */
#include "common/guard_client.h"
#include "tests/unit/fault_host.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static const struct fault {
	const char *name;
	enum fault_kind kind;
	int code;
} faults[] = {
	{"sending: ENOBUFS", FAULT_SEND, ENOBUFS},
	{"sending: ENOMEM", FAULT_SEND, ENOMEM},
	{"receiving: ENOBUFS", FAULT_RECEIVE, ENOBUFS},
	{"receiving: ENOMEM", FAULT_RECEIVE, ENOMEM},
	{"receiving: lost", FAULT_LOSE, 0},
	{"refused: ENOMEM", FAULT_REFUSE, ENOMEM},
	{"refused: EINVAL", FAULT_REFUSE, EINVAL},
	{"refused: EPERM", FAULT_REFUSE, EPERM},
};

static struct fault_host *h;
static struct elements *two, *three; /* what is wanted with two containers, and with three */

static void check_closed(const struct fault *f, uint64_t at)
{
	if (fault_host_denied_passed(h) > 0) {
		fault_host_show_log();
		fail_msg("%s, call %llu: %s", f->name, (unsigned long long)at,
			 fault_host_counts(h));
	}
}

static void check_comes_true(const struct fault *f, uint64_t at, const char *when)
{
	if (!fault_host_settled(h)) {
		fault_host_show_difference(h);
		fault_host_show_log();
		fail_msg("%s, call %llu: %s: %d elements missing, %d too many", f->name,
			 (unsigned long long)at, when, fault_host_missing(h),
			 fault_host_too_many(h));
	}
}

/* So that about n of all these calls fail. */
static unsigned step_of(uint64_t calls, unsigned n)
{
	return getenv("FAULTS_LONG") || calls < n ? 1 : (unsigned)(calls / n);
}

/* ---- while it starts ---- */

static bool fails_at_start(const struct fault *f, uint64_t at, unsigned *ended)
{
	uint64_t hits;
	int status;

	fault_host_fault(h, f->kind, f->code, at, at + 1);
	fault_host_start(h, NULL);
	if (!fault_host_outcome(h, &status)) {
		fault_host_show_log();
		fail_msg("%s, call %llu: it neither ends nor goes on", f->name,
			 (unsigned long long)at);
	}
	hits = fault_host_mend(h);
	if (status == -1)
		fault_host_end(h, SIGKILL);
	else if (!fault_host_orderly(status) || fault_host_said(h, "Success"))
		fail_msg("%s, call %llu: status %x", f->name, (unsigned long long)at,
			 (unsigned)status);
	*ended += status != -1;
	if (fault_host_too_many(h) != 0) {
		fault_host_show_difference(h);
		fault_host_show_log();
		fail_msg("%s, call %llu: %d elements too many", f->name, (unsigned long long)at,
			 fault_host_too_many(h));
	}
	check_closed(f, at);
	return hits > 0;
}

static void test_start(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		unsigned step, ended = 0, n = 0;

		fault_host_fault(h, faults[i].kind, faults[i].code, UINT64_MAX, UINT64_MAX);
		fault_host_start(h, NULL);
		check_comes_true(&faults[i], 0, "without a fault");
		step = step_of(h->faults->n, 10);
		fault_host_end(h, SIGKILL);
		while (fails_at_start(&faults[i], (uint64_t)n * step + i, &ended))
			n++;
		print_message("# %s: %u starts, %u end with a message\n", faults[i].name, n, ended);
		assert_true(n > 2);
		fault_host_fault(h, FAULT_NONE, 0, 0, 0);
		fault_host_start(h, NULL);
		check_comes_true(&faults[i], 0, "the next start");
		fault_host_end(h, SIGKILL);
	}
}

/* ---- in its life ---- */

static void link_comes(bool there)
{
	if (there) {
		assert_int_equal(RUN("ip", "link", "add", "vnew", "type", "veth", "peer", "vnew2"),
				 0);
		assert_int_equal(RUN("ip", "link", "set", "vnew", "master", "br-pods", "up"), 0);
	} else {
		assert_int_equal(RUN("ip", "link", "del", "vnew"), 0);
	}
}

/* The port that has come forwards frames for groups, as soon as it can be set. */
static void check_groups(const struct fault *f, uint64_t at)
{
	for (int i = 0; i < 100; i++) {
		if (RUN("sh", "-c", "ip -d link show vnew | grep -qw 'group_fwd_mask 0xfffd'") == 0)
			return;
		usleep(50000);
	}
	fault_host_show_log();
	fail_msg("%s, call %llu: the port's mask is not set", f->name, (unsigned long long)at);
}

static void test_life(void **state _unused_)
{
	fault_host_fault(h, FAULT_NONE, 0, 0, 0);
	fault_host_start(h, NULL);
	assert_true(fault_host_settled(h));
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		/* it sends less than it receives */
		unsigned step = i < 2 ? 1 : 3, n = 0, failed = 0;
		uint64_t hits = 1;

		/* about as many as there are, but for who has the time */
		for (; hits > 0 && n < (getenv("FAULTS_LONG") ? 500 : 12); n++) {
			bool there = n % 2 == 0;

			fault_host_fault(h, faults[i].kind, faults[i].code, (uint64_t)n * step,
					 (uint64_t)n * step + 1);
			fault_host_third(h, there);
			link_comes(there);
			h->want = there ? three : two;
			for (int j = 0; j < 300 && h->faults->hits == 0; j++)
				usleep(1000);
			failed += h->faults->hits > 0;
			hits = fault_host_mend(h);
			check_comes_true(&faults[i], n * step, there ? "it comes" : "it goes");
			if (there)
				check_groups(&faults[i], n * step);
			check_closed(&faults[i], n * step);
		}
		print_message("# %s: %u changes, %u of them with a fault\n", faults[i].name, n,
			      failed);
		assert_true(failed > 1);
		if (n % 2) {
			fault_host_third(h, false);
			link_comes(false);
			h->want = two;
			check_comes_true(&faults[i], 0, "it goes");
		}
	}
	assert_true(fault_host_passes(h, SENDER_ROOT, 10));
}

/*
 * What netguard status warns of, soon: the kernel has done what the fault calls refused, so its
 * next message about that port ends the warning.
 */
static void check_warns(const struct fault *f, const char *of)
{
	_cleanup_free_ char *command = xasprintf("${BUILD:-build}/netguard status --json | jq -e "
						 "'.warnings | any(contains(\"%s\"))' >&2",
						 of);

	for (int i = 0; i < 10; i++) {
		if (RUN("bash", "-c", command) == 0)
			return;
		usleep(20000);
	}
	fault_host_show_log();
	fail_msg("%s: it does not warn of: %s", f->name, of);
}

/* Each of many in a row: it goes on trying, says so once, and is right when it is over. */
static void test_long(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		fault_host_log_forget(h);
		fault_host_fault(h, faults[i].kind, faults[i].code, 0, UINT64_MAX);
		fault_host_third(h, true);
		link_comes(true);
		/* what is asked of links at the same time is refused for good, and not told */
		if (faults[i].kind == FAULT_REFUSE && faults[i].code != ENOMEM)
			check_warns(&faults[i], "port vnew: frames for groups");
		usleep(400000);
		assert_true(h->faults->hits > 0);
		check_closed(&faults[i], 0);
		if (fault_host_ended(h) != -1)
			fail_msg("%s: it has ended", faults[i].name);
		if (fault_host_lines() > 20) {
			fault_host_show_log();
			fail_msg("%s: %u lines in the log, and not some", faults[i].name,
				 fault_host_lines());
		}
		print_message("# %s: %llu calls failed in 0.4 s\n", faults[i].name,
			      (unsigned long long)fault_host_mend(h));
		h->want = three;
		check_comes_true(&faults[i], 0, "it is over");
		check_groups(&faults[i], 0);
		fault_host_third(h, false);
		link_comes(false);
		h->want = two;
		check_comes_true(&faults[i], 0, "it goes");
	}
}

/*
 * Everything is asked for anew while links can't be read: no port is left unguarded. (Whose one is
 * may be unknown until they can be read again: then it may send nothing.)
 */
static void test_anew(void **state _unused_)
{
	unsigned hits = 0;

	for (unsigned n = 0; n < 12; n++) {
		bool there = n % 2 == 0;

		fault_host_log_forget(h);
		fault_host_fault(h, FAULT_LINKS, ENOBUFS, n, UINT64_MAX);
		/* so that there is something to read */
		link_comes(there);
		fake_engine_hang_up(h->engine);
		for (int i = 0; i < 1000 && !fault_host_said(h, "following the engine"); i++) {
			usleep(1000);
			if (fault_host_unguarded(h) > 0) {
				fault_host_show_difference(h);
				fault_host_show_log();
				fault_host_mend(h);
				fail_msg("from call %u on: ports are not guarded", n);
			}
		}
		hits += h->faults->hits > 0;
		if (fault_host_denied_passed(h) > 0)
			fail_msg("from call %u on: %s", n, fault_host_counts(h));
		fault_host_mend(h);
		if (there)
			continue;
		check_comes_true(&faults[2], n, "asked for anew");
	}
	assert_true(hits > 6);
}

/* How many pods the status tells the traffic of; -1: it says that it can't. */
static int pods_with_traffic(void)
{
	json_auto_t *request = json_pack("{s:b}", "status", 1), *status = NULL;
	const json_t *sent, *received;
	struct err err;

	if (guard_client_ask(request, 5000, &status, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(json_object_size(json_object_get(status, "pods")), 2);
	sent = json_object_get(status, "sent");
	received = json_object_get(status, "received");
	assert_int_equal(json_is_null(sent), json_is_null(received));
	return json_is_null(sent) ? -1 : (int)json_object_size(sent);
}

/* What pods sent is left out while links can't be read, and nothing else of the status is. */
static void test_status(void **state _unused_)
{
	for (unsigned n = 0; n < 2; n++) {
		int told = 0;

		fault_host_fault(h, FAULT_LINKS, n ? ENOBUFS : ENOMEM, 0, UINT64_MAX);
		assert_int_equal(pods_with_traffic(), -1);
		assert_true(fault_host_mend(h) > 0);
		/* a look at whose ports these are may have begun in the fault: then there is
		 * another */
		for (int i = 0; i < 100 && told != 2; i++) {
			told = pods_with_traffic();
			usleep(told == 2 ? 0 : 50000);
		}
		assert_int_equal(told, 2);
	}
	check_comes_true(&faults[2], 0, "it is over");
}

/* Each denied packet is told of, one by one or as a number, also those that came last. */
static void test_alerts(void **state _unused_)
{
	/* a daemon begins to count with what is there when it starts */
	fault_host_hold(h, true);
	fault_host_end(h, SIGTERM);
	for (size_t i = 1; i < ARRAY_SIZE(faults); i += 2) {
		uint64_t counted, told = 0;

		fault_host_start(h, NULL);
		check_comes_true(&faults[i], 0, "without a fault");
		counted = fault_host_denied(h);
		fault_host_hold(h, false);
		usleep(200000);
		fault_host_fault(h, faults[i].kind, faults[i].code, 0, UINT64_MAX);
		usleep(200000);
		fault_host_hold(h, true);
		usleep(1100000);
		assert_true(fault_host_mend(h) > 0);
		counted = fault_host_denied(h) - counted;
		for (int j = 0; j < 100 && told < counted; j++) {
			usleep(50000);
			told = fault_host_told();
		}
		print_message("# %s: %llu packets denied, told of %llu\n", faults[i].name,
			      (unsigned long long)counted, (unsigned long long)told);
		/* a record that could not be read when the packets were counted is told of twice */
		assert_true(told >= counted && told <= counted + 100);
		assert_true(counted > 100);
		fault_host_end(h, SIGTERM);
	}
	fault_host_hold(h, false);
}

/* The control: it is the table that they do not pass. */
static void test_without_a_table(void **state _unused_)
{
	assert_true(fault_host_open(h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_anew),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_without_a_table),
	};

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 77;
	}
	h = fault_host_new();
	fault_host_start(h, NULL);
	fault_host_learn(h);
	two = take_ptr(h->want);
	fault_host_third(h, true);
	link_comes(true);
	usleep(300000);
	fault_host_learn(h);
	three = take_ptr(h->want);
	h->want = two;
	if (elements_count(three) <= elements_count(two)) {
		printf("not ok 1 - a third container and a link are elements more\n");
		return 1;
	}
	fault_host_third(h, false);
	link_comes(false);
	if (!fault_host_settled(h)) {
		printf("not ok 1 - a container that goes is taken away\n");
		return 1;
	}
	/* so that what it remembers is that, too */
	fault_host_end(h, SIGTERM);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
