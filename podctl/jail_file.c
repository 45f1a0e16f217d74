/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/jail_file.h"

#include "common/file.h"
#include "podctl/rundir.h"
#include "podctl/run.h"
#include "podctl/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX	 ".json"
#define FILE_MAX ((size_t)1024 * 1024)
#define ARGS_MAX 8

/* Whether a file of root's says so already. */
static bool is_same(const char *path, const char *text, mode_t mode)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_free_ char *old = NULL;
	struct err ignored;
	struct stat st;
	size_t size;

	return fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == mode && st.st_uid == 0 &&
	       file_read_limited(fd, FILE_MAX, &old, &size, &ignored) == 0 &&
	       size == strlen(text) && memcmp(old, text, size) == 0;
}

static int sync_folder(const char *path, struct err *err)
{
	_cleanup_free_ char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	_cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? err_os(err, errno, "%s", folder) : 0;
}

static int check_with(const char *const *check, const char *path, struct err *err)
{
	const char *argv[ARGS_MAX + 2] = {NULL};
	size_t n = 0;

	for (; n < ARGS_MAX && check[n]; n++)
		argv[n] = check[n];
	argv[n] = path;
	return run_well(argv, err);
}

/* fresh: written, not in its place yet. */
static int write_fresh(const char *fresh, const char *text, mode_t mode, struct err *err)
{
	_cleanup_close_ int fd = -1;

	if (unlink(fresh) < 0 && errno != ENOENT)
		return err_os(err, errno, "%s", fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_os(err, errno, "%s", fresh);
	if (file_write_all(fd, text, strlen(text)) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return err_os(err, errno, "%s", fresh);
	return 0;
}

int jail_write(const char *path, const char *text, mode_t mode, const char *const *check,
	       struct err *err)
{
	/* neither sudo nor sshd takes a file of such a name */
	_cleanup_free_ char *fresh = xasprintf("%s.new~", path);
	int r;

	if (!text) {
		if (unlink(path) < 0)
			return errno == ENOENT ? 1 : err_os(err, errno, "%s", path);
		return sync_folder(path, err);
	}
	if (is_same(path, text, mode))
		return 1;
	r = write_fresh(fresh, text, mode, err);
	if (r == 0 && check)
		r = check_with(check, fresh, err);
	if (r == 0 && rename(fresh, path) < 0)
		r = err_os(err, errno, "%s", path);
	if (r < 0) {
		unlink(fresh);
		return err_wrap(err, "%s is left as it was", path);
	}
	return sync_folder(path, err);
}

/* ---- records ---- */

static int open_records(struct err *err)
{
	static const char *const parts[] = {"jails", NULL};
	int fd, r = rundir_open_state(parts, &fd, err);

	if (r < 0)
		return r;
	close(fd);
	return 0;
}

static char *record_path(const char *user)
{
	return xasprintf(JAIL_RECORD_FOLDER "/%s" SUFFIX, user);
}

int jail_load(const char *user, struct jail *ret, struct err *err)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;
	size_t size;
	int r;

	if (!jail_user_valid(user))
		return err_set(err, ENOENT, "user %s has no jail", user);
	r = open_records(err);
	if (r < 0)
		return r;
	path = record_path(user);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, ENOENT, "user %s has no jail", user);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_os(err, errno, "%s", path);
	if (st.st_uid != geteuid() || (st.st_mode & 0022))
		return err_set(err, EPERM, "%s is not ours alone", path);
	r = file_read_limited(fd, JAIL_RECORD_MAX, &text, &size, err);
	if (r == 0)
		r = jail_record_parse(user, text, size, ret, err);
	return r < 0 ? err_wrap(err, "%s", path) : 0;
}

int jail_save(const struct jail *j, struct err *err)
{
	_cleanup_free_ char *path = record_path(j->user), *text = jail_record_format(j);
	int r = open_records(err);

	if (r == 0 && !text)
		r = err_set(err, EINVAL, "the shell of user %s is no text", j->user);
	return r < 0 ? r : jail_write(path, text, 0600, NULL, err);
}

