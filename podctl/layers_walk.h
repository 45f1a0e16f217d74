/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine's way to a file among a container's own: nothing is opened but by O_PATH. */
#pragma once

#include "common/base.h"

#include <sys/types.h>

/*
 * Where path leads to below root (O_PATH will do), as the engine follows links: within root, 255
 * steps. closed: places that something else is mounted at, so what is below them in root is not
 * what will be there. *left: how much may still be looked at, for all walks of a container
 * together. *ret_place: "/etc/passwd", without links, caller frees; *ret_mode: 0 where there is
 * nothing. False: its end is not known, since it leads through a closed one, has no end, or is too
 * far away.
 */
bool layers_walk(int root, const struct strv *closed, const char *path, unsigned *left,
		 char **ret_place, mode_t *ret_mode);
