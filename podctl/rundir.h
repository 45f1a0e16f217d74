/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /run/podctl: what podctl keeps while the machine runs, and /var/lib/podctl: what it keeps beyond
 * that. Root's alone.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#define RUNDIR_PATH	  "/run/podctl"
#define RUNDIR_STATE_PATH "/var/lib/podctl"

/*
 * Opens (and makes, mode 0700) a folder below RUNDIR_PATH: parts are its names, ended by NULL. No
 * symbolic link is followed and every folder must be ours. *ret: an O_PATH descriptor.
 */
int rundir_open(const char *const *parts, int *ret, struct err *err);

/* The same below RUNDIR_STATE_PATH, which others may read, but not write. */
int rundir_open_state(const char *const *parts, int *ret, struct err *err);
