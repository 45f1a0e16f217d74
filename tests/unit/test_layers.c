/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/layers.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *st _unused_, int flag _unused_,
		      struct FTW *ftw _unused_)
{
	return remove(path);
}

/* Links are followed as the engine does: within the container, by name, over what is not there. */
static void test_walk(void **state _unused_)
{
	static const struct {
		const char *path;
		bool want;
	} cases[] = {
		{"/etc/passwd", false},
		{"/etc/none", false},
		{"/none/none", false},
		{"/fifo", true},
		{"fifo", true},
		{"/fifo/", true},
		{"//./fifo/.", true},
		{"/etc/passwd/none", false},
		{"/fifo/none", false},
		{"/etc", false},
		{"/etc/..", false},
		{"/fifo/..", false},
		{"/../../fifo", true},
		{"/none/../fifo", true},
		{"/etc/none/../../fifo", true},
		{"/absolute", true},
		{"/relative", true},
		{"/out", true},
		{"/folder/fifo", true},
		/* the folder that the link means is gone back from, not the link */
		{"/deep/../fifo", false},
		{"/deep/../../fifo", true},
		{"/folder/none/../../etc/passwd", false},
		{"/dangling", false},
		/* no end is nobody's but his who wants none */
		{"/circle", true},
		{"/chain60", true},
	};
	char folder[] = "/tmp/test-layers-XXXXXX";
	int root, fd;

	assert_non_null(mkdtemp(folder));
	root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	assert_int_equal(mkdirat(root, "etc", 0700), 0);
	assert_int_equal(mkdirat(root, "a", 0700), 0);
	assert_int_equal(mkdirat(root, "a/b", 0700), 0);
	fd = openat(root, "etc/passwd", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(mkfifoat(root, "fifo", 0600), 0);
	assert_int_equal(symlinkat("/fifo", root, "absolute"), 0);
	assert_int_equal(symlinkat("etc/../fifo", root, "relative"), 0);
	assert_int_equal(symlinkat("../../../fifo", root, "out"), 0);
	assert_int_equal(symlinkat(".", root, "folder"), 0);
	assert_int_equal(symlinkat("a/b", root, "deep"), 0);
	assert_int_equal(symlinkat("/none/none", root, "dangling"), 0);
	assert_int_equal(symlinkat("circle", root, "circle"), 0);
	assert_int_equal(symlinkat("fifo", root, "chain0"), 0);
	for (int i = 1; i <= 60; i++) {
		_cleanup_free_ char *from = xasprintf("chain%d", i);
		_cleanup_free_ char *to = xasprintf("chain%d", i - 1);

		assert_int_equal(symlinkat(to, root, from), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (layers_would_wait(root, cases[i].path) != cases[i].want)
			fail_msg("%s", cases[i].path);
	}
	close(root);
	assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Nothing is known of what is no container of this host. */
static void test_check(void **state _unused_)
{
	struct err err = {0};

	assert_int_equal(layers_check("I1", &err), 0);
	assert_int_equal(layers_check("../../../../../../../../../../../../../../../../../../"
				      "../../../..",
				      &err),
			 0);
	assert_int_equal(layers_check("0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
				      "abcdef",
				      &err),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
