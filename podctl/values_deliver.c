/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secrets as files: /run/podctl/secrets is a tmpfs of its own, POD/ID/NAME in it. All is root's
 * alone down to POD; ID (0555) and what is in it (0444) are for any user of a container, which
 * gets nothing but that folder, read-only.
 *
 * A folder is compared with what it should hold, never believed by its name; each file in it is
 * whole at any moment.
 */
#include "podctl/values.h"

#include "common/file.h"
#include "podctl/lock.h"
#include "podctl/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Whoever makes the tmpfs needs some milliseconds, unless somebody has stopped him. */
#define LOCK_WAIT_MS  5000
/* of all pods; memory is taken as files come */
#define TMPFS_OPTIONS "mode=0700,size=64m,nr_inodes=64k"
#define PAGE	      ((size_t)4096)
#define NEW_FILE      ".new"

static bool is_dot(const char *name)
{
	return streq(name, ".") || streq(name, "..");
}

/* ---- the tmpfs ---- */

static bool is_tmpfs_root(int fd)
{
	struct statx sx;
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC &&
	       statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &sx) == 0 &&
	       (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

static int mount_tmpfs(int fd, struct err *err)
{
	static const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", fd);

	/* kernels before 6.4 have no noswap */
	if (mount("podctl-secrets", path, "tmpfs", flags, TMPFS_OPTIONS ",noswap") < 0 &&
	    mount("podctl-secrets", path, "tmpfs", flags, TMPFS_OPTIONS) < 0)
		return err_os(err, errno, "cannot mount a tmpfs for secrets");
	return 0;
}

/* *ret: an O_PATH descriptor of the tmpfs. */
static int open_tmpfs(int *ret, struct err *err)
{
	static const char *const parts[] = {"secrets", NULL};
	_cleanup_close_ int fd = -1, lock = -1;
	int r = rundir_open(parts, &fd, err);

	if (r == 0 && !is_tmpfs_root(fd)) {
		r = lock_take(LOCK_SECRETS, LOCK_WAIT_MS, &lock, err);
		if (r == 0) {
			closep(&fd);
			fd = -1;
			r = rundir_open(parts, &fd, err);
		}
		if (r == 0 && !is_tmpfs_root(fd)) {
			r = mount_tmpfs(fd, err);
			closep(&fd);
			fd = -1;
			if (r == 0)
				r = rundir_open(parts, &fd, err);
			if (r == 0 && !is_tmpfs_root(fd))
				r = err_set(err, EIO, "the tmpfs for secrets is not there");
		}
	}
	if (r < 0)
		return r;
	*ret = take_fd(&fd);
	return 0;
}

/* ---- a folder ---- */

static int open_folder(int parent, const char *name, mode_t mode, int *ret, struct err *err)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (mkdirat(parent, name, mode) < 0 && errno != EEXIST)
		return err_os(err, errno, "cannot make the folder of secrets");
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || fchmod(fd, mode) < 0)
		return err_os(err, errno, "cannot open the folder of secrets");
	if (st.st_uid != geteuid())
		return err_set(err, EPERM, "the folder of secrets is not ours");
	*ret = take_fd(&fd);
	return 0;
}

static bool holds(int folder, const struct values_file *f)
{
	_cleanup_close_ int fd = openat(folder, f->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_free_ char *have = NULL;
	struct stat st;
	bool same;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_mode & 07777) != 0444 ||
	    st.st_size != (off_t)f->size)
		return false;
	have = xmalloc(f->size + 1);
	same = read(fd, have, f->size) == (ssize_t)f->size &&
	       (f->size == 0 || memcmp(have, f->data, f->size) == 0);
	explicit_bzero(have, f->size);
	return same;
}

static int write_file(int pod, int folder, const struct values_file *f, struct err *err)
{
	_cleanup_close_ int fd = -1;

	if (unlinkat(pod, NEW_FILE, 0) < 0 && errno != ENOENT)
		return err_os(err, errno, "secret %s", f->name);
	fd = openat(pod, NEW_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd < 0)
		return err_os(err, errno, "secret %s", f->name);
	for (size_t at = 0; at < f->size;) {
		ssize_t n = write(fd, f->data + at, f->size - at);

		if (n < 0 && errno != EINTR)
			return err_os(err, errno, "secret %s", f->name);
		at += n > 0 ? (size_t)n : 0;
	}
	if (fchmod(fd, 0444) < 0 || renameat(pod, NEW_FILE, folder, f->name) < 0)
		return err_os(err, errno, "secret %s", f->name);
	return 0;
}

static bool is_named(const struct values_file *files, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (streq(files[i].name, name))
			return true;
	}
	return false;
}

