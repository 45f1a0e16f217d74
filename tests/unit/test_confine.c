/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon's filters: each forbidden thing ends a child or fails, and what it needs goes on. */
#include "netguard/confine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef UNCONFINED

#define FINE 0

static int thread_fn_ran;

static void *thread_fn(void *userdata)
{
	(void)userdata;
	return &thread_fn_ran;
}

/* What fn did behind the filter: its exit status, or the number of the signal that ended it + 1000.
 */
static int behind_calls(int (*fn)(void), bool tcp)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct err err;
		struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		if (confine_calls(tcp, &err) != 1)
			_exit(99);
		_exit(fn());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int do_execve(void)
{
	char *args[] = {NULL};

	execve("/bin/true", args, args);
	return 1;
}

static int do_fork(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) < 0;
}

static int do_ptrace(void)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0) < 0;
}

static int do_mount(void)
{
	return syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL) < 0;
}

static int do_setns(void)
{
	return syscall(SYS_setns, -1, 0) < 0;
}

static int do_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0) < 0;
}

static int do_io_uring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL) < 0;
}

static int do_kill(void)
{
	return syscall(SYS_tgkill, getppid(), getppid(), 0) < 0;
}

static int do_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0) < 0;
}

static int do_audit_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 9) < 0;
}

static int do_chmod(void)
{
	return chmod("/nonexistent", 0) < 0;
}

static int do_listen(void)
{
	return listen(0, 1) < 0;
}

static int do_terminal_input(void)
{
	char c = 'x';

	return syscall(SYS_ioctl, 0, 0x5412, &c) < 0;
}

/* ---- errors ---- */

static int do_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	if (mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0 || errno != EACCES)
		return 2;
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED && errno == EACCES ? FINE : 3;
}

static int do_internet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EAFNOSUPPORT &&
			       socket(AF_INET6, SOCK_STREAM, 0) < 0 && errno == EAFNOSUPPORT
		       ? FINE
		       : 1;
}

/* What libraries of a newer system try first, and go on without. */
static int do_newer(void)
{
	static const long numbers[] = {435 /* clone3 */,
				       436 /* close_range */,
				       437 /* openat2 */,
				       449 /* futex_waitv */,
				       452 /* fchmodat2 */,
				       462 /* mseal */,
				       599 /* of no kernel yet */};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (syscall(numbers[i], 0, 0, 0, 0, 0, 0) != -1 || errno != ENOSYS)
			return (int)i + 1;
	return prctl(PR_SET_NAME, "name") < 0 && errno == EINVAL ? FINE : 10;
}

static int do_thread(void)
{
	pthread_t thread;
	void *ret;

	return pthread_create(&thread, NULL, thread_fn, NULL) != 0 ||
	       pthread_join(thread, &ret) != 0 || ret != &thread_fn_ran;
}

/* ---- what it does ---- */

static int do_sockets(void)
{
	static const int protocols[] = {0 /* ROUTE */, 4 /* SOCK_DIAG */, 12 /* NETFILTER */};

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocols[i]) < 0)
			return 1;
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

static int do_files(void)
{
	char text[16];
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	return fd < 0 || read(fd, text, sizeof(text)) != (ssize_t)sizeof(text);
}

static int do_abort(void)
{
	abort();
}

static int do_internet_allowed(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 || socket(AF_INET6, SOCK_STREAM, 0) < 0;
}

