/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /run/podctl: what podctl keeps while the machine runs. Root's alone. */
#pragma once

#include "common/base.h"
#include "common/err.h"

#define RUNDIR_PATH "/run/podctl"

/*
 * Opens (and makes, mode 0700) a folder below RUNDIR_PATH: parts are its names, ended by NULL. No
 * symbolic link is followed and every folder must be ours. *ret: an O_PATH descriptor.
 */
int rundir_open(const char *const *parts, int *ret, struct err *err);
