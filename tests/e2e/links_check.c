/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the kernel tells of links while nobody reads: more than it keeps, more than can be read in
 * one go, and where the list can't be had at first. A port that was missed is found anyway. And
 * what ports of guarded bridges forward. In a network namespace of its own; needs root.
 */
#include "common/settings.h"
#include "netguard/links.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* In a group of its own, which ends in any case. */
static pid_t spawn(const char *command)
{
	char *argv[] = {(char[]){"timeout"}, (char[]){"120"},  (char[]){"sh"},
			(char[]){"-ec"},     xstrdup(command), NULL};
	posix_spawnattr_t attr;
	pid_t pid;

	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	assert_int_equal(posix_spawnp(&pid, "timeout", NULL, &attr, argv, environ), 0);
	posix_spawnattr_destroy(&attr);
	free(argv[4]);
	return pid;
}

static void shell(const char *command)
{
	int status;

	assert_int_equal(waitpid(spawn(command), &status, 0) > 0, 1);
	assert_int_equal(status, 0);
}

/* More than a socket keeps: each line is a message, or several. */
#define FLOOD                                                                                      \
	"i=0; while [ $i -lt 600 ]; do echo link set f0 up; echo link set f0 down; "               \
	"i=$((i + 1)); done | ip -batch -"

static bool is_port(struct links *l, const char *name)
{
	struct problems problems = {0};
	struct settings *s = NULL;
	_cleanup_(model_freep)
	struct model *m = model_new();
	struct err err;
	bool found;

	assert_int_equal(settings_parse("{}", 2, "h", &problems, &s), 0);
	if (links_assign(l, s, m, &err) < 0)
		fail_msg("%s", err.text);
	found = strv_has(&m->ports, name);
	settings_free(s);
	problems_done(&problems);
	return found;
}

static struct settings *no_settings(void)
{
	struct problems problems = {0};
	struct settings *s = NULL;

	assert_int_equal(settings_parse("{}", 2, "h", &problems, &s), 0);
	problems_done(&problems);
	return s;
}

/* What the kernel has as the port's mask. */
static bool has_groups(const char *name, const char *want)
{
	_cleanup_free_ char *command =
		xasprintf("ip -d link show %s | grep -qw 'group_fwd_mask %s'", name, want);
	int status;

	assert_int_equal(waitpid(spawn(command), &status, 0) > 0, 1);
	return status == 0;
}

/* All ports of guarded bridges, and only these, forward frames for groups, whoever takes it back.
 */
static void test_groups(void **state)
{
	_cleanup_(links_freep)
	struct links *l = NULL;
	struct settings *s = no_settings();
	struct err err;

	(void)state;
	shell("ip link add br-g type bridge; ip link add lan0 type bridge; "
	      "for i in 1 2 3 4; do ip link add g$i type veth peer name h$i; done; "
	      "ip link set g1 master br-g; ip link set g2 master lan0");
	assert_int_equal(links_new(&l, &err), 0);
	assert_int_equal(links_open_groups(l, s, &err), 1);
	assert_int_equal(links_open_groups(l, s, &err), 0);
	assert_true(has_groups("g1", "0xfffd"));
	/* nothing of ours is news that leads to more */
	assert_int_equal(links_dispatch(l, &err), 1);
	assert_int_equal(links_open_groups(l, s, &err), 0);

	/* one that comes, one that comes here from another bridge, and one that leaves */
	shell("ip link set g3 master br-g");
	assert_int_equal(links_dispatch(l, &err), 1);
	assert_int_equal(links_open_groups(l, s, &err), 1);
	assert_true(has_groups("g3", "0xfffd"));
	assert_true(has_groups("g2", "0"));
	shell("ip link set g2 master br-g");
	assert_int_equal(links_dispatch(l, &err), 1);
	assert_int_equal(links_open_groups(l, s, &err), 1);
	shell("ip link set g2 nomaster; ip link set g2 master lan0");
	assert_int_equal(links_dispatch(l, &err), 1);
	assert_int_equal(links_open_groups(l, s, &err), 0);
	assert_true(has_groups("g2", "0"));

	/* taken back: told by the bridge, by the link, and not at all before it goes up */
	shell("bridge link set dev g1 mcast_flood off; echo 0 > /sys/class/net/g1/brport/"
	      "group_fwd_mask");
	assert_int_equal(links_dispatch(l, &err), 0);
	assert_int_equal(links_open_groups(l, s, &err), 1);
	assert_true(has_groups("g1", "0xfffd"));
	shell("ip link set g3 up; ip link set g3 type bridge_slave group_fwd_mask 0x4000");
	assert_int_equal(links_dispatch(l, &err), 0);
	assert_int_equal(links_open_groups(l, s, &err), 1);
	assert_true(has_groups("g3", "0xfffd"));
	shell("ip link set g1 type bridge_slave group_fwd_mask 0; ip link set g1 up");
	assert_int_equal(links_dispatch(l, &err), 0);
	assert_int_equal(links_open_groups(l, s, &err), 1);
	assert_true(has_groups("g1", "0xfffd"));

	/* gone before it is known to be: no failure, and no hindrance to the next */
	shell("ip link set g4 master br-g; ip link set g2 nomaster; ip link set g2 master br-g");
	assert_int_equal(links_dispatch(l, &err), 1);
	shell("ip link del g2; ip link set g4 nomaster; ip link set g3 type bridge_slave "
	      "group_fwd_mask 0");
	assert_int_equal(links_open_groups(l, s, &err), 0);
	assert_int_equal(links_dispatch(l, &err), 1);
	assert_int_equal(links_open_groups(l, s, &err), 1);
	assert_true(has_groups("g3", "0xfffd"));
	shell("ip link del br-g; ip link del lan0; for i in 1 3 4; do ip link del g$i; done");
	settings_free(s);
}

