/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a configuration means, in words. */
#pragma once

#include "common/accounts.h"
#include "common/settings.h"

#include <stdio.h>

/* For `netguard check`: what will be in force, for all and for each pod. */
void report_settings(const struct settings *s, const struct people *people, FILE *out);
