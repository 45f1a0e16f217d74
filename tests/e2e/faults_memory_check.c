/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * No memory: each allocation of the daemon fails in turn, from its first call until it follows the
 * engine, and then in the middle of its life. It aborts, or does without; whatever it does, nothing
 * passes that is denied, the table stands, and a daemon that starts again heals it.
 *
 * FAULTS_LONG=1: each of them; otherwise a prime step, so that each kind is met. Needs root.
 */
#include "tests/unit/fault_host.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static struct fault_host *h;
static bool meets_shim; /* when it asks for memory */

struct tally {
	unsigned aborted, ended, lived, stuck;
};

/* The n-th allocation of a daemon fails, or all from then on; fresh: there is no table yet. */
static bool fails_at_start(uint64_t at, bool on, bool fresh, struct tally *t)
{
	int status, too_many;

	if (fresh) {
		RUN("rm", "-rf", "/var/lib/netguard");
		RUN("nft", "flush", "ruleset");
	}
	fault_host_fault(h, FAULT_MEMORY, 0, at, on ? UINT64_MAX : at + 1);
	fault_host_start(h, NULL);
	if (!fault_host_outcome(h, &status)) {
		/* libseccomp 2.5 goes round for ever without memory: systemd ends what is not ready
		 */
		if (fault_host_said(h, "following the engine") || ++t->stuck > 3) {
			fault_host_show_log();
			fail_msg("allocation %llu: it neither ends nor goes on: %d elements "
				 "missing, "
				 "%d too many",
				 (unsigned long long)at, fault_host_missing(h),
				 fault_host_too_many(h));
		}
		fault_host_end(h, SIGKILL);
		status = SIGABRT;
	}
	if (fault_host_mend(h) == 0) {
		fault_host_end(h, SIGKILL);
		return false;
	}
	if (status == -1) {
		t->lived++;
		fault_host_end(h, SIGKILL);
	} else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
		/* libseccomp 2.5 gives the kernel fewer rules than it was told: the next call ends
		 * it */
		t->stuck++;
	} else if (!fault_host_orderly(status)) {
		fault_host_show_log();
		fail_msg("allocation %llu: status %x", (unsigned long long)at, (unsigned)status);
	} else if (WIFSIGNALED(status)) {
		t->aborted++;
	} else {
		t->ended++;
	}
	too_many = fault_host_too_many(h);
	/* a table that is new has ports that are nobody's yet */
	if (too_many != 0 && !fresh)
		fail_msg("allocation %llu: %d elements too many", (unsigned long long)at, too_many);
	if (too_many >= 0) {
		uint64_t before = fresh ? fault_host_denied_passed(h) : 0;

		fault_host_try(h, SENDER_NOBODY, 3);
		if (fault_host_denied_passed(h) != before) {
			fault_host_show_log();
			fail_msg("allocation %llu: %s", (unsigned long long)at,
				 fault_host_counts(h));
		}
	}
	return true;
}

static void heals(void)
{
	fault_host_fault(h, FAULT_NONE, 0, 0, 0);
	fault_host_start(h, NULL);
	assert_true(fault_host_settled(h));
	assert_true(fault_host_passes(h, SENDER_ROOT, 10));
}

static void each_at_start(bool on, bool fresh, unsigned step)
{
	struct tally t = {0};
	uint64_t at = 0;

	while (fails_at_start(at, on, fresh, &t))
		at += step;
	print_message("# %s%s: of %llu allocations each %u-th fails: %u aborts, %u ends with a "
		      "message, %u go on\n",
		      fresh ? "the first start" : "a table stands", on ? ", and all behind it" : "",
		      (unsigned long long)at, step, t.aborted, t.ended, t.lived);
	assert_true(t.aborted > 0 && t.aborted + t.ended + t.lived > 15);
	heals();
	fault_host_end(h, SIGTERM);
	assert_int_equal(fault_host_too_many(h), 0);
}

static unsigned step_of(unsigned step)
{
	return getenv("FAULTS_LONG") ? 1 : step;
}

/* Sanitizers bring a malloc of their own, which stands before the shim's. */
static bool has_own_malloc(void)
{
	return !meets_shim;
}

static void test_start(void **state _unused_)
{
	if (has_own_malloc())
		skip();
	each_at_start(false, false, step_of(173));
	each_at_start(true, false, step_of(331));
	assert_int_equal(fault_host_denied_passed(h), 0);
}

