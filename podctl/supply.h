/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the host holds for a pod's containers: pins of mount sources, secrets as files, and the
 * record by which both come back after a reboot.
 *
 * Before containers are made, all that new and old ones need is there and recorded; only when they
 * all are as the file says, what nobody needs any more goes. So whenever podctl or the machine is
 * ended, every container can start again. The caller holds the pod's lock.
 */
#pragma once

#include "podctl/pod.h"
#include "podctl/remap.h"
#include "podctl/values.h"

struct supply {
	const struct pod *pod;
	const struct settings *settings;
	const struct values *values;
	struct remap *remap;
};

/* Before anything is changed: folders are made, sources pinned, secrets delivered. */
int supply_give(const struct supply *s, struct err *err);

/* When all containers are as the pod says: what only earlier ones needed is taken away. */
int supply_tidy(const struct supply *s, struct err *err);

/* When the pod has no container any more. */
int supply_take_away(const char *pod, struct err *err);

/*
 * At boot: pins and delivers what is recorded, as it is now. Makes no folder. What can't be had
 * stays away, so the engine does not start the container; the others are there all the same.
 * failed gets a line for each that is not, and the first -errno is returned.
 */
int supply_restore(const char *pod, const struct settings *settings, struct strv *failed);
