/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An audit for people, as a table and the findings with their advice, and for programs. */
#pragma once

#include "podctl/audit.h"
#include "podctl/ui.h"

void audit_print(const struct audit_containers *all, const struct audit_findings *engine,
		 const struct ui *ui);
/* failures: a list of objects, those that could not be looked at. */
void audit_print_json(const struct audit_containers *all, const struct audit_findings *engine,
		      json_t *failures);
