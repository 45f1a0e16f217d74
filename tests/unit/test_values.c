/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of files: read as the pod could read them, delivered, brought back; never anything else.
 */
#include "podctl/record.h"
#include "podctl/supply.h"
#include "podctl/walk.h"
#include "tests/unit/fake_engine.h"
#include "tests/unit/pod_fixture.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#define ROOT "/run/pods"
#define POD  ROOT "/web"

/* A pod with one container that has a variable or a secret of a file. */
struct fixture {
	struct settings *settings;
	struct schema_pair pairs[2];
	struct pod_container container;
	struct pod pod;
	struct remap remap;
};

static char web[] = "web", app[] = "app", name[] = "PASS", other_name[] = "OTHER";

static void put(const char *path, const void *data, size_t size, mode_t mode, uid_t uid)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
	assert_int_equal(fchown(fd, uid, uid), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text), 0600, 0);
}

/* /run and /var/lib are our own for as long as this program runs. */
static bool own_folders(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/run", "tmpfs", 0, "mode=755") == 0 &&
	       mount("none", "/var/lib", "tmpfs", 0, "mode=755") == 0 && mkdir(ROOT, 0700) == 0 &&
	       mkdir(POD, 0755) == 0;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->settings = fixture_settings("mount_root: " ROOT);
	f->pod.name = web;
	f->pod.containers.items = &f->container;
	f->pod.containers.n = 1;
	f->container.entry.key = app;
	f->pairs[0] = (struct schema_pair){.key = name, .value = name};
	f->pairs[1] = (struct schema_pair){.key = other_name, .value = other_name};
	f->remap.known = true;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	settings_free(f->settings);
	free(f);
	return 0;
}

static int load_from(struct fixture *f, char *source, bool secret, struct values *v,
		     struct err *err)
{
	struct schema_pairs pairs = {.items = f->pairs, .n = 1}, none = {0};

	f->pairs[0].value = source;
	f->container.environment_files = secret ? none : pairs;
	f->container.secrets = secret ? pairs : none;
	*v = (struct values){0};
	return values_load(&f->pod, f->settings, v, err);
}

static void expect(struct fixture *f, const char *source, bool secret, int want, const char *data)
{
	_cleanup_free_ char *copy = xstrdup(source);
	struct values v;
	struct err err = {0};
	int r = load_from(f, copy, secret, &v, &err);
	const struct values_item *item;

	if (r != want)
		fail_msg("%s: %d %s", source, r, err.text);
	if (r < 0) {
		assert_non_null(strstr(err.text, name));
		assert_non_null(strstr(err.text, app));
		assert_null(strstr(err.text, "s3cr3t"));
		return;
	}
	item = values_find(&v, app, secret, name);
	assert_non_null(item);
	assert_null(values_find(&v, app, !secret, name));
	assert_null(values_find(&v, "b", secret, name));
	assert_null(values_find(&v, app, secret, "X"));
	if (data)
		assert_string_equal(item->data, data);
	values_done(&v);
}

