/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the daemon gives up, so that a bug in one of its parsers is no root shell: its user, its
 * capabilities, system calls and paths. None of it comes back. docs/confinement.md tells admins.
 *
 * Compiled with UNCONFINED, calls and paths stay as they are: sanitizers, valgrind and coverage
 * need others than the program does. Nothing but the build decides that.
 */
#pragma once

#include "common/guard_client.h"
#include "common/err.h"

#include <sys/types.h>

#define CONFINE_USER GUARD_USER

/* Whether this process has CAP_NET_ADMIN, without which no table can be kept. */
bool confine_may_keep(void);

/*
 * Makes the folders dirs[] (modes beside them) where they are not there. Then, where this process
 * is root's: it becomes the user `name`, in that user's groups and group docker (the engine's
 * socket is that one's); the folders and their own files become that user's, too. Of the
 * capabilities only CAP_NET_ADMIN stays, and nothing that would be executed gets more. Returns 1,
 * or 0 where there is no such user: it stays root without the other capabilities. Where the user's
 * groups can't be told (common/groups.h) it fails.
 */
struct confine_dir {
	const char *path;
	mode_t mode;
	const char *files[2]; /* that an earlier daemon may have left there as root; or NULL */
};
int confine_user(const char *name, const struct confine_dir *dirs, size_t n, struct err *err);

/*
 * Landlock: from now on this process reads files, but writes, makes and removes them only below
 * dirs[], executes none, and (without `tcp`, where the kernel can) neither listens nor connects by
 * TCP, nor signals other processes. Returns 1, or 0 where the kernel has no Landlock.
 */
int confine_paths(const struct confine_dir *dirs, size_t n, bool tcp, struct err *err);

/*
 * seccomp: from now on only the calls of the list in confine_calls.c; any other ends the process.
 * tcp: the engine is reached by TCP, which takes sockets of the internet. Threads, of which one
 * looks up names, have it only where they begin behind it: to be called by the only thread. Returns
 * 1, or 0 in a build without it.
 */
int confine_calls(bool tcp, struct err *err);
