/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * System V shared memory, semaphores and messages stay when the process that made them is gone, and
 * belong to the pod's root container: a container that is started again and again would take its
 * limit of memory each time anew. So policy's ceiling of memory is one of these, too.
 */
#pragma once

#include "common/settings.h"
#include "podctl/remap.h"

#include <jansson.h>

/*
 * *ret: size of a page where the engine can set such limits for this pod, 0 where there are none or
 * it can't: before Linux 6.9 root of a user namespace may not. remote: its kernel is not ours.
 */
int ipc_ask(const struct settings *settings, bool remote, struct remap *remap, size_t *ret,
	    struct err *err);

/* Pure: whether a kernel of this release ("6.1.0-18-amd64") lets root of a namespace set them. */
bool ipc_kernel_lets(const char *release);

/* Pure: the Sysctls of a create request. New reference. */
json_t *ipc_limits(int64_t max_memory, size_t page);
