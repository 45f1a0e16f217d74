/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Both ends of what bench_packets.sh measures. The server: PORT/tcp takes connections and closes
 * them, PORT+1/tcp reads, PORT/udp sends back. The client goes round its contenders, which are
 * network namespaces with a way to a server each, for a short while at a time, so that what else
 * the machine does slows all of them alike: connections made, datagrams that came back (32 on the
 * way), or bytes that were taken. For each contender it prints how many a second (the median), and
 * the median of the ratios to the first contender's in the same round, with their quartiles.
 *
 *   packets serve PORT
 *   packets connect|small|bulk ADDRESS PORT ROUNDS MS NETNS...
 */
#include "common/base.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define WINDOW 32
#define CHUNK  ((size_t)256 * 1024)

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int must(int r, const char *what)
{
	if (r < 0)
		err(1, "%s", what);
	return r;
}

static struct sockaddr_in address_of(const char *host, unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		errx(1, "no address: %s", host);
	return a;
}

static int bound(int type, unsigned port)
{
	struct sockaddr_in a = address_of("0.0.0.0", port);
	int fd = must(socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket"), on = 1;

	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "SO_REUSEADDR");
	must(bind(fd, (struct sockaddr *)&a, sizeof(a)), "bind");
	if (type == SOCK_STREAM)
		must(listen(fd, 4096), "listen");
	return fd;
}

static void serve_connections(int fd)
{
	for (;;) {
		int c = accept(fd, NULL, NULL);

		if (c >= 0)
			close(c);
	}
}

static void serve_bulk(int fd)
{
	static char data[CHUNK];

	for (;;) {
		int c = accept(fd, NULL, NULL);

		while (c >= 0 && read(c, data, sizeof(data)) > 0)
			;
		close(c);
	}
}

static void serve_small(int fd)
{
	char data[64];

	for (;;) {
		struct sockaddr_in from;
		socklen_t length = sizeof(from);
		ssize_t n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &length);

		if (n > 0)
			(void)!sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&from, length);
	}
}

static int serve(unsigned port)
{
	int connections = bound(SOCK_STREAM, port), bulk = bound(SOCK_STREAM, port + 1),
	    small = bound(SOCK_DGRAM, port);

	puts("ready");
	fflush(stdout);
	if (must(fork(), "fork") == 0)
		serve_connections(connections);
	if (must(fork(), "fork") == 0)
		serve_bulk(bulk);
	serve_small(small);
	return 0;
}

/* ---- one contender's turn: returns how many there were, at *seconds ---- */

struct contender {
	const char *name;
	int netns, fd; /* fd: what is kept from turn to turn, or -1 */
	double *rates, *ratios;
};

static int socket_of(struct contender *c, int type)
{
	must(setns(c->netns, CLONE_NEWNET), c->name);
	return must(socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket");
}

static int connected(struct contender *c, int type, const struct sockaddr_in *to)
{
	int fd = socket_of(c, type);

	must(connect(fd, (const struct sockaddr *)to, sizeof(*to)), c->name);
	return fd;
}

static double run_connect(struct contender *c, const struct sockaddr_in *to, double *seconds)
{
	/* ended by a reset: the port is free at once */
	const struct linger abort_it = {.l_onoff = 1};
	double n = 0, start, end;

	must(setns(c->netns, CLONE_NEWNET), c->name);
	for (start = now(), end = start; end < start + *seconds; n++, end = now()) {
		int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

		must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it)), "linger");
		must(connect(fd, (const struct sockaddr *)to, sizeof(*to)), c->name);
		close(fd);
	}
	*seconds = end - start;
	return n;
}