static void test_load(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *big = xcalloc(1, VALUES_FILE_MAX + 1);

	if (!own_folders())
		skip();
	memset(big, 'x', VALUES_FILE_MAX + 1);
	put_text(POD "/plain", "s3cr3t");
	put_text(POD "/line", "s3cr3t\n");
	put_text(POD "/lines", "s3cr3t\n\n");
	put_text(POD "/empty", "");
	put_text(POD "/newline", "\n");
	put(POD "/nul", "s3\0cr3t", 7, 0600, 0);
	put_text(POD "/latin1", "s3cr3t\xe9");
	put(POD "/fits", big, VALUES_FILE_MAX, 0600, 0);
	put(POD "/big", big, VALUES_FILE_MAX + 1, 0600, 0);
	put_text(ROOT "/outside", "s3cr3t");
	put_text("/run/outside", "s3cr3t");
	assert_int_equal(symlink("/run/outside", POD "/link"), 0);
	assert_int_equal(symlink("plain", POD "/inner"), 0);
	assert_int_equal(symlink("/proc/self/environ", POD "/environ"), 0);
	assert_int_equal(symlink("/run", POD "/run"), 0);
	assert_int_equal(mkfifo(POD "/fifo", 0666), 0);
	assert_int_equal(mknod(POD "/device", S_IFCHR | 0666, 0x103), 0); /* /dev/null */
	assert_int_equal(mkdir(POD "/folder", 0755), 0);

	expect(f, "plain", false, 0, "s3cr3t");
	expect(f, "line", false, 0, "s3cr3t");
	expect(f, "lines", false, 0, "s3cr3t\n");
	expect(f, "line", true, 0, "s3cr3t\n");
	expect(f, "empty", false, 0, "");
	expect(f, "newline", false, 0, "");
	expect(f, "nul", false, -EINVAL, NULL);
	expect(f, "nul", true, 0, NULL);
	expect(f, "latin1", false, -EINVAL, NULL);
	expect(f, "latin1", true, 0, NULL);
	for (int secret = 0; secret < 2; secret++) {
		expect(f, "fits", secret, 0, NULL);
		expect(f, "big", secret, -EFBIG, NULL);
		expect(f, "link", secret, -ELOOP, NULL);
		expect(f, "inner", secret, -ELOOP, NULL);
		expect(f, "environ", secret, -ELOOP, NULL);
		expect(f, "run/outside", secret, -ELOOP, NULL);
		expect(f, "../outside", secret, -EINVAL, NULL);
		expect(f, "/run/outside", secret, -EINVAL, NULL);
		expect(f, "fifo", secret, -EINVAL, NULL);
		expect(f, "device", secret, -EINVAL, NULL);
		expect(f, "folder", secret, -EINVAL, NULL);
		expect(f, ".", secret, -EINVAL, NULL);
		expect(f, "none", secret, -ENOENT, NULL);
		expect(f, "none/x", secret, -ENOENT, NULL);
		expect(f, "plain/x", secret, -ENOTDIR, NULL);
	}
	assert_int_equal(access(POD "/none", F_OK), -1);
}

/* Where policy forbids the pod's containers to be root, what only root may read is not theirs. */
static void test_rights(void **state)
{
	struct fixture *f = *state;
	static const struct {
		mode_t mode;
		uid_t uid;
		int r;
	} cases[] = {
		{0600, 0, -EACCES}, {0640, 0, 0}, {0604, 0, 0}, {0600, 7, 0}, {0000, 0, -EACCES},
	};

	if (!own_folders())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put(POD "/file", "s3cr3t", 6, cases[i].mode, cases[i].uid);
		f->settings->policy.require_user = false;
		f->settings->policy.allow_root_user = true;
		expect(f, "file", true, 0, "s3cr3t");
		f->settings->policy.require_user = true;
		expect(f, "file", true, cases[i].r, "s3cr3t");
		f->settings->policy.require_user = false;
		f->settings->policy.allow_root_user = false;
		expect(f, "file", false, cases[i].r, "s3cr3t");
		unlink(POD "/file");
	}
	free(f->settings->mount_root);
	f->settings->mount_root = NULL;
	expect(f, "file", true, -EINVAL, NULL);
}

