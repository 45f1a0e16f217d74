/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is kept for the next boot: written, read again, and refused where somebody wrote it. */
#include "podctl/record.h"
#include "podctl/remap.h"
#include "podctl/rundir.h"
#include "tests/unit/fake_engine.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "0123456789abcdef0123456789abcdef"

static void fill(struct record *r)
{
	struct record_folder *f;

	record_add_source(r, "data/www");
	record_add_source(r, ".");
	record_add_source(r, "data/www");
	f = record_add_folder(r, ID);
	record_add_file(f, "password", "secret/pass");
	record_add_file(f, "\xc3\xa9", "secret/e");
	r->remap_known = true;
	r->uid = 100000;
	r->gid = 4294901759U;
}

static void test_round(void **state _unused_)
{
	struct record r = {0}, again = {0}, merged = {0};
	struct err err = {0};
	_cleanup_free_ char *text = NULL, *text_again = NULL, *text_merged = NULL;

	fill(&r);
	assert_int_equal(r.sources.n, 2);
	text = record_format(&r);
	assert_non_null(text);
	assert_int_equal(record_parse(text, strlen(text), &again, &err), 0);
	text_again = record_format(&again);
	assert_string_equal(text, text_again);
	assert_true(again.remap_known);
	assert_int_equal(again.uid, 100000);
	assert_int_equal(again.gid, 4294901759U);

	assert_true(record_is_empty(&merged));
	record_merge(&merged, &r);
	record_merge(&merged, &again);
	text_merged = record_format(&merged);
	assert_string_equal(text, text_merged);
	assert_false(record_is_empty(&merged));
	record_done(&r);
	record_done(&again);
	record_done(&merged);
}

static void test_limits(void **state _unused_)
{
	struct record r = {0};

	r.sources.n = RECORD_SOURCES_MAX + 1;
	assert_null(record_format(&r));
	r.sources.n = 0;
	r.n_folders = RECORD_FOLDERS_MAX + 1;
	assert_null(record_format(&r));
	r.n_folders = 0;
	record_add_folder(&r, ID)->n = RECORD_FILES_MAX + 1;
	assert_null(record_format(&r));
	r.folders[0].n = 0;
	record_done(&r);
}

