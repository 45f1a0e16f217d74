/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All threads of the host, from its /proc. A process is all of its threads: of one whose first
 * thread is over the kernel says no executable, and each thread has users and rights of its own.
 */
#pragma once

#include "common/base.h"

/* dir: of /proc/PID/task/TID, which never becomes another's, however often its number is given. */
typedef void threads_fn(void *userdata, int dir);

/* -errno: none could be looked at. */
int threads_each(threads_fn *fn, void *userdata);

/* A whole small file in a folder of /proc, or NULL with errno. Caller frees. */
char *threads_slurp(int dir, const char *name);
