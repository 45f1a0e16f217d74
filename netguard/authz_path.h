/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a path of the host leads to the same place for as long as only root acts. I/O. */
#pragma once

#include "common/base.h"
#include "common/err.h"

/*
 * path: absolute and normalised. 0 where every folder above its last part belongs to root and can
 * be written by root alone, no part of it is a link, and the last one is a folder or a regular
 * file. -ENOENT: there is none; -EPERM: somebody could exchange it; -errno.
 */
int authz_path_check(const char *path, struct err *err);
