/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/unix_socket.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int open_for(const char *path, struct sockaddr_un *ret, struct err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(sa.sun_path))
		return err_set(err, ENAMETOOLONG, "%s: too long for a socket", path);
	memcpy(sa.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_os(err, errno, "socket");
	*ret = sa;
	return fd;
}

int unix_listen(const char *path, mode_t mode, int backlog, int *ret, struct err *err)
{
	struct sockaddr_un sa;
	_cleanup_close_ int fd = open_for(path, &sa, err);
	mode_t mask;
	int r;

	if (fd < 0)
		return fd;
	if (unlink(path) < 0 && errno != ENOENT)
		return err_os(err, errno, "%s", path);
	/* not chmod afterwards: nobody else is let in for a moment */
	mask = umask(~mode & 0777);
	r = bind(fd, (struct sockaddr *)&sa, sizeof(sa));
	if (r < 0)
		r = err_os(err, errno, "%s", path);
	umask(mask);
	if (r < 0)
		return r;
	if (listen(fd, backlog) < 0)
		return err_os(err, errno, "%s", path);
	*ret = take_fd(&fd);
	return 0;
}

int unix_connect(const char *path, int *ret, struct err *err)
{
	struct sockaddr_un sa;
	_cleanup_close_ int fd = open_for(path, &sa, err);

	if (fd < 0)
		return fd;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		return err_os(err, errno, "%s", path);
	*ret = take_fd(&fd);
	return 0;
}

int unix_listen_alone(const char *path, mode_t mode, int backlog, int *ret, struct err *err)
{
	_cleanup_close_ int fd = -1;
	int r = unix_connect(path, &fd, err);

	/* who does not take his connections listens, too */
	if (r == 0 || r == -EAGAIN)
		return err_set(err, EADDRINUSE, "%s: another one listens there", path);
	return r == -ENOENT || r == -ECONNREFUSED ? unix_listen(path, mode, backlog, ret, err) : r;
}

int unix_accept(int listener, struct ucred *ret_peer)
{
	_cleanup_close_ int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	*ret_peer = peer;
	return take_fd(&fd);
}

int unix_send(int fd, const char *data, size_t size, size_t *at)
{
	while (*at < size) {
		ssize_t n = send(fd, data + *at, size - *at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0)
			return -errno;
		*at += (size_t)n;
	}
	return 0;
}
