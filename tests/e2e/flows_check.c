/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A container that opened as many connections as it could loses its permission: all of them end,
 * those of the one beside it go on, and the daemon needs no memory for each. In a network namespace
 * of its own; needs root and nft.
 */
#include "netguard/flows.h"

#include <sched.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

enum { FLOOD = 40000, BESIDE = 100, GROWTH_MAX_KIB = 2048 };

static void send_many(const char *from, unsigned n)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in own = {.sin_family = AF_INET}, peer = {.sin_family = AF_INET};
	struct addr a;

	assert_true(fd >= 0 && addr_parse(from, &a));
	memcpy(&own.sin_addr, a.bytes, 4);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_true(addr_parse("10.9.0.9", &a));
	memcpy(&peer.sin_addr, a.bytes, 4);
	for (unsigned i = 1; i <= n; i++) {
		peer.sin_port = htons((uint16_t)i);
		assert_int_equal(
			sendto(fd, "x", 1, 0, (const struct sockaddr *)&peer, sizeof(peer)), 1);
	}
}

static void add_member(struct elements *e, const char *text, const char *pod)
{
	struct nft_key key = {0};
	struct addr a;

	assert_true(addr_parse(text, &a));
	nft_key_ifname(&key, "br-x");
	nft_key_addr(&key, &a);
	elements_add(e, SET_MEMBERS4, &key, NULL, pod, NULL);
	elements_normalize(e);
}

static bool never_local(void *userdata, const struct addr *a)
{
	(void)userdata, (void)a;
	return false;
}

struct count {
	unsigned of[4]; /* by the last byte of who sent it */
};

static bool count_it(void *userdata, const struct flow *f)
{
	struct count *c = userdata;

	if (f->from.family == AF_INET && f->from.bytes[0] == 10 && f->from.bytes[3] < 4)
		c->of[f->from.bytes[3]]++;
	return false;
}

static bool asks_nothing(void *userdata, const struct flow *f)
{
	(void)userdata, (void)f;
	return false;
}

static struct count count_flows(struct flows *f)
{
	struct count c = {0};
	const struct flows_judge judge = {count_it, asks_nothing, never_local, &c};
	struct err err;

	if (flows_end_judged(f, &judge, &err) != 0)
		fail_msg("%s", err.text);
	return c;
}

static long peak_kib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static double ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) * 1e3 +
	       (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

static void test_flood(void **state)
{
	_cleanup_(flows_freep)
	struct flows *f = NULL;
	_cleanup_(elements_freep)
	struct elements *before = elements_new();
	_cleanup_(elements_freep)
	struct elements *after = elements_new();
	_cleanup_(flows_change_freep)
	struct flows_change *c = NULL;
	struct timespec start;
	struct count n;
	struct err err;
	long peak;
	int r;

	(void)state;
	add_member(before, "10.9.0.2", "bad");
	add_member(before, "10.9.0.3", "good");
	add_member(after, "10.9.0.3", "good");
	c = flows_change_new(before, after);
	assert_non_null(c);
	send_many("10.9.0.2", FLOOD);
	send_many("10.9.0.3", BESIDE);
	if (flows_new(&f, &err) < 0)
		fail_msg("%s", err.text);
	n = count_flows(f);
	assert_int_equal(n.of[2], FLOOD);
	assert_int_equal(n.of[3], BESIDE);

	peak = peak_kib();
	clock_gettime(CLOCK_MONOTONIC, &start);
	r = flows_end(f, c, never_local, NULL, &err);
	if (r != FLOOD)
		fail_msg("%d ended: %s", r, r < 0 ? err.text : "");
	printf("# %d flows of %d ended in %.0f ms, %ld KiB more\n", r, FLOOD + BESIDE,
	       ms_since(&start), peak_kib() - peak);
	assert_true(peak_kib() - peak < GROWTH_MAX_KIB);
	n = count_flows(f);
	assert_int_equal(n.of[2], 0);
	assert_int_equal(n.of[3], BESIDE);
}

static int shell(const char *command)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-ec"}, xstrdup(command), NULL};
	int status = -1;
	pid_t pid;

	if (posix_spawnp(&pid, "sh", NULL, NULL, argv, environ) == 0)
		waitpid(pid, &status, 0);
	free(argv[2]);
	return status;
}

int main(void)
{
	/* what goes out there is gone, and was seen on its way */
	static const char setup[] =
		"ip link add d0 type veth peer name d1; ip link set d1 up\n"
		"ip link set d0 arp off up\n"
		"ip address add 10.9.0.2/24 dev d0; ip address add 10.9.0.3/24 dev d0\n"
		"nft add table ip t\n"
		"nft 'add chain ip t c { type filter hook output priority 0; }'\n"
		"nft add rule ip t c ct state new counter";
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_flood)};

	if (unshare(CLONE_NEWNET) < 0 || shell(setup) != 0) {
		perror("a network namespace (run as root)");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
