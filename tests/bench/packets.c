/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the way from a client to a server costs, for bench_packets.sh. Each contender is a pair of
 * network namespaces with a host between them. The contenders take short turns, with the priority
 * of real time, so that what else the machine does meets all of them.
 *
 * Printed for each: units a second and the ratio to the first contender's; both of the turn that
 * is faster than nine tenths of all, since other work only ever adds time.
 *
 *   packets connect|small|ask|bulk ADDRESS PORT TURNS UNITS CLIENT-NETNS SERVER-NETNS...
 *   packets -p ...
 *
 * Without -p this process has a socket at both ends and waits for nobody: what it sends has gone
 * all the way when the call returns, so the time is that of the kernel's way of a packet alone.
 * connect: connections made, taken and reset. small: datagrams there and back. bulk: 64 KiB written
 * and read.
 *
 * With -p the ends are two programs, as they are in life, each on a processor of its own. connect:
 * connections made, taken, closed by the server and then by the client. small: 32 datagrams sent,
 * and as many replies. ask: one, and its reply. bulk: 1 MiB written and read; how much is under way
 * is TCP's choice, and differs from connection to connection by more than a table makes.
 */
#include "common/base.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK  (64 * 1024)
#define BURST  32 /* datagrams */
#define CHUNKS 16

struct contender {
	const char *name;
	int client_ns;
	int client, server; /* sockets; server listens for connect */
	double *seconds;    /* for a unit, by turn */
};

typedef void unit_fn(struct contender *c, const struct sockaddr_in *to);
typedef void serve_fn(int server);

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static ssize_t must(ssize_t r, const char *what)
{
	if (r < 0)
		err(1, "%s", what);
	return r;
}

static int enter(const char *netns)
{
	int fd = (int)must(open(netns, O_RDONLY | O_CLOEXEC), netns);

	must(setns(fd, CLONE_NEWNET), netns);
	return fd;
}

static int socket_of(int type)
{
	return (int)must(socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket");
}

static void readable(int fd, const char *name)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (must(poll(&p, 1, 5000), "poll") == 0)
		errx(1, "%s: a packet was lost", name);
}

/* ---- units of one process ---- */

static void unit_connect(struct contender *c, const struct sockaddr_in *to)
{
	/* ended by a reset: the port is free at once */
	const struct linger abort_it = {.l_onoff = 1};
	int client = socket_of(SOCK_STREAM), server;

	must(setsockopt(client, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it)), "linger");
	must(connect(client, (const struct sockaddr *)to, sizeof(*to)), c->name);
	server = (int)must(accept4(c->server, NULL, NULL, SOCK_CLOEXEC), "accept");
	close(client);
	close(server);
}

static void unit_small(struct contender *c, const struct sockaddr_in *to _unused_)
{
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	char data[16] = "small";

	must(send(c->client, data, sizeof(data), 0), "send");
	readable(c->server, c->name);
	must(recvfrom(c->server, data, sizeof(data), 0, (struct sockaddr *)&from, &length), "recv");
	must(sendto(c->server, data, sizeof(data), 0, (struct sockaddr *)&from, length), "send");
	readable(c->client, c->name);
	must(recv(c->client, data, sizeof(data), 0), "recv");
}

static void unit_bulk(struct contender *c, const struct sockaddr_in *to _unused_)
{
	static char data[CHUNK];

	must(write(c->client, data, sizeof(data)), "write");
	for (ssize_t left = CHUNK; left > 0;) {
		readable(c->server, c->name);
		left -= must(read(c->server, data, (size_t)left), "read");
	}
}

/* ---- units of two programs, and the other one ---- */

static void program_connect(struct contender *c, const struct sockaddr_in *to)
{
	int client = socket_of(SOCK_STREAM);
	char end;

	must(connect(client, (const struct sockaddr *)to, sizeof(*to)), c->name);
	must(read(client, &end, 1), "read");
	close(client);
}

static void serve_connect(int server)
{
	for (;;)
		close((int)must(accept4(server, NULL, NULL, SOCK_CLOEXEC), "accept"));
}

static void program_small(struct contender *c, const struct sockaddr_in *to _unused_)
{
	char data[16] = "small";

	for (int i = 0; i < BURST; i++)
		must(send(c->client, data, sizeof(data), 0), "send");
	for (int i = 0; i < BURST; i++)
		must(recv(c->client, data, sizeof(data), 0), c->name);
}

static void program_ask(struct contender *c, const struct sockaddr_in *to _unused_)
{
	char data[16] = "small";

	must(send(c->client, data, sizeof(data), 0), "send");
	must(recv(c->client, data, sizeof(data), 0), c->name);
}

static void serve_small(int server)
{
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	char data[16];

	for (;;) {
		must(recvfrom(server, data, sizeof(data), 0, (struct sockaddr *)&from, &length),
		     "recv");
		must(sendto(server, data, sizeof(data), 0, (struct sockaddr *)&from, length),
		     "send");
	}
}

static void program_bulk(struct contender *c, const struct sockaddr_in *to _unused_)
{
	static char data[CHUNK];

	for (int i = 0; i < CHUNKS; i++)
		must(write(c->client, data, sizeof(data)), "write");
	must(read(c->client, data, 1), c->name);
}

