/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The process that an exec started in a container, as this host sees it: the engine has no call
 * that ends one. It is held by a pidfd, and only where its cgroup is the container's, so nothing
 * else is ever signalled, however ids are reused.
 */
#pragma once

#include "common/base.h"

#include <sys/types.h>

struct remote {
	int pidfd; /* -1: not known, or not on this host */
	int keep;  /* the guardian ends the process when this is closed; -1: none */
	pid_t guardian;
};

#define REMOTE_NONE ((struct remote){-1, -1, 0})

/*
 * Takes hold of a process, and starts a guardian: a process that ends the remote one when we are
 * gone without remote_done, also by SIGKILL. 0, or 1 where it is no process of that container here.
 */
int remote_hold(struct remote *r, pid_t pid, const char *container_id);
void remote_signal(const struct remote *r, int signal);
/* Lets go of it: the guardian ends and leaves the process alone. */
void remote_done(struct remote *r);
