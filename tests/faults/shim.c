/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * See shim.h. All is set up before main: a program that confines itself later needs no file for
 * it, and no call that it would not make anyway.
 */
#include "tests/faults/shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* of libc, which has them for programs that bring a malloc of their own */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static struct faults *page;

/* Before main, and after the loader: the program has made no call yet. */
__attribute__((constructor)) static void map_page(void)
{
	const char *path = getenv("FAULTS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		page = p;
}

static bool is_on(enum fault_kind kind)
{
	return page && page->kind == (int)kind;
}

/* $FAULTS_TRACE: for who looks for what a failure has led to. */
static void trace(void)
{
	void *at[24];

	if (getenv("FAULTS_TRACE"))
		backtrace_symbols_fd(at, backtrace(at, 24), 2);
}

/* Counts a call of this kind; true where it is to fail, with errno set. */
static bool fails(enum fault_kind kind)
{
	uint64_t n;

	if (!is_on(kind))
		return false;
	n = page->n++;
	if (n < page->at || n >= page->until)
		return false;
	page->hits++;
	trace();
	errno = kind == FAULT_MEMORY ? ENOMEM : page->code;
	return true;
}

/* The next function of that name. A union, since no object pointer may become one of a function. */
#define NEXT(name)                                                                                 \
	({                                                                                         \
		static union {                                                                     \
			void *object;                                                              \
			__typeof__(&name) function;                                                \
		} next;                                                                            \
		if (!next.object)                                                                  \
			next.object = dlsym(RTLD_NEXT, #name);                                     \
		next.function;                                                                     \
	})

/* ---- memory ---- */

/* libseccomp 2.5 does not look at what it is given: it crashes, or goes round for ever. */
static bool is_checked(const void *caller)
{
	Dl_info info = {0};

	return !dladdr(caller, &info) || !info.dli_fname || !strstr(info.dli_fname, "libseccomp");
}

#define FAILS_MEMORY() (fails(FAULT_MEMORY) && is_checked(__builtin_return_address(0)))

void *malloc(size_t size)
{
	return FAILS_MEMORY() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return FAILS_MEMORY() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return FAILS_MEMORY() ? NULL : __libc_realloc(p, size);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, all);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return FAILS_MEMORY() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *p = aligned_alloc(alignment, size);

	if (!p)
		return ENOMEM;
	*ret = p;
	return 0;
}

/* ---- descriptors ---- */

static mode_t mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? va_arg(ap, mode_t) : 0;
}

#define OPEN(name)                                                                                 \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		mode_t mode;                                                                       \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, flags);                                                               \
		mode = mode_of(flags, ap);                                                         \
		va_end(ap);                                                                        \
		return fails(FAULT_DESCRIPTOR) ? -1 : NEXT(name)(path, flags, mode);               \
	}
#define OPENAT(name)                                                                               \
	int name(int dir, const char *path, int flags, ...)                                        \
	{                                                                                          \
		mode_t mode;                                                                       \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, flags);                                                               \
		mode = mode_of(flags, ap);                                                         \
		va_end(ap);                                                                        \
		return fails(FAULT_DESCRIPTOR) ? -1 : NEXT(name)(dir, path, flags, mode);          \
	}

/* with FORTIFY_SOURCE, what is not created is opened by these */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int __open_2(const char *path, int flags)
{
	return open(path, flags);
}

int __open64_2(const char *path, int flags)
{
	return open(path, flags);
}

int __openat_2(int dir, const char *path, int flags)
{
	return openat(dir, path, flags);
}

int __openat64_2(int dir, const char *path, int flags)
{
	return openat(dir, path, flags);
}

