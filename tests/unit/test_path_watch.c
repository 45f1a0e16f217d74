/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which changes on the way to a file are told, and which are none of ours. */
#include "netguard/path_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *name;
	const char *made; /* shell commands: before */
	const char *path;
	const char *command;
	bool told;
} cases[] = {
	{"in place", "touch f", "f", "echo > f", true},
	{"mode", "touch f", "f", "chmod 600 f", true},
	{"beside it", "touch f g", "f", "echo > g; rm g", false},
	{"made", "", "f", "touch f", true},
	{"removed", "touch f", "f", "rm f", true},
	{"renamed away", "touch f", "f", "mv f g", true},
	{"absolute", "touch f", NULL, "echo > f", true},
	{"slashes and dots", "mkdir d; touch f", ".//d/..//./f", "echo > f", true},
	{"a relative link", "mkdir d; touch d/g; ln -s d/g f", "f", "echo > d/g", true},
	{"a link upwards", "mkdir -p d/e h; touch h/g; ln -s ../../h/g d/e/f", "d/e/f",
	 "mv h/g h/x; mv h/x h/g", true},
	{"above the root", "touch f; ln -s \"../../../../../../../../../../../../$PWD/f\" l", "l",
	 "echo > f", true},
	{"a link of a link", "touch g; ln -s g h; ln -s h f", "f", "ln -sfn x h", true},
	{"what the link leads to no more", "touch g h; ln -s g f; ln -sfn h f", "f", "echo > g",
	 false},
	{"a directory", "mkdir -p d/e; touch d/e/f", "d/e/f", "mv d x", true},
	{"a directory's mode", "mkdir d; touch d/f", "d/f", "chmod 700 d", false},
	{"a directory's other files", "mkdir d; touch d/f", "d/f", "touch d/g x", false},
	{"no directory yet", "", "d/e/f", "mkdir d", true},
	{"a file for a directory", "touch d", "d/f", "rm d", true},
	{"a link to nothing", "ln -s d/f f", "f", "mkdir d", true},
	{"a circle", "ln -s g f; ln -s f g", "f", "rm g", true},
	{"itself", "ln -s f f", "f", "ln -sfn g f", true},
};

static void run(const char *command)
{
	_cleanup_free_ char *line = xasprintf("set -e; %s", command);
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static bool is_told(struct path_watch *w)
{
	bool ret = false;

	/* a few reads: more events than fit in one are no matter here */
	for (int i = 0; i < 4; i++)
		ret |= path_watch_read(w);
	return ret;
}

static void test_changes(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char dir[] = "/tmp/test_path_watch.XXXXXX";
		_cleanup_(path_watch_freep)
		struct path_watch *w = NULL;
		_cleanup_free_ char *path = NULL;
		struct err err;

		assert_non_null(mkdtemp(dir));
		assert_int_equal(chdir(dir), 0);
		run(cases[i].made);
		path = cases[i].path ? xstrdup(cases[i].path) : xasprintf("%s/f", dir);
		assert_int_equal(path_watch_new(path, &w, &err), 0);
		assert_int_equal(path_watch_follow(w, &err), 0);
		assert_false(is_told(w));
		run(cases[i].command);
		if (is_told(w) != cases[i].told)
			fail_msg("%s: %stold", cases[i].name, cases[i].told ? "not " : "");
		/* followed anew, the same holds: nothing is told twice */
		assert_int_equal(path_watch_follow(w, &err), 0);
		assert_false(is_told(w));
		assert_int_equal(chdir("/"), 0);
		free(path);
		path = xasprintf("rm -r %s", dir);
		run(path);
	}
}

/* What the path led to before is not watched any more, and what it leads to now is. */
static void test_follows(void **state _unused_)
{
	char dir[] = "/tmp/test_path_watch.XXXXXX";
	_cleanup_(path_watch_freep)
	struct path_watch *w = NULL;
	_cleanup_free_ char *command = NULL;
	struct err err;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	run("mkdir a b; touch a/f b/f; ln -s a c");
	assert_int_equal(path_watch_new("c/f", &w, &err), 0);
	for (int i = 0; i < 10; i++) {
		run(i % 2 ? "ln -sfn a c" : "ln -sfn b c");
		assert_true(i == 0 || is_told(w));
		assert_int_equal(path_watch_follow(w, &err), 0);
		run(i % 2 ? "echo > b/f" : "echo > a/f");
		assert_false(is_told(w));
		run(i % 2 ? "echo > a/f" : "echo > b/f");
		assert_true(is_told(w));
	}
	assert_int_equal(chdir("/"), 0);
	command = xasprintf("rm -r %s", dir);
	run(command);
}

/* Two limits, one number: whoever reads it must know of both. */
static void test_limits(void **state _unused_)
{
	struct path_watch *w = NULL;
	struct rlimit old, none;
	struct err err;
	int r;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = path_watch_new("f", &w, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(r, -EMFILE);
	assert_null(w);
	assert_non_null(strstr(err.text, "Too many open files"));
	assert_non_null(strstr(err.text, "max_user_instances"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes),
					   cmocka_unit_test(test_follows),
					   cmocka_unit_test(test_limits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
