/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * systemd's watchdog hears of us only while the kernel was just seen to hold what it should. So a
 * daemon that hangs, or can't make the table true, is ended and started anew; the table stays
 * meanwhile, closed for what is new.
 *
 * An engine that is away is no reason: the table stays as it is, and a new daemon would reach it no
 * better. Neither are permissions that the kernel refuses one by one: what lacks them is denied.
 */
#include "netguard/daemon_private.h"

#include "common/log.h"
#include "netguard/notify.h"

#include <errno.h>

#define TRIES 3 /* in each time that systemd waits */

/* 0 where the kernel is known to hold the table that is wanted now. */
static int look(struct daemon *d, struct err *err)
{
	int r;

	if (d->behind)
		return err_set(err, EBUSY, "%s", d->table_error);
	if (d->relook_ms)
		return err_set(err, EBUSY, "links or bridges can't be read or set");
	r = keeper_is_right(d->keeper, err);
	if (r != 0)
		return r < 0 ? r : 0;
	/* and nobody has told us: what the kernel tells is put back when it comes */
	daemon_put_back(d, "");
	r = keeper_is_right(d->keeper, err);
	return r == 0 ? err_set(err, EBUSY, "the table is not what it should be") : r;
}

static void on_watchdog(struct source *s, uint32_t events _unused_)
{
	struct daemon *d = s->userdata;
	struct err err;

	if (!timer_read(s))
		return;
	if (look(d, &err) < 0) {
		if (!d->unfed)
			log_error("systemd's watchdog is not told that all is well: %s", err.text);
		d->unfed = true;
		return;
	}
	if (d->unfed)
		log_notice("systemd's watchdog is told again that all is well");
	d->unfed = false;
	notify_send("WATCHDOG=1");
}

int daemon_watchdog_start(struct daemon *d, struct err *err)
{
	uint64_t every = notify_watchdog_ms();
	int r;

	if (every == 0)
		return 0;
	every = every < TRIES ? 1 : every / TRIES;
	r = timer_add(d->loop, &d->watchdog, on_watchdog, d, err);
	if (r == 0)
		timer_set(&d->watchdog, every, every);
	return r;
}
