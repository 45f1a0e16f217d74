/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a path of the host leads to the same place for as long as only root acts. I/O. */
#pragma once

#include "common/base.h"
#include "common/err.h"

/*
 * With closed, also -EPERM where what root of a container makes in path could be run or opened by
 * users of the host: it has to be on a file system mounted nosuid and nodev, or in a folder that
 * only root can enter.
 *
 * path: absolute and normalised. 0 where every folder above its last part belongs to root and can
 * be written by root alone, no part of it is a link, and the last one is a folder or a regular
 * file. -ENOENT: there is none; -EPERM: somebody could exchange it; -errno.
 */
int authz_path_check(const char *path, bool closed, struct err *err);
