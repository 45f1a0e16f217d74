/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets that listen, as /proc/net/unix, tcp and tcp6 have them. Pure. */
#pragma once

#include "common/base.h"

struct listening {
	uint64_t inode;
	char *where; /* "/run/docker.sock", "0.0.0.0:2375", "[::1]:2375" */
	bool tcp;
};

struct listenings {
	struct listening *items;
	size_t n;
};
void listenings_done(struct listenings *l);

/* Those that have a path and listen. */
void listenings_read_unix(struct listenings *ret, const char *text);
/* Those in the state LISTEN, of either family. */
void listenings_read_tcp(struct listenings *ret, const char *text);