static void test_remap(void **state)
{
	struct fixture *f = *state;
	static const struct {
		mode_t mode;
		uid_t uid;
		int r;
	} cases[] = {
		{0600, 0, -EACCES},	{0640, 0, -EACCES},	{0604, 0, 0},
		{0600, 100000, 0},	{0600, 165535, 0},	{0600, 165536, -EACCES},
		{0600, 99999, -EACCES}, {0640, 99999, -EACCES},
	};
	char source[] = "file";
	struct remap remap = {.known = true};
	struct values v;
	struct err err = {0};

	if (!own_folders())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put(POD "/file", "s3cr3t", 6, cases[i].mode, cases[i].uid);
		assert_int_equal(load_from(f, source, true, &v, &err), 0);
		remap.uid = remap.gid = 0;
		assert_int_equal(values_check_remap(&v, &remap, &err), 0);
		remap.uid = remap.gid = 100000;
		assert_int_equal(values_check_remap(&v, &remap, &err), cases[i].r);
		values_done(&v);
		unlink(POD "/file");
	}
	put(POD "/file", "s3cr3t", 6, 0640, 7);
	assert_int_equal(chown(POD "/file", 7, 100001), 0);
	assert_int_equal(load_from(f, source, true, &v, &err), 0);
	assert_int_equal(values_check_remap(&v, &remap, &err), 0);
	/* an engine that says nothing allows nothing */
	{
		_cleanup_(fake_engine_freep)
		struct fake_engine *fake = fake_engine_new();
		struct remap unknown = {0};

		assert_int_equal(engine_new(fake_engine_host(fake), &unknown.engine, &err), 0);
		assert_int_equal(values_check_remap(&v, &unknown, &err), -ENOENT);
		engine_free(unknown.engine);
	}
	values_done(&v);
}

static void test_limits(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ struct schema_pair *many = xcalloc(VALUES_MAX + 1, sizeof(*many));
	char small[] = "small", large[] = "large";
	_cleanup_free_ char *data = xcalloc(1, VALUES_FILE_MAX);
	struct values v = {0};
	struct err err = {0};

	if (!own_folders())
		skip();
	put_text(POD "/small", "x");
	put(POD "/large", data, VALUES_FILE_MAX, 0600, 0);
	for (size_t i = 0; i <= VALUES_MAX; i++)
		many[i] = (struct schema_pair){.key = name, .value = small};
	f->container.secrets = (struct schema_pairs){.items = many, .n = VALUES_MAX};
	assert_int_equal(values_load(&f->pod, f->settings, &v, &err), 0);
	values_done(&v);
	f->container.secrets.n++;
	assert_int_equal(values_load(&f->pod, f->settings, &v, &err), -E2BIG);
	for (size_t i = 0; i <= VALUES_MAX; i++)
		many[i].value = large;
	f->container.secrets.n = VALUES_TOTAL_MAX / VALUES_FILE_MAX;
	assert_int_equal(values_load(&f->pod, f->settings, &v, &err), 0);
	values_done(&v);
	f->container.secrets.n++;
	assert_int_equal(values_load(&f->pod, f->settings, &v, &err), -E2BIG);
}

/* ---- delivered ---- */

static void load_two(struct fixture *f, const char *first, const char *second, struct values *v)
{
	struct err err = {0};

	put_text(POD "/PASS", first);
	if (second[0])
		put_text(POD "/OTHER", second);
	f->pairs[0].value = name;
	f->container.secrets = (struct schema_pairs){.items = f->pairs, .n = second[0] ? 2 : 1};
	if (values_load(&f->pod, f->settings, v, &err) < 0)
		fail_msg("%s", err.text);
}

static void expect_file(const char *folder, const char *file, const char *want)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", folder, file);
	char got[64] = "";
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (!want) {
		assert_int_equal(fd, -1);
		return;
	}
	if (fd < 0)
		fail_msg("no %s", path);
	assert_true(read(fd, got, sizeof(got) - 1) >= 0);
	close(fd);
	assert_string_equal(got, want);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
}

static unsigned count_folders(void)
{
	struct stat st;

	return stat(VALUES_SECRETS_FOLDER "/web", &st) < 0 ? 0 : (unsigned)st.st_nlink - 2;
}

