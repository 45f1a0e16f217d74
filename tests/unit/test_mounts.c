/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The walk to a mount's source, also while somebody swaps what it walks over. */
#include "podctl/mounts.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
	char dir[32]; /* holds root, what is walked, and outside, what must stay as it is */
	char *root_path;
	int root;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	memcpy(f->dir, "/tmp/test_mounts.XXXXXX", sizeof("/tmp/test_mounts.XXXXXX"));
	assert_non_null(mkdtemp(f->dir));
	f->root_path = xasprintf("%s/root", f->dir);
	assert_int_equal(mkdir(f->root_path, 0755), 0);
	f->root = open(f->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(f->root >= 0);
	assert_int_equal(mkdirat(f->root, "../outside", 0755), 0);
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *st _unused_, int type _unused_,
		      struct FTW *ftw _unused_)
{
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->root);
	nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(f->root_path);
	free(f);
	return 0;
}

/* Walks; *ret: where that led, below the fixture's folder. Caller frees. */
static int walk(const struct fixture *f, const char *source, char **ret)
{
	_cleanup_close_ int fd = -1;
	char link[64], path[512];
	struct err err = {0};
	int r = mounts_walk(f->root, source, &fd, &err);
	ssize_t n;

	*ret = NULL;
	if (r < 0)
		return r;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	assert_true(n > 0);
	path[n] = '\0';
	assert_non_null(startswith(path, f->dir));
	*ret = xstrdup(path + strlen(f->dir));
	return 0;
}

static void test_walk(void **state)
{
	static const struct {
		const char *source;
		int r;
		const char *want;
	} cases[] = {
		{".", 0, "/root"},	   {"a", 0, "/root/a"},		{"a/b/c", 0, "/root/a/b/c"},
		{"file", 0, "/root/file"}, {"file/x", -ENOTDIR, NULL},	{"link", -ELOOP, NULL},
		{"link/x", -ELOOP, NULL},  {"inner/x", -ELOOP, NULL},	{"dangling", -ELOOP, NULL},
		{"fifo", -EINVAL, NULL},   {"proc/self", -ELOOP, NULL},
	};
	const struct fixture *f = *state;
	struct stat st;
	int fd = openat(f->root, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(symlinkat("../outside", f->root, "link"), 0);
	assert_int_equal(symlinkat("a", f->root, "inner"), 0);
	assert_int_equal(symlinkat("../outside/new", f->root, "dangling"), 0);
	assert_int_equal(symlinkat("/proc", f->root, "proc"), 0);
	assert_int_equal(mkfifoat(f->root, "fifo", 0644), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *got = NULL;
		int r = walk(f, cases[i].source, &got);

		if (r != cases[i].r)
			fail_msg("%s: %d", cases[i].source, r);
		if (cases[i].want)
			assert_string_equal(got, cases[i].want);
	}
	assert_int_equal(fstatat(f->root, "a/b/c", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(fstatat(f->root, "../outside/new", &st, 0), -1);
	assert_int_equal(fstatat(f->root, "../outside/x", &st, 0), -1);
}

static void swap_for_ever(int root)
{
	for (;;)
		renameat2(root, "swap", root, "trap", RENAME_EXCHANGE);
}

static void test_swapped(void **state)
{
	const struct fixture *f = *state;
	unsigned walked = 0, refused = 0;
	struct stat st;
	pid_t child;

	assert_int_equal(mkdirat(f->root, "swap", 0755), 0);
	assert_int_equal(symlinkat("../outside", f->root, "trap"), 0);
	child = fork();
	if (child == 0) {
		swap_for_ever(f->root);
		_exit(0);
	}
	assert_true(child > 0);
	for (unsigned i = 0; i < 20000 && (i < 2000 || walked == 0 || refused == 0); i++) {
		char source[32];
		_cleanup_free_ char *got = NULL;
		int r;

		snprintf(source, sizeof(source), "swap/n%u/x", i % 100);
		r = walk(f, source, &got);
		if (r == 0) {
			assert_null(strstr(got, "outside"));
			walked++;
		} else {
			refused++;
		}
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	/* both happened, or this was no test */
	assert_true(walked > 0);
	assert_true(refused > 0);
	for (unsigned i = 0; i < 100; i++) {
		char name[32];

		snprintf(name, sizeof(name), "../outside/n%u", i);
		assert_int_equal(fstatat(f->root, name, &st, AT_SYMLINK_NOFOLLOW), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_walk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_swapped, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
