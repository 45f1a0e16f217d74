/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a valid configuration refers to and is not there: users, groups, pods, interfaces; and
 * whitelisted ports that the host may give to anybody. Warnings, each at its place in the file.
 */
#pragma once

#include "common/settings.h"

/* What is there, as far as it could be found out. */
struct references {
	bool interfaces_known, pods_known;
	struct strv interfaces; /* of the host */
	struct strv pods;	/* that have a container */
	/* ports that the host takes for its own connections; last 0: not known */
	uint16_t ephemeral_first, ephemeral_last;
};
void references_done(struct references *r);

/* Asks the system, and the daemon where it runs. What can't be found out is not warned about. */
void references_find(struct references *ret);
/* From the text of ip_local_port_range, "32768\t60999\n". False: that is no range. */
bool references_parse_range(const char *text, struct references *ret);

/* Looks up the users and groups (NSS) and adds warnings to problems. */
void references_check(const struct settings *s, const struct references *r,
		      struct problems *problems);