/* One port's request fails: the others are set, and it is told, and set by the next call. */
static void test_groups_failed(void **state)
{
	_cleanup_(links_freep)
	struct links *l = NULL;
	_cleanup_close_ int kept = -1, nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct settings *s = no_settings();
	struct err err;
	int questions;

	(void)state;
	assert_int_equal(links_new(&l, &err), 0);
	shell("ip link add br-g type bridge; ip link add g1 type veth peer name h1; "
	      "ip link set g1 master br-g");
	assert_int_equal(links_dispatch(l, &err), 1);
	questions = links_fd(l) + 1;
	kept = fcntl(questions, F_DUPFD_CLOEXEC, 0);
	assert_true(kept >= 0);
	assert_int_equal(dup3(nothing, questions, O_CLOEXEC), questions);
	assert_true(links_open_groups(l, s, &err) < 0);
	assert_non_null(strstr(err.text, "port g1"));
	assert_int_equal(dup3(kept, questions, O_CLOEXEC), questions);
	assert_int_equal(links_open_groups(l, s, &err), 1);
	assert_true(has_groups("g1", "0xfffd"));
	shell("ip link del g1; ip link del br-g");
	settings_free(s);
}

static void test_lost(void **state)
{
	_cleanup_(links_freep)
	struct links *l = NULL;
	struct pollfd p;
	struct err err;

	(void)state;
	shell("ip link add br-x type bridge; ip link add f0 type bridge");
	assert_int_equal(links_new(&l, &err), 0);
	shell(FLOOD);
	shell("ip link add p0 type veth peer name q0; ip link set p0 master br-x");
	assert_int_equal(links_dispatch(l, &err), 1);
	assert_true(is_port(l, "p0"));
	/* all has been read */
	p = (struct pollfd){.fd = links_fd(l), .events = POLLIN};
	assert_int_equal(poll(&p, 1, 0), 0);
	shell("ip link del p0");
	assert_int_equal(links_dispatch(l, &err), 1);
	assert_false(is_port(l, "p0"));
}

/* The socket for questions fails just then: what was lost is remembered until it does not. */
static void test_lost_and_failed(void **state)
{
	_cleanup_(links_freep)
	struct links *l = NULL;
	_cleanup_close_ int kept = -1, nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct err err;
	int questions;

	(void)state;
	/* the lowest numbers that are free: first the one for events, then the one for questions */
	assert_int_equal(links_new(&l, &err), 0);
	questions = links_fd(l) + 1;
	kept = fcntl(questions, F_DUPFD_CLOEXEC, 0);
	assert_true(kept >= 0);
	shell(FLOOD);
	shell("ip link add p1 type veth peer name q1; ip link set p1 master br-x");
	assert_int_equal(dup3(nothing, questions, O_CLOEXEC), questions);
	assert_true(links_dispatch(l, &err) < 0);
	/* nothing is left to be read, and it is not forgotten */
	assert_true(links_dispatch(l, &err) < 0);
	assert_int_equal(dup3(kept, questions, O_CLOEXEC), questions);
	assert_int_equal(links_dispatch(l, &err), 1);
	assert_true(is_port(l, "p1"));
	assert_int_equal(links_dispatch(l, &err), 0);
	shell("ip link del p1");
}

/* Somebody who changes links as fast as he can does not keep anybody from reading to an end. */
static void test_flood(void **state)
{
	_cleanup_(links_freep)
	struct links *l = NULL;
	struct pollfd p = {.events = POLLIN};
	pid_t floods[3];
	struct err err;

	(void)state;
	assert_int_equal(links_new(&l, &err), 0);
	p.fd = links_fd(l);
	for (size_t i = 0; i < ARRAY_SIZE(floods); i++)
		floods[i] = spawn("yes 'link set f0 up\nlink set f0 down' | ip -batch -");
	alarm(60);
	/* until some have ended while there was more */
	for (int more = 0; more < 5; more += poll(&p, 1, 0)) {
		assert_int_equal(poll(&p, 1, 30000), 1);
		if (links_dispatch(l, &err) < 0 && !strstr(err.text, "Interrupted"))
			fail_msg("%s", err.text);
	}
	alarm(0);
	for (size_t i = 0; i < ARRAY_SIZE(floods); i++) {
		kill(-floods[i], SIGKILL);
		waitpid(floods[i], NULL, 0);
	}
	/* its writers are gone */
	shell("ip link del f0 || ip link del f0");
	while (links_dispatch(l, &err) != 0)
		;
	assert_false(links_exists(l, "f0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost), cmocka_unit_test(test_lost_and_failed),
		cmocka_unit_test(test_flood), cmocka_unit_test(test_groups),
		cmocka_unit_test(test_groups_failed)};

	/* a sysfs of the new namespace, seen by us only */
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL) < 0) {
		perror("namespaces (run as root)");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
