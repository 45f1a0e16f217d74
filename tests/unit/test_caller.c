/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Switching to another user needs root; those tests say SKIP without it. */
#include "podctl/caller.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY "65534"

struct fixture {
	char dir[32];
	char *ours, *secret, *link, *fifo, *big, *fits;
};

static void write_file(const char *path, mode_t mode, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	memcpy(f->dir, "/tmp/test_caller.XXXXXX", sizeof("/tmp/test_caller.XXXXXX"));
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(chmod(f->dir, 0755), 0);
	f->ours = xasprintf("%s/ours.yml", f->dir);
	f->secret = xasprintf("%s/secret.yml", f->dir);
	f->link = xasprintf("%s/link.yml", f->dir);
	f->fifo = xasprintf("%s/fifo.yml", f->dir);
	f->big = xasprintf("%s/big.yml", f->dir);
	f->fits = xasprintf("%s/fits.yml", f->dir);
	write_file(f->ours, 0644, "hello");
	write_file(f->secret, 0600, "s3cr3t");
	write_file(f->big, 0644, "");
	write_file(f->fits, 0644, "");
	assert_int_equal(truncate(f->big, (off_t)CALLER_FILE_MAX + 1), 0);
	assert_int_equal(truncate(f->fits, (off_t)CALLER_FILE_MAX), 0);
	assert_int_equal(symlink(f->secret, f->link), 0);
	assert_int_equal(mkfifo(f->fifo, 0666), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char *paths[] = {f->ours, f->secret, f->link, f->fifo, f->big, f->fits};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		unlink(paths[i]);
		free(paths[i]);
	}
	rmdir(f->dir);
	free(f);
	return 0;
}

static int read_as(const char *uid, const char *path, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	struct caller c = {0};
	size_t size = 0;
	int r, before = prctl(PR_GET_DUMPABLE);

	*err = (struct err){0};
	assert_int_equal(caller_init(uid, uid, &c, err), 0);
	r = caller_read_file(&c, path, &text, &size, err);
	if (r == 0 && size == 5)
		assert_string_equal(text, "hello");
	/* whoever was read for, we are ourselves again */
	assert_int_equal(geteuid(), getuid());
	assert_int_equal(getegid(), getgid());
	assert_int_equal(prctl(PR_GET_DUMPABLE), c.switches ? 0 : before);
	caller_done(&c);
	return r;
}

static void test_own_rights(void **state)
{
	const struct fixture *f = *state;
	struct err err;

	assert_int_equal(read_as(NULL, f->ours, &err), 0);
	assert_int_equal(read_as(NULL, f->fits, &err), 0);
	assert_int_equal(read_as(NULL, f->big, &err), -EFBIG);
	assert_int_equal(read_as(NULL, f->fifo, &err), -EINVAL);
	assert_int_equal(read_as(NULL, f->dir, &err), -EISDIR);
	assert_int_equal(read_as(NULL, "/dev/null", &err), -EINVAL);
	assert_int_equal(read_as(NULL, "/proc/self/status", &err), -EINVAL);
	assert_int_equal(read_as(NULL, "/nonexistent/web.yml", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/web.yml"));
	assert_int_equal(read_as(NULL, "", &err), -ENOENT);
}

static void test_callers_rights(void **state)
{
	const struct fixture *f = *state;
	struct err err;
	gid_t before[64], after[64];
	int n;

	if (geteuid() != 0)
		skip();
	n = getgroups(64, before);
	assert_int_equal(read_as(NOBODY, f->ours, &err), 0);
	assert_int_equal(read_as(NOBODY, f->secret, &err), -EACCES);
	assert_int_equal(read_as(NOBODY, f->link, &err), -EACCES);
	assert_null(strstr(err.text, "s3cr3t"));
	assert_int_equal(read_as(NOBODY, "/etc/shadow", &err), -EACCES);
	assert_true(read_as(NOBODY, "/proc/self/environ", &err) < 0);
	/* root has all of its groups and rights back */
	assert_int_equal(getgroups(64, after), n);
	assert_memory_equal(before, after, (size_t)(n > 0 ? n : 0) * sizeof(gid_t));
	assert_int_equal(read_as(NULL, f->secret, &err), 0);
}

static void test_init(void **state _unused_)
{
	static const char *const bad[] = {"",		"-1",	      "+1",	    " 1",
					  "1 ",		"0x1",	      "01",	    "bob",
					  "4294967295", "4294967296", "99999999999"};
	struct caller c = {0};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(caller_init(bad[i], "1", &c, &err), -EPERM);
		assert_int_equal(caller_init("1", bad[i], &c, &err), -EPERM);
	}
	assert_int_equal(caller_init("1", NULL, &c, &err), -EPERM);
	assert_int_equal(caller_init(NULL, NULL, &c, &err), 0);
	assert_int_equal(c.uid, getuid());
	assert_false(c.switches);
	caller_done(&c);
	if (geteuid() == 0) {
		assert_int_equal(caller_init("54321", "54322", &c, &err), 0);
		assert_true(c.switches);
		assert_int_equal(c.gid, 54322);
		assert_int_equal(c.groups.n, 0);
		assert_string_equal(c.name, "54321");
		caller_done(&c);
	}
}

static void test_owners(void **state _unused_)
{
	static const char yaml[] = "pods:\n  web: {owners: [nobody]}\n  none: {owners: []}\n"
				   "  any: {users: [nobody]}\n  jail_own: {owners: [nobody]}\n";
	static const struct {
		uid_t uid;
		const char *pod;
		int want;
	} cases[] = {
		{65534, "web", 0},
		{54321, "web", -EPERM},
		{0, "web", 0},
		{65534, "none", -EPERM},
		{0, "none", 0},
		{54321, "any", 0},
		{54321, "unnamed", 0},
		/* of jails: nobody's but root's, unless it says whose */
		{54321, "jail_bob", -EPERM},
		{0, "jail_bob", 0},
		{65534, "jail_own", 0},
		{54321, "jail_own", -EPERM},
		{54321, "jail", 0},
	};
	_cleanup_(settings_freep)
	struct settings *s = NULL;
	struct problems problems = {0};
	char name[] = "somebody";

	assert_int_equal(settings_parse(yaml, strlen(yaml), "host1", &problems, &s), 0);
	problems_done(&problems);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct caller c = {.uid = cases[i].uid, .name = name};
		struct err err = {0};

		assert_int_equal(caller_check_owner(&c, s, cases[i].pod, &err), cases[i].want);
	}
}

