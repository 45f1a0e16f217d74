/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams in one direction: what a container sends at once, and what of it arrives. */
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_TARGETS = 16 };

int cmd_say(int argc, char **argv)
{
	union address to[MAX_TARGETS];
	socklen_t length[MAX_TARGETS];
	int fd[MAX_TARGETS], n = 0;
	unsigned times, every_ms;
	struct timespec pause;

	if (argc < 5 || argc % 2 == 0 || (argc - 3) / 2 > MAX_TARGETS)
		die("usage: probe say TEXT TIMES EVERY-MS ADDR PORT [ADDR PORT]...");
	times = parse_number(argv[1], 1000000, "number");
	every_ms = parse_number(argv[2], 60000, "interval");
	pause = (struct timespec){every_ms / 1000, every_ms % 1000 * 1000000L};
	for (int i = 3; i < argc; i += 2, n++) {
		length[n] =
			parse_address(argv[i], parse_number(argv[i + 1], 65535, "port"), &to[n]);
		fd[n] = socket(to[n].sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	}
	for (unsigned i = 0; !times || i < times; i++) {
		char text[128];
		int size = snprintf(text, sizeof(text), "%s %u\n", argv[0], i);

		/* refused or not: what arrives counts */
		for (int j = 0; j < n; j++)
			(void)!sendto(fd[j], text, (size_t)size, 0, &to[j].sa, length[j]);
		if (every_ms)
			nanosleep(&pause, NULL);
	}
	return 0;
}

int cmd_hear(int argc, char **argv)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), off = 0, size = 4 << 20;
	union address any;
	socklen_t length;
	char text[2048];
	ssize_t n;

	if (argc != 1)
		die("usage: probe hear PORT");
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	length = parse_address("::", parse_number(argv[0], 65535, "port"), &any);
	if (bind(fd, &any.sa, length) < 0)
		die("bind port %s: %s", argv[0], strerror(errno));
	while ((n = recv(fd, text, sizeof(text), 0)) >= 0)
		(void)!write(STDOUT_FILENO, text, (size_t)n);
	return 1;
}
