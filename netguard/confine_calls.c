/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The calls that the daemon makes once it runs, each with its reason; every other ends it, but for
 * some that libraries only try (add_newer, add_sockets), which fail. What it
 * needs only to start (execve, mkdir, listen, setuid, prctl, seccomp itself ...) is not here.
 *
 * CALL: seen in every life of the daemon: tests/e2e/34_confined.sh traces one and fails where the
 * list has one that was not made. RARE: needs an occasion that the test does not have, or another
 * libc, kernel or name service than the test's.
 *
 * Source: seccomp_rule_add(3), seccomp(2).
 */
#include "netguard/confine.h"

#ifndef UNCONFINED

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* clone3, the first that glibc tries and does without; and behind all that there are */
#define FIRST_NEWER 435
#define END_NEWER   600

struct call {
	int number;
	const char *name, *why;
};
#define CALL(name, why)                                                                            \
	{                                                                                          \
		SCMP_SYS(name), #name, why                                                         \
	}
#define RARE(name, why) CALL(name, why)

static const struct call calls[] = {
	/* waiting */
	CALL(epoll_wait, "the loop"),
	RARE(epoll_pwait, "the same, where there is no epoll_wait"),
	RARE(epoll_pwait2, "the same, of libraries"),
	CALL(epoll_ctl, "a client or a request of the engine comes or goes"),
	RARE(epoll_create1, "a second connection to the engine; name services by varlink"),
	CALL(timerfd_settime, "timers of the loop"),
	RARE(timerfd_create, "a client's timer; name services by varlink"),
	CALL(poll, "curl looks whether a connection that it kept still lives"),
	RARE(ppoll, "the same, where there is no poll"),
	RARE(eventfd2, "curl's wake-up"),
	RARE(pipe2, "curl's wake-up"),
	RARE(socketpair, "curl's wake-up"),
	RARE(clock_gettime, "time, where the kernel has no vDSO"),
	RARE(gettimeofday, "the same"),
	RARE(clock_nanosleep, "waits inside of libraries"),
	RARE(restart_syscall, "the kernel goes on with a wait after SIGSTOP"),
	/* sockets; socket() itself is below */
	CALL(connect, "engine, journal, name services"),
	CALL(bind, "a netlink socket for connections that end"),
	CALL(accept4, "clients of the control socket"),
	CALL(getsockname, "number of a netlink socket"),
	RARE(getpeername, "curl, of TCP"),
	CALL(getsockopt, "who a client is; errors of connect"),
	RARE(setsockopt, "sizes of netlink buffers; keep-alive"),
	CALL(sendto, "requests to kernel, engine and clients"),
	CALL(sendmsg, "transactions"),
	RARE(sendmmsg, "glibc asks for two addresses of a name at once"),
	CALL(recvfrom, "replies"),
	CALL(recvmsg, "netlink"),
	RARE(shutdown, "the end of a connection with TLS"),
	/* files */
	CALL(openat, "configuration, state, users and groups"),
	RARE(open, "the same, of libraries"),
	CALL(read, "the same, timers, signals, inotify"),
	RARE(pread64, "name services"),
	RARE(readv, "libraries"),
	CALL(write, "state, log, curl's wake-up"),
	RARE(writev, "libraries"),
	CALL(close, "all of these"),
	CALL(lseek, "users and groups are read again from the beginning"),
	CALL(newfstatat, "whether the configuration is another file"),
	RARE(stat, "the same, older libc"),
	RARE(lstat, "links on the way to the configuration"),
	RARE(fstat, "older libc"),
	RARE(statx, "newer libc"),
	RARE(fstatfs, "name services by varlink"),
	RARE(statfs, "the same"),
	CALL(readlink, "links on the way to the configuration"),
	RARE(readlinkat, "the same"),
	RARE(access, "libraries that look for their files"),
	RARE(faccessat, "the same"),
	RARE(faccessat2, "the same"),
	RARE(getdents64, "name services in folders; certificates"),
	CALL(fcntl, "flags of descriptors"),
	CALL(unlink, "the control socket, at the end"),
	CALL(unlinkat, "what is left of a state that was half written"),
	CALL(renameat, "the new state in place of the old one"),
	RARE(rename, "the same"),
	RARE(mkdir, "the state's folder was removed"),
	RARE(mkdirat, "the same"),
	RARE(inotify_init1, "the user had none left when the daemon started"),
	CALL(inotify_add_watch, "folders on the way to the configuration"),
	CALL(inotify_rm_watch, "the same, when a link leads elsewhere"),
	/* memory; mmap and mprotect are below */
	CALL(brk, "malloc"),
	CALL(munmap, "free"),
	RARE(mremap, "realloc of what is big"),
	RARE(madvise, "malloc_trim"),
	/* the process */
	RARE(getpid, "the engine's and libraries' random names"),
	RARE(gettid, "abort"),
	RARE(getuid, "name services"),
	RARE(geteuid, "may the configuration's owner be?"),
	RARE(getgid, "name services"),
	RARE(getegid, "name services"),
	CALL(uname, "the host's name, which pods may have"),
	RARE(sysinfo, "qsort of glibc asks how much memory there is"),
	RARE(getrandom, "hash tables, TLS"),
	RARE(prlimit64, "name services ask for limits; without capabilities none rises"),
	RARE(futex, "locks of libraries, once-only initialisation"),
	RARE(sched_yield, "the same"),
	RARE(rt_sigprocmask, "the loop's and curl's care with signals"),
	RARE(rt_sigaction, "curl and abort"),
	RARE(rt_sigreturn, "the end of a signal handler"),
	/* threads; clone is below */
	CALL(set_robust_list, "a thread that looks up names begins"),
	CALL(rseq, "the same"),
	RARE(sched_getaffinity, "how many arenas malloc makes"),
	CALL(exit, "the end of a thread"),
	CALL(exit_group, "the end"),
};

