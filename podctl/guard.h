/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a pod must wait for the guard, and the waiting. */
#pragma once

#include "common/err.h"
#include "common/settings.h"

#define GUARD_WAIT_MS 10000

/* guard.required, or by default: whether the guard runs or is installed as a service here. */
bool guard_required(const struct settings *settings);

/*
 * Asks the guard to say when it has the root container's addresses. 0: *ret_fd is readable when it
 * has answered, within GUARD_WAIT_MS and a second. 1: there is no guard, but none is required: err
 * says why. -errno: it is required, and the pod must not go on.
 */
int guard_wait_begin(const struct settings *settings, const char *root_id, int *ret_fd,
		     struct err *err);

/* The answer, when it is there or time is up; closes fd. Returns as above. */
int guard_wait_end(const struct settings *settings, int fd, struct err *err);

/* The same question before anything is touched: whether there is a guard to wait for at all. */
int guard_check(const struct settings *settings, struct err *err);