static void test_calls(void **state)
{
	static const struct {
		const char *name;
		int (*fn)(void);
		bool tcp;
		int want;
	} cases[] = {
		{"execve", do_execve, false, 1000 + SIGSYS},
		{"execve with TCP", do_execve, true, 1000 + SIGSYS},
		{"fork", do_fork, false, 1000 + SIGSYS},
		{"fork with TCP", do_fork, true, 1000 + SIGSYS},
		{"ptrace", do_ptrace, false, 1000 + SIGSYS},
		{"mount", do_mount, false, 1000 + SIGSYS},
		{"setns", do_setns, false, 1000 + SIGSYS},
		{"bpf", do_bpf, false, 1000 + SIGSYS},
		{"io_uring", do_io_uring, true, 1000 + SIGSYS},
		{"a signal to another", do_kill, false, 1000 + SIGSYS},
		{"packet socket", do_packet_socket, true, 1000 + SIGSYS},
		{"audit socket", do_audit_socket, false, 1000 + SIGSYS},
		{"chmod", do_chmod, false, 1000 + SIGSYS},
		{"listen", do_listen, true, 1000 + SIGSYS},
		{"input of a terminal", do_terminal_input, true, 1000 + SIGSYS},
		{"memory with code", do_code, false, FINE},
		{"memory with code and TCP", do_code, true, FINE},
		{"internet", do_internet, false, FINE},
		{"internet with TCP", do_internet_allowed, true, FINE},
		{"newer calls", do_newer, false, FINE},
		{"newer calls with TCP", do_newer, true, FINE},
		{"a thread, as curl's", do_thread, true, FINE},
		{"a thread that looks up names", do_thread, false, FINE},
		{"sockets", do_sockets, false, FINE},
		{"files", do_files, false, FINE},
		{"abort", do_abort, false, 1000 + SIGABRT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int got = behind_calls(cases[i].fn, cases[i].tcp);

		if (got != cases[i].want)
			fail_msg("%s: %d, not %d", cases[i].name, got, cases[i].want);
	}
}

/* ---- paths ---- */

static bool can_make(const char *dir)
{
	_cleanup_free_ char *path = xasprintf("%s/new", dir);
	_cleanup_free_ char *other = xasprintf("%s/other", dir);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd >= 0 && write(fd, "x", 1) == 1 && rename(path, other) == 0 && unlink(other) == 0;
}

static int paths(const char *inside, const char *outside)
{
	const struct confine_dir dirs[] = {{inside, 0700, {NULL}},
					   {"/nonexistent/folder", 0700, {NULL}}};
	_cleanup_free_ char *old = xasprintf("%s/old", outside);
	char *args[] = {NULL};
	struct err err;
	int r;

	if (!can_make(inside) || !can_make(outside))
		return 1;
	r = confine_paths(dirs, ARRAY_SIZE(dirs), false, &err);
	if (r < 1)
		return r == 0 ? 77 : 2;
	if (!can_make(inside))
		return 3;
	if (can_make(outside) || open(old, O_WRONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 4;
	if (open(old, O_RDONLY | O_CLOEXEC) < 0)
		return 5;
	if (unlink(old) == 0 || mkdir(inside, 0700) == 0)
		return 6;
	execve("/bin/true", args, args);
	return errno == EACCES ? FINE : 7;
}

static void test_paths(void **state)
{
	char in[] = "/tmp/confine.XXXXXX", out[] = "/tmp/confine.XXXXXX";
	_cleanup_free_ char *old = NULL;
	int status, fd;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(in));
	assert_non_null(mkdtemp(out));
	old = xasprintf("%s/old", out);
	fd = open(old, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	pid = fork();
	if (pid == 0)
		_exit(paths(in, out));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(old);
	rmdir(out);
	rmdir(in);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip(); /* this kernel has no Landlock */
	assert_int_equal(WEXITSTATUS(status), FINE);
}

#endif

/* ---- user ---- */

static int no_such_user(void)
{
	struct err err;

	return confine_user("nobody-has-this-name", NULL, 0, &err) == 0 && confine_may_keep() &&
			       geteuid() == 0 && chown("/nonexistent", 0, 0) < 0
		       ? 0
		       : 1;
}

static int becomes(void)
{
	struct err err;

	return confine_user("nobody", NULL, 0, &err) == 1 && geteuid() != 0 && getegid() != 0 &&
			       confine_may_keep() && setresuid(0, 0, 0) < 0 && errno == EPERM &&
			       open("/etc/shadow", O_RDONLY | O_CLOEXEC) < 0
		       ? 0
		       : 1;
}

static int root_by_name(void)
{
	struct err err;

	return confine_user("root", NULL, 0, &err) == -EPERM ? 0 : 1;
}

static void test_user(void **state)
{
	int (*const cases[])(void) = {no_such_user, becomes, root_by_name};

	(void)state;
	if (geteuid() != 0 || !confine_may_keep())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0)
			_exit(cases[i]());
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("case %zu: status %d", i, status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifndef UNCONFINED
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_paths),
#endif
		cmocka_unit_test(test_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
