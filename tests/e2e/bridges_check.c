/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Guarded bridges are set up when they appear, others never: in a network namespace of its own.
 */
#include "netguard/bridges.h"
#include "netguard/ruleset.h"
#include "tests/unit/fault_host.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void ip_link_add(const char *name, bool on)
{
	const char *value = on ? "1" : "0";

	assert_int_equal(RUN("ip", "link", "add", name, "type", "bridge", "nf_call_iptables", value,
			     "nf_call_ip6tables", value),
			 0);
}

static bool bridge_flag(const char *name, const char *flag)
{
	_cleanup_free_ char *path = xasprintf("/sys/class/net/%s/bridge/%s", name, flag);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char c = '?';

	assert_true(fd >= 0);
	assert_int_equal(read(fd, &c, 1), 1);
	return c == '1';
}

/* Frames for groups go the way of all others, or teach it nothing; it does not listen to IP's. */
static bool opens_groups(const char *name)
{
	_cleanup_free_ char *path = xasprintf("/sys/class/net/%s/bridge/group_fwd_mask", name);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[16] = "";

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	return streq(text, "0xfff8\n") && bridge_flag(name, "no_linklocal_learn") &&
	       !bridge_flag(name, "multicast_snooping");
}

/* It takes what is for RULESET_HOST_MAC as for the host. */
static bool knows_host(const char *name)
{
	_cleanup_free_ char *command = xasprintf(
		"bridge fdb show br %s | grep -q '^" RULESET_HOST_MAC " dev %s .*permanent'", name,
		name);

	return RUN("sh", "-c", command) == 0;
}

static void ip_link_set(const char *name, const char *what, const char *value)
{
	assert_int_equal(RUN("ip", "link", "set", name, "type", "bridge", what, value), 0);
}

static bool guards(void *userdata, const char *ifname)
{
	(void)userdata;
	return startswith(ifname, "br-") != NULL;
}

static void test_bridges(void **state)
{
	_cleanup_(bridges_freep)
	struct bridges *b = NULL;
	struct err err = {0};

	(void)state;
	ip_link_add("br-before", false);
	ip_link_add("other0", true);
	assert_int_equal(bridges_new(&b, &err), 0);
	assert_int_equal(bridges_scan(b, guards, NULL, &err), 1);
	assert_true(opens_groups("br-before") && knows_host("br-before"));
	assert_int_equal(
		RUN("sh", "-c", "grep -qx 0 /proc/sys/net/ipv4/conf/br-before/send_redirects"), 0);
	assert_false(opens_groups("other0") || knows_host("other0"));
	assert_int_equal(bridges_dispatch(b, guards, NULL, &err), 0);

	ip_link_add("br-after", false);
	ip_link_add("other1", false);
	assert_int_equal(bridges_dispatch(b, guards, NULL, &err), 1);
	assert_true(opens_groups("br-after") && knows_host("br-after"));
	assert_false(knows_host("other1"));
	/* br_netfilter costs each packet, and is not needed; with others it may be */
	ip_link_add("br-on", true);
	assert_int_equal(bridges_dispatch(b, guards, NULL, &err), 1);
	assert_true(opens_groups("br-on") && knows_host("br-on"));
	assert_false(bridge_flag("br-on", "nf_call_iptables"));
	assert_false(bridge_flag("br-on", "nf_call_ip6tables"));
	assert_true(bridge_flag("other0", "nf_call_iptables") &&
		    bridge_flag("other0", "multicast_snooping"));

	/* somebody takes it back */
	assert_int_equal(bridges_dispatch(b, guards, NULL, &err), 0);
	ip_link_set("br-on", "group_fwd_mask", "0");
	ip_link_set("br-after", "no_linklocal_learn", "0");
	ip_link_set("br-before", "mcast_snooping", "1");
	assert_int_equal(RUN("bridge", "fdb", "del", RULESET_HOST_MAC, "dev", "br-on", "self"), 0);
	assert_false(knows_host("br-on"));
	assert_int_equal(bridges_scan(b, guards, NULL, &err), 3);
	assert_true(opens_groups("br-before") && opens_groups("br-after") && opens_groups("br-on"));
	assert_true(knows_host("br-on"));
	/* another bridge of the same index */
	assert_int_equal(RUN("ip", "link", "add", "br-same", "index", "4242", "type", "bridge"), 0);
	assert_int_equal(bridges_dispatch(b, guards, NULL, &err), 1);
	assert_int_equal(RUN("ip", "link", "del", "br-same"), 0);
	assert_int_equal(RUN("ip", "link", "add", "br-same", "index", "4242", "type", "bridge"), 0);
	assert_int_equal(bridges_dispatch(b, guards, NULL, &err), 1);
	assert_true(knows_host("br-same"));
}

/* Links that come and go while they are listed: the list is made again, and nothing stays behind.
 */
static void test_interrupted(void **state)
{
	_cleanup_(bridges_freep)
	struct bridges *b = NULL;
	struct err err = {0};
	char script[] = "i=0; while ip link add come$((i % 8)) type bridge && "
			"ip link del come$((i % 8)); do i=$((i + 1)); done";
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, script, NULL};
	pid_t pid;

	(void)state;
	/* more than fit into one part of the answer */
	for (int i = 0; i < 150; i++) {
		_cleanup_free_ char *name = xasprintf("quiet%d", i);

		ip_link_add(name, true);
	}
	assert_int_equal(bridges_new(&b, &err), 0);
	assert_int_equal(posix_spawnp(&pid, "sh", NULL, NULL, argv, environ), 0);
	for (int i = 0; i < 1000; i++) {
		if (bridges_scan(b, guards, NULL, &err) < 0 && !strstr(err.text, "Interrupted"))
			fail_msg("%d: %s", i, err.text);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (bridges_scan(b, guards, NULL, &err) < 0)
		fail_msg("%s", err.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_bridges),
					   cmocka_unit_test(test_interrupted)};

	/* a sysfs of the new namespace, seen by us only */
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("sysfs", "/sys", "sysfs", 0, NULL) < 0) {
		perror("namespaces (run as root)");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
