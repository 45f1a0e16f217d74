/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `netguard run`: holds the parts together. Configuration and engine make the model, the model
 * makes the elements, the keeper brings the kernel to them; the control socket tells about it.
 *
 * Always true: the table is in the kernel before anything else is done, and stays there whatever
 * ends the daemon.
 */
#pragma once

#include "common/err.h"

#define DAEMON_RUN_DIR "/run/netguard"

/* Returns 0 after SIGTERM or SIGINT, -errno where it could not start. */
int daemon_run(struct err *err);
