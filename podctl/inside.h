/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A running container of a pod. */
#pragma once

#include "engine/engine.h"

/*
 * The id of the pod's container, whole. Caller frees. -ENOENT: it is not there; -EINVAL: it does
 * not run.
 */
int inside_find(struct engine *e, const char *pod, const char *part, char **ret, struct err *err);
