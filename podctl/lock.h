/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One podctl at a time changes a pod: an flock on /run/podctl/locks/POD, gone with the process. Of
 * the files there are no more than a thousand that nobody holds.
 *
 * Whoever runs podctl by sudo can hold it up anywhere, for good: by his cgroup he freezes it. So
 * nothing waits without end for a lock that is not only his who waits.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#define LOCK_FOR_EVER (-1)
/* For what all pods share. No pod's name begins with a dot. */
#define LOCK_SECRETS  ".secrets"

/*
 * Takes the pod's lock; *ret is the descriptor that holds it. -EWOULDBLOCK where somebody still has
 * it after wait_ms; err says which process, where that can be known.
 */
int lock_take(const char *pod, int wait_ms, int *ret, struct err *err);

/*
 * What is begun under a lock and not ended, since its holder was killed or failed, the next one
 * sees, up to the next boot: the engine may still be at work on what it was asked for.
 */
void lock_begin(int lock);
void lock_end(int lock);
bool lock_unended(int lock);

/* lock_take's way to wait, for a file that is open; -errno. */
int lock_flock(int fd, int wait_ms);
