/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A credential helper is a program that the caller's file names, run by a process that is root. So
 * before it is executed all of root is given up for good, and that is tried; nothing of ours is
 * open in it; its environment is made from the passwd database; it has neither our terminal nor
 * much time, and whatever it prints is bounded and never shown.
 */
#include "podctl/credentials_load.h"

#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FAILED_TO_BECOME 126
#define NOT_FOUND	 127

int credentials_load(const struct caller *caller, struct credentials *ret, struct err *err)
{
	char *text = NULL;
	size_t size = 0;
	int r = caller_read_own_file(caller, CREDENTIALS_FILE, &text, &size, err);

	if (r == -ENOENT) {
		*ret = (struct credentials){0};
		return 0;
	}
	if (r < 0)
		return r;
	r = credentials_parse(text, size, ret, err);
	explicit_bzero(text, size);
	free(text);
	return r < 0 ? err_wrap(err, "~/%s", CREDENTIALS_FILE) : 0;
}

/* ---- the helper's process ---- */

static bool become(const struct caller *c)
{
	uid_t real, effective, saved;

	if (!c->switches)
		return true;
	if (setgroups(c->groups.n, c->groups.items) < 0 || setresgid(c->gid, c->gid, c->gid) < 0 ||
	    setresuid(c->uid, c->uid, c->uid) < 0)
		return false;
	/* Still a copy of root's memory. Where fs.suid_dumpable is 1 that user could look into it.
	 */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return false;
	if (getresuid(&real, &effective, &saved) < 0 || real != c->uid || effective != c->uid ||
	    saved != c->uid)
		return false;
	/* what could be taken back was not given up; for root itself there is nothing to give up */
	return c->uid == 0 || (setuid(0) < 0 && seteuid(0) < 0);
}

_Noreturn static void run_helper(const struct caller *c, const char *helper, int in, int out)
{
	static const char *const folders[] = {"/usr/local/bin", "/usr/bin", "/bin"};
	_cleanup_free_ char *file = xasprintf("docker-credential-%s", helper);
	_cleanup_free_ char *home = xasprintf("HOME=%s", c->home ? c->home : "/");
	_cleanup_free_ char *user = xasprintf("USER=%s", c->name);
	_cleanup_free_ char *logname = xasprintf("LOGNAME=%s", c->name);
	char path_variable[] = "PATH=/usr/local/bin:/usr/bin:/bin";
	char get[] = "get";
	char *env[] = {path_variable, home, user, logname, NULL}, *argv[] = {file, get, NULL};
	int null = open("/dev/null", O_WRONLY);

	/* a session of its own: no terminal, and one group to end */
	if (setsid() < 0 || null < 0 || dup2(in, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 ||
	    syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) < 0 || chdir("/") < 0)
		_exit(FAILED_TO_BECOME);
	umask(077);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (!become(c))
		_exit(FAILED_TO_BECOME);
	/* after the change of user, which resets it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		_cleanup_free_ char *path = xasprintf("%s/%s", folders[i], file);

		execve(path, argv, env);
	}
	_exit(NOT_FOUND);
}

/* ---- our side ---- */

/* Reads to the end of the helper's output. */
static int read_answer(int fd, int64_t deadline, char **ret, size_t *ret_size, struct err *err)
{
	char *text = xcalloc(CREDENTIALS_HELPER_SIZE + 1, 1);
	size_t size = 0;
	int r = 0;

	while (r == 0) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - clock_ms();
		ssize_t n;

		if (left <= 0) {
			r = err_set(err, ETIMEDOUT, "did not answer within %d seconds",
				    CREDENTIALS_HELPER_MS / 1000);
			break;
		}
		if (poll(&pfd, 1, (int)left) <= 0)
			continue;
		if (size == CREDENTIALS_HELPER_SIZE) {
			r = err_set(err, EFBIG, "says more than %zu bytes", size);
			break;
		}
		n = read(fd, text + size, CREDENTIALS_HELPER_SIZE - size);
		if (n < 0 && errno != EINTR)
			r = err_os(err, errno, "read");
		else if (n == 0)
			break;
		size += n > 0 ? (size_t)n : 0;
	}
	if (r < 0) {
		explicit_bzero(text, size);
		free(text);
		return r;
	}
	*ret = text;
	*ret_size = size;
	return 0;
}

/* Ends it unless it does so itself in time; its exit status, -1 where there is none. */
static int reap(pid_t pid, int64_t deadline)
{
	int status = 0;
	pid_t ended;

	/* it has closed its output, so there is little left to do for it */
	while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && clock_ms() < deadline) {
		const struct timespec nap = {.tv_nsec = 2000000};

		nanosleep(&nap, NULL);
	}
	if (ended == 0) {
		/* the group is there as long as its leader was not waited for */
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		return -1;
	}
	return ended == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int start_helper(const struct caller *c, const char *helper, const char *server, int *ret_fd,
			pid_t *ret_pid, struct err *err)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1};
	size_t n = strlen(server);
	pid_t pid = -1;

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_os(err, errno, "pipe");
	/* short enough for the pipe, so nobody waits for the helper to read it */
	if (pipe2(out, O_CLOEXEC) < 0 || write(in[1], server, n) != (ssize_t)n) {
		int r = err_os(err, errno ? errno : EIO, "pipe");

		closep(&in[0]);
		closep(&in[1]);
		closep(&out[0]);
		closep(&out[1]);
		return r;
	}
	closep(&in[1]);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		run_helper(c, helper, in[0], out[1]);
	closep(&in[0]);
	closep(&out[1]);
	if (pid < 0) {
		closep(&out[0]);
		return err_os(err, errno, "fork");
	}
	*ret_fd = out[0];
	*ret_pid = pid;
	return 0;
}

static int ask(const struct caller *c, struct credential *found, struct err *err)
{
	_cleanup_close_ int fd = -1;
	int64_t deadline = clock_ms() + CREDENTIALS_HELPER_MS;
	char *text = NULL;
	size_t size = 0;
	pid_t pid = -1;
	int status, r = start_helper(c, found->helper, found->server, &fd, &pid, err);

	if (r < 0)
		return r;
	r = read_answer(fd, deadline, &text, &size, err);
	closep(&fd);
	fd = -1;
	status = reap(pid, r < 0 ? 0 : deadline);
	if (r < 0)
		return r;
	if (status == NOT_FOUND)
		r = err_set(err, ENOENT,
			    "is not in /usr/local/bin, /usr/bin or /bin, or cannot be run");
	else if (status == FAILED_TO_BECOME)
		r = err_set(err, EPERM, "could not be run with the rights of user %s", c->name);
	else if (status != 0)
		r = credentials_not_found(text, size)
			    ? 0
			    : err_set(err, EIO, "failed%s", status < 0 ? ", or was ended" : "");
	else
		r = credential_take_answer(found, text, size, err);
	explicit_bzero(text, size);
	free(text);
	return r;
}

int credentials_get(const struct caller *caller, const struct credentials *c, const char *host,
		    struct credential *ret, struct err *err)
{
	struct credential found = {0};
	int r = credentials_find(c, host, &found, err);

	if (r == 0 && found.helper) {
		r = ask(caller, &found, err);
		if (r < 0)
			err_wrap(err, "registry %s: credential helper docker-credential-%s", host,
				 found.helper);
	}
	if (r < 0)
		credential_done(&found);
	else
		*ret = found;
	return r;
}