static void test_first_start(void **state _unused_)
{
	if (has_own_malloc())
		skip();
	each_at_start(false, true, step_of(251));
	fault_host_count_anew(h);
}

/* In the middle of its life: an event, a reload, a question, a foreign change, a stop. */
static void test_life(void **state _unused_)
{
	unsigned aborted = 0, at = 0, step = step_of(29);
	uint64_t n = 1;

	if (has_own_malloc())
		skip();
	fault_host_count_anew(h);
	for (; n > 0; at += step) {
		int status = -1;

		heals();
		fault_host_fault(h, FAULT_MEMORY, 0, at, at + 1);
		fault_host_third(h, true);
		kill(h->daemon, SIGHUP);
		for (int i = 0; i < 100 && h->faults->hits == 0; i++)
			usleep(1000);
		fault_host_third(h, false);
		kill(h->daemon, SIGTERM);
		/* on a busy machine the kernel takes seconds to close an inotify */
		for (int i = 0; i < 30000 && (status = fault_host_ended(h)) == -1; i++)
			usleep(1000);
		n = fault_host_mend(h);
		if (status == -1 || (status != 0 && !fault_host_orderly(status))) {
			fault_host_show_log();
			fail_msg("allocation %u: status %x", at, (unsigned)status);
		}
		aborted += WIFSIGNALED(status);
		/* the third container may still be in it: what an abort leaves is what was true */
		if (fault_host_too_many(h) < 0 || fault_host_denied_passed(h) > 0)
			fail_msg("allocation %u: open", at);
	}
	print_message("# in the middle: %u allocations, each %u-th fails: %u aborts\n", at, step,
		      aborted);
	assert_true(aborted > 10);
	heals();
	assert_int_equal(fault_host_denied_passed(h), 0);
}

/* A cgroup with a limit; NULL where this machine has none that we may make. */
static char *make_cgroup(const char *limit)
{
	static const char *const tops[][2] = {
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
		{"/sys/fs/cgroup", "memory.max"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
		char *path = xasprintf("%s/netguard-faults.%d", tops[i][0], (int)getpid());
		_cleanup_free_ char *file = xasprintf("%s/%s", path, tops[i][1]);
		_cleanup_fclose_ FILE *f = NULL;

		if (mkdir(path, 0755) == 0) {
			f = fopen(file, "we");
			if (f && fputs(limit, f) >= 0 && fflush(f) == 0)
				return path;
			rmdir(path);
		}
		free(path);
	}
	return NULL;
}

/* The kernel ends what takes more than its cgroup has: here while it reads a long answer. */
static void test_cgroup(void **state _unused_)
{
	_cleanup_free_ char *cgroup = make_cgroup("20M"), *body = NULL, *http = NULL;
	size_t size;
	FILE *f;
	int status = -1;

	if (!cgroup) {
		print_message("# no cgroup with a limit on memory can be made here\n");
		skip();
	}
	if (h->daemon)
		fault_host_end(h, SIGTERM);
	fault_host_count_anew(h);
	f = open_memstream(&body, &size);
	fputs("[{\"Id\":\"x\"", f);
	for (unsigned i = 0; i < 400000; i++)
		fprintf(f, ",\"%u\":{}", i);
	fputs("}]", f);
	fclose(f);
	http = fake_http(200, body);
	fault_host_answer(h, &(struct fake_reply){.path = "/v1.41/networks",
						  .data = http,
						  .size = strlen(http),
						  .forever = true});
	h->cgroup = cgroup;
	fault_host_start(h, NULL);
	for (int i = 0; i < 10000 && (status = fault_host_ended(h)) == -1; i++)
		usleep(1000);
	h->cgroup = NULL;
	rmdir(cgroup);
	fault_host_publish(h);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	fault_host_try(h, SENDER_NOBODY, 10);
	assert_int_equal(fault_host_denied_passed(h), 0);
	assert_int_equal(fault_host_too_many(h), 0);
	heals();
	assert_int_equal(fault_host_denied_passed(h), 0);
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
		cmocka_unit_test(test_first_start),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_without_a_table),
	};

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 77;
	}
	h = fault_host_new();
	fault_host_fault(h, FAULT_MEMORY, 0, UINT64_MAX, UINT64_MAX);
	fault_host_start(h, NULL);
	fault_host_learn(h);
	meets_shim = h->faults->n > 0;
	fault_host_end(h, SIGTERM);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
