/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keeper on the real kernel, in network namespaces of its own (needs root and nft): installs,
 * changes, adopts, heals, refuses, removes; and what nft lists of it against the reference.
 */
#include "netguard/keeper_private.h"
#include "netguard/model.h"
#include "netguard/ruleset.h"
#include "tests/unit/reference_elements.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static char *new_netns(void)
{
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	return NULL;
}

/* Runs a shell command in this network namespace: its exit status, and its output in *ret. */
static int shell(const char *command, char **ret)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, xstrdup(command), NULL};
	posix_spawn_file_actions_t actions;
	char *text = xcalloc(1, 8 * 1024 * 1024);
	size_t size = 0;
	int out[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	assert_int_equal(posix_spawnp(&pid, "sh", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	while ((n = read(out[0], text + size, 8 * 1024 * 1024 - 1 - size)) > 0)
		size += (size_t)n;
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	free(argv[2]);
	if (ret)
		*ret = text;
	else
		free(text);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Puts the elements of one "elements = { ... }" in order: the kernel lists hash sets in any. */
static char *sort_elements(char *from, struct strv *out)
{
	char *end = strchr(from, '}'), *e, *rest = NULL;
	struct strv list = {0};

	assert_non_null(end);
	*end = '\0';
	for (e = strtok_r(from, ",\n", &rest); e; e = strtok_r(NULL, ",\n", &rest))
		strv_add(&list, e + strspn(e, " \t"));
	for (size_t i = 0; i < list.n; i++)
		while (list.items[i][0] && strrchr(list.items[i], ' ') &&
		       strrchr(list.items[i], ' ')[1] == '\0')
			*strrchr(list.items[i], ' ') = '\0';
	if (list.n > 0)
		qsort(list.items, list.n, sizeof(*list.items), compare_strings);
	for (size_t i = 0; i < list.n; i++)
		strv_add(out, list.items[i]);
	strv_done(&list);
	return end + 1;
}

/* What nft lists, made comparable: elements sorted; who owns the table left out. */
static char *listing(void)
{
	_cleanup_free_ char *text = NULL;
	struct strv out = {0};
	char *at, *ret = NULL;
	size_t size = 0;
	FILE *f;

	assert_int_equal(
		shell("nft list table inet netguard; nft list table bridge netguard", &text), 0);
	for (at = text; *at;) {
		char *line = at, *newline = strchr(at, '\n'), *elements;

		assert_non_null(newline);
		*newline = '\0';
		at = newline + 1;
		if (startswith(line, "table ") && strstr(line, " # progname"))
			*strstr(line, " # progname") = '\0';
		if (startswith(line, "\tflags ") || !*line)
			continue;
		elements = strstr(line, "elements = { ");
		if (elements) {
			*newline = '\n';
			at = sort_elements(elements + strlen("elements = { "), &out);
			at += *at == '\n';
			continue;
		}
		strv_add(&out, line);
	}
	f = open_memstream(&ret, &size);
	for (size_t i = 0; i < out.n; i++)
		fprintf(f, "%s\n", out.items[i]);
	fclose(f);
	strv_done(&out);
	return ret;
}

static struct keeper *keeper(void)
{
	struct keeper *k = NULL;
	struct err err = {0};

	if (keeper_new(-1, &k, &err) < 0)
		fail_msg("%s", err.text);
	return k;
}

static struct keeper_result apply(struct keeper *k, const struct elements *e)
{
	struct keeper_result result = {0};
	struct err err = {0};

	if (keeper_apply(k, e, &result, &err) < 0)
		fail_msg("%s", err.text);
	return result;
}

static uint32_t generation(void)
{
	_cleanup_(nft_socket_closep)
	struct nft_socket *s = NULL;
	struct err err;
	uint32_t ret = 0;

	assert_int_equal(nft_socket_open(-1, &s, &err), 0);
	assert_int_equal(nft_generation(s, &ret, &err), 0);
	return ret;
}

static char *reference_listing(void)
{
	new_netns();
	assert_int_equal(shell("nft -f nft/netguard.nft", NULL), 0);
	return listing();
}

/* ---- */

static void test_lists_as_the_reference(void **state _unused_)
{
	_cleanup_free_ char *want = reference_listing(), *have = NULL, *printed = NULL;
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();
	_cleanup_(keeper_freep)
	struct keeper *k = NULL;
	struct keeper_result r;
	FILE *f;

	new_netns();
	k = keeper();
	r = apply(k, e);
	assert_true(r.installed && !r.adopted);
	assert_int_equal(r.added, elements_count(e));
	have = listing();
	assert_string_equal(have, want);
	/* what is listed loads again, and so does what is printed */
	assert_int_equal(shell("nft list table inet netguard | unshare -n nft -c -f -", NULL), 0);
	assert_int_equal(shell("nft list table bridge netguard | unshare -n nft -c -f -", NULL), 0);
	f = fopen("/dev/shm/keeper_check.nft", "we");
	assert_non_null(f);
	ruleset_print(e, f);
	fclose(f);
	new_netns();
	assert_int_equal(shell("nft -f /dev/shm/keeper_check.nft", NULL), 0);
	unlink("/dev/shm/keeper_check.nft");
	printed = listing();
	assert_string_equal(printed, want);
}

static void test_sends_only_differences(void **state _unused_)
{
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();
	_cleanup_(keeper_freep)
	struct keeper *k = NULL;
	struct keeper_result r;
	uint32_t before;

	new_netns();
	k = keeper();
	apply(k, e);
	before = generation();
	r = apply(k, e);
	assert_true(!r.installed && !r.adopted && r.added == 0 && r.deleted == 0);
	assert_int_equal(generation(), before);

	/* one of each kind of set, and a limit of another rate */
	elements_free(e);
	e = reference_elements();
	reference_add(e, SET_MEMBERS4, "br-pods . 10.88.1.4", NULL, "new", NULL);
	reference_add(e, SET_CONTAINER_IFACES, "eth7", NULL, NULL, NULL);
	reference_add(e, SET_ALLOWED_UIDS, "1002", NULL, "next", NULL);
	reference_add(e, SET_ALLOWED_UIDS, "1003", NULL, "after", NULL);
	reference_add(e, SET_ALLOWED_UIDS, "4294967295", NULL, "last", NULL);
	reference_add(e, SET_EGRESS4, "10.88.1.2 . 0.0.0.0 . tcp . 443",
		      "10.88.1.2 . 255.255.255.255 . tcp . 444", "web", NULL);
	reference_add(e, SET_HOST_PORTS, "tcp . 1000", "tcp . 1999", NULL, NULL);
	elements_normalize(e);
	e->limits[0].burst = 7;
	r = apply(k, e);
	assert_true(!r.installed);
	assert_int_equal(r.added, 7 + 2);
	assert_int_equal(r.deleted, 2);
	assert_int_equal(generation(), before + 1);
	assert_int_equal(shell("nft list table inet netguard | unshare -n nft -c -f -", NULL), 0);

	/* what was sent is what is there: asking finds no difference */
	assert_int_equal(keeper_heal(k, &r, &(struct err){0}), 0);
	assert_true(!r.installed && r.added == 0 && r.deleted == 0);
	assert_int_equal(generation(), before + 1);

	/* a neighbour in an interval set goes, the others stay; a comment changes */
	elements_free(e);
	e = reference_elements();
	reference_add(e, SET_ALLOWED_UIDS, "1003", NULL, "another", NULL);
	elements_normalize(e);
	apply(k, e);
	assert_int_equal(keeper_heal(k, &r, &(struct err){0}), 0);
	assert_true(!r.installed && r.added == 0 && r.deleted == 0);
}

static void test_adopts(void **state _unused_)
{
	_cleanup_free_ char *handles = NULL, *after = NULL;
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();
	_cleanup_(keeper_freep)
	struct keeper *k = NULL;
	struct keeper_result r;

	new_netns();
	k = keeper();
	apply(k, e);
	shell("nft -a list table inet netguard | grep -c handle", &handles);
	keeper_free(take_ptr(k));
	reference_add(e, SET_MEMBERS4, "br-pods . 10.88.1.9", NULL, "late", NULL);
	elements_normalize(e);
	k = keeper();
	r = apply(k, e);
	assert_true(r.adopted && !r.installed);
	assert_int_equal(r.added, 1);
	assert_int_equal(r.deleted, 0);
	shell("nft -a list table inet netguard | grep -c handle", &after);
	assert_string_equal(after, handles);
	if (keeper_owns(k))
		assert_int_not_equal(shell("nft flush table inet netguard 2>/dev/null", NULL), 0);
}

/* A descriptor that a service manager has kept still owns the table. */
static void test_adopts_by_descriptor(void **state _unused_)
{
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();
	_cleanup_(keeper_freep)
	struct keeper *k = NULL;
	struct keeper_result r;
	struct err err = {0};
	int kept;

	new_netns();
	k = keeper();
	apply(k, e);
	if (!keeper_owns(k))
		skip();
	kept = fcntl(keeper_owner_fd(k), F_DUPFD_CLOEXEC, 3);
	keeper_free(take_ptr(k));
	assert_int_not_equal(shell("nft delete table inet netguard 2>/dev/null", NULL), 0);
	assert_int_equal(keeper_new(kept, &k, &err), 0);
	r = apply(k, e);
	assert_true(r.adopted && !r.installed && r.added == 0 && r.deleted == 0);
}

static void test_replaces_another_shape(void **state _unused_)
{
	static const char *const changes[] = {
		"nft add rule inet netguard forward accept",
		"nft flush chain inet netguard deny_forged",
		"nft add chain inet netguard more",
		"nft add set inet netguard more '{ type mark; }'",
		"nft add counter inet netguard more",
		"nft 'add chain inet netguard input { policy drop; }'",
		"nft insert rule inet netguard from_container 'icmpv6 type { 133, 134 } return'",
		"nft delete table bridge netguard",
		"nft add rule bridge netguard from_container accept",
	};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		_cleanup_free_ char *want = reference_listing(), *have = NULL;
		_cleanup_(elements_freep)
		struct elements *e = reference_elements();
		_cleanup_(keeper_freep)
		struct keeper *k = NULL;
		struct keeper_result r;

		new_netns();
		k = keeper();
		apply(k, e);
		keeper_free(take_ptr(k)); /* an orphan: anybody may change it */
		if (shell(changes[i], NULL) != 0)
			fail_msg("%s", changes[i]);
		k = keeper();
		r = apply(k, e);
		if (!r.installed)
			fail_msg("not seen: %s", changes[i]);
		have = listing();
		assert_string_equal(have, want);
	}
}

static void test_elements_of_others(void **state _unused_)
{
	static const char *const changes[] = {
		"nft add element inet netguard members4 '{ \"evil\" . 10.0.0.1 }'",
		"nft delete element inet netguard members4 '{ \"br-pods\" . 10.88.1.2 }'",
		"nft add element inet netguard allowed_uids '{ 5000-6000 }'",
		"nft add element inet netguard container_ifaces '{ \"v*\" }'",
		"nft delete element inet netguard exempt_ifaces '{ \"br-lan\" }'",
		"nft add element inet netguard host_ports '{ tcp . 1-65535 }'",
		"nft 'add limit inet netguard other { rate over 1/second; }'",
		"nft flush set inet netguard port_whitelist",
		"nft flush map inet netguard pod_rate4",
		"nft add element bridge netguard ports '{ \"eth0\" }'",
	};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		_cleanup_free_ char *want = reference_listing(), *have = NULL;
		_cleanup_(elements_freep)
		struct elements *e = reference_elements();
		_cleanup_(keeper_freep)
		struct keeper *k = NULL;
		struct keeper_result r;

		new_netns();
		k = keeper();
		apply(k, e);
		keeper_free(take_ptr(k));
		if (shell(changes[i], NULL) != 0)
			fail_msg("%s", changes[i]);
		k = keeper();
		r = apply(k, e);
		if (r.installed || !r.adopted)
			fail_msg("not adopted: %s", changes[i]);
		have = listing();
		assert_string_equal(have, want);
	}
}

static void wait_readable(int fd, bool want)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&p, 1, want ? 2000 : 50), want);
}

