/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The processes of containers, from the host's /proc. */
#pragma once

#include "podctl/scan.h"

/*
 * Adds to each watched target its processes. Where some can't be read, that is the target's err
 * (unless it has one), and it is watched no more. Needs CAP_SYS_PTRACE. -errno: nobody's could be
 * read.
 */
int scan_read_processes(struct scan_targets *targets, struct err *err);
