/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/lock.h"

#include "podctl/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

int lock_take(const char *pod, bool wait, int *ret, struct err *err)
{
	static const char *const parts[] = {"locks", NULL};
	_cleanup_close_ int folder = -1, fd = -1;
	int r = rundir_open(parts, &folder, err);

	if (r < 0)
		return r;
	fd = openat(folder, pod, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_os(err, errno, "lock of pod %s", pod);
	/* the file stays for good: taking it away would let two hold two files of one name */
	while (flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0) {
		if (errno == EWOULDBLOCK)
			return err_set(err, EWOULDBLOCK, "another podctl is at work on pod %s",
				       pod);
		if (errno != EINTR)
			return err_os(err, errno, "lock of pod %s", pod);
	}
	*ret = take_fd(&fd);
	return 0;
}
