/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/json_build.h"

#include "common/text.h"

#include <stdlib.h>

json_t *json_must(json_t *json)
{
	if (!json)
		abort();
	return json;
}

void json_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, json_must(value)) < 0)
		abort();
}

void json_push(json_t *array, json_t *value)
{
	if (json_array_append_new(array, json_must(value)) < 0)
		abort();
}

json_t *json_text(const char *text)
{
	json_t *json = json_string(text);
	_cleanup_free_ char *shown = NULL;
	size_t size = strlen(text) + 1; /* it never grows */

	if (json)
		return json;
	shown = xmalloc(size);
	return json_must(json_string(text_printable(shown, size, text)));
}
