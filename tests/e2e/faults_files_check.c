/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * No descriptors, and no room on disks. Each descriptor that the daemon opens fails in turn, and
 * it has ever fewer; the disks below /var/lib and /run are full when it starts, and become full in
 * its life. Nothing passes that is denied, and when there is room again all is as it should be,
 * also on the disk.
 *
 * FAULTS_LONG=1: each descriptor; otherwise a step. Needs root.
 */
#include "common/guard_client.h"
#include "tests/unit/fault_host.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define STATE	     "/var/lib/netguard/state.json"
/* what is not in force where the file can't be read: users of the host who may */
#define CONFIG	     "guard: { allowed_users: [root, bin] }\n"
#define OTHER_CONFIG "guard: { allowed_users: [root, bin, daemon] }\n"

static struct fault_host *h;
static struct elements *plain, *other; /* what is wanted with either configuration */

static void check_closed(const char *what, uint64_t at)
{
	if (fault_host_denied_passed(h) > 0 || fault_host_too_many(h) != 0) {
		fault_host_show_log();
		fault_host_show_difference(h);
		fail_msg("%s %llu: %d too many; %s", what, (unsigned long long)at,
			 fault_host_too_many(h), fault_host_counts(h));
	}
}

static void check_comes_true(const char *what, uint64_t at)
{
	if (!fault_host_settled(h)) {
		fault_host_show_log();
		fail_msg("%s %llu: %d elements missing, %d too many", what, (unsigned long long)at,
			 fault_host_missing(h), fault_host_too_many(h));
	}
}

static void limit_descriptors(rlim_t n)
{
	struct rlimit l;

	assert_int_equal(prlimit(h->daemon, RLIMIT_NOFILE, NULL, &l), 0);
	l.rlim_cur = n;
	assert_int_equal(prlimit(h->daemon, RLIMIT_NOFILE, &l, NULL), 0);
}

/* ---- descriptors ---- */

static void test_each_descriptor(void **state _unused_)
{
	static const int codes[] = {EMFILE, ENFILE};
	unsigned step = getenv("FAULTS_LONG") ? 1 : 3;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		uint64_t at = i, hits = 1;
		unsigned ended = 0, n = 0;

		for (; hits > 0; at += step, n++) {
			int status;

			fault_host_fault(h, FAULT_DESCRIPTOR, codes[i], at, at + 1);
			fault_host_start(h, NULL);
			if (!fault_host_outcome(h, &status)) {
				fault_host_show_log();
				fail_msg("descriptor %llu: it neither ends nor goes on",
					 (unsigned long long)at);
			}
			hits = fault_host_mend(h);
			if (status != -1 && (!fault_host_orderly(status) || WIFSIGNALED(status)))
				fail_msg("descriptor %llu: status %x", (unsigned long long)at,
					 (unsigned)status);
			if (status != -1 && !fault_host_said(h, "open files"))
				fail_msg("descriptor %llu: it does not say why it ends",
					 (unsigned long long)at);
			ended += status != -1;
			check_closed("descriptor", at);
			if (status == -1)
				fault_host_end(h, SIGKILL);
		}
		print_message("# %s: %u starts, %u end with a message\n", strerror(codes[i]), n,
			      ended);
		assert_true(n > 5 && ended > 1);
	}
}

/* As few as it may have: it ends with a message, or goes on with less and has all when it may. */
static void test_few_descriptors(void **state _unused_)
{
	unsigned ended = 0, lived = 0;

	for (unsigned n = 4; n < 40 && lived < 4; n++) {
		int status = -1;

		h->descriptors = n;
		fault_host_start(h, NULL);
		h->descriptors = 0;
		for (int i = 0; i < 300 && status == -1; i++) {
			status = fault_host_ended(h);
			usleep(1000);
		}
		if (status != -1 && (WIFSIGNALED(status) || WEXITSTATUS(status) == 0))
			fail_msg("%u descriptors: status %x", n, (unsigned)status);
		check_closed("so many descriptors:", n);
		if (status != -1) {
			ended++;
			continue;
		}
		limit_descriptors(1024);
		check_comes_true("there were so few descriptors:", n);
		fault_host_end(h, SIGTERM);
		lived++;
	}
	print_message("# few descriptors: %u end, %u go on\n", ended, lived);
	assert_true(ended > 3 && lived > 2);
}

