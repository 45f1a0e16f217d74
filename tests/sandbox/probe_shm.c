/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared memory that stays when its maker is gone. */
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>

int cmd_shm(int argc, char **argv)
{
	size_t size;
	void *p;
	int id;

	if (argc != 1)
		die("usage: probe shm MIB");
	size = (size_t)parse_number(argv[0], 4096, "number") << 20;
	id = shmget(IPC_PRIVATE, size, 0600);
	if (id < 0 && errno == ENOSPC)
		return EXIT_REFUSED;
	p = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
	if (p == (void *)-1)
		die("shm: %s", strerror(errno));
	memset(p, 1, size);
	return 0;
}
