/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which key was meant. Pure. */
#include "common/nearest.h"
#include "common/schema.h"

const char *schema_nearest(const struct schema *schema, const char *key)
{
	struct nearest n;

	nearest_begin(&n, key);
	for (const struct schema_field *f = schema->fields; f->key; f++) {
		/* nobody is sent to a key that is refused */
		if (f->type != SCHEMA_REFUSED)
			nearest_offer(&n, f->key);
	}
	return n.found;
}