static unsigned cpu_ms(void)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/stat", (int)h->daemon);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	unsigned long user = 0, sys = 0;

	assert_true(f && fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
				&user, &sys) == 2);
	return (unsigned)((user + sys) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK));
}

static int connect_control(void)
{
	const struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = GUARD_SOCKET_PATH};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		closep(&fd);
	return fd;
}

/* None left in the middle of its life: clients wait, edits are read later, and it does not spin. */
static void test_no_descriptors(void **state _unused_)
{
	json_auto_t *request = json_pack("{s:b}", "status", 1);
	int clients[8];
	unsigned before;
	struct err err;

	fault_host_start(h, NULL);
	check_comes_true("without a fault", 0);
	limit_descriptors(3);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		clients[i] = connect_control();
	fault_host_write(FAULT_CONFIG ".new", OTHER_CONFIG);
	assert_int_equal(rename(FAULT_CONFIG ".new", FAULT_CONFIG), 0);
	fault_host_third(h, true);
	fault_host_third(h, false);
	usleep(300000);
	before = cpu_ms();
	usleep(1000000);
	print_message("# %u ms of a second busy without a descriptor\n", cpu_ms() - before);
	if (cpu_ms() - before > 500)
		fail_msg("it spins: %u ms of a second", cpu_ms() - before);
	assert_true(fault_host_said(h, "open files"));
	check_closed("no descriptors", 0);
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		closep(&clients[i]);
	limit_descriptors(1024);
	h->want = other;
	check_comes_true("there were no descriptors", 0);
	if (guard_client_ask(request, 5000, NULL, &err) < 0)
		fail_msg("%s", err.text);
	fault_host_write(FAULT_CONFIG, CONFIG);
	h->want = plain;
	check_comes_true("the configuration again", 0);
	fault_host_end(h, SIGTERM);
}

/* ---- disks ---- */

static void room_on(const char *where, const char *size)
{
	_cleanup_free_ char *options = xasprintf("remount,size=%s", size);

	assert_int_equal(RUN("mount", "-o", options, where), 0);
}

/* Fills what is left of a small disk. */
static void fill(const char *where)
{
	_cleanup_free_ char *path = xasprintf("%s/ballast", where);
	static const char block[4096] = {1};
	int fd;

	room_on(where, "64k");
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void no_more_names(const char *where)
{
	_cleanup_free_ char *options = NULL;
	struct statvfs st;

	assert_int_equal(statvfs(where, &st), 0);
	options = xasprintf("nr_inodes=%llu", (unsigned long long)(st.f_files - st.f_ffree));
	assert_int_equal(mount(NULL, where, NULL, MS_REMOUNT, options), 0);
}

static void empty(const char *where)
{
	_cleanup_free_ char *path = xasprintf("%s/ballast", where);

	assert_int_equal(unlink(path), 0);
}

static bool remembers_third(void)
{
	_cleanup_fclose_ FILE *f = fopen(STATE, "re");
	_cleanup_free_ char *line = NULL;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0)
		if (strstr(line, "\"third\""))
			return true;
	return false;
}

static bool is_whole(void)
{
	struct stat st;

	return stat(STATE, &st) == 0 && st.st_size > 100 && access(STATE ".new", F_OK) < 0;
}

/* What is to be remembered does not fit: the file from before stays whole, and is written later. */
static void test_full_state(void **state _unused_)
{
	int status;

	fault_host_start(h, NULL);
	check_comes_true("without a fault", 0);
	for (int i = 0; i < 1000 && (!is_whole() || remembers_third()); i++)
		usleep(5000);
	assert_true(is_whole() && !remembers_third());
	fill("/var/lib");
	fault_host_third(h, true);
	for (int i = 0; i < 1000 && !fault_host_said(h, "state not saved"); i++)
		usleep(5000);
	assert_true(fault_host_said(h, "No space left"));
	assert_true(is_whole() && !remembers_third());
	assert_int_equal(fault_host_denied_passed(h), 0);
	empty("/var/lib");
	/* nothing else happens that would save it */
	for (int i = 0; i < 2000 && !remembers_third(); i++)
		usleep(5000);
	assert_true(remembers_third());
	fault_host_third(h, false);
	fill("/var/lib");
	status = fault_host_end(h, SIGTERM);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	/* and one that starts on a full disk */
	fault_host_start(h, NULL);
	check_comes_true("no room below /var/lib", 0);
	check_closed("no room below /var/lib", 0);
	empty("/var/lib");
	for (int i = 0; i < 2000 && (!is_whole() || remembers_third()); i++)
		usleep(5000);
	assert_true(is_whole() && !remembers_third());
	fault_host_end(h, SIGTERM);
}

