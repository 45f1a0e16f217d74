/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An audit for people, as a table and the findings with their advice, and for programs. */
#pragma once

#include "podctl/audit.h"
#include "podctl/ui.h"

void audit_print(const struct audit_containers *all, const struct audit_findings *engine,
		 const struct ui *ui);
/* groups: of audit_process. whole: not only the caller's pods were looked at. failures: a list of
 * objects, those that could not be looked at. */
void audit_print_json(const struct audit_containers *all, const struct audit_findings *engine,
		      const struct audit_groups *groups, bool whole, json_t *failures);
