/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's own memory with 100 and with 10,000 containers of a fake engine: while it learns of
 * them, afterwards, and when it starts from the state that it has written. Needs root.
 */
#include "common/guard_client.h"
#include "tests/unit/fake_crowd.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define STATE "/var/lib/netguard/state.json"

static void nap_ms(unsigned ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

static pid_t start_daemon(void)
{
	const char *build = getenv("BUILD");
	_cleanup_free_ char *path = xasprintf("%s/netguard", build ? build : "build");
	/* ends with us, whatever happens */
	char *argv[] = {(char[]){"setpriv"}, (char[]){"--pdeathsig"},
			(char[]){"KILL"},    path,
			(char[]){"run"},     NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 2, "/run/memory.log",
					 O_WRONLY | O_CREAT | O_APPEND, 0600);
	assert_int_equal(posix_spawnp(&pid, "setpriv", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static long rss_anon(pid_t pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/status", (int)pid);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char line[256];
	long kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %ld kB", &kib) == 1)
			break;
	return kib;
}

static unsigned lines_of(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	unsigned n = 0;

	for (int c; f && (c = getc(f)) != EOF;)
		n += c == '\n';
	return n;
}

struct figures {
	long peak, end; /* KiB */
};

/* Until all are known and saved and no more is asked for; looks at the memory all the time. */
static struct figures watch(pid_t pid, struct fake_engine *f, unsigned n, bool asked)
{
	struct figures ret = {0};
	unsigned quiet = 0, before = 0;

	for (unsigned i = 0; i < 15000 && quiet < 1500; i++) {
		unsigned now = fake_engine_requests(f);
		long kib = rss_anon(pid);

		ret.peak = kib > ret.peak ? kib : ret.peak;
		ret.end = kib;
		quiet = now == before && now >= (asked ? n : 0) ? quiet + 1 : 0;
		before = now;
		nap_ms(1);
	}
	/* a line for each, the first and the last one; a busy machine takes its time */
	for (unsigned i = 0; i < 300 && lines_of(STATE) != n + 2; i++)
		nap_ms(100);
	if (lines_of(STATE) != n + 2)
		fail_msg("%u lines in %s", lines_of(STATE), STATE);
	return ret;
}

static void end_daemon(pid_t pid, int sig)
{
	int status;

	kill(pid, sig);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void check(const char *what, unsigned n, struct figures have, long bar)
{
	print_message("# %5u containers, %s: RssAnon %ld KiB, at most %ld KiB\n", n, what, have.end,
		      have.peak);
	if (have.end > bar || have.peak > bar + bar / 8) /* a moment may have more */
		fail_msg("over %ld KiB", bar);
}

static void crowd(unsigned n, long bar)
{
	struct fake_engine *f = fake_crowd_new(n);
	pid_t pid;

	unlink(STATE);
	setenv("DOCKER_HOST", fake_engine_host(f), 1);
	pid = start_daemon();
	check("from the engine", n, watch(pid, f, n, true), bar);
	end_daemon(pid, SIGKILL);
	/* what it knows now is what the file says: there is no engine */
	setenv("DOCKER_HOST", "unix:///run/nothing", 1);
	pid = start_daemon();
	check("from the file", n, watch(pid, f, n, false), bar);
	end_daemon(pid, SIGTERM);
	assert_int_equal(lines_of(STATE), n + 2);
	fake_engine_free(f);
}

static void test_hundred(void **state _unused_)
{
	crowd(100, 2048);
}

static void test_ten_thousand(void **state _unused_)
{
	crowd(10000, 16384);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_hundred),
					   cmocka_unit_test(test_ten_thousand)};
	FILE *config;

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 77;
	}
	/* a network, and the places that the daemon uses, of our own */
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0 ||
	    mount("tmpfs", "/var/lib", "tmpfs", 0, "mode=755") < 0) {
		perror("namespaces");
		return 1;
	}
	config = fopen("/run/netguard.yml", "we");
	if (!config || fputs("guard: { allowed_users: [root] }\n", config) < 0 || fclose(config))
		return 1;
	setenv("NETGUARD_CONFIG", "/run/netguard.yml", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
