/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a pod must wait for the guard, and the waiting. */
#pragma once

#include "common/err.h"
#include "common/settings.h"

#define GUARD_WAIT_MS 10000

/* guard.required, or by default: whether the guard runs or is installed as a service here. */
bool guard_required(const struct settings *settings);

/*
 * Waits until the guard has the root container's addresses. 0: it has. 1: it does not, but is not
 * required: err says why. -errno: it is required, and the pod must not go on.
 */
int guard_wait(const struct settings *settings, const char *root_id, struct err *err);

/* The same question before anything is touched: whether there is a guard to wait for at all. */
int guard_check(const struct settings *settings, struct err *err);
