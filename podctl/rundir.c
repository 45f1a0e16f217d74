/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_part(int parent, const char *name, int *ret, struct err *err)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return err_os(err, errno, "cannot make folder %s", name);
	fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_os(err, errno, "cannot open folder %s", name);
	if (st.st_uid != geteuid() || (st.st_mode & 0077))
		return err_set(err, EPERM, "folder %s is not ours alone", name);
	*ret = take_fd(&fd);
	return 0;
}

int rundir_open(const char *const *parts, int *ret, struct err *err)
{
	_cleanup_close_ int fd = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *name = "podctl";
	int next, r;

	if (fd < 0)
		return err_os(err, errno, "/run");
	do {
		next = -1;
		r = open_part(fd, name, &next, err);
		if (r < 0)
			return err_wrap(err, RUNDIR_PATH);
		close(fd);
		fd = next;
		name = *parts;
	} while (name && parts++);
	*ret = take_fd(&fd);
	return 0;
}
