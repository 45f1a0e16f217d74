/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/mounts.h"

#include "podctl/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WALK_TRIES 16
/* Of a pod. The kernel has room for some 100,000 mounts in all, and failed applies may leave some.
 */
#define PINS_MAX   1000

/*
 * For kernels without openat2 (and valgrind): name is one component and not "..", so not following
 * it and looking at what was opened comes to the same.
 */
static int open_step(int folder, const char *name)
{
	_cleanup_close_ int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (S_ISLNK(st.st_mode)) {
		errno = ELOOP;
		return -1;
	}
	return take_fd(&fd);
}

static int open_beneath(int folder, const char *name)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, folder, name, &how, sizeof(how));

	return fd < 0 && errno == ENOSYS ? open_step(folder, name) : fd;
}

/* One step. Made where missing; whoever swaps it at the same time only makes us try again. */
static int step(int folder, const char *name, int *ret, struct err *err)
{
	for (int i = 0; i < WALK_TRIES; i++) {
		int fd = open_beneath(folder, name);

		if (fd >= 0) {
			*ret = fd;
			return 0;
		}
		if (errno == ELOOP || errno == EXDEV)
			return err_set(err, ELOOP, "%s is a symbolic link", name);
		if (errno != ENOENT && errno != EAGAIN)
			return err_os(err, errno, "%s", name);
		if (errno == ENOENT && mkdirat(folder, name, 0755) < 0 && errno != EEXIST)
			return err_os(err, errno, "cannot make %s", name);
	}
	return err_set(err, EAGAIN, "%s changes all the time", name);
}

int mounts_walk(int root_fd, const char *source, int *ret, struct err *err)
{
	_cleanup_free_ char *path = xstrdup(source);
	_cleanup_close_ int fd = open_beneath(root_fd, ".");
	char *at = path, *name;
	struct stat st;

	if (fd < 0)
		return err_os(err, errno, "pod's folder");
	while ((name = strsep(&at, "/"))) {
		int next = -1, r;

		if (streq(name, "."))
			continue;
		r = step(fd, name, &next, err);
		if (r < 0)
			return r;
		close(fd);
		fd = next;
	}
	if (fstat(fd, &st) < 0)
		return err_os(err, errno, "fstat");
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "is neither a folder nor a regular file");
	*ret = take_fd(&fd);
	return 0;
}