static int remove_others(int folder, const struct values_file *files, size_t n, struct err *err)
{
	_cleanup_(closedirp)
	DIR *d = file_list(folder);
	const struct dirent *e;

	if (!d)
		return err_os(err, errno, "secrets");
	while ((e = readdir(d))) {
		if (!is_dot(e->d_name) && !is_named(files, n, e->d_name) &&
		    unlinkat(folder, e->d_name, 0) < 0)
			return err_os(err, errno, "cannot remove secret %s", e->d_name);
	}
	return 0;
}

/* What the files of a folder take. */
static size_t size_of(int pod, const char *id)
{
	_cleanup_close_ int fd = openat(pod, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_(closedirp)
	DIR *d = fd < 0 ? NULL : file_list(fd);
	const struct dirent *e;
	size_t size = PAGE;
	struct stat st;

	while (d && (e = readdir(d))) {
		if (!is_dot(e->d_name) && fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			size += PAGE + (size_t)st.st_size;
	}
	return size;
}

static int check_room(int pod, const struct values_file *files, size_t n, struct err *err)
{
	_cleanup_(closedirp)
	DIR *d = file_list(pod);
	const struct dirent *e;
	size_t size = PAGE;

	if (!d)
		return err_os(err, errno, "secrets");
	for (size_t i = 0; i < n; i++)
		size += PAGE + files[i].size;
	while ((e = readdir(d)))
		size += is_dot(e->d_name) ? 0 : size_of(pod, e->d_name);
	if (size > VALUES_HELD_MAX)
		return err_set(err, ENOSPC,
			       "too many secrets are held, of applies that failed: take the pod "
			       "down first");
	return 0;
}

int values_deliver_folder(const char *pod, const char *id, const struct values_file *files,
			  size_t n, struct err *err)
{
	_cleanup_close_ int tmpfs = -1, pod_fd = -1, folder = -1;
	struct stat st;
	int r = open_tmpfs(&tmpfs, err);

	if (r == 0)
		r = open_folder(tmpfs, pod, 0700, &pod_fd, err);
	if (r == 0 && fstatat(pod_fd, id, &st, AT_SYMLINK_NOFOLLOW) < 0)
		r = check_room(pod_fd, files, n, err);
	if (r == 0)
		r = open_folder(pod_fd, id, 0555, &folder, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!holds(folder, &files[i]))
			r = write_file(pod_fd, folder, &files[i], err);
	}
	return r < 0 ? r : remove_others(folder, files, n, err);
}

static int deliver_container(const struct values *v, const struct pod *pod,
			     const struct pod_container *c, struct err *err)
{
	_cleanup_free_ char *path = values_secrets_path(v, pod, c);
	_cleanup_free_ struct values_file *files = NULL;
	size_t n = 0;

	if (!path)
		return 0;
	for (size_t i = 0; i < v->n; i++) {
		const struct values_item *item = &v->items[i];

		if (!item->secret || !streq(item->container, c->entry.key))
			continue;
		if (!values_name_valid(item->name))
			return err_set(err, EINVAL, "no name for a secret");
		ARRAY_PUSH(files, n) = (struct values_file){item->name, item->data, item->size};
	}
	return values_deliver_folder(pod->name, strrchr(path, '/') + 1, files, n, err);
}

int values_deliver(const struct values *v, const struct pod *pod, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < pod_n_containers(pod); i++) {
		const struct pod_container *c = pod_container_at(pod, i);

		r = deliver_container(v, pod, c, err);
		if (r < 0)
			err_wrap(err, "secrets of %s", c->entry.key);
	}
	return r;
}

static int remove_folder(int pod, const char *id, struct err *err)
{
	_cleanup_close_ int fd = openat(pod, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0 && errno == ENOTDIR) /* of a delivery that was ended */
		return unlinkat(pod, id, 0) < 0 ? err_os(err, errno, "secrets") : 0;
	if (fd < 0)
		return errno == ENOENT ? 0 : err_os(err, errno, "secrets");
	r = remove_others(fd, NULL, 0, err);
	if (r == 0 && unlinkat(pod, id, AT_REMOVEDIR) < 0)
		r = err_os(err, errno, "cannot remove a folder of secrets");
	return r;
}

int values_remove_folders(const char *pod, const struct strv *keep, struct err *err)
{
	_cleanup_free_ char *path = xasprintf(VALUES_SECRETS_FOLDER "/%s", pod);
	_cleanup_(closedirp)
	DIR *d = NULL;
	_cleanup_close_ int fd = -1;
	const struct dirent *e;
	int r = 0;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_os(err, errno, "%s", path);
	d = file_list(fd);
	if (!d)
		return err_os(err, errno, "%s", path);
	while (r == 0 && (e = readdir(d))) {
		if (!is_dot(e->d_name) && (!keep || !strv_has(keep, e->d_name)))
			r = remove_folder(fd, e->d_name, err);
	}
	if (r == 0 && (!keep || keep->n == 0))
		rmdir(path);
	return r;
}
