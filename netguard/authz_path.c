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

int authz_path_check(const char *path, struct err *err)
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
		if (!*p)
			return check_last(&st, path, err);
		r = S_ISLNK(st.st_mode) ? err_set(err, EPERM, "the mount of %s: %.*s is a link",
						  path, (int)(p - path), path)
					: check_folder(&st, path, (size_t)(p - path), err);
	}
	return r;
}
