/* SPDX-License-Identifier: GPL-3.0-or-later */
/* systemd's notification protocol (sd_notify(3)), by hand. */
#pragma once

#include "common/base.h"

/* Sends "READY=1" and the like to $NOTIFY_SOCKET; does nothing without one. */
void notify_send(const char *state);

/* How often systemd wants to hear "WATCHDOG=1" of this process at least ($WATCHDOG_USEC), in ms; 0:
 * never. */
uint64_t notify_watchdog_ms(void);

/* RELOADING=1 with the monotonic time that systemd wants beside it. */
void notify_reloading(void);

/* Keeps fd in systemd's descriptor store under name (FDSTORE=1). */
void notify_store(int fd, const char *name);

/* The descriptor of this name that systemd handed over ($LISTEN_FDS, $LISTEN_FDNAMES), or -1. */
int notify_stored(const char *name);
