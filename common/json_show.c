/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/json_show.h"

#include <stdio.h>

void json_show(const json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
}
