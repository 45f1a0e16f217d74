/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe: one packet's worth of truth about what can reach what.
 *
 * `probe serve` echoes on all addresses, IPv4 and IPv6. `probe try` sends "hello" once and says in
 * one word what became of it: open, refused or silent. Static and without dependencies, because it
 * also is the only program of a container image; there it may be PID 1, so it handles SIGTERM
 * itself.
 *
 * `probe batch` does many tries at the same time (probe_batch.c).
 */
#include "probe.h"
#include "probe_frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SOCKETS = 512, MAX_DATAGRAM = 65536 };

static volatile sig_atomic_t stop_requested;
static bool telling; /* serve -t */

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("probe: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(EXIT_USAGE);
}

static void on_stop(int signal_number)
{
	(void)signal_number;
	stop_requested = 1;
}

/* The stop signals stay blocked except inside ppoll and sigsuspend: none is lost between test and
 * wait. */
static void prepare_stop(sigset_t *ret_while_waiting)
{
	struct sigaction action = {.sa_handler = on_stop};
	sigset_t block;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, ret_while_waiting);
}

unsigned parse_number(const char *text, unsigned long max, const char *what)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || value > max)
		die("bad %s: %s", what, text);
	return (unsigned)value;
}

int parse_protocol(const char *text)
{
	if (!strcmp(text, "tcp"))
		return SOCK_STREAM;
	if (!strcmp(text, "udp"))
		return SOCK_DGRAM;
	die("bad protocol: %s", text);
}

socklen_t parse_address(const char *text, unsigned port, union address *ret)
{
	char host[INET6_ADDRSTRLEN + 1];
	const char *zone = strchr(text, '%');
	size_t length = zone ? (size_t)(zone - text) : strlen(text);

	if (length >= sizeof(host))
		die("bad address: %s", text);
	memcpy(host, text, length);
	host[length] = '\0';
	memset(ret, 0, sizeof(*ret));
	if (!zone && inet_pton(AF_INET, host, &ret->in.sin_addr) == 1) {
		ret->in.sin_family = AF_INET;
		ret->in.sin_port = htons((uint16_t)port);
		return sizeof(ret->in);
	}
	if (inet_pton(AF_INET6, host, &ret->in6.sin6_addr) != 1)
		die("bad address: %s", text);
	ret->in6.sin6_family = AF_INET6;
	ret->in6.sin6_port = htons((uint16_t)port);
	ret->in6.sin6_scope_id = zone ? if_nametoindex(zone + 1) : 0;
	return sizeof(ret->in6);
}

/* ---- serve ---- */

static int open_listener(int type, unsigned port)
{
	union address any;
	int on = 1, off = 0, family = AF_INET6;
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0) { /* a kernel without IPv6 */
		family = AF_INET;
		fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
	if (fd < 0)
		die("socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	} else {
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	}
	if (bind(fd, &any.sa, parse_address(family == AF_INET6 ? "::" : "0.0.0.0", port, &any)) < 0)
		die("bind port %u: %s", port, strerror(errno));
	if (type == SOCK_STREAM && listen(fd, 128) < 0)
		die("listen on port %u: %s", port, strerror(errno));
	return fd;
}

/* The interface asked is left out of the reply's control data, so that routing decides, except for
 * link-local. */
static void clear_reply_interface(struct msghdr *message)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
				info.ipi6_ifindex = 0;
			memcpy(CMSG_DATA(c), &info, sizeof(info));
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			info.ipi_ifindex = 0;
			memcpy(CMSG_DATA(c), &info, sizeof(info));
		}
	}
}

static void echo_datagrams(int fd)
{
	static char data[MAX_DATAGRAM];
	char control[256];
	union address from;

	for (;;) {
		struct iovec vec = {.iov_base = data, .iov_len = sizeof(data)};
		struct msghdr message = {.msg_name = &from,
					 .msg_namelen = sizeof(from),
					 .msg_iov = &vec,
					 .msg_iovlen = 1,
					 .msg_control = control,
					 .msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);

		if (n < 0)
			return;
		vec.iov_len = (size_t)n;
		if (telling)
			note_heard(fd, data, (size_t)n);
		clear_reply_interface(&message);
		if (sendmsg(fd, &message, MSG_DONTWAIT) < 0) {
			/* asked at a broadcast or multicast address, which cannot be a source */
			message.msg_control = NULL;
			message.msg_controllen = 0;
			(void)!sendmsg(fd, &message, MSG_DONTWAIT);
		}
	}
}

