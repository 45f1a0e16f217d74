/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Walked by descriptors, from the root, so that what was looked at is what was gone through. The
 * engine resolves the path later; that what we saw still holds then follows from nobody but root
 * being able to write into any of the folders.
 */
#include "netguard/authz_path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int check_folder(const struct stat *st, const char *path, size_t n, struct err *err)
{
	if (!S_ISDIR(st->st_mode))
		return err_set(err, EPERM, "the mount of %s: %.*s is no folder", path, (int)n,
			       path);
	if (st->st_uid != 0 || (st->st_mode & (S_IWGRP | S_IWOTH)))
		return err_set(err, EPERM,
			       "the mount of %s: not only root can write to %.*s, so what lies in "
			       "it could be exchanged",
			       path, n > 0 ? (int)n : 1, path);
	return 0;
}

static int check_last(const struct stat *st, const char *path, struct err *err)
{
	if (S_ISLNK(st->st_mode))
		return err_set(err, EPERM, "the mount of %s: is a link", path);
	if (!S_ISDIR(st->st_mode) && !S_ISREG(st->st_mode))
		return err_set(err, EPERM, "the mount of %s: is neither a folder nor a file", path);
	return 0;
}

static bool only_root_enters(const struct stat *st)
{
	return !(st->st_mode & S_IXOTH) && (st->st_gid == 0 || !(st->st_mode & S_IXGRP));
}

/* Set-user-id programs and devices that a container's root would leave for users of the host. */
static int check_closed(int fd, const char *path, struct err *err)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) < 0)
		return err_os(err, errno, "%s", path);
	if (!(fs.f_flag & ST_NOSUID) || !(fs.f_flag & ST_NODEV))
		return err_set(err, EPERM,
			       "the mount of %s: containers may be root, so it must be mounted "
			       "nosuid and nodev, or lie in a folder that only root can enter",
			       path);
	return 0;
}

int authz_path_check(const char *path, bool closed, struct err *err)
{
	_cleanup_close_ int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *p = path;
	struct stat st;
	int r;

	if (at < 0 || fstat(at, &st) < 0)
		return err_os(err, errno, "/");
	r = check_folder(&st, path, 0, err);
	while (r == 0) {
		size_t n = strcspn(++p, "/");
		_cleanup_free_ char *part = xstrndup(p, n);
		int next = openat(at, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);

		if (next < 0)
			return err_set(err, errno, "the mount of %s: %s", path,
				       errno == ENOENT ? "it is not there, make it first"
						       : strerror(errno));
		closep(&at);
		at = next;
		if (fstat(at, &st) < 0)
			return err_os(err, errno, "%s", path);
		p += n;
		if (!*p) {
			r = check_last(&st, path, err);
			return r == 0 && closed ? check_closed(at, path, err) : r;
		}
		/* whoever can't get here gets nothing of what lies below */
		closed &= !only_root_enters(&st);
		r = S_ISLNK(st.st_mode) ? err_set(err, EPERM, "the mount of %s: %.*s is a link",
						  path, (int)(p - path), path)
					: check_folder(&st, path, (size_t)(p - path), err);
	}
	return r;
}
