/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The alerts in /var/lib/podctl/scan, root's alone. A new state takes the old one's place only
 * when it is on the disk, so there is a whole one at any moment.
 */
#pragma once

#include "podctl/scan.h"

#define SCAN_STORE_PATH "/var/lib/podctl/scan"

struct scan_store {
	int dir, lock; /* -1: not open */
};

/* Waits for another scan's end: until scan_store_close there is no other. */
int scan_store_open(struct scan_store *ret, struct err *err);
void scan_store_close(struct scan_store *s);

/* None stored: no alerts. What is there and can't be read is an error that says what to do. */
int scan_store_load(const struct scan_store *s, struct scan_alerts *ret, struct err *err);
int scan_store_save(const struct scan_store *s, const struct scan_alerts *a, struct err *err);