static void test_deliver(void **state)
{
	struct fixture *f = *state;
	struct values v = {0}, changed = {0};
	_cleanup_free_ char *path = NULL, *path_again = NULL, *path_changed = NULL, *extra = NULL,
			    *file = NULL;
	struct err err = {0};
	struct statvfs vfs;
	struct stat st;
	struct supply s = {.pod = &f->pod, .settings = f->settings, .remap = &f->remap};
	struct strv failed = {0};

	if (!own_folders())
		skip();
	load_two(f, "s3cr3t\n", "o", &v);
	s.values = &v;
	path = values_secrets_path(&v, &f->pod, &f->container);
	assert_int_equal(supply_give(&s, &err), 0);
	expect_file(path, "PASS", "s3cr3t\n");
	expect_file(path, "OTHER", "o");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0555);
	assert_int_equal(stat(VALUES_SECRETS_FOLDER, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(statvfs(path, &vfs), 0);
	assert_int_equal(vfs.f_flag & (ST_NOSUID | ST_NODEV | ST_NOEXEC),
			 ST_NOSUID | ST_NODEV | ST_NOEXEC);
	assert_true(vfs.f_blocks * vfs.f_frsize <= (size_t)64 << 20);
	/* again: the same; what somebody changed is made good */
	extra = xasprintf("%s/extra", path);
	file = xasprintf("%s/PASS", path);
	put_text(extra, "x");
	put_text(file, "changed");
	assert_int_equal(supply_give(&s, &err), 0);
	expect_file(path, "PASS", "s3cr3t\n");
	expect_file(path, "extra", NULL);
	assert_int_equal(supply_tidy(&s, &err), 0);
	assert_int_equal(count_folders(), 1);
	/* the order in the file says nothing, the names and contents all */
	{
		struct schema_pair swap = f->pairs[0];

		f->pairs[0] = f->pairs[1];
		f->pairs[1] = swap;
		assert_int_equal(values_load(&f->pod, f->settings, &changed, &err), 0);
		path_again = values_secrets_path(&changed, &f->pod, &f->container);
		assert_string_equal(path, path_again);
		values_done(&changed);
		f->pairs[1] = f->pairs[0];
		f->pairs[0] = swap;
	}
	load_two(f, "s3cr3t\n", "", &changed);
	s.values = &changed;
	path_changed = values_secrets_path(&changed, &f->pod, &f->container);
	assert_string_not_equal(path, path_changed);
	/* both, until all containers are as they should be */
	assert_int_equal(supply_give(&s, &err), 0);
	expect_file(path, "PASS", "s3cr3t\n");
	expect_file(path_changed, "PASS", "s3cr3t\n");
	expect_file(path_changed, "OTHER", NULL);
	assert_int_equal(count_folders(), 2);
	/* the machine goes down in between: both come back */
	assert_int_equal(umount2(VALUES_SECRETS_FOLDER, MNT_DETACH), 0);
	assert_int_equal(supply_restore("web", f->settings, &failed), 0);
	assert_int_equal(failed.n, 0);
	expect_file(path, "OTHER", "o");
	expect_file(path_changed, "PASS", "s3cr3t\n");
	assert_int_equal(supply_tidy(&s, &err), 0);
	expect_file(path, "PASS", NULL);
	expect_file(path_changed, "PASS", "s3cr3t\n");
	/* as it is now, under the name that the container mounts */
	assert_int_equal(umount2(VALUES_SECRETS_FOLDER, MNT_DETACH), 0);
	put_text(POD "/PASS", "rotated");
	assert_int_equal(supply_restore("web", f->settings, &failed), 0);
	expect_file(path_changed, "PASS", "rotated");
	assert_int_equal(supply_give(&s, &err), 0);
	expect_file(path_changed, "PASS", "s3cr3t\n");
	assert_int_equal(supply_take_away("web", &err), 0);
	assert_int_equal(access(VALUES_SECRETS_FOLDER "/web", F_OK), -1);
	assert_int_equal(access(RECORD_FOLDER "/web.json", F_OK), -1);
	assert_int_equal(supply_restore("web", f->settings, &failed), -ENOENT);
	assert_int_equal(supply_take_away("web", &err), 0);
	strv_done(&failed);
	values_done(&v);
	values_done(&changed);
}

/* What containers left before the machine went down. */
static void test_restore_hostile(void **state)
{
	struct fixture *f = *state;
	struct values v = {0};
	_cleanup_free_ char *path = NULL;
	struct err err = {0};
	struct supply s = {.pod = &f->pod, .settings = f->settings, .remap = &f->remap};
	struct strv failed = {0};

	if (!own_folders())
		skip();
	put_text("/run/outside", "root's");
	f->remap.uid = f->remap.gid = 100000;
	load_two(f, "s3cr3t", "", &v);
	assert_int_equal(chown(POD "/PASS", 100000, 100000), 0);
	s.values = &v;
	path = values_secrets_path(&v, &f->pod, &f->container);
	assert_int_equal(supply_give(&s, &err), 0);
	assert_int_equal(umount2(VALUES_SECRETS_FOLDER, MNT_DETACH), 0);
	assert_int_equal(supply_restore("web", f->settings, &failed), 0);
	expect_file(path, "PASS", "s3cr3t");
	assert_int_equal(umount2(VALUES_SECRETS_FOLDER, MNT_DETACH), 0);
	/* another file, of the host's root, in its place: the container can move what it can't read
	 */
	assert_int_equal(chown(POD "/PASS", 0, 0), 0);
	assert_int_equal(supply_restore("web", f->settings, &failed), -EACCES);
	expect_file(path, "PASS", NULL);
	assert_int_equal(unlink(POD "/PASS"), 0);
	assert_int_equal(symlink("/run/outside", POD "/PASS"), 0);
	assert_int_equal(supply_restore("web", f->settings, &failed), -ELOOP);
	expect_file(path, "PASS", NULL);
	assert_int_equal(unlink(POD "/PASS"), 0);
	assert_int_equal(mkfifo(POD "/PASS", 0666), 0);
	assert_int_equal(supply_restore("web", f->settings, &failed), -EINVAL);
	assert_int_equal(unlink(POD "/PASS"), 0);
	assert_int_equal(supply_restore("web", f->settings, &failed), -ENOENT);
	assert_int_equal(rmdir(POD), 0);
	assert_int_equal(supply_restore("web", f->settings, &failed), -ENOENT);
	assert_int_equal(symlink("/run", POD), 0);
	assert_int_equal(supply_restore("web", f->settings, &failed), -ELOOP);
	assert_int_equal(failed.n, 6);
	assert_int_equal(unlink(POD), 0);
	strv_done(&failed);
	values_done(&v);
}

/* Applies that fail again and again can't fill the memory. */
static void test_held(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *data = xcalloc(1, VALUES_FILE_MAX);
	struct values_file file = {"x", data, VALUES_FILE_MAX};
	struct err err = {0};
	char id[33];
	int r = 0;
	unsigned n = 0;

	if (!own_folders())
		skip();
	for (; r == 0 && n < 1000; n++) {
		snprintf(id, sizeof(id), "%032x", n);
		r = values_deliver_folder("web", id, &file, 1, &err);
	}
	assert_int_equal(r, -ENOSPC);
	assert_in_range(n, 32, 64);
	/* what is there is no new one, and other pods are others */
	assert_int_equal(
		values_deliver_folder("web", "00000000000000000000000000000000", &file, 1, &err),
		0);
	assert_int_equal(values_deliver_folder("db", id, &file, 1, &err), 0);
	assert_int_equal(values_remove_folders("web", NULL, &err), 0);
	assert_int_equal(values_deliver_folder("web", id, &file, 1, &err), 0);
	assert_int_equal(values_remove_folders("none", NULL, &err), 0);
	assert_true(f->remap.known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_load, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rights, setup, teardown),
		cmocka_unit_test_setup_teardown(test_remap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deliver, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restore_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
