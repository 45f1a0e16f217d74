/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Raw frames: what a container with NET_RAW can write, and whether it arrives.
 */
#define _GNU_SOURCE
#include "probe_frame.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 2048

static int fail(const char *what)
{
	perror(what);
	return 2;
}

/* A packet socket on an interface of the current namespace; protocol 0: it only sends. */
static int open_packet(const char *ifname, unsigned short protocol)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	at.sll_ifindex = (int)if_nametoindex(ifname);
	if (fd < 0 || at.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	return fd;
}

/* Hex digits, anything else between them is left out. Returns how many bytes. */
static size_t parse_hex(const char *text, unsigned char *bytes)
{
	size_t n = 0;

	for (; *text && n < FRAME_MAX; text++) {
		char two[3] = {text[0], text[1], '\0'};

		if (!strchr("0123456789abcdefABCDEF", text[0]) || !text[1])
			continue;
		bytes[n++] = (unsigned char)strtoul(two, NULL, 16);
		text++;
	}
	return n;
}

int cmd_frame(int argc, char **argv)
{
	int fd;

	if (argc < 3) {
		fputs("usage: probe frame IFNAME HEX...\n", stderr);
		return 2;
	}
	fd = open_packet(argv[1], 0);
	if (fd < 0)
		return fail(argv[1]);
	for (int i = 2; i < argc; i++) {
		unsigned char frame[FRAME_MAX];
		size_t n = parse_hex(argv[i], frame);

		if (n < 14 || send(fd, frame, n, 0) != (ssize_t)n)
			return fail("send");
	}
	return 0;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int cmd_sniff(int argc, char **argv)
{
	unsigned char pattern[FRAME_MAX], frame[FRAME_MAX];
	unsigned long seen = 0;
	long end;
	size_t size;
	int fd;

	if (argc != 4) {
		fputs("usage: probe sniff IFNAME MS HEX\n", stderr);
		return 2;
	}
	fd = open_packet(argv[1], ETH_P_ALL);
	if (fd < 0)
		return fail(argv[1]);
	size = parse_hex(argv[3], pattern);
	puts("ready");
	fflush(stdout);
	end = now_ms() + atol(argv[2]);
	for (long left = end - now_ms(); left > 0; left = end - now_ms()) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		struct sockaddr_ll from;
		socklen_t length = sizeof(from);
		const unsigned char *at;
		ssize_t n;

		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = recvfrom(fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &length);
		if (n <= 0 || from.sll_pkttype == PACKET_OUTGOING)
			continue;
		at = memmem(frame, (size_t)n, pattern, size);
		if (!at)
			continue;
		if (at + size < frame + n)
			printf("%02x\n", at[size]);
		seen++;
	}
	printf("seen %lu\n", seen);
	return 0;
}
