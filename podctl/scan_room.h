/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who has to give way when there are more alerts than there is room for. Pure.
 *
 * Room is shared by owners: each pod is one, and so is each container without a pod. Who has few
 * alerts keeps them all; who has most gives way, so that nobody can fill the room of others.
 */
#pragma once

#include "podctl/scan.h"

/* What an owner's alerts that had to go were. */
struct scan_owner {
	char *pod,
		*name; /* pod "": of the container of that name; otherwise name is the pod, too */
	uint64_t more;
};

struct scan_owners {
	struct scan_owner *items;
	size_t n;
};
void scan_owners_done(struct scan_owners *o);

/* The alert that counts what has no room, of all kinds of owners. */
#define SCAN_SUM_OF_POD "findings of the pod beyond the limit of all alerts"
#define SCAN_SUM	"findings beyond the limit of all alerts"
bool scan_alert_is_sum(const struct scan_alert *alert);

/*
 * Takes away what is beyond SCAN_ALERTS_MAX, of each owner the newest first; sums stay. Those who
 * lost some are added to *ret.
 */
void scan_alerts_make_room(struct scan_alerts *a, struct scan_owners *ret);
