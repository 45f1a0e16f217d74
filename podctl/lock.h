/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One podctl at a time changes a pod: an flock on /run/podctl/locks/POD, gone with the process. */
#pragma once

#include "common/base.h"
#include "common/err.h"

/*
 * Takes the pod's lock; *ret is the descriptor that holds it. wait: until it is free; otherwise
 * -EWOULDBLOCK where somebody has it.
 */
int lock_take(const char *pod, bool wait, int *ret, struct err *err);
