/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An engine whose answers end too early, at every byte, or come late; and a clock of the day that
 * jumps. What is in force stays, nothing passes that is denied, and when all is told all is right.
 *
 * FAULTS_LONG=1: every byte, and 35 seconds late; otherwise a prime step, and 3 seconds. Needs
 * root.
 */
#include "tests/unit/fault_host.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static struct fault_host *h;

static void check_closed(const char *what, size_t at)
{
	if (fault_host_denied_passed(h) > 0 || fault_host_too_many(h) != 0) {
		fault_host_show_log();
		fault_host_show_difference(h);
		fail_msg("%s, %zu: %d too many; %s", what, at, fault_host_too_many(h),
			 fault_host_counts(h));
	}
}

/* elements of the third container: its membership, and that its address is one */
enum { THIRD = 2 };

static bool wait_said(const char *text)
{
	for (int i = 0; i < 4000; i++) {
		if (fault_host_said(h, text))
			return true;
		usleep(2000);
	}
	return false;
}

static void check_follows_again(const char *what, size_t at)
{
	if (!wait_said("following the engine") || !fault_host_settled(h)) {
		fault_host_show_log();
		fail_msg("%s, %zu: %d elements missing, %d too many", what, at,
			 fault_host_missing(h), fault_host_too_many(h));
	}
}

/* Of which container this is the answer, or -1. */
static int container_of(const char *path)
{
	return strstr(path, "/containers/c1") ? 0 : strstr(path, "/containers/c2") ? 1 : -1;
}

/* The answer for this path, as the engine gives it, ends here; then the engine is asked anew. */
static void cut_at(const struct fault_host_reply *whole, size_t at, bool at_start)
{
	int container = container_of(whole->path);

	fault_host_answer(h, &(struct fake_reply){.path = whole->path,
						  .data = whole->data,
						  .size = strlen(whole->data),
						  .cut = at,
						  .end = FAKE_CLOSE});
	fault_host_log_forget(h);
	if (container >= 0) {
		/* a list has said all of it already: what it does is asked for */
		fault_host_event(h, (size_t)container);
	} else if (at_start) {
		fault_host_end(h, SIGKILL);
		fault_host_start(h, NULL);
	} else {
		fake_engine_hang_up(h->engine);
	}
	for (int i = 0; i < 2000 && fault_host_unused(h); i++)
		usleep(1000);
	/* an answer that has hardly begun is asked for once more, without a word */
	if (container < 0 || at > strlen("HTTP/1.1 200 Text\r\n"))
		check_follows_again(whole->path, at);
	/* it was cut: without that, this tests nothing */
	if (fault_host_unused(h))
		fail_msg("%s was not asked for", whole->path);
	check_closed(whole->path, at);
}

static void test_cut(void **state _unused_)
{
	struct fault_host_reply replies[8];
	size_t n = fault_host_replies(h, replies, ARRAY_SIZE(replies)), cuts = 0;

	fault_host_start(h, NULL);
	assert_true(fault_host_settled(h));
	for (size_t i = 0; i < n; i++) {
		size_t size = strlen(replies[i].data), step = getenv("FAULTS_LONG") ? 1 : 47;

		for (size_t at = 1 + i; at < size; at += step, cuts++)
			cut_at(&replies[i], at, cuts % 7 == 0);
		free(replies[i].path);
		free(replies[i].data);
	}
	print_message("# %zu answers, cut %zu times\n", n, cuts);
	assert_true(n > 4 && cuts > 30);
	fault_host_publish(h);
	assert_true(fault_host_passes(h, SENDER_ROOT, 10));
}

/* What is told of another container is followed. */
static void comes_and_goes(void)
{
	fault_host_third(h, true);
	for (int i = 0; i < 2000 && fault_host_too_many(h) != THIRD; i++)
		usleep(1000);
	assert_int_equal(fault_host_too_many(h), THIRD);
	fault_host_third(h, false);
	assert_true(fault_host_settled(h));
}

