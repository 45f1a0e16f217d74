/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/threads.h"

#include "common/file.h"

#include <errno.h>
#include <fcntl.h>

/* a process of 65536 groups (NGROUPS_MAX) has all their numbers in its status */
#define SMALL_FILE_MAX ((size_t)1024 * 1024)

char *threads_slurp(int dir, const char *name)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	struct err err;
	size_t size;

	if (fd < 0)
		return NULL;
	if (file_read_limited(fd, SMALL_FILE_MAX, &text, &size, &err) < 0)
		errno = err.code;
	return text;
}

/* A process that is gone meanwhile has none. */
static void each_of(const char *pid, threads_fn *fn, void *userdata)
{
	_cleanup_free_ char *path = xasprintf("/proc/%s/task", pid);
	_cleanup_(closedirp)
	DIR *tasks = opendir(path);
	const struct dirent *e;

	while (tasks && (e = readdir(tasks))) {
		_cleanup_close_ int dir = -1;

		if (*e->d_name == '.')
			continue;
		dir = openat(dirfd(tasks), e->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir >= 0)
			fn(userdata, dir);
	}
}

int threads_each(threads_fn *fn, void *userdata)
{
	_cleanup_(closedirp)
	DIR *proc = opendir("/proc");
	const struct dirent *e;

	if (!proc)
		return -errno;
	while ((e = readdir(proc))) {
		if (*e->d_name >= '1' && *e->d_name <= '9')
			each_of(e->d_name, fn, userdata);
	}
	return 0;
}
