/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A running container of a pod, and which programs it has. */
#pragma once

#include "engine/engine.h"

/*
 * The id of the pod's container, whole. Caller frees. -ENOENT: it is not there; -EINVAL: it does
 * not run.
 */
int inside_find(struct engine *e, const char *pod, const char *part, char **ret, struct err *err);

/* The first of these paths that the container has, or NULL. All are asked for at once. */
const char *inside_first(struct engine *e, const char *id, const char *const *paths, size_t n);

/* The image's own shell, /bin/sh where none is found. */
const char *inside_shell(struct engine *e, const char *id);
