/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/notify.h"

#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FDS_START 3
#define LISTEN_FDS_MOST	 64

static void send_to(const char *path, const char *state, int fd_to_store)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct iovec iov = {.iov_base = xstrdup(state), .iov_len = strlen(state)};
	struct msghdr msg = {.msg_name = &sa, .msg_iov = &iov, .msg_iovlen = 1};
	_cleanup_free_ char *owned = iov.iov_base;
	_cleanup_close_ int fd = -1;
	size_t n = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || n >= sizeof(sa.sun_path))
		return;
	memcpy(sa.sun_path, path, n);
	if (path[0] == '@')
		sa.sun_path[0] = '\0';
	msg.msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	if (fd_to_store >= 0) {
		struct cmsghdr *cmsg;

		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd_to_store, sizeof(int));
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && owned)
		(void)sendmsg(fd, &msg, MSG_NOSIGNAL); /* who does not listen need not know */
}

void notify_send(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (path)
		send_to(path, state, -1);
}

uint64_t notify_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	char *end = NULL;
	uint64_t n;

	if (!usec || *usec < '0' || *usec > '9' || (pid && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	errno = 0;
	n = strtoull(usec, &end, 10);
	return errno || *end ? 0 : n / 1000;
}

void notify_reloading(void)
{
	_cleanup_free_ char *text =
		xasprintf("RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_ns() / 1000);

	notify_send(text);
}

void notify_store(int fd, const char *name)
{
	const char *path = getenv("NOTIFY_SOCKET");
	_cleanup_free_ char *text = xasprintf("FDSTORE=1\nFDNAME=%s", name);

	if (path && fd >= 0)
		send_to(path, text, fd);
}

int notify_stored(const char *name)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	const char *names = getenv("LISTEN_FDNAMES");
	int found = -1;
	long n;

	if (!pid || !count || !names || strtol(pid, NULL, 10) != (long)getpid())
		return -1;
	n = strtol(count, NULL, 10);
	for (int i = 0; i < n && i < LISTEN_FDS_MOST; i++) {
		size_t size = strcspn(names, ":");
		int fd = LISTEN_FDS_START + i;

		fcntl(fd, F_SETFD, FD_CLOEXEC);
		if (found < 0 && size == strlen(name) && strncmp(names, name, size) == 0)
			found = fd;
		else
			close(fd);
		names += size + (names[size] == ':');
	}
	return found;
}
