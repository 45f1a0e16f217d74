/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Both ends of what bench_packets.sh measures. The server: PORT/tcp takes connections and closes
 * them, PORT+1/tcp reads, PORT/udp sends back. The client prints how many it had in a time:
 * connections made, datagrams that came back (32 on the way), or MiB that were sent.
 *
 *   packets serve PORT
 *   packets connect|small|bulk ADDRESS PORT MS
 */
#include "common/base.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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

static double run_connect(const struct sockaddr_in *to, double until)
{
	/* ended by a reset: the port is free at once */
	const struct linger abort_it = {.l_onoff = 1};
	double n = 0;

	for (; now() < until; n++) {
		int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

		must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it)), "linger");
		must(connect(fd, (const struct sockaddr *)to, sizeof(*to)), "connect");
		close(fd);
	}
	return n;
}

static double run_small(const struct sockaddr_in *to, double until)
{
	const struct timeval wait = {.tv_usec = 100000};
	int fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
	char data[16] = "small";
	double n = 0;

	must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), "SO_RCVTIMEO");
	must(connect(fd, (const struct sockaddr *)to, sizeof(*to)), "connect");
	while (now() < until) {
		/* all on the way at first, and again where one was lost */
		for (int i = 0; i < WINDOW; i++)
			must((int)send(fd, data, sizeof(data), 0), "send");
		while (now() < until && recv(fd, data, sizeof(data), 0) > 0) {
			n++;
			must((int)send(fd, data, sizeof(data), 0), "send");
		}
	}
	close(fd);
	return n;
}

static double run_bulk(const struct sockaddr_in *to, double until)
{
	static char data[CHUNK];
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
	double bytes = 0;

	must(connect(fd, (const struct sockaddr *)to, sizeof(*to)), "connect");
	while (now() < until)
		bytes += must((int)write(fd, data, sizeof(data)), "write");
	close(fd);
	return bytes / 1024 / 1024;
}

int main(int argc, char **argv)
{
	unsigned port = argc > 2 ? (unsigned)strtoul(argv[argc == 3 ? 2 : 3], NULL, 10) : 0;
	struct sockaddr_in to;
	double start, n, seconds;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && streq(argv[1], "serve"))
		return serve(port);
	if (argc != 5)
		errx(2, "usage: packets serve PORT\n"
			"       packets connect|small|bulk ADDRESS PORT MS");
	to = address_of(argv[2], port);
	seconds = strtod(argv[4], NULL) / 1000;
	start = now();
	if (streq(argv[1], "connect"))
		n = run_connect(&to, start + seconds);
	else if (streq(argv[1], "small"))
		n = run_small(&to, start + seconds);
	else if (streq(argv[1], "bulk"))
		n = run_bulk(&to, start + seconds);
	else
		errx(2, "no such thing to measure: %s", argv[1]);
	printf("%.0f\n", n / (now() - start));
	return 0;
}