static void serve_bulk(int server)
{
	static char data[CHUNK];
	ssize_t left = CHUNKS * CHUNK, n;

	while ((n = must(read(server, data, sizeof(data)), "read")) > 0) {
		left -= n;
		if (left == 0) {
			must(write(server, data, 1), "write");
			left = CHUNKS * CHUNK;
		}
	}
}

static void stay_on(size_t processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	must(sched_setaffinity(0, sizeof(set), &set), "two processors");
}

static void start_program(serve_fn *serve, int server)
{
	pid_t pid = (pid_t)must(fork(), "fork");

	if (pid != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	stay_on(1);
	serve(server);
	_exit(0);
}

/* ---- contenders ---- */

static void open_contender(struct contender *c, char **netns, int type, bool keep,
			   const struct sockaddr_in *to, size_t turns)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = to->sin_port};
	const struct timeval patience = {.tv_sec = 5};
	int on = 1, listener;

	*c = (struct contender){.name = netns[0], .seconds = calloc(turns, sizeof(double))};
	close(enter(netns[1]));
	c->server = socket_of(type);
	must(setsockopt(c->server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "SO_REUSEADDR");
	must(bind(c->server, (struct sockaddr *)&here, sizeof(here)), "bind");
	if (type == SOCK_STREAM)
		must(listen(c->server, 16), "listen");
	c->client_ns = enter(netns[0]);
	if (!keep)
		return;
	c->client = socket_of(type);
	must(setsockopt(c->client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
	     "SO_RCVTIMEO");
	must(connect(c->client, (const struct sockaddr *)to, sizeof(*to)), c->name);
	if (type == SOCK_STREAM) {
		listener = c->server;
		c->server = (int)must(accept4(listener, NULL, NULL, SOCK_CLOEXEC), "accept");
		close(listener);
	}
}

static void turn(struct contender *c, unit_fn *unit, const struct sockaddr_in *to, size_t at,
		 size_t units)
{
	double start;

	must(setns(c->client_ns, CLONE_NEWNET), c->name);
	unit(c, to); /* caches are another contender's */
	start = now();
	for (size_t i = 0; i < units; i++)
		unit(c, to);
	c->seconds[at] = (now() - start) / (double)units;
}

struct what {
	const char *name;
	int type;
	bool keep; /* one socket for all units */
	unit_fn *unit, *program;
	serve_fn *serve;
};

static const struct what whats[] = {
	{"connect", SOCK_STREAM, false, unit_connect, program_connect, serve_connect},
	{"small", SOCK_DGRAM, true, unit_small, program_small, serve_small},
	{"ask", SOCK_DGRAM, true, unit_small, program_ask, serve_small},
	{"bulk", SOCK_STREAM, true, unit_bulk, program_bulk, serve_bulk},
};

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void print(struct contender *cs, size_t n, size_t turns)
{
	double first;

	for (size_t i = 0; i < n; i++)
		qsort(cs[i].seconds, turns, sizeof(double), compare);
	first = cs[0].seconds[turns / 10];
	for (size_t i = 0; i < n; i++)
		printf("%s %.0f %.3f\n", cs[i].name, 1 / cs[i].seconds[turns / 10],
		       first / cs[i].seconds[turns / 10]);
}

int main(int argc, char **argv)
{
	const struct sched_param realtime = {.sched_priority = 1};
	struct sockaddr_in to = {.sin_family = AF_INET};
	bool programs = argc > 1 && streq(argv[1], "-p");
	struct contender *cs;
	const struct what *what = whats;
	size_t turns, units, n;

	argc -= programs;
	argv += programs;
	while (argc > 1 && what < whats + ARRAY_SIZE(whats) && !streq(argv[1], what->name))
		what++;
	if (argc < 8 || argc % 2 || what == whats + ARRAY_SIZE(whats) ||
	    inet_pton(AF_INET, argv[2], &to.sin_addr) != 1)
		errx(2, "usage: packets [-p] connect|small|ask|bulk ADDRESS PORT TURNS UNITS "
			"CLIENT-NETNS SERVER-NETNS...");
	to.sin_port = htons((uint16_t)strtoul(argv[3], NULL, 10));
	turns = strtoul(argv[4], NULL, 10);
	units = strtoul(argv[5], NULL, 10);
	n = ((size_t)argc - 6) / 2;
	cs = calloc(n, sizeof(*cs));
	/* not allowed everywhere; without it more turns are needed */
	(void)!sched_setscheduler(0, SCHED_FIFO, &realtime);
	if (programs)
		stay_on(0);
	for (size_t i = 0; i < n; i++) {
		open_contender(&cs[i], argv + 6 + 2 * i, what->type, what->keep, &to, turns);
		if (programs)
			start_program(what->serve, cs[i].server);
	}
	for (size_t t = 0; t < turns; t++) {
		for (size_t i = 0; i < n; i++)
			turn(&cs[(i + t) % n], programs ? what->program : what->unit, &to, t,
			     units);
	}
	print(cs, n, turns);
	return 0;
}
