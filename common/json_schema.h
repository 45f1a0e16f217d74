/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON Schema (draft 2020-12) of what a table decodes, for editors that complete and check YAML.
 * It follows from the tables, so it cannot say anything else than they do; what only code can tell
 * (references, ports of others) it takes. Pure.
 */
#pragma once

#include "common/schema.h"

#include <jansson.h>

/* New reference. title: "Pod file". A key that is refused stands there as one that fits nothing. */
json_t *json_schema(const struct schema *schema, const char *title);
