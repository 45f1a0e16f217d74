/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The walk to a mount's source, also while somebody swaps what it walks over. */
#include "podctl/lock.h"
#include "podctl/mounts.h"
#include "tests/unit/pod_fixture.h"

#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
	char dir[32]; /* holds root, what is walked, and outside, what must stay as it is */
	char *root_path;
	int root;
	struct remap make;
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
	f->make.known = true;
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
static int walk(struct fixture *f, const char *source, char **ret)
{
	_cleanup_close_ int fd = -1;
	char link[64], path[512];
	struct err err = {0};
	int r = walk_source(f->root, source, &f->make, &fd, &err);
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
	struct fixture *f = *state;
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
	struct fixture *f = *state;
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

/* The fixture's folder is in a sticky /tmp, and has a mode of 0700 itself. */
static int open_root(const char *path, struct err *err)
{
	_cleanup_close_ int fd = -1;

	return walk_mount_root(path, &fd, err);
}

static void test_root_closed(void **state)
{
	static const struct {
		mode_t mode, above; /* of the folder, and of the one around it */
		uid_t owner;
		gid_t group;
		int r;
	} cases[] = {
		{0755, 0700, 0, 0, 0},	    {0755, 0755, 0, 0, -EPERM}, {0700, 0755, 0, 0, 0},
		{0750, 0755, 0, 0, 0},	    {0750, 0755, 0, 7, -EPERM}, {0711, 0755, 0, 0, -EPERM},
		{0754, 0755, 0, 0, 0},	    {0757, 0700, 0, 0, -EPERM}, {0700, 0700, 7, 0, -EPERM},
		{0755, 0750, 0, 0, 0},	    {0770, 0700, 0, 7, -EPERM}, {0770, 0700, 0, 0, 0},
		{0755, 0777, 0, 0, -EPERM},
	};
	struct fixture *f = *state;
	struct statvfs vfs;

	assert_int_equal(statvfs(f->dir, &vfs), 0);
	if (geteuid() != 0 || (vfs.f_flag & ST_NOSUID))
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};

		assert_int_equal(chown(f->root_path, cases[i].owner, cases[i].group), 0);
		assert_int_equal(chmod(f->root_path, cases[i].mode), 0);
		assert_int_equal(chmod(f->dir, cases[i].above), 0);
		if (open_root(f->root_path, &err) != cases[i].r)
			fail_msg("%zu: %s", i, err.text);
	}
	/* a folder that its owner can open to others does not close anything */
	assert_int_equal(chown(f->root_path, 0, 0), 0);
	assert_int_equal(chmod(f->root_path, 0755), 0);
	assert_int_equal(chmod(f->dir, 0700), 0);
	assert_int_equal(chown(f->dir, 7, 0), 0);
	assert_int_equal(open_root(f->root_path, &(struct err){0}), -EPERM);
}