static double run_small(struct contender *c, const struct sockaddr_in *to, double *seconds)
{
	const struct timeval wait = {.tv_sec = 1};
	char data[16] = "small";
	double n = 0, start, end;

	if (c->fd < 0) {
		c->fd = connected(c, SOCK_DGRAM, to);
		must(setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)),
		     "SO_RCVTIMEO");
	}
	/* what came late in the turn before */
	while (recv(c->fd, data, sizeof(data), MSG_DONTWAIT) > 0)
		;
	start = now();
	for (int i = 0; i < WINDOW; i++)
		must((int)send(c->fd, data, sizeof(data), 0), "send");
	for (end = now(); end < start + *seconds; end = now()) {
		if (recv(c->fd, data, sizeof(data), 0) < 0)
			errx(1, "%s: a datagram was lost", c->name);
		n++;
		must((int)send(c->fd, data, sizeof(data), 0), "send");
	}
	for (int i = 0; i < WINDOW; i++)
		n += recv(c->fd, data, sizeof(data), 0) > 0;
	*seconds = now() - start;
	return n;
}

static double run_bulk(struct contender *c, const struct sockaddr_in *to, double *seconds)
{
	static char data[CHUNK];
	double bytes = 0, start = now();
	int left = 1;

	if (c->fd < 0)
		c->fd = connected(c, SOCK_STREAM, to);
	for (start = now(); now() < start + *seconds;)
		bytes += must((int)write(c->fd, data, sizeof(data)), c->name);
	while (left)
		must(ioctl(c->fd, SIOCOUTQ, &left), "SIOCOUTQ");
	*seconds = now() - start;
	return bytes / 1024 / 1024;
}

/* ---- the rounds ---- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double quantile(double *values, size_t n, double q)
{
	qsort(values, n, sizeof(*values), compare);
	return values[(size_t)((double)(n - 1) * q + 0.5)];
}

typedef double (*run_fn)(struct contender *c, const struct sockaddr_in *to, double *seconds);

static void round_of(struct contender *cs, size_t n, size_t round, run_fn run,
		     const struct sockaddr_in *to, double seconds)
{
	for (size_t i = 0; i < n; i++) {
		/* begins with another one each time: what the turn before leaves behind is shared
		 */
		struct contender *c = &cs[(i + round) % n];
		double took = seconds, units = run(c, to, &took);

		c->rates[round] = units / took;
	}
	for (size_t i = 0; i < n; i++)
		cs[i].ratios[round] = cs[i].rates[round] / cs[0].rates[round];
}

static run_fn run_named(const char *name)
{
	if (streq(name, "connect"))
		return run_connect;
	if (streq(name, "small"))
		return run_small;
	if (streq(name, "bulk"))
		return run_bulk;
	errx(2, "no such thing to measure: %s", name);
}

int main(int argc, char **argv)
{
	struct contender *cs;
	struct sockaddr_in to;
	size_t rounds, n;
	run_fn run;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && streq(argv[1], "serve"))
		return serve((unsigned)strtoul(argv[2], NULL, 10));
	if (argc < 7)
		errx(2, "usage: packets serve PORT\n"
			"       packets connect|small|bulk ADDRESS PORT ROUNDS MS NETNS...");
	run = run_named(argv[1]);
	to = address_of(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	rounds = strtoul(argv[4], NULL, 10);
	n = (size_t)argc - 6;
	cs = calloc(n, sizeof(*cs));
	for (size_t i = 0; cs && i < n; i++)
		cs[i] = (struct contender){
			.name = argv[6 + i],
			.netns = must(open(argv[6 + i], O_RDONLY | O_CLOEXEC), argv[6 + i]),
			.fd = -1,
			.rates = calloc(rounds, sizeof(double)),
			.ratios = calloc(rounds, sizeof(double))};
	for (size_t r = 0; r < rounds; r++)
		round_of(cs, n, r, run, &to, strtod(argv[5], NULL) / 1000);
	for (size_t i = 0; i < n; i++)
		printf("%s %.0f %.3f %.3f %.3f\n", cs[i].name, quantile(cs[i].rates, rounds, 0.5),
		       quantile(cs[i].ratios, rounds, 0.5), quantile(cs[i].ratios, rounds, 0.25),
		       quantile(cs[i].ratios, rounds, 0.75));
	return 0;
}