/* Returns false when the connection is over. */
static bool echo_stream(int fd)
{
	char data[16384];
	ssize_t n = recv(fd, data, sizeof(data), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (telling && n > 0)
		note_heard(fd, data, (size_t)n);
	return n > 0 && send(fd, data, (size_t)n, MSG_NOSIGNAL) == n;
}

static int cmd_serve(int count, char **specs)
{
	static char *standard[] = {"tcp:80", "tcp:8080", "udp:53"};
	struct pollfd polls[MAX_SOCKETS];
	bool datagram[MAX_SOCKETS] = {false};
	nfds_t listeners, used = 0;
	sigset_t while_waiting;

	prepare_stop(&while_waiting);
	telling = count > 0 && !strcmp(specs[0], "-t");
	if (telling) {
		specs++;
		count--;
	}
	if (count == 0) {
		specs = standard;
		count = (int)(sizeof(standard) / sizeof(standard[0]));
	}
	if (count > MAX_SOCKETS / 2)
		die("too many ports");
	for (int i = 0; i < count; i++) {
		const char *port = specs[i];
		int type = SOCK_STREAM;

		if (!strncmp(port, "tcp:", 4) || !strncmp(port, "udp:", 4)) {
			type = port[0] == 'u' ? SOCK_DGRAM : SOCK_STREAM;
			port += 4;
		}
		datagram[used] = type == SOCK_DGRAM;
		polls[used++] = (struct pollfd){
			.fd = open_listener(type, parse_number(port, 65535, "port")),
			.events = POLLIN};
	}
	listeners = used;
	puts("ready");
	fflush(stdout);
	while (!stop_requested) {
		struct timespec tick = {0};

		if (telling)
			tick.tv_nsec = tell_heard(false) * 1000000L;
		if (ppoll(polls, used, telling ? &tick : NULL, &while_waiting) < 0)
			continue;
		for (nfds_t i = used; i-- > 0;) { /* downwards: removing moves only what was seen */
			if (!polls[i].revents)
				continue;
			if (i >= listeners) {
				if (!echo_stream(polls[i].fd)) {
					close(polls[i].fd);
					polls[i] = polls[--used];
				}
			} else if (datagram[i]) {
				echo_datagrams(polls[i].fd);
			} else {
				int fd = accept4(polls[i].fd, NULL, NULL, SOCK_CLOEXEC);

				if (fd >= 0 && used < MAX_SOCKETS)
					polls[used++] = (struct pollfd){.fd = fd, .events = POLLIN};
				else if (fd >= 0)
					close(fd);
			}
		}
	}
	if (telling)
		tell_heard(true);
	return 0;
}

static int cmd_sleep(void)
{
	sigset_t while_waiting;

	prepare_stop(&while_waiting);
	puts("ready");
	fflush(stdout);
	while (!stop_requested)
		sigsuspend(&while_waiting);
	return 0;
}

/* ---- try ---- */

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits for EVENTS; true when they (or an error) came before the deadline. */
static bool wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t left = deadline - now_ms();
		int n = left < 0 ? 0 : poll(&p, 1, (int)left);

		if (n >= 0)
			return n > 0;
	}
}

int outcome_of(int error)
{
	switch (error) {
	case ETIMEDOUT:
	case EAGAIN:
		return EXIT_SILENT;
	case ECONNREFUSED:
	case ECONNRESET:
	case EPIPE:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENOPROTOOPT: /* ICMP protocol unreachable */
	case EOPNOTSUPP:
	case EPROTO: /* ICMPv6 parameter problem */
	case EACCES:
	case EPERM:
		return EXIT_REFUSED;
	default:
		die("%s", strerror(error));
	}
}