static int rule(scmp_filter_ctx ctx, uint32_t action, int number, unsigned n,
		const struct scmp_arg_cmp *args)
{
	return seccomp_rule_add_array(ctx, action, number, n, args);
}

static int add_calls(scmp_filter_ctx ctx, const struct call *list, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int r = rule(ctx, SCMP_ACT_ALLOW, list[i].number, 0, NULL);

		if (r < 0)
			return err_os(err, -r, "seccomp: %s (%s)", list[i].name, list[i].why);
	}
	return 0;
}

/* What was read is never executed. A library that wants it (a name service that appeared while we
 * run; those that are there nss_modules has loaded) gets an error, so that its names are unknown.
 */
static int add_memory(scmp_filter_ctx ctx)
{
	const int numbers[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
	const struct scmp_arg_cmp without = SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp with = SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC);
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(numbers) && r == 0; i++) {
		r = rule(ctx, SCMP_ACT_ALLOW, numbers[i], 1, &without);
		if (r == 0)
			r = rule(ctx, SCMP_ACT_ERRNO(EACCES), numbers[i], 1, &with);
	}
	return r;
}

static bool listed(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].number == number)
			return true;
	return false;
}

/*
 * Calls of newer kernels, with the same numbers everywhere: libraries try them and go on with the
 * older ones, where a kernel says that it has none. So a newer libc does not end the daemon.
 */
static int add_newer(scmp_filter_ctx ctx)
{
	int r = 0;

	for (int number = FIRST_NEWER; number < END_NEWER && r == 0; number++)
		if (!listed(number))
			r = rule(ctx, SCMP_ACT_ERRNO(ENOSYS), number, 0, NULL);
	/* names of memory and threads, by which debuggers show them */
	return r < 0 ? r : rule(ctx, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 0, NULL);
}

/* Families, and of netlink what is used. Of the internet: an error, as libraries only try it. */
static int add_sockets(scmp_filter_ctx ctx, bool tcp)
{
	const struct scmp_arg_cmp local = SCMP_A0_64(SCMP_CMP_EQ, AF_UNIX, 0);
	const uint64_t internet[] = {AF_INET, AF_INET6};
	const uint64_t netlink[] = {NETLINK_ROUTE, NETLINK_NETFILTER, NETLINK_SOCK_DIAG};
	int r = rule(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, &local);

	for (size_t i = 0; i < ARRAY_SIZE(netlink) && r == 0; i++) {
		const struct scmp_arg_cmp args[] = {SCMP_A0_64(SCMP_CMP_EQ, AF_NETLINK, 0),
						    SCMP_A2_64(SCMP_CMP_EQ, netlink[i], 0)};

		r = rule(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), ARRAY_SIZE(args), args);
	}
	for (size_t i = 0; i < ARRAY_SIZE(internet) && r == 0; i++) {
		const struct scmp_arg_cmp family = SCMP_A0_64(SCMP_CMP_EQ, internet[i], 0);

		r = rule(ctx, tcp ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket),
			 1, &family);
	}
	return r;
}

/* The only ones: names of interfaces, and, of a name server's answer, how much there is. */
static int add_ioctls(scmp_filter_ctx ctx, bool tcp)
{
	const struct scmp_arg_cmp interface = SCMP_A1_32(SCMP_CMP_EQ, SIOCGIFNAME, 0);
	const struct scmp_arg_cmp to_read = SCMP_A1_32(SCMP_CMP_EQ, FIONREAD, 0);
	int r = rule(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &interface);

	return r < 0 || !tcp ? r : rule(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &to_read);
}

/* abort() may end us, and nobody else is sent signals. */
static int add_abort(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp self = SCMP_A0_64(SCMP_CMP_EQ, (uint64_t)getpid(), 0);

	return rule(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &self);
}

/* Never another process. Not clone3, whose flags are in memory, where no filter sees them: glibc
 * falls back to clone. */
static int add_threads(scmp_filter_ctx ctx)
{
	const struct scmp_arg_cmp thread =
		SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);

	return rule(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, &thread);
}

static int install(scmp_filter_ctx ctx, bool tcp, struct err *err)
{
	int r = add_calls(ctx, calls, ARRAY_SIZE(calls), err);

	if (r < 0)
		return r;
	if ((r = add_newer(ctx)) < 0 || (r = add_memory(ctx)) < 0 ||
	    (r = add_sockets(ctx, tcp)) < 0 || (r = add_ioctls(ctx, tcp)) < 0 ||
	    (r = add_abort(ctx)) < 0 || (r = add_threads(ctx)) < 0 ||
	    (r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)) < 0 ||
	    (r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2)) < 0 ||
	    (r = seccomp_load(ctx)) < 0)
		return err_os(err, -r, "seccomp");
	return 1;
}

int confine_calls(bool tcp, struct err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r;

	if (!ctx)
		return err_os(err, ENOMEM, "seccomp");
	r = install(ctx, tcp, err);
	seccomp_release(ctx);
	return r;
}

#else

int confine_calls(bool tcp _unused_, struct err *err _unused_)
{
	return 0;
}

#endif
