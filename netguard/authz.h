/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The authorization plugin: what it waits for. authz_decide.h decides.
 *
 * Its own questions to the engine come back to it as requests, with the token that only root can
 * read; it answers those at once, while the request that they are for waits.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#define AUTHZ_SOCKET_PATH "/run/docker/plugins/netguard.sock"

/* Runs until SIGTERM. -errno and err where it can't begin. */
int authz_run(struct err *err);
