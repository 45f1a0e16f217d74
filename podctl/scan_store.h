/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The alerts in /var/lib/podctl/scan, root's alone: alerts.N.json, of which the highest N is meant.
 * A new state is N + 1, and it is there only when it is on the disk and whole, and only where
 * nobody else has made that one: who reads, changes and saves loses nothing of what others saved
 * meanwhile, without holding anything. A caller can hold his podctl up anywhere, for good, so a
 * lock would be his to keep from all others; the one that there is only keeps them from each
 * other's way.
 */
#pragma once

#include "podctl/scan.h"

#define SCAN_STORE_PATH "/var/lib/podctl/scan"

struct scan_store {
	int dir;
	int lock;	     /* -1: somebody has it, and does not go on */
	uint64_t generation; /* what was loaded; 0: none, or one of before there were numbers */
};

/* Waits for other scans' ends, but not long. */
int scan_store_open(struct scan_store *ret, struct err *err);
void scan_store_close(struct scan_store *s);

/* None stored: no alerts. What is there and can't be read is an error that says what to do. */
int scan_store_load(struct scan_store *s, struct scan_alerts *ret, struct err *err);
/* -ESTALE: others saved since it was loaded. Nothing was stored: load again. */
int scan_store_save(const struct scan_store *s, const struct scan_alerts *a, struct err *err);

/* After an -ESTALE: true, after a pause, where it is worth trying again. *tries: 0 at first. */
bool scan_store_again(int r, unsigned *tries);
