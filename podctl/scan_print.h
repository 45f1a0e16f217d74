/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alerts for people, for programs, for Prometheus and for the journal. */
#pragma once

#include "podctl/scan.h"
#include "podctl/ui.h"

struct scan_report {
	const struct scan_alerts *alerts;
	const struct scan_targets *targets; /* of this scan */
	const char *pod;		    /* only its alerts; NULL: all */
	bool own;			    /* there are only those of the caller's pods */
	int64_t now;
};

/* Containers that could not be looked at. */
size_t scan_failures(const struct scan_targets *targets);

void scan_print(const struct scan_report *r, const struct ui *ui);
void scan_print_json(const struct scan_report *r);
void scan_print_metrics(const struct scan_report *r);
/* What is new, and how it stands. */
void scan_log(const struct scan_report *r);
