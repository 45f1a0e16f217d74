/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/remote.h"

#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CGROUP_MAX ((size_t)16384)
#define GRACE_MS   2000

static int pidfd_open(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	/* pidfds are CLOEXEC */
	return fd < 0 ? -errno : fd;
}

static void pidfd_signal(int fd, int signal)
{
	(void)syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0);
}

/* Whether the process that the number stands for is in the container's cgroup. */
static bool in_container(pid_t pid, const char *container_id)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/cgroup", (int)pid), *text = NULL;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct err ignored;
	size_t size;

	return fd >= 0 && strlen(container_id) >= 12 &&
	       file_read_limited(fd, CGROUP_MAX, &text, &size, &ignored) == 0 &&
	       strstr(text, container_id);
}

/* Runs until the pipe says that all is well, or ends without a word. */
static _Noreturn void guard(int pidfd, int pipe_fd)
{
	struct pollfd pfd = {.fd = pidfd, .events = POLLIN};
	char byte;

	setsid();
	for (int fd = 0; fd < 1024; fd++) {
		if (fd != pidfd && fd != pipe_fd)
			close(fd);
	}
	for (;;) {
		ssize_t n = read(pipe_fd, &byte, 1);

		if (n > 0)
			_exit(0);
		if (n == 0 || errno != EINTR)
			break;
	}
	pidfd_signal(pidfd, SIGHUP);
	if (poll(&pfd, 1, GRACE_MS) == 0)
		pidfd_signal(pidfd, SIGKILL);
	_exit(0);
}

static void start_guardian(struct remote *r)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		sigset_t all;

		/* what ends us must not end it too */
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
		close(fds[1]);
		guard(r->pidfd, fds[0]);
	}
	close(fds[0]);
	if (pid < 0) {
		close(fds[1]);
		return;
	}
	r->keep = fds[1];
	r->guardian = pid;
}

int remote_hold(struct remote *r, pid_t pid, const char *container_id)
{
	_cleanup_close_ int fd = pid > 0 ? pidfd_open(pid) : -1;

	/* looked at after it is held: from here on the number can't become another's */
	if (fd < 0 || !in_container(pid, container_id))
		return 1;
	r->pidfd = take_fd(&fd);
	start_guardian(r);
	return 0;
}

void remote_signal(const struct remote *r, int signal)
{
	if (r->pidfd >= 0)
		pidfd_signal(r->pidfd, signal);
}

void remote_done(struct remote *r)
{
	if (r->keep >= 0) {
		(void)!write(r->keep, "", 1);
		close(r->keep);
		while (waitpid(r->guardian, NULL, 0) < 0 && errno == EINTR)
			;
	}
	closep(&r->pidfd);
	*r = REMOTE_NONE;
}