FILE *fopen(const char *path, const char *mode)
{
	return fails(FAULT_DESCRIPTOR) ? NULL : NEXT(fopen)(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	return fails(FAULT_DESCRIPTOR) ? NULL : NEXT(fopen64)(path, mode);
}

int socket(int domain, int type, int protocol)
{
	return fails(FAULT_DESCRIPTOR) ? -1 : NEXT(socket)(domain, type, protocol);
}

int accept4(int fd, struct sockaddr *sa, socklen_t *size, int flags)
{
	return fails(FAULT_DESCRIPTOR) ? -1 : NEXT(accept4)(fd, sa, size, flags);
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
	return fails(FAULT_DESCRIPTOR) ? -1 : NEXT(socketpair)(domain, type, protocol, fds);
}

int pipe2(int fds[2], int flags)
{
	return fails(FAULT_DESCRIPTOR) ? -1 : NEXT(pipe2)(fds, flags);
}

int epoll_create1(int flags)
{
	return fails(FAULT_DESCRIPTOR) ? -1 : NEXT(epoll_create1)(flags);
}

int timerfd_create(clockid_t clock, int flags)
{
	return fails(FAULT_DESCRIPTOR) ? -1 : NEXT(timerfd_create)(clock, flags);
}

int signalfd(int fd, const sigset_t *set, int flags)
{
	return fails(FAULT_DESCRIPTOR) ? -1 : NEXT(signalfd)(fd, set, flags);
}

int inotify_init1(int flags)
{
	return fails(FAULT_DESCRIPTOR) ? -1 : NEXT(inotify_init1)(flags);
}

/* ---- netlink ---- */

static bool is_netlink(int fd)
{
	int domain = 0;
	socklen_t size = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK;
}

static bool is_rtnetlink(int fd)
{
	int protocol = -1;
	socklen_t size = sizeof(protocol);

	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
	       protocol == NETLINK_ROUTE;
}

static bool any_netlink(int fd)
{
	bool on = is_on(FAULT_SEND) || is_on(FAULT_RECEIVE) || is_on(FAULT_LINKS) ||
		  is_on(FAULT_LOSE) || is_on(FAULT_REFUSE);

	return on && is_netlink(fd);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
	return any_netlink(fd) && fails(FAULT_SEND) ? -1 : NEXT(send)(fd, data, size, flags);
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *sa,
	       socklen_t n)
{
	return any_netlink(fd) && fails(FAULT_SEND) ? -1
						    : NEXT(sendto)(fd, data, size, flags, sa, n);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	return any_netlink(fd) && fails(FAULT_SEND) ? -1 : NEXT(sendmsg)(fd, m, flags);
}

/* What the kernel has answered, as a refusal of the same request; false: it is no answer. */
static bool refuse(void *data, ssize_t n)
{
	struct nlmsghdr *nlh = data;

	if (n < (ssize_t)NLMSG_SPACE(sizeof(struct nlmsgerr)) || nlh->nlmsg_seq == 0)
		return false;
	nlh->nlmsg_type = NLMSG_ERROR;
	nlh->nlmsg_flags = NLM_F_CAPPED;
	nlh->nlmsg_len = NLMSG_SPACE(sizeof(struct nlmsgerr));
	*(struct nlmsgerr *)NLMSG_DATA(nlh) = (struct nlmsgerr){.error = -page->code};
	return true;
}

/* What a receiving call has brought (n) becomes what it is to say. */
static ssize_t received(void *data, ssize_t n)
{
	const struct nlmsghdr *nlh = data;

	if (n < 0)
		return n;
	if (is_on(FAULT_LOSE) && fails(FAULT_LOSE)) {
		errno = ENOBUFS;
		return -1;
	}
	/* only what answers a request: what nobody has asked for is no refusal */
	if (is_on(FAULT_REFUSE) && n >= (ssize_t)sizeof(*nlh) && nlh->nlmsg_seq != 0 &&
	    fails(FAULT_REFUSE) && refuse(data, n))
		return NLMSG_SPACE(sizeof(struct nlmsgerr));
	return n;
}

static bool fails_to_receive(int fd)
{
	return fails(FAULT_RECEIVE) ||
	       (is_on(FAULT_LINKS) && is_rtnetlink(fd) && fails(FAULT_LINKS));
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
	if (!any_netlink(fd) || (flags & MSG_PEEK))
		return NEXT(recv)(fd, data, size, flags);
	return fails_to_receive(fd) ? -1 : received(data, NEXT(recv)(fd, data, size, flags));
}

ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *sa, socklen_t *n)
{
	if (!any_netlink(fd) || (flags & MSG_PEEK))
		return NEXT(recvfrom)(fd, data, size, flags, sa, n);
	return fails_to_receive(fd) ? -1
				    : received(data, NEXT(recvfrom)(fd, data, size, flags, sa, n));
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	if (!any_netlink(fd) || (flags & MSG_PEEK))
		return NEXT(recvmsg)(fd, m, flags);
	return fails_to_receive(fd) ? -1
				    : received(m->msg_iov[0].iov_base, NEXT(recvmsg)(fd, m, flags));
}

/* ---- the clock ---- */

/* To and fro: each look at it finds another day. */
static int64_t jump(void)
{
	fails(FAULT_CLOCK);
	return page->n % 3 == 0 ? page->code : page->n % 3 == 1 ? -page->code : 0;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	int r = NEXT(clock_gettime)(clock, t);

	if (r == 0 && clock == CLOCK_REALTIME && is_on(FAULT_CLOCK))
		t->tv_sec += jump();
	return r;
}

time_t time(time_t *ret)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_REALTIME, &t);
	if (ret)
		*ret = t.tv_sec;
	return t.tv_sec;
}

/* ---- files ---- */

static bool is_file(int fd)
{
	struct stat st;

	return is_on(FAULT_WRITE) && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

ssize_t write(int fd, const void *data, size_t size)
{
	return fd > 2 && is_file(fd) && fails(FAULT_WRITE) ? -1 : NEXT(write)(fd, data, size);
}

int fsync(int fd)
{
	return fails(FAULT_WRITE) ? -1 : NEXT(fsync)(fd);
}

int fclose(FILE *f)
{
	bool failed = is_file(fileno(f)) && fails(FAULT_WRITE);
	int code = errno, r = NEXT(fclose)(f);

	errno = failed ? code : errno;
	return failed ? EOF : r;
}

int renameat(int from, const char *a, int to, const char *b)
{
	return fails(FAULT_WRITE) ? -1 : NEXT(renameat)(from, a, to, b);
}

int rename(const char *a, const char *b)
{
	return fails(FAULT_WRITE) ? -1 : NEXT(rename)(a, b);
}

int mkdirat(int dir, const char *path, mode_t mode)
{
	return fails(FAULT_WRITE) ? -1 : NEXT(mkdirat)(dir, path, mode);
}