/* As on kernels without owner and persist, where anybody may change the table. */
static struct keeper *plain_keeper(void)
{
	struct keeper *k = keeper();

	k->probed = true;
	return k;
}

static void heal(struct keeper *k, const char *want, bool installed)
{
	struct keeper_result r = {0};
	struct err err = {0};
	_cleanup_free_ char *have = NULL;

	if (keeper_heal(k, &r, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(r.installed, installed);
	have = listing();
	assert_string_equal(have, want);
}

static void test_heals(void **state _unused_)
{
	static const struct {
		const char *command;
		bool installed; /* all of it was sent anew */
	} changes[] = {
		{"nft flush ruleset", true},
		{"nft delete table inet netguard", true},
		{"nft delete table bridge netguard", true},
		{"nft insert rule inet netguard forward accept", true},
		{"nft add element inet netguard allowed_uids '{ 4711 }'", false},
		{"nft flush set inet netguard members4", false},
		{"nft delete element inet netguard pod_rate4 '{ 10.88.1.2 }'", false},
	};
	_cleanup_free_ char *want = reference_listing();
	_cleanup_(elements_freep)
	struct elements *more = NULL;
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();
	_cleanup_(keeper_freep)
	struct keeper *k = NULL;
	struct err err = {0};
	char who[64] = "";

	new_netns();
	k = plain_keeper();
	apply(k, e);
	assert_false(keeper_owns(k));
	assert_int_equal(keeper_owner_fd(k), -1);
	/* our own transactions are not told, those on other tables do not matter */
	wait_readable(keeper_fd(k), false);
	assert_int_equal(keeper_dispatch(k, who, &err), 0);
	assert_int_equal(shell("nft add table inet other", NULL), 0);
	wait_readable(keeper_fd(k), true);
	assert_int_equal(keeper_dispatch(k, who, &err), 0);
	/* neither does what leaves the table as it should be */
	assert_int_equal(shell("nft 'add element inet netguard direct4 { 1.2.3.4 . tcp . 1 }; "
			       "delete element inet netguard direct4 { 1.2.3.4 . tcp . 1 }'",
			       NULL),
			 0);
	wait_readable(keeper_fd(k), true);
	assert_int_equal(keeper_dispatch(k, who, &err), 0);
	assert_string_equal(who, "");
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		if (shell(changes[i].command, NULL) != 0)
			fail_msg("%s", changes[i].command);
		wait_readable(keeper_fd(k), true);
		if (keeper_dispatch(k, who, &err) != 1)
			fail_msg("not seen: %s", changes[i].command);
		assert_non_null(startswith(who, "nft["));
		heal(k, want, changes[i].installed);
		wait_readable(keeper_fd(k), false);
	}
	/* a change that was not told yet is in nobody's way */
	assert_int_equal(shell("nft flush ruleset", NULL), 0);
	more = elements_copy(e);
	reference_add(more, SET_MEMBERS4, "br-pods . 10.88.1.9", NULL, "late", NULL);
	elements_normalize(more);
	assert_true(apply(k, more).installed);
}

/* A plain table of an older kernel or daemon is replaced by one that is owned. */
static void test_takes_over_a_plain_table(void **state _unused_)
{
	_cleanup_free_ char *want = reference_listing(), *have = NULL;
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();
	_cleanup_(keeper_freep)
	struct keeper *k = NULL;

	/* this is still the namespace that nft -f has filled */
	k = keeper();
	assert_true(apply(k, e).installed);
	have = listing();
	assert_string_equal(have, want);
	if (keeper_owns(k))
		assert_int_equal(shell("nft flush ruleset", NULL), 0);
	free(take_ptr(have));
	have = listing();
	assert_string_equal(have, want);
}

/* What nft itself has made of the reference is our own shape: nothing is sent. */
static void test_reference_is_our_shape(void **state _unused_)
{
	struct strv have = {0}, expected = {0};
	_cleanup_(nft_socket_closep)
	struct nft_socket *s = NULL;
	struct err err = {0};

	/* nft 1.1 leaves out the size of an anonymous set */
	if (shell("nft --version | grep -q 'v1\\.0'", NULL) != 0)
		skip();
	free(reference_listing());
	assert_int_equal(nft_socket_open(-1, &s, &err), 0);
	assert_int_equal(nft_dump_shape(s, &ruleset_tables[1], &have, &err), 0);
	assert_int_equal(nft_table_shape(&ruleset_tables[1], &expected, &err), 0);
	assert_int_equal(have.n, expected.n);
	/* all but the user data of sets, where versions of nft say more than is of use */
	for (size_t i = 0; i < have.n; i++) {
		char *data = startswith(have.items[i], "2 set ")
				     ? strstr(have.items[i], " userdata")
				     : NULL;
		size_t n = data ? (size_t)(data - have.items[i]) : strlen(expected.items[i]);

		if (!data)
			assert_string_equal(have.items[i], expected.items[i]);
		assert_int_equal(strncmp(have.items[i], expected.items[i], n), 0);
	}
	strv_done(&have);
	strv_done(&expected);
}

static void test_refusal_changes_nothing(void **state _unused_)
{
	_cleanup_free_ char *want = reference_listing(), *have = NULL;
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();
	_cleanup_(elements_freep)
	struct elements *bad = reference_elements();
	_cleanup_(keeper_freep)
	struct keeper *k = NULL;
	struct keeper_result r = {0};
	struct err err = {0};

	new_netns();
	k = keeper();
	apply(k, e);
	reference_add(bad, SET_MEMBERS4, "br-pods . 10.88.1.7", NULL, "good", NULL);
	reference_add(bad, SET_POD_RATE4, "10.88.1.7", NULL, NULL, "nosuchlimit");
	elements_normalize(bad);
	assert_int_equal(keeper_apply(k, bad, &r, &err), -ENOENT);
	if (!strstr(err.text, "pod_rate4") || !strstr(err.text, "10.88.1.7"))
		fail_msg("does not name the element: %s", err.text);
	have = listing();
	assert_string_equal(have, want);
	/* and what comes after it works */
	reference_add(e, SET_MEMBERS4, "br-pods . 10.88.1.7", NULL, "good", NULL);
	elements_normalize(e);
	r = apply(k, e);
	assert_true(r.added == 1 && r.deleted == 0 && !r.installed);
}

static bool listed(const char *what)
{
	_cleanup_free_ char *have = listing();

	return strstr(have, what) != NULL;
}

/* A permission that the kernel refuses holds up no other, neither at first nor later. */
static void test_refused_permission_is_left_out(void **state _unused_)
{
	for (int fresh = 0; fresh < 2; fresh++) {
		_cleanup_(elements_freep)
		struct elements *e = reference_elements();
		_cleanup_(elements_freep)
		struct elements *bad = elements_new();
		_cleanup_(keeper_freep)
		struct keeper *k = NULL;
		struct keeper_result r = {0};
		struct err err = {0};

		new_netns();
		k = keeper();
		if (!fresh)
			apply(k, e);
		/* without all that the reference has, with intervals that overlap */
		reference_add(bad, SET_CONTAINER_IFACES, "br-pods", NULL, NULL, NULL);
		reference_add(bad, SET_MEMBERS4, "br-pods . 10.88.1.7", NULL, "good", NULL);
		reference_add(bad, SET_HOST_PORTS, "tcp . 1000", "tcp . 1999", NULL, NULL);
		reference_add(bad, SET_HOST_PORTS, "tcp . 1500", "tcp . 2500", NULL, NULL);
		reference_add(bad, SET_HOST_PORTS, "tcp . 3000", "tcp . 3999", NULL, NULL);
		reference_add(bad, SET_LINKS_ANY4, "10.88.1.7 . 10.88.1.8", NULL, "good", NULL);
		elements_normalize(bad);
		if (keeper_apply(k, bad, &r, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(r.refused, 1);
		assert_int_equal(r.installed, fresh);
		if (!strstr(err.text, "host_ports") || !strstr(err.text, "1500-2500"))
			fail_msg("does not name the element: %s", err.text);
		assert_int_equal(elements_count(keeper_holds(k)), elements_count(bad) - 1);
		assert_true(listed("10.88.1.7 comment") && listed("tcp . 1000-1999") &&
			    listed("tcp . 3000-3999") && listed("10.88.1.7 . 10.88.1.8"));
		assert_false(listed("10.88.1.2") || listed("1500-2500"));
		/* that is what is healed, and what later changes build on */
		assert_int_equal(keeper_heal(k, &r, &err), 0);
		assert_true(r.added == 0 && r.deleted == 0 && r.refused == 0);
		reference_add(bad, SET_MEMBERS4, "br-pods . 10.88.1.8", NULL, "late", NULL);
		elements_normalize(bad);
		assert_int_equal(keeper_apply(k, bad, &r, &err), 0);
		assert_true(r.refused == 1 && r.added == 1 && r.deleted == 0);
		assert_true(listed("10.88.1.8 comment"));
		r = apply(k, e);
		assert_int_equal(r.refused, 0);
		assert_true(listed("10.88.1.2") && !listed("10.88.1.7"));
	}
}

/* Where a restriction is refused nothing is given, but what is wanted no more is gone. */
static void test_refused_restriction_takes_away(void **state _unused_)
{
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();
	_cleanup_(elements_freep)
	struct elements *bad = elements_new();
	_cleanup_(keeper_freep)
	struct keeper *k = NULL;
	struct keeper_result r = {0};
	struct err err = {0};

	new_netns();
	k = keeper();
	apply(k, e);
	reference_add(bad, SET_MEMBERS4, "br-pods . 10.88.1.3", NULL, "db", NULL);
	reference_add(bad, SET_MEMBERS4, "br-pods . 10.88.1.7", NULL, "new", NULL);
	reference_add(bad, SET_POD_RATE4, "10.88.1.7", NULL, NULL, "nosuchlimit");
	elements_normalize(bad);
	assert_int_equal(keeper_apply(k, bad, &r, &err), -ENOENT);
	assert_true(listed("10.88.1.3 comment") && listed("\"docker0\""));
	assert_false(listed("\"br-pods\" . 10.88.1.2 comment") || listed("10.88.1.7"));
	/* nor does healing bring it back */
	assert_int_equal(keeper_heal(k, &r, &err), 0);
	assert_false(listed("\"br-pods\" . 10.88.1.2 comment"));
	apply(k, e);
	assert_true(listed("\"br-pods\" . 10.88.1.2 comment"));
}

/* Every rate that a configuration may have is taken. */
static void test_rates(void **state _unused_)
{
	static const struct settings_rate rates[] = {
		{1, 1, UINT32_MAX},	     {1, 60, UINT32_MAX},
		{1, 3600, UINT32_MAX},	     {1, 86400, UINT32_MAX},
		{7, 86400, UINT32_MAX},	     {UINT32_MAX, 86400, UINT32_MAX},
		{UINT32_MAX, 1, UINT32_MAX}, {86399, 86400, UINT32_MAX},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		_cleanup_(settings_freep)
		struct settings *s = NULL;
		struct problems problems = {0};
		_cleanup_(model_freep)
		struct model *m = model_new();
		_cleanup_(elements_freep)
		struct elements *e = NULL;
		_cleanup_(keeper_freep)
		struct keeper *k = NULL;
		struct member member = {.id = xstrdup("1"),
					.name = xstrdup("web"),
					.pod = xstrdup("web"),
					.running = true};
		struct member_address a = {.bridge = "br-pods"};

		assert_int_equal(settings_parse("", 0, "host", &problems, &s), 0);
		s->guard.host_rate = rates[i];
		assert_true(addr_parse("10.88.1.2", &a.ip4));
		ARRAY_PUSH(member.addresses, member.n_addresses) = a;
		model_put(m, &member);
		e = model_elements(s, NULL, m);
		assert_int_equal(e->n_limits, 1);
		new_netns();
		k = keeper();
		apply(k, e);
		problems_done(&problems);
	}
}

static void test_owner_is_named_in_the_error(void **state _unused_)
{
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();
	_cleanup_(keeper_freep)
	struct keeper *k = NULL;
	_cleanup_(keeper_freep)
	struct keeper *second = NULL;
	struct keeper_result r = {0};
	struct err err = {0};

	new_netns();
	k = keeper();
	apply(k, e);
	if (!keeper_owns(k))
		skip();
	second = keeper();
	assert_int_equal(keeper_apply(second, e, &r, &err), -EPERM);
	assert_non_null(strstr(err.text, "table inet netguard"));
	assert_int_equal(keeper_remove(second, &err), -EPERM);
	keeper_free(take_ptr(k));
	assert_true(apply(second, e).adopted);
}

static void test_counters_and_remove(void **state _unused_)
{
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();
	_cleanup_(keeper_freep)
	struct keeper *k = NULL;
	struct keeper_counter counters[8];
	struct err err = {0};
	_cleanup_free_ char *left = NULL;
	int n;

	new_netns();
	k = keeper();
	assert_int_equal(keeper_remove(k, &err), 0); /* nothing there: nothing to do */
	apply(k, e);
	n = keeper_counters(k, counters, ARRAY_SIZE(counters), &err);
	assert_int_equal(n, 7);
	for (int i = 0; i < n; i++)
		assert_int_equal(counters[i].packets, 0);
	assert_int_equal(keeper_counters(k, counters, 2, &err), 2);
	assert_int_equal(shell("nft add table inet other", NULL), 0);
	assert_int_equal(keeper_remove(k, &err), 0);
	assert_int_equal(keeper_remove(k, &err), 0);
	shell("nft list tables", &left);
	assert_string_equal(left, "table inet other\n");
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Many members: several messages of elements, far over the socket's usual buffers. */
static void test_many(void **state _unused_)
{
	_cleanup_(elements_freep)
	struct elements *e = reference_elements();
	_cleanup_(keeper_freep)
	struct keeper *k = NULL;
	_cleanup_free_ char *count = NULL;
	struct keeper_result r = {0};
	struct err err = {0};
	double start, took;
	FILE *f;

	for (unsigned i = 0; i < 10000; i++) {
		struct nft_key key = {0};
		struct addr a = {.family = AF_INET};

		memcpy(a.bytes, (uint8_t[]){10, 99, (uint8_t)(i >> 8), (uint8_t)i}, 4);
		nft_key_ifname(&key, "br-pods");
		nft_key_addr(&key, &a);
		elements_add(e, SET_MEMBERS4, &key, NULL, "a-pod-with-a-name", NULL);
	}
	elements_normalize(e);
	new_netns();
	k = keeper();
	start = seconds();
	r = apply(k, e);
	took = seconds() - start;
	assert_int_equal(r.added, elements_count(e));
	shell("nft list set inet netguard members4 | grep -c a-pod", &count);
	assert_string_equal(count, "10000\n");
	start = seconds();
	assert_int_equal(keeper_heal(k, &r, &err), 0);
	assert_true(r.added == 0 && r.deleted == 0 && !r.installed);
	print_message("10,000 members: %.1f ms from nothing, %.1f ms to compare", took * 1000,
		      (seconds() - start) * 1000);
	f = fopen("/dev/shm/keeper_check.nft", "we");
	assert_non_null(f);
	ruleset_print(e, f);
	fclose(f);
	new_netns();
	start = seconds();
	assert_int_equal(shell("nft -f /dev/shm/keeper_check.nft", NULL), 0);
	print_message(", nft -f %.1f ms\n", (seconds() - start) * 1000);
	unlink("/dev/shm/keeper_check.nft");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists_as_the_reference),
		cmocka_unit_test(test_sends_only_differences),
		cmocka_unit_test(test_adopts),
		cmocka_unit_test(test_adopts_by_descriptor),
		cmocka_unit_test(test_replaces_another_shape),
		cmocka_unit_test(test_elements_of_others),
		cmocka_unit_test(test_heals),
		cmocka_unit_test(test_takes_over_a_plain_table),
		cmocka_unit_test(test_reference_is_our_shape),
		cmocka_unit_test(test_refusal_changes_nothing),
		cmocka_unit_test(test_refused_permission_is_left_out),
		cmocka_unit_test(test_refused_restriction_takes_away),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_owner_is_named_in_the_error),
		cmocka_unit_test(test_counters_and_remove),
		cmocka_unit_test(test_many),
	};

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