/* A container's answer comes late: it is closed until then, and the others go on. */
static void test_slow(void **state _unused_)
{
	struct fault_host_reply replies[8];
	size_t n = fault_host_replies(h, replies, ARRAY_SIZE(replies));
	int delay = getenv("FAULTS_LONG") ? 35000 : 3000;

	for (size_t i = 0; i < n; i++) {
		int container = container_of(replies[i].path);

		fault_host_answer(h, &(struct fake_reply){.path = replies[i].path,
							  .data = replies[i].data,
							  .delay_ms = delay,
							  .end = FAKE_KEEP});
		fault_host_log_forget(h);
		if (container >= 0)
			fault_host_event(h, (size_t)container);
		else
			fake_engine_hang_up(h->engine);
		for (int j = 0; j < 5000 && fault_host_unused(h); j++)
			usleep(1000);
		if (fault_host_unused(h))
			fail_msg("%s was not asked for", replies[i].path);
		usleep(200000);
		/* while it waits: what is allowed goes on, what is not does not */
		assert_true(fault_host_passes(h, SENDER_ROOT, 10));
		if (fault_host_said(h, "following the engine"))
			fail_msg("%s came at once", replies[i].path);
		check_closed(replies[i].path, 0);
		if (container >= 0) {
			comes_and_goes();
			goto next;
		}
		for (int j = 0; j < delay / 100 && !fault_host_said(h, "following the engine"); j++)
			usleep(100000);
		check_follows_again(replies[i].path, 0);
	next:
		check_closed(replies[i].path, 1);
		free(replies[i].path);
		free(replies[i].data);
	}
	fault_host_publish(h);
}

/* While everything is asked for and an answer is late, what a container had is taken from it at
 * once. */
static void test_takes_away(void **state _unused_)
{
	struct fault_host_reply replies[8];
	size_t n = fault_host_replies(h, replies, ARRAY_SIZE(replies)), tried = 0;

	for (size_t i = 0; i < n; i++) {
		/* of those that come behind the stream of events */
		if (strstr(replies[i].path, "/networks")) {
			fault_host_third(h, true);
			for (int j = 0; j < 2000 && fault_host_too_many(h) != THIRD; j++)
				usleep(1000);
			fault_host_answer(h, &(struct fake_reply){.path = replies[i].path,
								  .data = replies[i].data,
								  .delay_ms = 3000,
								  .end = FAKE_KEEP});
			fault_host_log_forget(h);
			fake_engine_hang_up(h->engine);
			for (int j = 0; j < 2000 && fault_host_unused(h); j++)
				usleep(1000);
			usleep(50000);
			assert_int_equal(fault_host_too_many(h), THIRD);
			fault_host_third(h, false);
			for (int j = 0; j < 1000 && fault_host_too_many(h) != 0; j++)
				usleep(1000);
			check_closed(replies[i].path, 0);
			assert_false(fault_host_said(h, "following the engine"));
			check_follows_again(replies[i].path, 0);
			tried++;
		}
		free(replies[i].path);
		free(replies[i].data);
	}
	fault_host_publish(h);
	assert_true(tried > 1);
}

/* Forwards and backwards by more than a year, between any two looks at it. */
static void test_clock(void **state _unused_)
{
	uint64_t looks;

	fault_host_fault(h, FAULT_CLOCK, 400 * 24 * 3600, 0, UINT64_MAX);
	for (int i = 0; i < 3; i++) {
		fault_host_end(h, i == 1 ? SIGKILL : SIGTERM);
		fault_host_start(h, NULL);
		check_follows_again("a clock that jumps: a start", (size_t)i);
		comes_and_goes();
		assert_true(wait_said("denied host_to_container"));
		check_closed("a clock that jumps", (size_t)i);
	}
	looks = fault_host_mend(h);
	print_message("# %llu looks at the clock\n", (unsigned long long)looks);
	assert_true(looks > 10);
}

/* The control: it is the table that they do not pass. */
static void test_without_a_table(void **state _unused_)
{
	assert_true(fault_host_open(h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_takes_away),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_without_a_table),
	};

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 77;
	}
	h = fault_host_new();
	fault_host_start(h, NULL);
	fault_host_learn(h);
	fault_host_end(h, SIGTERM);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
