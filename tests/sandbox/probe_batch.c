/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many tries at the same time, so that those that nobody answers share one timeout. One line of
 * input is one try, one line of output its outcome, in the same order.
 */
#include "probe.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_TRIES = 512, PENDING = -1 };

struct running {
	struct attempt a;
	int fd, outcome; /* PENDING until it is known */
	bool sent;
	size_t got;
	int64_t ended;
};

static void finish(struct running *r, int outcome)
{
	r->outcome = outcome;
	r->ended = now_ms();
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

static bool is_icmp(const struct running *r)
{
	return r->a.protocol != 0;
}

static void say_hello(struct running *r)
{
	char data[8 + sizeof(HELLO) - 1] = {0}; /* of ICMP: header; the kernel fills in the rest */
	bool bound = !(r->a.any_source && r->a.type == SOCK_DGRAM);
	size_t header = is_icmp(r) ? 8 : 0;

	data[0] = (char)(r->a.protocol == IPPROTO_ICMPV6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO);
	memcpy(data + header, HELLO, sizeof(HELLO) - 1);
	r->sent = true;
	if (sendto(r->fd, data, header + sizeof(HELLO) - 1, MSG_NOSIGNAL,
		   bound ? NULL : &r->a.to.sa, bound ? 0 : r->a.to_length) < 0)
		finish(r, outcome_of(errno));
}

static void start(struct running *r)
{
	r->outcome = PENDING;
	r->fd = open_source(&r->a);
	if (r->a.any_source && r->a.type == SOCK_DGRAM) {
		say_hello(r);
		return;
	}
	if (connect(r->fd, &r->a.to.sa, r->a.to_length) == 0)
		say_hello(r);
	else if (errno != EINPROGRESS)
		finish(r, outcome_of(errno));
}

static void progress(struct running *r)
{
	char reply[256];
	int error = 0;
	socklen_t length = sizeof(error);
	ssize_t n;

	if (!r->sent) {
		getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &error, &length);
		if (error)
			finish(r, outcome_of(error));
		else
			say_hello(r);
		return;
	}
	n = recv(r->fd, reply, sizeof(reply), 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		finish(r, outcome_of(errno));
	} else if (n == 0) { /* accepted (by a proxy) and closed: nobody behind it */
		finish(r, EXIT_REFUSED);
	} else {
		r->got += (size_t)n;
		if (r->got >= sizeof(HELLO) - 1)
			finish(r, EXIT_OPEN);
	}
}

/* "tcp|udp|icmp ADDR PORT SOURCE|- [any]"; what is kept of the line stays in memory. */
static void parse_line(char *line, struct running *r)
{
	const char *words[5] = {NULL};
	char *rest = NULL, *word;
	size_t n = 0;

	for (word = strtok_r(line, " \n", &rest); word && n < 5;
	     word = strtok_r(NULL, " \n", &rest))
		words[n++] = word;
	if (n < 4)
		die("a line has four or five words");
	r->a.to_length = parse_address(words[1], parse_number(words[2], 65535, "port"), &r->a.to);
	if (!strcmp(words[0], "icmp")) {
		r->a.type = SOCK_DGRAM;
		r->a.protocol = r->a.to.sa.sa_family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		r->a.to.in.sin_port = 0; /* at the same place in both families */
	} else {
		r->a.type = parse_protocol(words[0]);
	}
	if (strcmp(words[3], "-"))
		r->a.source = words[3];
	r->a.any_source = n == 5 && !strcmp(words[4], "any");
}

int cmd_batch(int argc, char **argv)
{
	static struct running tries[MAX_TRIES];
	static struct pollfd polls[MAX_TRIES];
	unsigned timeout = argc > 0 ? parse_number(argv[0], 60000, "timeout") : 400;
	int64_t begin, deadline;
	size_t n = 0, left;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		if (n == MAX_TRIES)
			die("too many tries");
		parse_line(line, &tries[n++]);
		line = NULL; /* tries point into it */
		size = 0;
	}
	begin = now_ms();
	deadline = begin + timeout;
	for (size_t i = 0; i < n; i++)
		start(&tries[i]);
	do {
		left = 0;
		for (size_t i = 0; i < n; i++) {
			left += tries[i].outcome == PENDING;
			polls[i] = (struct pollfd){.fd = tries[i].fd,
						   .events = tries[i].sent ? POLLIN : POLLOUT};
		}
		if (left == 0 || deadline <= now_ms() ||
		    poll(polls, n, (int)(deadline - now_ms())) < 0)
			continue;
		for (size_t i = 0; i < n; i++)
			if (tries[i].fd >= 0 && polls[i].revents)
				progress(&tries[i]);
	} while (left > 0 && now_ms() < deadline);
	for (size_t i = 0; i < n; i++) {
		if (tries[i].outcome == PENDING)
			finish(&tries[i], EXIT_SILENT);
		printf("%s %lld\n", outcome_word(tries[i].outcome),
		       (long long)(tries[i].ended - begin));
	}
	return 0;
}
