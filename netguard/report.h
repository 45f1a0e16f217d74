/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a configuration means, in words. */
#pragma once

#include "common/accounts.h"
#include "common/settings.h"

#include <jansson.h>
#include <stdio.h>

/* For `netguard check`: what will be in force, for all and for each pod. */
void report_settings(const struct settings *s, const struct people *people, FILE *out);

/* The same as JSON: {"every_pod": {...}, "pods": {NAME: {...}}}; and what is wrong, as a list. */
json_t *report_json(const struct settings *s, const struct people *people);
json_t *report_problems(const struct problems *problems);
