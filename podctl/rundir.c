/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_part(int parent, const char *name, mode_t others, int *ret, struct err *err)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return err_os(err, errno, "cannot make folder %s", name);
	fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_os(err, errno, "cannot open folder %s", name);
	if (st.st_uid != geteuid() || (st.st_mode & others))
		return err_set(err, EPERM, "folder %s is not ours alone", name);
	*ret = take_fd(&fd);
	return 0;
}

/* others: what others may not have in the first folder; in those below they may have nothing. */
static int open_parts(const char *above, mode_t others, const char *const *parts, int *ret,
		      struct err *err)
{
	_cleanup_close_ int fd = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *name = "podctl";
	int next, r;

	if (fd < 0)
		return err_os(err, errno, "%s", above);
	do {
		next = -1;
		r = open_part(fd, name, others, &next, err);
		if (r < 0)
			return err_wrap(err, "%s/podctl", above);
		close(fd);
		fd = next;
		others = 0077;
		name = *parts;
	} while (name && parts++);
	*ret = take_fd(&fd);
	return 0;
}

int rundir_open(const char *const *parts, int *ret, struct err *err)
{
	return open_parts("/run", 0077, parts, ret, err);
}

int rundir_open_state(const char *const *parts, int *ret, struct err *err)
{
	return open_parts("/var/lib", 0022, parts, ret, err);
}