static void test_environment(void **state _unused_)
{
	struct caller_environment e;
	struct caller c;
	struct err err;

	setenv("DOCKER_HOST", "tcp://127.0.0.1:1", 1);
	setenv("NETGUARD_CONFIG", "/tmp/evil.yml", 1);
	setenv("LD_PRELOAD_OF_SORTS", "x", 1);
	setenv("LC_ALL", "tr_TR.UTF-8", 1);
	setenv("NO_COLOR", "1", 1);
	unsetenv("SUDO_UID");
	caller_take_environment(&e);
	assert_string_equal(e.docker_host, "tcp://127.0.0.1:1");
	assert_string_equal(getenv("NETGUARD_CONFIG"), "/tmp/evil.yml");
	assert_null(getenv("LD_PRELOAD_OF_SORTS"));
	assert_null(getenv("LC_ALL"));
	assert_null(getenv("DOCKER_HOST"));
	assert_null(e.sudo_uid);
	assert_true(e.no_color);
	caller_environment_done(&e);

	/* by sudo: nothing of it */
	setenv("DOCKER_HOST", "tcp://127.0.0.1:1", 1);
	setenv("DOCKER_CERT_PATH", "/tmp", 1);
	setenv("SUDO_UID", "", 1);
	setenv("PATH", "/tmp/evil", 1);
	caller_take_environment(&e);
	assert_null(e.docker_host);
	assert_null(getenv("NETGUARD_CONFIG"));
	assert_null(getenv("DOCKER_CERT_PATH"));
	assert_string_equal(getenv("PATH"), "/usr/sbin:/usr/bin:/sbin:/bin");
	assert_string_equal(e.sudo_uid, "");
	assert_false(e.no_color);
	caller_environment_done(&e);

	/* those that we can't tell from root are refused */
	setenv("PKEXEC_UID", "1000", 1);
	setenv("DOCKER_HOST", "tcp://127.0.0.1:1", 1);
	caller_take_environment(&e);
	assert_null(e.docker_host);
	assert_int_equal(caller_init(e.sudo_uid, e.sudo_gid, &c, &err), -EPERM);
	caller_environment_done(&e);
	setenv("DOAS_USER", "bob", 1);
	caller_take_environment(&e);
	assert_string_equal(e.sudo_uid, "");
	caller_environment_done(&e);
	setenv("PKEXEC_UID", "1000", 1);
	setenv("SUDO_UID", "7", 1);
	caller_take_environment(&e);
	assert_string_equal(e.sudo_uid, "7");
	caller_environment_done(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_rights),
		cmocka_unit_test(test_callers_rights),
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_owners),
		/* clears the environment: last */
		cmocka_unit_test(test_environment),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
