/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WALK_TRIES 16

bool walk_is_harmless(int fd)
{
	struct statvfs vfs;

	return fstatvfs(fd, &vfs) == 0 && (vfs.f_flag & ST_NOSUID) && (vfs.f_flag & ST_NODEV);
}

/* ---- below a pod's folder ---- */

/*
 * For kernels without openat2 (and valgrind): no component is "..", so not following any, and
 * looking at what was opened, comes to the same.
 */
static int open_steps(int folder, const char *path, int flags)
{
	_cleanup_free_ char *names = xstrdup(path);
	_cleanup_close_ int fd = -1;
	char *at = names, *name;
	struct stat st;

	while ((name = strsep(&at, "/"))) {
		int next = openat(fd < 0 ? folder : fd, name,
				  O_CLOEXEC | O_NOFOLLOW | (at ? O_PATH : flags));

		closep(&fd);
		fd = next;
		if (fd < 0 || fstat(fd, &st) < 0)
			return -1;
		if (S_ISLNK(st.st_mode) && (at || !(flags & O_NOFOLLOW))) {
			errno = ELOOP;
			return -1;
		}
	}
	return take_fd(&fd);
}

int walk_open(int folder, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));

	return fd < 0 && errno == ENOSYS ? open_steps(folder, path, flags) : fd;
}

static int open_beneath(int folder, const char *name)
{
	return walk_open(folder, name, O_PATH);
}

bool walk_is_empty(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	bool empty = d;

	if (!d && fd >= 0)
		close(fd);
	while (d && empty && (e = readdir(d)))
		empty = streq(e->d_name, ".") || streq(e->d_name, "..");
	if (d)
		closedir(d);
	return empty;
}

/*
 * Gives a folder that was just made to the containers' root. Somebody may have put another in its
 * place; one that is root's and empty is as good, and anything else is not given away.
 */
static int give(int fd, const struct remap *remap, struct err *err)
{
	struct stat st;

	if (remap->uid == 0 && remap->gid == 0)
		return 0;
	if (fstat(fd, &st) < 0)
		return err_os(err, errno, "fstat");
	if (!S_ISDIR(st.st_mode) || st.st_uid != 0 || st.st_gid != 0 || !walk_is_empty(fd))
		return 0;
	if (fchownat(fd, "", remap->uid, remap->gid, AT_EMPTY_PATH) < 0)
		return err_os(err, errno, "cannot give it to the containers' root");
	return 0;
}

/* One step. Made where missing; whoever swaps it at the same time only makes us try again. */
static int step(int folder, const char *name, struct remap *make, int *ret, struct err *err)
{
	bool made = false;
	int r;

	for (int i = 0; i < WALK_TRIES; i++) {
		_cleanup_close_ int fd = open_beneath(folder, name);

		if (fd >= 0) {
			r = made ? give(fd, make, err) : 0;
			if (r < 0)
				return err_wrap(err, "%s", name);
			*ret = take_fd(&fd);
			return 0;
		}
		if (errno == ELOOP || errno == EXDEV)
			return err_set(err, ELOOP, "%s is a symbolic link", name);
		if (errno == EAGAIN)
			continue;
		if (errno != ENOENT || !make)
			return err_os(err, errno, "%s", name);
		r = remap_ask(make, err);
		if (r < 0)
			return r;
		if (mkdirat(folder, name, 0755) == 0)
			made = true;
		else if (errno != EEXIST)
			return err_os(err, errno, "cannot make %s", name);
	}
	return err_set(err, EAGAIN, "%s changes all the time", name);
}

int walk_source(int root_fd, const char *source, struct remap *make, int *ret, struct err *err)
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
		if (!*name || streq(name, ".."))
			return err_set(err, EINVAL, "is no path below the pod's folder");
		r = step(fd, name, make, &next, err);
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

int walk_pod_root(const struct settings *settings, const char *pod, struct remap *make, int *ret,
		  struct err *err)
{
	_cleanup_close_ int root = -1, fd = -1;
	struct stat st;
	int r;

	if (!settings->mount_root)
		return err_set(err, EINVAL, "the configuration names no mount_root");
	r = walk_mount_root(settings->mount_root, &root, err);
	if (r == 0)
		r = step(root, pod, make, &fd, err);
	if (r == 0 && (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode)))
		r = err_set(err, ENOTDIR, "%s is no folder", pod);
	if (r < 0)
		return err_wrap(err, "mount_root %s", settings->mount_root);
	*ret = take_fd(&fd);
	return 0;
}

/* ---- to mount_root ---- */

/* Whether only root gets through this folder, and only root can change that. */
static bool is_closed(const struct stat *st)
{
	return st->st_uid == 0 && !(st->st_mode & S_IXOTH) &&
	       (!(st->st_mode & S_IXGRP) || st->st_gid == 0);
}

/* Whether nobody but root (and we) can change what a folder's names stand for. */
static int check_folder(const char *path, const struct stat *st, bool last, struct err *err)
{
	mode_t by_others =
		st->st_mode & (S_IWOTH | (st->st_gid != 0 ? (mode_t)S_IWGRP : (mode_t)0));

	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(err, EPERM, "%s belongs to user %u and not to root", path,
			       (unsigned)st->st_uid);
	/* in a folder with the sticky bit nobody moves what is root's */
	if (by_others && (last || !(st->st_mode & S_ISVTX)))
		return err_set(err, EPERM, "%s can be written by others: chmod go-w it", path);
	return 0;
}

static int enter(int folder, const char *name, const char *path, int *ret, struct stat *st,
		 struct err *err)
{
	_cleanup_close_ int fd = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0)
		return err_os(err, errno, "%s", path);
	if (S_ISLNK(st->st_mode))
		return err_set(err, ELOOP,
			       "%s is a symbolic link: write where it leads into the configuration",
			       path);
	if (!S_ISDIR(st->st_mode))
		return err_set(err, ENOTDIR, "%s is no folder", path);
	*ret = take_fd(&fd);
	return 0;
}

int walk_mount_root(const char *path, int *ret, struct err *err)
{
	_cleanup_free_ char *names = xstrdup(path), *seen = xcalloc(strlen(path) + 2, 1);
	_cleanup_close_ int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *at = names, *name;
	struct stat st;
	bool closed;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_os(err, errno, "/");
	closed = is_closed(&st);
	while ((name = strsep(&at, "/"))) {
		int next = -1;

		if (!*name || streq(name, "."))
			continue;
		if (streq(name, ".."))
			return err_set(err, EINVAL, "has .. in it");
		r = check_folder(*seen ? seen : "/", &st, false, err);
		if (r < 0)
			return r;
		memcpy(seen + strlen(seen), "/", 2);
		memcpy(seen + strlen(seen), name, strlen(name) + 1);
		r = enter(fd, name, seen, &next, &st, err);
		if (r == -ENOENT)
			return err_set(err, ENOENT, "%s is not there: install -d -m 700 %s", seen,
				       path);
		if (r < 0)
			return r;
		close(fd);
		fd = next;
		closed = closed || is_closed(&st);
	}
	r = check_folder(path, &st, true, err);
	if (r < 0)
		return r;
	if (!closed && !walk_is_harmless(fd))
		return err_set(err, EPERM,
			       "can be reached by users of this host, to whom a set-user-id file "
			       "that a container makes there gives root's rights: chmod 0700 it, "
			       "or mount it nosuid and nodev");
	*ret = take_fd(&fd);
	return 0;
}