/* Each write of the state fails, and each in a file that is not there yet. */
static void test_each_write(void **state _unused_)
{
	static const int codes[] = {ENOSPC, EIO};
	unsigned failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		for (unsigned at = 0; at < 3; at++) {
			fault_host_start(h, NULL);
			check_comes_true("without a fault", 0);
			usleep(300000); /* what was saved at first */
			fault_host_fault(h, FAULT_WRITE, codes[i], at, at + 1);
			fault_host_third(h, true);
			for (int j = 0; j < 2000 && !remembers_third(); j++)
				usleep(5000);
			failed += fault_host_mend(h) > 0;
			if (!remembers_third() || !is_whole()) {
				fault_host_show_log();
				fail_msg("%s, write %u: it is not remembered", strerror(codes[i]),
					 at);
			}
			fault_host_third(h, false);
			for (int j = 0; j < 2000 && remembers_third(); j++)
				usleep(5000);
			fault_host_end(h, SIGTERM);
		}
	}
	print_message("# %u failed writes\n", failed);
	assert_true(failed > 3);
}

/* /run without room: the socket and the lock need none but a name; without that it says so. */
static void test_full_run(void **state _unused_)
{
	int status = -1;

	fill("/run");
	fault_host_start(h, NULL);
	check_comes_true("no room below /run", 0);
	check_closed("no room below /run", 0);
	fault_host_end(h, SIGTERM);
	empty("/run");
	RUN("rm", "-rf", "/run/netguard");
	no_more_names("/run");
	fault_host_start(h, NULL);
	for (int i = 0; i < 5000 && (status = fault_host_ended(h)) == -1; i++)
		usleep(1000);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_true(fault_host_said(h, "netguard: /run/netguard"));
	check_closed("no names below /run", 0);
	assert_int_equal(RUN("mount", "-o", "remount,nr_inodes=10000", "/run"), 0);
	fault_host_start(h, NULL);
	check_comes_true("room below /run", 0);
	fault_host_end(h, SIGTERM);
}

/* A directory where the configuration was, at a start: closed but for root, until there is one. */
static void test_directory(void **state _unused_)
{
	assert_int_equal(rename(FAULT_CONFIG, FAULT_CONFIG ".kept"), 0);
	assert_int_equal(mkdir(FAULT_CONFIG, 0755), 0);
	fault_host_start(h, NULL);
	assert_true(fault_host_passes(h, SENDER_ROOT, 10));
	for (int i = 0; i < 2000 && !fault_host_said(h, "only root reaches containers"); i++)
		usleep(5000);
	assert_true(fault_host_said(h, "regular file"));
	check_closed("a directory", 0);
	assert_int_equal(rmdir(FAULT_CONFIG), 0);
	assert_int_equal(rename(FAULT_CONFIG ".kept", FAULT_CONFIG), 0);
	check_comes_true("a file again", 0);
	fault_host_end(h, SIGTERM);
}

/* The control: it is the table that they do not pass. */
static void test_without_a_table(void **state _unused_)
{
	assert_true(fault_host_open(h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_descriptor), cmocka_unit_test(test_few_descriptors),
		cmocka_unit_test(test_no_descriptors),	cmocka_unit_test(test_full_state),
		cmocka_unit_test(test_each_write),	cmocka_unit_test(test_full_run),
		cmocka_unit_test(test_directory),	cmocka_unit_test(test_without_a_table),
	};

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 77;
	}
	h = fault_host_new();
	fault_host_write(FAULT_CONFIG, OTHER_CONFIG);
	fault_host_start(h, NULL);
	fault_host_learn(h);
	other = take_ptr(h->want);
	fault_host_end(h, SIGTERM);
	fault_host_write(FAULT_CONFIG, CONFIG);
	fault_host_start(h, NULL);
	fault_host_learn(h);
	plain = h->want;
	fault_host_end(h, SIGTERM);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
