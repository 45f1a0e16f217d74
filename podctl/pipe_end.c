/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/pipe_end.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PIPE_SIZE ((size_t)1024 * 1024)

/*
 * What a pipe holds counts for who made it, unless who widens it may go beyond that: so we may not,
 * or somebody's pipes would take all of the memory.
 */
void pipe_end_widen(int fd)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct before[_LINUX_CAPABILITY_U32S_3] = {0},
				      less[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, before) < 0)
		return;
	memcpy(less, before, sizeof(less));
	less[0].effective &= ~(1U << CAP_SYS_ADMIN | 1U << CAP_SYS_RESOURCE);
	if (syscall(SYS_capset, &header, less) < 0)
		return;
	(void)fcntl(fd, F_SETPIPE_SZ, (int)PIPE_SIZE);
	/* they are still permitted */
	if (syscall(SYS_capset, &header, before) < 0)
		abort();
}

struct pipe_end pipe_end_open(int fd)
{
	struct pipe_end end = {.fd = fd, .most = PIPE_BUF};
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", fd);
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	if (fstat(fd, &st) < 0 || flags < 0)
		return end;
	if (S_ISFIFO(st.st_mode))
		pipe_end_widen(fd);
	if (S_ISREG(st.st_mode)) {
		end.most = PIPE_END_MOST; /* never blocks */
	} else if (S_ISFIFO(st.st_mode) && (flags & O_ACCMODE) != O_RDONLY) {
		int again = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

		if (again >= 0)
			end = (struct pipe_end){again, true, PIPE_END_MOST};
	}
	return end;
}

void pipe_end_close(struct pipe_end *end)
{
	if (end->owned)
		close(end->fd);
}

int pipe_end_write(const struct pipe_end *to, const char *data, size_t size)
{
	ssize_t n;

	if (size > to->most)
		size = to->most;
	n = write(to->fd, data, size);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return (int)n;
}