int open_source(const struct attempt *a)
{
	int on = 1;
	int fd = socket(a->to.sa.sa_family, a->type | SOCK_CLOEXEC | SOCK_NONBLOCK, a->protocol);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (a->any_source) {
		setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
		/* sends from an address that is not ours; needs CAP_NET_ADMIN, and without it bind
		 * says so */
		setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &on, sizeof(on));
	}
	if (a->source || a->source_port) {
		const char *any = a->to.sa.sa_family == AF_INET6 ? "::" : "0.0.0.0";
		const char *source = a->source ? a->source : any;
		union address from;
		socklen_t length = parse_address(source, a->source_port, &from);

		if (bind(fd, &from.sa, length) < 0)
			die("bind to %s %u: %s", source, a->source_port, strerror(errno));
	}
	return fd;
}

static int try_once(const struct attempt *a)
{
	int64_t deadline = now_ms() + a->timeout_ms;
	int fd = open_source(a);
	bool connected = !(a->any_source && a->type == SOCK_DGRAM);
	size_t got = 0;
	char reply[sizeof(HELLO)];
	int error = 0;
	socklen_t error_length = sizeof(error);

	if (connected && connect(fd, &a->to.sa, a->to_length) < 0) {
		if (errno != EINPROGRESS)
			return outcome_of(errno);
		if (!wait_for(fd, POLLOUT, deadline))
			return EXIT_SILENT;
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_length);
		if (error)
			return outcome_of(error);
	}
	if (sendto(fd, HELLO, sizeof(HELLO) - 1, MSG_NOSIGNAL, connected ? NULL : &a->to.sa,
		   connected ? 0 : a->to_length) < 0)
		return outcome_of(errno);
	while (got < sizeof(HELLO) - 1) {
		ssize_t n;

		if (!wait_for(fd, POLLIN, deadline))
			return EXIT_SILENT;
		n = recv(fd, reply + got, sizeof(HELLO) - 1 - got, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return outcome_of(errno);
		if (n == 0) /* accepted (by a proxy) and closed: nobody behind it */
			return EXIT_REFUSED;
		got += (size_t)n;
	}
	if (memcmp(reply, HELLO, sizeof(HELLO) - 1))
		die("the answer is not an echo");
	return EXIT_OPEN;
}

const char *outcome_word(int outcome)
{
	return outcome == EXIT_OPEN ? "open" : outcome == EXIT_REFUSED ? "refused" : "silent";
}

static int cmd_try(int argc, char **argv)
{
	struct attempt a = {.timeout_ms = 400};
	int64_t start = now_ms();
	int option, outcome;

	while ((option = getopt(argc, argv, "+t:s:p:b")) != -1) {
		if (option == 't')
			a.timeout_ms = (int)parse_number(optarg, 3600000, "timeout");
		else if (option == 's')
			a.source = optarg;
		else if (option == 'p')
			a.source_port = parse_number(optarg, 65535, "port");
		else if (option == 'b')
			a.any_source = true;
		else
			return EXIT_USAGE;
	}
	if (argc - optind != 3)
		die("usage: probe try [-t MS] [-s SOURCE] [-p SOURCE-PORT] [-b] tcp|udp ADDR PORT");
	a.type = parse_protocol(argv[optind]);
	a.to_length = parse_address(argv[optind + 1], parse_number(argv[optind + 2], 65535, "port"),
				    &a.to);
	outcome = try_once(&a);
	printf("%s %lld\n", outcome_word(outcome), (long long)(now_ms() - start));
	return outcome;
}

/*
 * In a container that may write to DIR: DIR/swap is a folder one moment and a link to TARGET the
 * next, for ever.
 */
