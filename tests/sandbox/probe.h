/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the probe share. */
#pragma once

#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { EXIT_OPEN = 0, EXIT_USAGE = 2, EXIT_REFUSED = 3, EXIT_SILENT = 4 };

#define HELLO "hello"

/* Any socket address; always long enough. */
union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

struct attempt {
	int type, protocol; /* protocol: 0, or of an ICMP socket */
	union address to;
	socklen_t to_length;
	const char *source;   /* NULL: any */
	unsigned source_port; /* 0: any */
	bool any_source;      /* -b: send to a broadcast address, take the answer from anybody, use
				 any source */
	int timeout_ms;
};

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);
unsigned parse_number(const char *text, unsigned long max, const char *what);
int parse_protocol(const char *text); /* SOCK_STREAM or SOCK_DGRAM */
/*
 * text is a numeric address; fe80::1%eth0 carries its interface. Returns its length for bind and
 * connect.
 */
socklen_t parse_address(const char *text, unsigned port, union address *ret);

int64_t now_ms(void);
int open_source(const struct attempt *a); /* a socket that does not block */
int outcome_of(int error);		  /* EXIT_*; dies of errors that say nothing of the path */
const char *outcome_word(int outcome);

int cmd_batch(int argc, char **argv);
int cmd_say(int argc, char **argv);
int cmd_hear(int argc, char **argv);
int cmd_ask(int argc, char **argv);
int cmd_shm(int argc, char **argv);

/* For serve -t: one that came at fd (a bound socket), which said text. */
void note_heard(int fd, const char *text, size_t length);
/* Tells what came since the last time, if it is time to. Returns in how many ms to call again. */
int tell_heard(bool at_once);