static bool is_mount_root(int folder, const char *name)
{
	struct statx sx;

	if (statx(folder, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &sx) < 0)
		return false;
	return (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* Whether what lies on a mount is no way to other rights: neither set-user-id files nor devices. */
static bool is_harmless(int fd)
{
	struct statvfs vfs;

	return fstatvfs(fd, &vfs) == 0 && (vfs.f_flag & ST_NOSUID) && (vfs.f_flag & ST_NODEV);
}

/* Whether name in folder is a mount of just that file or folder, to its last flag. */
static bool is_pinned(int folder, const char *name, int fd)
{
	_cleanup_close_ int there = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat want, have;

	return there >= 0 && is_mount_root(folder, name) && is_harmless(there) &&
	       fstat(fd, &want) == 0 && fstat(there, &have) == 0 && want.st_dev == have.st_dev &&
	       want.st_ino == have.st_ino;
}

static int unpin(int folder, const char *name, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d/%s", folder, name);

	while (is_mount_root(folder, name)) {
		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return err_os(err, errno, "cannot unmount pin %s", name);
	}
	if (unlinkat(folder, name, 0) < 0 && errno != ENOENT && errno != EISDIR)
		return err_os(err, errno, "cannot remove pin %s", name);
	if (unlinkat(folder, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_os(err, errno, "cannot remove pin %s", name);
	return 0;
}

static int make_mount_point(int folder, const char *name, int fd, struct err *err)
{
	_cleanup_close_ int file = -1;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_os(err, errno, "fstat");
	if (S_ISDIR(st.st_mode)) {
		if (mkdirat(folder, name, 0700) < 0)
			return err_os(err, errno, "cannot make pin %s", name);
		return 0;
	}
	file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return file < 0 ? err_os(err, errno, "cannot make pin %s", name) : 0;
}

static int pin(int folder, const char *name, int fd, struct err *err)
{
	/* mount(2) takes paths only; these lead through our own descriptors, to nothing else */
	_cleanup_free_ char *source = xasprintf("/proc/self/fd/%d", fd);
	_cleanup_free_ char *target = xasprintf("/proc/self/fd/%d/%s", folder, name);
	int r;

	if (is_pinned(folder, name, fd))
		return 0;
	r = unpin(folder, name, err);
	if (r == 0)
		r = make_mount_point(folder, name, fd, err);
	if (r < 0)
		return r;
	if (mount(source, target, "none", MS_BIND | MS_REC, NULL) < 0)
		return err_os(err, errno, "cannot mount pin %s", name);
	/* a file that a container made there as root is never a way to root on the host */
	if (mount("none", target, "none", MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, NULL) < 0) {
		r = err_os(err, errno, "cannot make pin %s nosuid, nodev", name);
		umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW);
		return r;
	}
	return 0;
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* To go through a folder of which there is an O_PATH descriptor. */
static DIR *open_list(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

static int check_room(int pins, struct err *err)
{
	_cleanup_(closedirp)
	DIR *d = open_list(pins);
	size_t n = 0;

	if (!d)
		return err_os(err, errno, "pins");
	while (readdir(d))
		n++;
	if (n > PINS_MAX)
		return err_set(err, ENOSPC,
			       "too many mount sources are held, of applies that failed: take the "
			       "pod down first");
	return 0;
}

static int open_pins(const char *pod, int *ret, struct err *err)
{
	const char *parts[] = {"mounts", pod, NULL};

	return rundir_open(parts, ret, err);
}

/* Whether only root gets through this folder, and only root can change that. */
static bool is_closed(const struct stat *st)
{
	return st->st_uid == 0 && !(st->st_mode & S_IXOTH) &&
	       (!(st->st_mode & S_IXGRP) || st->st_gid == 0);
}

/* The same for a path without links: one closed folder on the way to it is enough. */
static bool is_closed_path(const char *path)
{
	_cleanup_free_ char *part = xstrdup(path);
	struct stat st;

	for (;;) {
		char *slash = strrchr(part, '/');

		if (stat(part, &st) == 0 && is_closed(&st))
			return true;
		if (!slash || slash == part)
			return stat("/", &st) == 0 && is_closed(&st);
		*slash = '\0';
	}
}

int mounts_check_root(const char *path, int fd, struct err *err)
{
	_cleanup_free_ char *real = NULL;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_os(err, errno, "fstat");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(err, EPERM, "belongs to user %u and not to root",
			       (unsigned)st.st_uid);
	if (st.st_mode & S_IWOTH)
		return err_set(err, EPERM, "can be written by others: chmod o-w it");
	if (is_harmless(fd))
		return 0;
	real = realpath(path, NULL);
	if (real && is_closed_path(real))
		return 0;
	return err_set(
		err, EPERM,
		"can be reached by users of this host, to whom a set-user-id file that a "
		"container makes there gives root's rights: chmod 0700 it, or mount it nosuid "
		"and nodev");
}

static int open_pod_root(const struct pod *pod, const struct settings *settings, int *ret,
			 struct err *err)
{
	_cleanup_close_ int root = open(settings->mount_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (root < 0)
		return err_os(err, errno, "mount_root %s", settings->mount_root);
	r = mounts_check_root(settings->mount_root, root, err);
	if (r == 0)
		r = step(root, pod->name, ret, err);
	return r < 0 ? err_wrap(err, "mount_root %s", settings->mount_root) : 0;
}

static int pin_one(const struct pod *pod, int root, int pins, const char *source, struct err *err)
{
	_cleanup_free_ char *path = pod_pin_path(pod->name, source);
	_cleanup_close_ int fd = -1;
	int r = mounts_walk(root, source, &fd, err);

	if (r == 0)
		r = pin(pins, strrchr(path, '/') + 1, fd, err);
	return r < 0 ? err_wrap(err, "mount source %s", source) : 0;
}

int mounts_pin(const struct pod *pod, const struct settings *settings, struct err *err)
{
	_cleanup_close_ int root = -1, pins = -1;

	for (size_t i = 0; i < pod_n_containers(pod); i++) {
		const struct pod_container *c = pod_container_at(pod, i);

		for (size_t j = 0; j < c->mounts.n; j++) {
			int r = 0;

			if (root < 0)
				r = open_pod_root(pod, settings, &root, err);
			if (r == 0 && pins < 0)
				r = open_pins(pod->name, &pins, err);
			if (r == 0)
				r = check_room(pins, err);
			if (r == 0)
				r = pin_one(pod, root, pins, pod_mount_at(c, j)->source, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static bool is_kept(const struct pod *pod, const char *id)
{
	for (size_t i = 0; pod && i < pod_n_containers(pod); i++) {
		const struct pod_container *c = pod_container_at(pod, i);

		for (size_t j = 0; j < c->mounts.n; j++) {
			_cleanup_free_ char *path =
				pod_pin_path(pod->name, pod_mount_at(c, j)->source);

			if (streq(strrchr(path, '/') + 1, id))
				return true;
		}
	}
	return false;
}

int mounts_unpin(const char *pod, const struct pod *keep, struct err *err)
{
	_cleanup_free_ char *path = xasprintf(POD_PIN_FOLDER "/%s", pod);
	_cleanup_(closedirp)
	DIR *d = NULL;
	_cleanup_close_ int pins = -1;
	const struct dirent *e;
	int r;

	if (access(path, F_OK) < 0)
		return 0;
	r = open_pins(pod, &pins, err);
	if (r < 0)
		return r;
	d = open_list(pins);
	if (!d)
		return err_os(err, errno, "%s", path);
	while ((e = readdir(d))) {
		if (streq(e->d_name, ".") || streq(e->d_name, "..") || is_kept(keep, e->d_name))
			continue;
		r = unpin(pins, e->d_name, err);
		if (r < 0)
			return r;
	}
	if (!keep)
		rmdir(path);
	return 0;
}
