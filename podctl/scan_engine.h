/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scanning: what the engine and the host's /proc say of containers, to findings. */
#pragma once

#include "engine/engine.h"
#include "podctl/scan.h"

/* Bytes of one container's list of changes; of so many containers they are asked for at a time. */
#define SCAN_CHANGES_MAX      ((size_t)16 * 1024 * 1024)
#define SCAN_CHANGES_PARALLEL 8

/*
 * All containers, or those of the pods that are wanted (wants NULL: all, whole). What could not be
 * looked at is in the target's err. -errno: nothing could be scanned.
 */
int scan_run(struct engine *e, const struct settings_scan *scan, scan_wants *wants, void *userdata,
	     struct scan_targets *ret, struct err *err);

/* The same of one container, whatever is expected. */
int scan_run_one(struct engine *e, const struct settings_scan *scan, const char *id,
		 struct scan_targets *ret, struct err *err);