int jail_remove(const char *user, struct err *err)
{
	_cleanup_free_ char *path = record_path(user);

	return jail_write(path, NULL, 0, NULL, err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct jail *)a)->user, ((const struct jail *)b)->user);
}

int jail_list(struct jails *ret, struct err *err)
{
	struct jails jails = {0};
	const struct dirent *e;
	int r = open_records(err);
	DIR *d = r == 0 ? opendir(JAIL_RECORD_FOLDER) : NULL;

	if (r < 0)
		return r;
	if (!d)
		return err_os(err, errno, JAIL_RECORD_FOLDER);
	while (r == 0 && (e = readdir(d))) {
		size_t n = strlen(e->d_name), end = strlen(SUFFIX);
		_cleanup_free_ char *user = n > end ? xstrndup(e->d_name, n - end) : NULL;
		struct jail j = {0};

		if (!user || !streq(e->d_name + n - end, SUFFIX) || !jail_user_valid(user))
			continue;
		r = jail_load(user, &j, err);
		if (r == 0)
			ARRAY_PUSH(jails.items, jails.n) = j;
	}
	closedir(d);
	if (r < 0) {
		jails_done(&jails);
		return r;
	}
	if (jails.n > 0)
		qsort(jails.items, jails.n, sizeof(*jails.items), by_name);
	*ret = jails;
	return 0;
}

/* ---- programs ---- */

/* path, and whatever stands above it, is root's. */
static int check_is_roots(const char *path, struct err *err)
{
	_cleanup_free_ char *part = xstrdup(path);
	size_t n = strlen(part);

	for (;;) {
		struct stat st;

		if (lstat(n > 0 ? part : "/", &st) < 0)
			return err_os(err, errno, "%s", part);
		if (st.st_uid != 0 ||
		    ((st.st_mode & 0022) && !(S_ISDIR(st.st_mode) && st.st_mode & S_ISVTX)))
			return err_set(err, EPERM,
				       "%s is not root's alone, and who can write there would be "
				       "root: install podctl (make install)",
				       n > 0 ? part : "/");
		if (n == 0)
			return 0;
		while (part[--n] != '/')
			;
		part[n] = '\0';
	}
}

int jail_programs(char **ret, struct err *err)
{
	static const char *const names[] = {"podctl", "podctl-shell", "podctl-enter"};
	_cleanup_free_ char *folder = xcalloc(PATH_MAX, 1);
	ssize_t n = readlink("/proc/self/exe", folder, PATH_MAX - 1);
	char *slash = n > 0 ? strrchr(folder, '/') : NULL;
	int r = 0;

	if (!slash)
		return err_os(err, errno, "/proc/self/exe");
	*slash = '\0';
	if (!jail_path_valid(folder))
		return err_set(err, EINVAL, "%s: sudo could take this path for another", folder);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", folder, names[i]);

		r = check_is_roots(path, err);
	}
	if (r < 0)
		return r;
	*ret = take_ptr(folder);
	return 0;
}

/* ---- the pod file ---- */

int jail_check_pod(const char *user, struct err *err)
{
	_cleanup_free_ char *path = jail_pod_path(user);

	return check_is_roots(path, err);
}

int jail_write_pod(const char *user, const char *text, struct err *err)
{
	_cleanup_free_ char *path = jail_pod_path(user);
	int r;

	/* what admins read and edit, beside /etc/netguard.yml */
	if ((mkdir("/etc/netguard", 0755) < 0 && errno != EEXIST) ||
	    (mkdir(JAIL_POD_FOLDER, 0755) < 0 && errno != EEXIST))
		return err_os(err, errno, JAIL_POD_FOLDER);
	if (access(path, F_OK) == 0) {
		r = jail_check_pod(user, err);
		return r < 0 ? r : 1;
	}
	return jail_write(path, text, 0644, NULL, err);
}