/* Nobody but root may lead us elsewhere, nor may we be led. */
static void test_root_path(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *link = xasprintf("%s/link", f->dir);
	const struct {
		char *path;
		int r;
	} cases[] = {
		{xasprintf("%s/root/below", f->dir), 0},
		{xasprintf("%s//root/./below/", f->dir), 0},
		{xasprintf("%s/link", f->dir), -ELOOP},
		{xasprintf("%s/link/below", f->dir), -ELOOP},
		{xasprintf("%s/root/../root", f->dir), -EINVAL},
		{xasprintf("%s/root/file", f->dir), -ENOTDIR},
		{xasprintf("%s/root/none", f->dir), -ENOENT},
		{xstrdup("/"), -EPERM},
	};
	int fd = openat(f->root, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(mkdirat(f->root, "below", 0700), 0);
	assert_int_equal(symlink(f->root_path, link), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = {0};
		int r = open_root(cases[i].path, &err);

		if (r != cases[i].r && geteuid() == 0)
			fail_msg("%s: %d %s", cases[i].path, r, err.text);
		free(cases[i].path);
	}
}

/* What is made belongs to the containers' root; what is there stays whose it is. */
static void test_given(void **state)
{
	struct fixture *f = *state;
	struct remap remap = {.known = true, .uid = 100000, .gid = 100001};
	struct stat st;
	struct err err = {0};
	int fd = -1;

	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdirat(f->root, "there", 0755), 0);
	assert_int_equal(walk_source(f->root, "there/new/newer", &remap, &fd, &err), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, 100000);
	assert_int_equal(st.st_gid, 100001);
	close(fd);
	assert_int_equal(fstatat(f->root, "there/new", &st, 0), 0);
	assert_int_equal(st.st_uid, 100000);
	assert_int_equal(fstatat(f->root, "there", &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
	/* without leave nothing is made */
	assert_int_equal(walk_source(f->root, "there/none", NULL, &fd, &err), -ENOENT);
	assert_int_equal(walk_source(f->root, "there/none/x", NULL, &fd, &err), -ENOENT);
	assert_int_equal(faccessat(f->root, "there/none", F_OK, 0), -1);
	/* nor where the engine says nothing */
	assert_int_equal(walk_source(f->root, "../outside", &remap, &fd, &err), -EINVAL);
	assert_int_equal(walk_source(f->root, "a//b", &remap, &fd, &err), -EINVAL);
	assert_int_equal(walk_source(f->root, "", &remap, &fd, &err), -EINVAL);
	assert_int_equal(walk_source(f->root, "/etc", &remap, &fd, &err), -EINVAL);
}

/* A mount namespace of our own with a /run of our own. False where we may not have one. */
static bool own_run(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/run", "tmpfs", 0, "mode=755") == 0;
}

static unsigned count_mounts(const char *below)
{
	_cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[1024];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, below) != NULL;
	return n;
}

static bool harmless(const char *path)
{
	struct statvfs vfs;

	assert_int_equal(statvfs(path, &vfs), 0);
	return (vfs.f_flag & ST_NOSUID) && (vfs.f_flag & ST_NODEV);
}

static int pin(struct fixture *f, const struct settings *s, const struct pod *pod, struct err *err)
{
	struct strv sources = {0};
	int r;

	mounts_sources(pod, &sources);
	r = mounts_pin(pod->name, &sources, s, &f->make, err);
	strv_done(&sources);
	return r;
}

static int unpin_but(const struct pod *keep, struct err *err)
{
	struct strv sources = {0};
	int r;

	mounts_sources(keep, &sources);
	r = mounts_unpin("web", &sources, err);
	strv_done(&sources);
	return r;
}

static struct pod *pod_with(const struct settings *s, const char *source)
{
	_cleanup_free_ char *yaml = xasprintf(
		"containers: {a: {image: b, mounts: [{source: %s, target: /x}]}}", source);

	return fixture_pod("web", yaml, s);
}

static void test_pins(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *yaml = xasprintf("mount_root: %s", f->root_path);
	_cleanup_free_ char *path = pod_pin_path("web", "d");
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(yaml);
	_cleanup_(pod_freep)
	struct pod *d = pod_with(s, "d"), *e = pod_with(s, "e");
	struct err err = {0};

	if (!own_run())
		skip();
	assert_int_equal(pin(f, s, d, &err), 0);
	assert_true(harmless(path));
	assert_int_equal(count_mounts("/run/podctl/"), 1);
	/* again: the one that is there */
	assert_int_equal(pin(f, s, d, &err), 0);
	assert_int_equal(count_mounts("/run/podctl/"), 1);
	/* whoever was ended between the two mounts left one that lets everything through */
	assert_int_equal(mount("none", path, "none", MS_REMOUNT | MS_BIND, NULL), 0);
	assert_false(harmless(path));
	assert_int_equal(pin(f, s, d, &err), 0);
	assert_true(harmless(path));
	assert_int_equal(count_mounts("/run/podctl/"), 1);
	/* what a container put in the place of the source is pinned anew */
	assert_int_equal(renameat(f->root, "web/d", f->root, "web/away"), 0);
	assert_int_equal(pin(f, s, d, &err), 0);
	assert_int_equal(faccessat(f->root, "web/d", F_OK, 0), 0);
	assert_int_equal(count_mounts("/run/podctl/"), 1);

	assert_int_equal(pin(f, s, e, &err), 0);
	assert_int_equal(count_mounts("/run/podctl/"), 2);
	assert_int_equal(unpin_but(e, &err), 0);
	assert_int_equal(count_mounts("/run/podctl/"), 1);
	assert_int_equal(mounts_unpin("web", NULL, &err), 0);
	assert_int_equal(count_mounts("/run/podctl/"), 0);
	assert_int_equal(access("/run/podctl/mounts/web", F_OK), -1);
	assert_int_equal(mounts_unpin("web", NULL, &err), 0);
}

/* Applies that fail after they have pinned can't fill the kernel's table. */
static void test_pins_limit(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *yaml = xasprintf("mount_root: %s", f->root_path);
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(yaml);
	_cleanup_(pod_freep)
	struct pod *d = pod_with(s, "d"), *e = pod_with(s, "e");
	struct err err = {0};

	if (!own_run())
		skip();
	assert_int_equal(pin(f, s, d, &err), 0);
	for (unsigned i = 0; i < 1000; i++) {
		char name[64];

		snprintf(name, sizeof(name), "/run/podctl/mounts/web/%u", i);
		assert_int_equal(mkdir(name, 0700), 0);
	}
	assert_int_equal(pin(f, s, e, &err), -ENOSPC);
	/* what is pinned already is no new one */
	assert_int_equal(pin(f, s, d, &err), 0);
	assert_int_equal(mounts_unpin("web", NULL, &err), 0);
	assert_int_equal(pin(f, s, d, &err), 0);
	assert_int_equal(mounts_unpin("web", NULL, &err), 0);
}

/*
 * Where everything is shared, as systemd does it: what the host mounts below a source shows in the
 * pin, and taking the pin away takes away nothing there.
 */
static void test_pins_shared(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *yaml = xasprintf("mount_root: %s", f->root_path);
	_cleanup_free_ char *disk = xasprintf("%s/web/d/disk", f->root_path);
	_cleanup_free_ char *late = xasprintf("%s/web/d/late", f->root_path);
	_cleanup_free_ char *path = pod_pin_path("web", "d");
	_cleanup_free_ char *made = xasprintf("%s/x", late), *seen = xasprintf("%s/late/x", path);
	_cleanup_(settings_freep)
	struct settings *s = fixture_settings(yaml);
	_cleanup_(pod_freep)
	struct pod *d = pod_with(s, "d");
	struct err err = {0};

	if (!own_run() || mount("none", "/", "none", MS_SHARED | MS_REC, NULL) < 0)
		skip();
	assert_int_equal(mkdirat(f->root, "web", 0755), 0);
	assert_int_equal(mkdirat(f->root, "web/d", 0755), 0);
	assert_int_equal(mkdir(disk, 0755), 0);
	assert_int_equal(mkdir(late, 0755), 0);
	assert_int_equal(mount("disk", disk, "tmpfs", 0, NULL), 0);
	assert_int_equal(pin(f, s, d, &err), 0);
	assert_int_equal(mount("late", late, "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir(made, 0755), 0);
	assert_int_equal(access(seen, F_OK), 0);
	assert_int_equal(mounts_unpin("web", NULL, &err), 0);
	assert_int_equal(count_mounts("/run/podctl/"), 0);
	assert_int_equal(count_mounts("/web/d/disk"), 1);
	assert_int_equal(count_mounts("/web/d/late"), 1);
	assert_int_equal(umount(disk), 0);
	assert_int_equal(umount(late), 0);
}

static size_t count_locks(void)
{
	DIR *d = opendir("/run/podctl/locks");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* Locks of many names: those that nobody holds make room. Who waits for one has it in the end. */
static void test_many_locks(void **state _unused_)
{
	_cleanup_close_ int held = -1, unended = -1, old = -1, again = -1;
	struct err err = {0};
	char name[32];
	pid_t child;
	int status;

	assert_int_equal(lock_take("held", 0, &held, &err), 0);
	assert_int_equal(lock_take("unended", 0, &unended, &err), 0);
	lock_begin(unended);
	closep(&unended);
	for (int i = 0; i < 2500; i++) {
		_cleanup_close_ int fd = -1;

		snprintf(name, sizeof(name), "pod%d", i);
		assert_int_equal(lock_take(name, 0, &fd, &err), 0);
		assert_true(count_locks() <= 1002);
	}
	assert_int_equal(lock_take("held", 0, &again, &err), -EWOULDBLOCK);
	assert_int_equal(lock_take("unended", 0, &unended, &err), 0);
	assert_true(lock_unended(unended));
	lock_end(unended);

	/* one that was opened, and waited for, while another took it away: the new one counts */
	old = open("/run/podctl/locks/waited", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(old >= 0);
	assert_int_equal(lock_flock(old, 0), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int fd = -1;

		closep(&old); /* it would hold the lock, too */
		_exit(lock_take("waited", 10000, &fd, &err) == 0 &&
				      access("/run/podctl/locks/waited", F_OK) == 0
			      ? 0
			      : 1);
	}
	usleep(200000);
	assert_int_equal(unlink("/run/podctl/locks/waited"), 0);
	closep(&old);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* A /run/podctl that is somebody else's, or a link, is not used. */
static void test_rundir(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	char who[64];
	int fd = -1;

	if (!own_run())
		skip();
	assert_int_equal(symlink(f->root_path, "/run/podctl"), 0);
	assert_int_equal(lock_take("web", 0, &fd, &err), -ENOTDIR);
	assert_int_equal(unlink("/run/podctl"), 0);
	assert_int_equal(mkdir("/run/podctl", 0755), 0);
	assert_int_equal(lock_take("web", 0, &fd, &err), -EPERM);
	assert_int_equal(chmod("/run/podctl", 0700), 0);
	assert_int_equal(chown("/run/podctl", 7, 7), 0);
	assert_int_equal(lock_take("web", 0, &fd, &err), -EPERM);
	assert_int_equal(chown("/run/podctl", 0, 0), 0);
	assert_int_equal(lock_take("web", 0, &fd, &err), 0);
	assert_int_equal(lock_take("web", 0, &(int){-1}, &err), -EWOULDBLOCK);
	snprintf(who, sizeof(who), "(process %d) is at work on pod web", (int)getpid());
	assert_non_null(strstr(err.text, who));
	close(fd);
	assert_int_equal(lock_take("web", 0, &fd, &err), 0);
	close(fd);
	assert_int_equal(unlink("/run/podctl/locks/web"), 0);
	assert_int_equal(symlink("/run/made", "/run/podctl/locks/web"), 0);
	assert_int_equal(lock_take("web", 0, &fd, &err), -ELOOP);
	assert_int_equal(access("/run/made", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_walk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_swapped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_root_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_root_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_given, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pins_shared, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pins_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rundir, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_locks, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
