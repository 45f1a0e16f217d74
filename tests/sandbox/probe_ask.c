/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asking all along, and telling who asked. Each question has a socket of its own, so that none
 * passes by what an earlier one was allowed; with -p its port is from a range, so that none passes
 * by what another asker was. What is printed are lines of what happened since the line before:
 *
 *   ask:      MILLISECONDS LABEL SENT ANSWERED
 *   serve -t: MILLISECONDS PORT LABEL ARRIVED
 */
#include "probe.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ASKED = 32, MAX_PENDING = 900, MAX_LABEL = 48, MAX_HEARD = 128 };
enum { ANSWER_MS = 300, TELL_MS = 200, PORT_RANGE = 5000 };

struct asked {
	const char *label;
	int type;
	union address to;
	socklen_t length;
	unsigned sent, answered;
};

struct question {
	struct asked *asked;
	int fd;
	bool said;
	int64_t until;
};

static struct asked targets[MAX_ASKED];
static struct question pending[MAX_PENDING];
static struct pollfd polls[MAX_PENDING];
static size_t n_targets, n_pending;
static volatile sig_atomic_t ended;
static unsigned first_port, next_port;

/* milliseconds since 1970, the same for all who look */
static long long clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool say(struct question *q)
{
	q->said = true;
	return send(q->fd, q->asked->label, strlen(q->asked->label), MSG_NOSIGNAL) > 0;
}

/* The next port of the range; one that is in use is left out. */
static void take_port(int fd, int family)
{
	for (int i = 0; first_port && i < 10; i++) {
		union address any;
		socklen_t length = parse_address(family == AF_INET6 ? "::" : "0.0.0.0",
						 first_port + next_port, &any);

		next_port = (next_port + 1) % PORT_RANGE;
		if (bind(fd, &any.sa, length) == 0)
			return;
	}
}

static void begin(struct asked *target)
{
	struct linger at_once = {.l_onoff = 1};
	struct question q = {.asked = target, .until = now_ms() + ANSWER_MS};

	if (n_pending == MAX_PENDING)
		return;
	q.fd = socket(target->to.sa.sa_family, target->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (q.fd < 0)
		return;
	/* no thousands of sockets in TIME_WAIT */
	setsockopt(q.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	take_port(q.fd, target->to.sa.sa_family);
	if (connect(q.fd, &target->to.sa, target->length) < 0 && errno != EINPROGRESS) {
		/* refused is an answer to what was sent; without a route nothing was */
		target->sent += errno == ECONNREFUSED || errno == EACCES || errno == EPERM;
		close(q.fd);
		return;
	}
	target->sent++;
	if (target->type == SOCK_DGRAM && !say(&q)) {
		close(q.fd);
		return;
	}
	pending[n_pending++] = q;
}

/* Returns false when the question is over. */
static bool go_on(struct question *q)
{
	char reply[MAX_LABEL];
	int error = 0;
	socklen_t length = sizeof(error);
	ssize_t n;

	if (!q->said) {
		getsockopt(q->fd, SOL_SOCKET, SO_ERROR, &error, &length);
		return !error && say(q);
	}
	n = recv(q->fd, reply, sizeof(reply), 0);
	if (n > 0 && (size_t)n == strlen(q->asked->label) &&
	    !memcmp(reply, q->asked->label, (size_t)n))
		q->asked->answered++;
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void wait_for_answers(int64_t until)
{
	int64_t left;

	while ((left = until - now_ms()) > 0) {
		for (size_t i = 0; i < n_pending; i++)
			polls[i] = (struct pollfd){.fd = pending[i].fd,
						   .events = pending[i].said ? POLLIN : POLLOUT};
		if (poll(polls, n_pending, (int)left) < 0)
			continue;
		for (size_t i = n_pending;
		     i-- > 0;) { /* downwards: removing moves only what was seen */
			if ((!polls[i].revents || go_on(&pending[i])) &&
			    now_ms() < pending[i].until)
				continue;
			close(pending[i].fd);
			pending[i] = pending[--n_pending];
		}
	}
}

static void tell_asked(void)
{
	long long now = clock_ms();

	for (size_t i = 0; i < n_targets; i++) {
		printf("%lld %s %u %u\n", now, targets[i].label, targets[i].sent,
		       targets[i].answered);
		targets[i].sent = targets[i].answered = 0;
	}
	fflush(stdout);
}

static void on_end(int signal_number)
{
	(void)signal_number;
	ended = 1;
}

int cmd_ask(int argc, char **argv)
{
	unsigned every;
	int64_t next, tell;

	if (argc > 2 && !strcmp(argv[0], "-p")) {
		first_port = parse_number(argv[1], 65535 - PORT_RANGE, "port");
		argv += 2;
		argc -= 2;
	}
	if (argc < 5 || argc % 4 != 1 || argc / 4 > MAX_ASKED)
		die("usage: probe ask [-p PORT] EVERY-MS LABEL tcp|udp ADDR PORT [LABEL tcp|udp "
		    "ADDR "
		    "PORT]...");
	every = parse_number(argv[0], 60000, "interval");
	for (int i = 1; i < argc; i += 4) {
		struct asked *a = &targets[n_targets++];

		if (strlen(argv[i]) >= MAX_LABEL || strchr(argv[i], ' '))
			die("bad label: %s", argv[i]);
		a->label = argv[i];
		a->type = parse_protocol(argv[i + 1]);
		a->length = parse_address(argv[i + 2], parse_number(argv[i + 3], 65535, "port"),
					  &a->to);
	}
	signal(SIGTERM, on_end);
	next = now_ms();
	tell = next + TELL_MS;
	while (!ended) {
		for (size_t i = 0; i < n_targets; i++)
			begin(&targets[i]);
		next += every;
		if (next < now_ms())
			next = now_ms() + 1;
		wait_for_answers(next);
		if (now_ms() >= tell) {
			tell_asked();
			tell = now_ms() + TELL_MS;
		}
	}
	tell_asked();
	return 0;
}

/* ---- who asked, for serve -t ---- */

static struct heard {
	unsigned port, arrived;
	char label[MAX_LABEL];
} heard[MAX_HEARD];
static size_t n_heard;
static int64_t tell_heard_at;

void note_heard(int fd, const char *text, size_t length)
{
	union address own;
	socklen_t own_length = sizeof(own);
	char label[MAX_LABEL];
	size_t i = 0;

	if (length >= MAX_LABEL)
		length = MAX_LABEL - 1;
	while (i < length && text[i] > ' ' && text[i] < 0x7f)
		i++;
	memcpy(label, text, i);
	label[i] = '\0';
	if (getsockname(fd, &own.sa, &own_length) < 0)
		die("getsockname: %s", strerror(errno));
	for (i = 0; i < n_heard; i++)
		if (heard[i].port == ntohs(own.in.sin_port) && !strcmp(heard[i].label, label))
			break;
	if (i == n_heard) {
		if (n_heard == MAX_HEARD)
			die("heard too much");
		heard[i].port = ntohs(own.in.sin_port); /* at the same place in both families */
		memcpy(heard[i].label, label, sizeof(label));
		n_heard++;
	}
	heard[i].arrived++;
}

int tell_heard(bool at_once)
{
	if (at_once || now_ms() >= tell_heard_at) {
		for (size_t i = 0; i < n_heard; i++) {
			if (heard[i].arrived)
				printf("%lld %u %s %u\n", clock_ms(), heard[i].port, heard[i].label,
				       heard[i].arrived);
			heard[i].arrived = 0;
		}
		fflush(stdout);
		tell_heard_at = now_ms() + TELL_MS;
	}
	return TELL_MS;
}