/* ---- the home ---- */

static int write_once(int folder, const char *name, const char *text, struct err *err)
{
	_cleanup_close_ int fd =
		openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return errno == EEXIST ? 0 : err_os(err, errno, "%s", name);
	if (file_write_all(fd, text, strlen(text)) < 0) {
		int r = err_os(err, errno, "%s", name);

		unlinkat(folder, name, 0);
		return r;
	}
	return 0;
}

/* Given to the user where it was just made: it is the containers' root's then, and empty. */
static int give_home(int fd, const struct jail *j, gid_t gid, const struct remap *remap,
		     struct err *err)
{
	uid_t uid = remap->uid + j->uid;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_os(err, errno, "fstat");
	if (st.st_uid == uid)
		return 0;
	if (!S_ISDIR(st.st_mode) || st.st_uid != remap->uid || !walk_is_empty(fd))
		return err_set(err, EEXIST,
			       "belongs to user %u and not to %u: chown it, or move it away",
			       (unsigned)st.st_uid, (unsigned)uid);
	if (fchownat(fd, "", uid, remap->gid + gid, AT_EMPTY_PATH) < 0)
		return err_os(err, errno, "cannot give it to the user");
	return 0;
}

static int make_home(int root, const struct jail *j, gid_t gid, struct remap *remap,
		     struct err *err)
{
	_cleanup_free_ char *passwd = jail_passwd_text(j, gid), *group = jail_group_text(j, gid);
	_cleanup_close_ int home = -1, etc = -1;
	int r = walk_source(root, "home", remap, &home, err);

	if (r == 0)
		r = give_home(home, j, gid, remap, err);
	if (r < 0)
		return err_wrap(err, "home");
	r = walk_source(root, "etc", remap, &etc, err);
	if (r == 0)
		r = write_once(etc, "passwd", passwd, err);
	if (r == 0)
		r = write_once(etc, "group", group, err);
	return r < 0 ? err_wrap(err, "etc") : 0;
}

int jail_make_home(const struct jail *j, gid_t gid, const struct settings *settings,
		   struct remap *remap, bool *ret_made, struct err *err)
{
	_cleanup_free_ char *pod = jail_pod_name(j->user);
	_cleanup_close_ int root = -1;
	int r = remap_ask(remap, err);

	*ret_made = false;
	if (r < 0)
		return r;
	if (remap->uid != 0 && (j->uid >= REMAP_RANGE || gid >= REMAP_RANGE))
		return err_set(err, EINVAL,
			       "with userns-remap a jail's uid and gid must be below %d, and user "
			       "%s has %u:%u",
			       REMAP_RANGE, j->user, (unsigned)j->uid, (unsigned)gid);
	*ret_made = walk_pod_root(settings, pod, NULL, &root, err) == -ENOENT;
	closep(&root);
	r = walk_pod_root(settings, pod, remap, &root, err);
	if (r == 0)
		r = make_home(root, j, gid, remap, err);
	return r < 0 ? err_wrap(err, "folder of pod %s", pod) : 0;
}

void jail_unmake_home(const char *user, const struct settings *settings)
{
	static const char *const parts[] = {"etc/passwd", "etc/group", "etc", "home"};
	_cleanup_free_ char *pod = jail_pod_name(user);
	_cleanup_close_ int root = -1, above = -1;
	struct err ignored;

	/* the user was not in it yet, so nothing in there is anybody's but ours */
	if (walk_mount_root(settings->mount_root, &above, &ignored) < 0 ||
	    walk_pod_root(settings, pod, NULL, &root, &ignored) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (unlinkat(root, parts[i], 0) < 0)
			(void)unlinkat(root, parts[i], AT_REMOVEDIR);
	}
	(void)unlinkat(above, pod, AT_REMOVEDIR);
}
