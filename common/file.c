/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The size of a file is what could be read, not what fstat said: it may grow meanwhile. */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int file_read_limited(int fd, size_t max, char **ret, size_t *ret_size, struct err *err)
{
	_cleanup_free_ char *buf = NULL;
	size_t size = 0, room = 4096;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_os(err, errno, "fstat");
	if (S_ISDIR(st.st_mode))
		return err_set(err, EISDIR, "is a directory");
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "is not a regular file");
	if (st.st_size > 0 && (uintmax_t)st.st_size > max)
		return err_set(err, EFBIG, "is larger than %zu bytes", max);
	buf = xmalloc(room);
	for (;;) {
		ssize_t n;

		/* one byte of the room stays free for the NUL */
		if (size + 1 == room) {
			room *= 2;
			buf = xreallocarray(buf, room, 1);
		}
		n = read(fd, buf + size, room - size - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_os(err, errno, "read");
		if (n == 0)
			break;
		size += (size_t)n;
		if (size > max)
			return err_set(err, EFBIG, "is larger than %zu bytes", max);
	}
	buf[size] = '\0';
	*ret_size = size;
	*ret = take_ptr(buf);
	return 0;
}

int file_write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

void file_open_standard(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int file_flush_stdout(void)
{
	struct pollfd reader = {.fd = STDOUT_FILENO};
	int r;

	if (fflush(stdout) != 0)
		r = -errno;
	else
		r = ferror(stdout) ? -EIO : 0;
	/* an earlier write may have failed, of which only that is known */
	if (r < 0 && poll(&reader, 1, 0) > 0 && reader.revents & POLLERR)
		return -EPIPE;
	return r;
}

int file_replace(int dir, const char *name, const char *data, size_t size, struct err *err)
{
	_cleanup_free_ char *fresh = xasprintf(".%s.new", name);
	_cleanup_close_ int fd = -1;
	int r;

	if (unlinkat(dir, fresh, 0) < 0 && errno != ENOENT)
		return err_os(err, errno, "%s", fresh);
	fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_os(err, errno, "%s", fresh);
	if (file_write_all(fd, data, size) < 0 || fsync(fd) < 0 ||
	    renameat(dir, fresh, dir, name) < 0) {
		r = err_os(err, errno, "%s", name);
		unlinkat(dir, fresh, 0);
		return r;
	}
	/* the name, too */
	return fsync(dir) < 0 ? err_os(err, errno, "%s", name) : 0;
}

DIR *file_list(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}
