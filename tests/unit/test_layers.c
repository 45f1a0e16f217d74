/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/layers.h"

#include "common/clock.h"
#include "podctl/layers_mounts.h"
#include "podctl/pod.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *st _unused_, int flag _unused_,
		      struct FTW *ftw _unused_)
{
	return remove(path);
}

static bool would_wait(int root, const struct layers_mounts *m, const char *path)
{
	return layers_waits_for(root, m, &path, 1) != NULL;
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
		/* of the kernel's own */
		{"/dev/ptmx", true},
		{"/terminal", true},
		{"/output", true},
		{"/proc", false},
	};
	const struct layers_mounts none = {0};
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
	assert_int_equal(symlinkat("/dev/ptmx", root, "terminal"), 0);
	assert_int_equal(symlinkat("proc/self/fd/1", root, "output"), 0);
	assert_int_equal(symlinkat("circle", root, "circle"), 0);
	assert_int_equal(symlinkat("fifo", root, "chain0"), 0);
	for (int i = 1; i <= 60; i++) {
		_cleanup_free_ char *from = xasprintf("chain%d", i);
		_cleanup_free_ char *to = xasprintf("chain%d", i - 1);

		assert_int_equal(symlinkat(to, root, from), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (would_wait(root, &none, cases[i].path) != cases[i].want)
			fail_msg("%s", cases[i].path);
	}
	close(root);
	assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

struct mount_case {
	const char *targets[4];
	bool want;
};

/* fixture: a container's files, and what is mounted as SOURCE below the same folder. */
static void expect_mounts(int root, const char *folder, const char *source,
			  const struct mount_case *c)
{
	struct layers_mounts m = {0};

	for (size_t i = 0; i < ARRAY_SIZE(c->targets) && c->targets[i]; i++)
		ARRAY_PUSH(m.items, m.n) = (struct layers_mount){
			xstrdup(c->targets[i]), source ? xasprintf("%s/%s", folder, source) : NULL};
	if (would_wait(root, &m, "/etc/passwd") != c->want)
		fail_msg("%s, %s of %s", c->targets[0], c->targets[1] ? c->targets[1] : "-",
			 source ? source : "-");
	layers_mounts_done(&m);
}

/* A mount is where its name leads to, and what is below it is not known. */
static void test_mounts(void **state _unused_)
{
	static const struct mount_case plain[] = {
		{{NULL}, false},
		{{"/data"}, false},
		{{"/etc"}, true},
		{{"/etc/passwd"}, false},
		{{"/etc/ssl"}, false},
		{{"/up/etc"}, true},
		{{"/up/etc/passwd"}, false},
		{{"/up"}, true},
		{{"/self/etc"}, true},
		{{"/circle"}, true},
		{{"/sys/fs/cgroup"}, false},
		{{"/dev/shm", "/data"}, false},
		/* by a link into another */
		{{"/data", "/into/x"}, true},
		{{"/into/x", "/data"}, true},
		/* by its name */
		{{"/data", "/data/a/b"}, false},
		{{"/data/a/b", "/data"}, false},
		{{"/data", "/data/link/b"}, true},
		{{"/data", "/data/link"}, true},
		{{"/data", "/data/file/b/"}, false},
		{{"/database", "/data/link/b"}, false},
	};
	static const struct mount_case empty[] = {
		{{"/run", "/run/secrets"}, false},
		{{"/data", "/data/link/b"}, false},
	};
	char folder[] = "/tmp/test-layers-XXXXXX";
	struct layers_mounts many = {0};
	int root;

	assert_non_null(mkdtemp(folder));
	root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	assert_int_equal(symlinkat("/", root, "up"), 0);
	assert_int_equal(symlinkat("/proc/self/root", root, "self"), 0);
	assert_int_equal(symlinkat("circle", root, "circle"), 0);
	assert_int_equal(symlinkat("data", root, "into"), 0);
	assert_int_equal(mkdirat(root, "source", 0700), 0);
	assert_int_equal(symlinkat("/etc", root, "source/link"), 0);
	assert_int_equal(mknodat(root, "source/file", S_IFREG | 0600, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		expect_mounts(root, folder, "source", &plain[i]);
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		expect_mounts(root, folder, NULL, &empty[i]);
	expect_mounts(root, folder, "none", &empty[1]);
	for (unsigned i = 0; i <= 1000; i++)
		ARRAY_PUSH(many.items, many.n) = (struct layers_mount){xasprintf("/v%u", i), NULL};
	assert_true(would_wait(root, &many, "/etc/passwd"));
	layers_mounts_done(&many);
	close(root);
	assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* "/a/a/.../a", as deep as it is followed. */
static char *deep_path(int root, unsigned depth)
{
	char *path = xcalloc(2 * (size_t)depth + 1, 1);
	int fd = dup(root);

	for (unsigned i = 0; i < depth; i++) {
		int next;

		assert_true(mkdirat(fd, "a", 0700) == 0 || errno == EEXIST);
		next = openat(fd, "a", O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(fd);
		fd = next;
		memcpy(path + 2 * (size_t)i, "/a", 2);
	}
	close(fd);
	return path;
}

static struct layers_mounts mounts_at(const char *path, unsigned n)
{
	struct layers_mounts m = {0};

	for (unsigned i = 0; i < n; i++)
		ARRAY_PUSH(m.items, m.n) =
			(struct layers_mount){xasprintf("%s/v%u", path, i), NULL};
	return m;
}

/* The engine's start waits for the answer: what is made to take long is not looked at to its end.
 */
static void test_far(void **state _unused_)
{
	char folder[] = "/tmp/test-layers-XXXXXX";
	_cleanup_free_ char *deep = NULL;
	struct layers_mounts m;
	int64_t began;
	int root;

	assert_non_null(mkdtemp(folder));
	root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	deep = deep_path(root, 250);
	/* a few are like any other */
	m = mounts_at(deep, 5);
	assert_false(would_wait(root, &m, "/etc/passwd"));
	layers_mounts_done(&m);
	/* and so are many where images have them */
	m = mounts_at("/var/lib/x", 500);
	assert_false(would_wait(root, &m, "/etc/passwd"));
	layers_mounts_done(&m);
	began = clock_ms();
	m = mounts_at(deep, 900);
	assert_true(would_wait(root, &m, "/etc/passwd"));
	layers_mounts_done(&m);
	/* some hundredth of that; it took minutes */
	assert_in_range(clock_ms() - began, 0, 10000);
	close(root);
	assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* What can't be looked at for want of descriptors is not taken for what is not there. */
static void test_descriptors(void **state _unused_)
{
	char folder[] = "/tmp/test-layers-XXXXXX";
	const struct layers_mounts none = {0};
	struct rlimit before, few;
	int root, lowest;

	assert_non_null(mkdtemp(folder));
	root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	assert_int_equal(mkdirat(root, "etc", 0700), 0);
	assert_int_equal(mkfifoat(root, "etc/passwd", 0600), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	lowest = dup(root);
	close(lowest);
	for (int more = 0; more < 3; more++) {
		few = before;
		few.rlim_cur = (rlim_t)(lowest + more);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		assert_true(would_wait(root, &none, "/etc/passwd"));
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	}
	close(root);
	assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* As engine 20.10 writes them. */
static void test_parse(void **state _unused_)
{
	static const char config[] =
		"{\"MountPoints\":{\"/b\":{\"Source\":\"/run/"
		"pin\",\"Name\":\"\",\"Type\":\"bind\"},"
		"\"/t\":{\"Source\":\"\",\"Name\":\"\",\"Type\":\"tmpfs\"},"
		"\"/v\":{\"Source\":\"\",\"Name\":\"0123\",\"Type\":\"volume\"},"
		"\"/w\":{\"Name\":\"../x\",\"Type\":\"volume\"},\"/x\":null}}";
	json_auto_t *json = json_loads(config, 0, NULL),
		    *host = json_loads("{\"Tmpfs\":{\"/run\":\"\"}}", 0, NULL);
	struct layers_mounts m = {0};

	layers_mounts_parse(json, host, "/root", &m);
	assert_int_equal(m.n, 6);
	assert_string_equal(m.items[0].target, "/b");
	assert_string_equal(m.items[0].source, "/run/pin");
	assert_null(m.items[1].source);
	assert_string_equal(m.items[2].source, "/root/volumes/0123/_data");
	assert_null(m.items[3].source);
	assert_null(m.items[4].source);
	assert_string_equal(m.items[5].target, "/run");
	layers_mounts_done(&m);
	layers_mounts_parse(NULL, NULL, "/root", &m);
	assert_int_equal(m.n, 0);
}

/* Inside of what containers of the pod can change, by its name. */
static void test_nested(void **state _unused_)
{
	static const struct {
		const char *target, *source, *other_target, *other_source, *nested;
	} cases[] = {
		{"/a", POD_PIN_FOLDER "/web/1", "/a/b/c", "/v", "/a/b/c"},
		{"/a/b", NULL, "/a", POD_PIN_FOLDER "/web/1", "/a/b"},
		/* whose files no other container changes */
		{"/a", NULL, "/a/b", POD_PIN_FOLDER "/web/1", NULL},
		{"/a", "/var/lib/docker/volumes/1/_data", "/a/b", "/v", NULL},
		{"/a", POD_PIN_FOLDER "/web/1", "/ab", "/v", NULL},
		{"/a/b", POD_PIN_FOLDER "/web/1", "/a", "/v", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct layers_mounts m = {0};
		const struct layers_mount *nested;

		ARRAY_PUSH(m.items, m.n) =
			(struct layers_mount){xstrdup(cases[i].target),
					      cases[i].source ? xstrdup(cases[i].source) : NULL};
		ARRAY_PUSH(m.items, m.n) = (struct layers_mount){
			xstrdup(cases[i].other_target),
			cases[i].other_source ? xstrdup(cases[i].other_source) : NULL};
		nested = layers_mounts_nested(&m);
		assert_string_equal(nested ? nested->target : "(none)",
				    cases[i].nested ? cases[i].nested : "(none)");
		layers_mounts_done(&m);
	}
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
		cmocka_unit_test(test_nested),	    cmocka_unit_test(test_walk),
		cmocka_unit_test(test_mounts),	    cmocka_unit_test(test_far),
		cmocka_unit_test(test_descriptors), cmocka_unit_test(test_parse),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
