/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/json_schema.h"

#include "common/json_build.h"

static json_t *object_of(const struct schema *schema);

static json_t *type(const char *name)
{
	return json_must(json_pack("{s:s}", "type", name));
}

/* An empty value counts as an empty map where a map is wanted. */
static json_t *map_of(json_t *values)
{
	return json_must(json_pack("{s:[s, s], s:o}", "type", "object", "null",
				   "additionalProperties", json_must(values)));
}

static json_t *integer(const struct schema_field *field)
{
	json_t *ret = type("integer");

	if (field->min || field->max) {
		json_put(ret, "minimum", json_integer(field->min));
		json_put(ret, "maximum", json_integer(field->max));
	}
	return ret;
}

static json_t *value_of(const struct schema_field *field)
{
	switch (field->type) {
	case SCHEMA_STRING: /* a plain number is one, too */
		return json_must(json_pack("{s:[s, s]}", "type", "string", "number"));
	case SCHEMA_TEXT:
		return type("string");
	case SCHEMA_BOOL:
		return type("boolean");
	case SCHEMA_INT:
		return integer(field);
	case SCHEMA_STRINGS:
		return json_must(json_pack("{s:s, s:{s:[s, s]}}", "type", "array", "items", "type",
					   "string", "number"));
	case SCHEMA_TEXT_MAP:
		return map_of(type("string"));
	case SCHEMA_OBJECT:
		return object_of(field->object);
	case SCHEMA_LIST:
		return json_must(json_pack("{s:s, s:o}", "type", "array", "items",
					   object_of(field->object)));
	case SCHEMA_MAP:
		return map_of(object_of(field->object));
	case SCHEMA_CUSTOM:
		return json_must(json_loads(field->json ? field->json : "{}", 0, NULL));
	case SCHEMA_REFUSED:
		break;
	}
	return json_must(json_pack("{s:{}}", "not"));
}

static json_t *object_of(const struct schema *schema)
{
	json_t *properties = json_must(json_object()), *required = json_must(json_array()), *ret;

	for (const struct schema_field *f = schema->fields; f->key; f++) {
		json_t *value = value_of(f);

		if (f->doc)
			json_put(value, "description", json_string(f->doc));
		json_put(properties, f->key, value);
		if (f->required)
			json_push(required, json_string(f->key));
	}
	ret = json_must(json_pack("{s:[s, s], s:o, s:b}", "type", "object", "null", "properties",
				  properties, "additionalProperties", 0));
	if (json_array_size(required) > 0) {
		/* what needs a key cannot be empty */
		json_put(ret, "type", json_string("object"));
		json_put(ret, "required", required);
	} else {
		json_decref(required);
	}
	return ret;
}

json_t *json_schema(const struct schema *schema, const char *title)
{
	json_t *ret = object_of(schema);

	json_put(ret, "$schema", json_string("https://json-schema.org/draft/2020-12/schema"));
	json_put(ret, "title", json_string(title));
	return ret;
}
