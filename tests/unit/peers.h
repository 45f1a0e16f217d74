/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests of what listens at a unix socket: a loop that runs for a moment, and clients. What
 * fails here ends the test. */
#pragma once

#include "netguard/loop.h"

struct peers {
	char dir[32], path[64]; /* a folder of this test's, and the socket in it */
	struct loop *loop;
	struct source stop;
};

void peers_begin(struct peers *p);
void peers_end(struct peers *p); /* its sources in the loop must be gone */

/* Lets the loop do what it can. */
void peers_run(struct peers *p);

int peers_dial(const struct peers *p);
void peers_say(int fd, const char *text);
/* What came, "" for nothing; "(end)" behind it where the other end was closed. Returns buf. */
const char *peers_heard(int fd, char buf[static 1024]);