static int cmd_swap(int argc, char **argv)
{
	sigset_t while_waiting;
	int dir;

	if (argc != 2)
		die("usage: probe swap DIR TARGET");
	prepare_stop(&while_waiting);
	sigprocmask(SIG_SETMASK, &while_waiting, NULL);
	dir = open(argv[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || (mkdirat(dir, "swap", 0777) < 0 && errno != EEXIST) ||
	    (symlinkat(argv[1], dir, "trap") < 0 && errno != EEXIST))
		die("swap: %s: %s", argv[0], strerror(errno));
	while (!stop_requested) {
		if (renameat2(dir, "swap", dir, "trap", RENAME_EXCHANGE) < 0)
			die("swap: %s", strerror(errno));
	}
	return 0;
}

/* One look at all mounts at BELOW. Returns how many there are; dies where one is not of FROM. */
static unsigned long check_mounts(FILE *f, const char *below, const char *from)
{
	char *line = NULL;
	size_t room = 0;
	unsigned long n = 0;

	rewind(f);
	while (getline(&line, &room, f) > 0) {
		char root[4096], point[4096];

		if (sscanf(line, "%*d %*d %*s %4095s %4095s", root, point) != 2)
			die("watch: %s", line);
		if (strncmp(point, below, strlen(below)) != 0)
			continue;
		if (strncmp(root, from, strlen(from)) != 0) {
			printf("%s is mounted at %s\n", root, point);
			fflush(stdout);
			exit(EXIT_REFUSED);
		}
		n++;
	}
	free(line);
	return n;
}

/* Looks at each change of the mounts: nothing but what is of FROM may be mounted at BELOW. */
static int cmd_watch(int argc, char **argv)
{
	sigset_t while_waiting;
	FILE *f = fopen("/proc/self/mountinfo", "re");
	unsigned long looks = 0, seen = 0;

	if (argc != 2 || !f)
		die("usage: probe watch BELOW FROM");
	setvbuf(f, NULL, _IOFBF, 1 << 20);
	prepare_stop(&while_waiting);
	while (!stop_requested) {
		struct pollfd p = {.fd = fileno(f), .events = POLLPRI};

		seen += check_mounts(f, argv[0], argv[1]);
		looks++;
		ppoll(&p, 1, NULL, &while_waiting);
	}
	printf("%lu looks, %lu mounts, all of %s\n", looks, seen, argv[1]);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2 || !strcmp(argv[1], "serve"))
		return cmd_serve(argc < 2 ? 0 : argc - 2, argv + 2);
	if (!strcmp(argv[1], "try"))
		return cmd_try(argc - 1, argv + 1);
	if (!strcmp(argv[1], "batch"))
		return cmd_batch(argc - 2, argv + 2);
	if (!strcmp(argv[1], "say"))
		return cmd_say(argc - 2, argv + 2);
	if (!strcmp(argv[1], "ask"))
		return cmd_ask(argc - 2, argv + 2);
	if (!strcmp(argv[1], "hear"))
		return cmd_hear(argc - 2, argv + 2);
	if (!strcmp(argv[1], "frame"))
		return cmd_frame(argc - 1, argv + 1);
	if (!strcmp(argv[1], "sniff"))
		return cmd_sniff(argc - 1, argv + 1);
	if (!strcmp(argv[1], "sleep"))
		return cmd_sleep();
	if (!strcmp(argv[1], "swap"))
		return cmd_swap(argc - 2, argv + 2);
	if (!strcmp(argv[1], "shm"))
		return cmd_shm(argc - 2, argv + 2);
	if (!strcmp(argv[1], "watch"))
		return cmd_watch(argc - 2, argv + 2);
	fputs("usage: probe [serve [-t] [tcp|udp]:PORT...]\n"
	      "           -t: tells who asked, for ask\n"
	      "       probe try [-t MS] [-s SOURCE] [-p SOURCE-PORT] [-b] tcp|udp ADDR PORT\n"
	      "           prints open, refused or silent, and milliseconds; exits 0, 3 or 4 (2: "
	      "could not try)\n"
	      "       probe batch [MS]\n"
	      "           the same for each line of standard input, all at once:\n"
	      "           tcp|udp|icmp ADDR PORT SOURCE|- [any]\n"
	      "       probe say TEXT TIMES EVERY-MS ADDR PORT [ADDR PORT]...\n"
	      "           sends datagrams \"TEXT NUMBER\", the first at once (TIMES 0: for ever)\n"
	      "       probe hear PORT\n"
	      "           prints the datagrams that come\n"
	      "       probe ask [-p PORT] EVERY-MS LABEL tcp|udp ADDR PORT [LABEL tcp|udp ADDR "
	      "PORT]...\n"
	      "           for ever; prints each moment what was sent and answered of it\n"
	      "       probe frame IFNAME HEX...\n"
	      "       probe sniff IFNAME MS HEX\n"
	      "       probe sleep\n"
	      "       probe swap DIR TARGET\n"
	      "       probe shm MIB\n"
	      "           leaves as much behind; exits 3 where there may be no more\n"
	      "       probe watch BELOW FROM\n",
	      stderr);
	return EXIT_USAGE;
}
