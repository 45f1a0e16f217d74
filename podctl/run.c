/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT_RUN 127

_Noreturn static void child(const char *const *argv, int out)
{
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *env[] = {path, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out < 0 ? null : out, STDOUT_FILENO) < 0 ||
	    (out >= 0 && dup2(out, STDERR_FILENO) < 0) ||
	    syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) < 0)
		_exit(CANNOT_RUN);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	/* execve changes none of them; the prototype is older than const */
	execve(argv[0], (char *const *)(uintptr_t)argv, env);
	_exit(CANNOT_RUN);
}

/* To its end, also what is beyond the limit: or the program would wait for us. */
static char *read_all(int fd)
{
	char *text = xcalloc(RUN_OUTPUT_MAX + 1, 1), more[4096] = {0};
	size_t size = 0;

	for (;;) {
		bool fits = size < RUN_OUTPUT_MAX;
		ssize_t n = read(fd, fits ? text + size : more,
				 fits ? RUN_OUTPUT_MAX - size : sizeof(more));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return text;
		size += fits ? (size_t)n : 0;
	}
}

int run(const char *const *argv, char **ret_output, struct err *err)
{
	int pipe_fds[2] = {-1, -1}, status;
	pid_t pid;

	if (access(argv[0], X_OK) < 0)
		return err_os(err, errno, "%s", argv[0]);
	if (ret_output && pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_os(err, errno, "pipe");
	pid = fork();
	if (pid == 0)
		child(argv, pipe_fds[1]);
	closep(&pipe_fds[1]);
	if (pid < 0) {
		closep(&pipe_fds[0]);
		return err_os(err, errno, "fork");
	}
	if (ret_output)
		*ret_output = read_all(pipe_fds[0]);
	closep(&pipe_fds[0]);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			if (ret_output)
				freep(ret_output);
			return err_os(err, errno, "waitpid");
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run_well(const char *const *argv, struct err *err)
{
	_cleanup_free_ char *output = NULL;
	const char *last;
	char shown[256];
	size_t n;
	int r = run(argv, &output, err);

	if (r <= 0)
		return r;
	n = strlen(output);
	while (n > 0 && output[n - 1] == '\n')
		output[--n] = '\0';
	last = strrchr(output, '\n');
	last = last ? last + 1 : output;
	return err_set(err, EIO, "%s fails with status %d: %s", argv[0], r,
		       text_printable(shown, sizeof(shown), last));
}