static void test_refused(void **state _unused_)
{
#define MOUNT(s)  "{\"version\":1,\"mounts\":[" s "],\"secrets\":[]}"
#define FOLDER(s) "{\"version\":1,\"mounts\":[],\"secrets\":[" s "]}"
#define ROOT(s)	  "{\"version\":1,\"mounts\":[],\"secrets\":[],\"root\":" s "}"
	static const struct {
		const char *text;
		int r;
	} cases[] = {
		{MOUNT(""), 0},
		{MOUNT("\"a/b\""), 0},
		{MOUNT("\".\""), 0},
		{MOUNT("\"..a/.b\""), 0},
		{MOUNT("\"\""), -EINVAL},
		{MOUNT("\"..\""), -EINVAL},
		{MOUNT("\"a/..\""), -EINVAL},
		{MOUNT("\"a/../b\""), -EINVAL},
		{MOUNT("\"../b\""), -EINVAL},
		{MOUNT("\"./b\""), -EINVAL},
		{MOUNT("\"/etc\""), -EINVAL},
		{MOUNT("\"a//b\""), -EINVAL},
		{MOUNT("\"a/\""), -EINVAL},
		{MOUNT("1"), -EINVAL},
		{MOUNT("null"), -EINVAL},
		{MOUNT("\"a\\u0000b\""), -EINVAL},
		{FOLDER("{\"id\":\"" ID "\",\"files\":{}}"), 0},
		{FOLDER("{\"id\":\"" ID "\",\"files\":{\"a\":\"b\"}}"), 0},
		{FOLDER("{\"id\":\"" ID "\",\"files\":{\"a/b\":\"b\"}}"), -EINVAL},
		{FOLDER("{\"id\":\"" ID "\",\"files\":{\"..\":\"b\"}}"), -EINVAL},
		{FOLDER("{\"id\":\"" ID "\",\"files\":{\".new\":\"b\"}}"), -EINVAL},
		{FOLDER("{\"id\":\"" ID "\",\"files\":{\"\":\"b\"}}"), -EINVAL},
		{FOLDER("{\"id\":\"" ID "\",\"files\":{\"a\":\"../b\"}}"), -EINVAL},
		{FOLDER("{\"id\":\"" ID "\",\"files\":{\"a\":7}}"), -EINVAL},
		{FOLDER("{\"id\":\"" ID "\",\"files\":[]}"), -EINVAL},
		{FOLDER("{\"id\":\"" ID "\"}"), -EINVAL},
		{FOLDER("{\"id\":\"../../../etc\",\"files\":{}}"), -EINVAL},
		{FOLDER("{\"id\":\"0123456789ABCDEF0123456789ABCDEF\",\"files\":{}}"), -EINVAL},
		{FOLDER("{\"id\":\"" ID "0\",\"files\":{}}"), -EINVAL},
		{FOLDER("{\"files\":{}}"), -EINVAL},
		{FOLDER("{\"id\":\"" ID "\",\"files\":{}},{\"id\":\"" ID "\",\"files\":{}}"),
		 -EINVAL},
		{FOLDER("{\"id\":\"" ID "\",\"files\":{\"a\":\"b\",\"a\":\"c\"}}"), -EINVAL},
		{FOLDER("null"), -EINVAL},
		{ROOT("[0,0]"), 0},
		{ROOT("[1]"), -EINVAL},
		{ROOT("[1,2,3]"), -EINVAL},
		{ROOT("[-1,0]"), -EINVAL},
		{ROOT("[0,-1]"), -EINVAL},
		{ROOT("[4294967296,0]"), -EINVAL},
		{ROOT("[0,4294967296]"), -EINVAL},
		{ROOT("null"), -EINVAL},
		{"{\"version\":2,\"mounts\":[],\"secrets\":[]}", -EINVAL},
		{"{\"version\":1,\"secrets\":[]}", -EINVAL},
		{"{\"version\":1,\"mounts\":[]}", -EINVAL},
		{"{\"version\":1,\"mounts\":{},\"secrets\":[]}", -EINVAL},
		{"[]", -EINVAL},
		{"1", -EINVAL},
		{"", -EINVAL},
		{"{", -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct record r = {0};
		struct err err = {0};

		if (record_parse(cases[i].text, strlen(cases[i].text), &r, &err) != cases[i].r)
			fail_msg("%s", cases[i].text);
		record_done(&r);
	}
}

/* Folders of our own in place of the machine's. False where we may not have them. */
static bool own_folders(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/var/lib", "tmpfs", 0, "mode=755") == 0;
}

static int load(const char *pod)
{
	struct record r = {0};
	struct err err = {0};
	int result = record_load(pod, &r, &err);

	if (result == 0)
		assert_int_equal(r.sources.n, 2);
	record_done(&r);
	return result;
}

static void put(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void test_files(void **state _unused_)
{
	static const char path[] = RECORD_FOLDER "/web.json";
	const struct record none = {0};
	struct record r = {0};
	struct strv pods = {0};
	struct err err = {0};
	struct stat st;

	if (!own_folders())
		skip();
	fill(&r);
	assert_int_equal(load("web"), -ENOENT);
	assert_int_equal(record_save("web", &none, &err), 0);
	assert_int_equal(record_save("web", &r, &err), 0);
	assert_int_equal(load("web"), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(RECORD_FOLDER, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	/* again, over what an ended one left */
	put(RECORD_FOLDER "/.web.new", "half", 0600);
	assert_int_equal(record_save("web", &r, &err), 0);
	assert_int_equal(access(RECORD_FOLDER "/.web.new", F_OK), -1);
	put(RECORD_FOLDER "/no name.json", "{}", 0600);
	put(RECORD_FOLDER "/web.txt", "{}", 0600);
	put(RECORD_FOLDER "/.json", "{}", 0600);
	assert_int_equal(record_list(&pods, &err), 0);
	assert_int_equal(pods.n, 1);
	assert_string_equal(pods.items[0], "web");
	strv_done(&pods);
	/* hostile files */
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(load("web"), -EPERM);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chown(path, 7, 7), 0);
	assert_int_equal(load("web"), -EPERM);
	put(path, "{}", 0600);
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(load("web"), -EINVAL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(load("web"), -ELOOP);
	assert_int_equal(record_save("web", &none, &err), 0);
	assert_int_equal(load("web"), -ENOENT);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(load("web"), -EINVAL);
	/* a folder that is not ours */
	assert_int_equal(chmod(RUNDIR_STATE_PATH, 0777), 0);
	assert_int_equal(record_save("web", &r, &err), -EPERM);
	assert_int_equal(record_list(&pods, &err), -EPERM);
	assert_int_equal(load("web"), -EPERM);
	assert_int_equal(chmod(RUNDIR_STATE_PATH, 0755), 0);
	assert_int_equal(record_list(&pods, &err), 0);
	strv_done(&pods);
	r.sources.n = 2;
	record_done(&r);
}

static void test_remap(void **state _unused_)
{
#define INFO(options, root) "{\"SecurityOptions\":" options ",\"DockerRootDir\":" root "}"
	static const struct {
		const char *info;
		int r;
		uid_t uid;
		gid_t gid;
	} cases[] = {
		{INFO("[\"name=seccomp,profile=default\"]", "\"/var/lib/docker\""), 0, 0, 0},
		{INFO("[]", "\"/var/lib/docker/100000.100000\""), 0, 0, 0},
		{INFO("null", "null"), 0, 0, 0},
		{"{}", 0, 0, 0},
		{INFO("[7,\"name=userns\"]", "\"/x/100000.200000\""), 0, 100000, 200000},
		{INFO("[\"name=userns,x=y\"]", "\"/1.2\""), 0, 1, 2},
		{INFO("[\"name=usernsx\"]", "\"/1.2\""), 0, 0, 0},
		{INFO("[\"name=userns\"]", "\"/var/lib/docker\""), -EPROTO, 0, 0},
		{INFO("[\"name=userns\"]", "\"/x/0.0\""), -EPROTO, 0, 0},
		{INFO("[\"name=userns\"]", "\"/x/1.\""), -EPROTO, 0, 0},
		{INFO("[\"name=userns\"]", "\"/x/.1\""), -EPROTO, 0, 0},
		{INFO("[\"name=userns\"]", "\"/x/1.2.3\""), -EPROTO, 0, 0},
		{INFO("[\"name=userns\"]", "\"/x/-1.2\""), -EPROTO, 0, 0},
		{INFO("[\"name=userns\"]", "\"/x/4294967295.1\""), -EPROTO, 0, 0},
		{INFO("[\"name=userns\"]", "\"/x/99999999999.1\""), -EPROTO, 0, 0},
		{INFO("[\"name=userns\"]", "7"), -EPROTO, 0, 0},
		{INFO("{}", "\"/x\""), -EPROTO, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(fake_engine_freep)
		struct fake_engine *fake = fake_engine_new();
		_cleanup_(engine_freep)
		struct engine *engine = NULL;
		struct remap remap = {0};
		struct err err = {0};

		assert_int_equal(engine_new(fake_engine_host(fake), &engine, &err), 0);
		fake_engine_json(fake, "/v1.41/info", 200, cases[i].info);
		remap.engine = engine;
		if (remap_ask(&remap, &err) != cases[i].r || remap.uid != cases[i].uid ||
		    remap.gid != cases[i].gid)
			fail_msg("%s: %s", cases[i].info, err.text);
		/* what is known is not asked again; what is not, is */
		assert_int_equal(remap.known, cases[i].r == 0);
		assert_int_equal(remap_ask(&remap, &err), remap.known ? 0 : -ENOENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),	cmocka_unit_test(test_limits),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_files),
		cmocka_unit_test(test_remap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
