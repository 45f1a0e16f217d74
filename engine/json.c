/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine's JSON, strictly: no duplicate keys, valid UTF-8, bounded depth (jansson's 2048),
 * integers that fit, nothing behind the value, no NUL in any string.
 *
 * NUL: the engine passes labels of images on as they are, so whoever makes an image can put NULs
 * into the list of all containers. Refusing the reply would let one image blind us to every
 * container, so an escaped NUL becomes U+FFFD before parsing: it names nothing that we look for.
 */
#include "engine/json.h"

#include <errno.h>

/*
 * A copy of text with each NUL escape replaced, or NULL where there is none. Outside of strings a
 * backslash is an error, so it does not matter where we are.
 */
static char *replace_nuls(const char *text, size_t size)
{
	static const char harmless[6] = {'\\', 'u', 'f', 'f', 'f', 'd'};
	const char *end = text + size, *p = text;
	char *copy = NULL;

	/* nothing may be NULL, which memchr does not take */
	while (p < end && (p = memchr(p, '\\', (size_t)(end - p)))) {
		if (end - p < 2)
			break;
		if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0) {
			if (!copy)
				copy = xmemdup(text, size);
			memcpy(copy + (p - text), harmless, sizeof(harmless));
		}
		p += 2; /* also the escaped backslash */
	}
	return copy;
}

int engine_json_parse(const char *text, size_t size, json_t **ret, struct err *err)
{
	_cleanup_free_ char *copy = replace_nuls(text, size);
	char printable[JSON_ERROR_TEXT_LENGTH];
	json_error_t error;
	json_t *json;

	/* keys that differed only in what was replaced may have become the same */
	json = json_loadb(copy ? copy : text, size,
			  JSON_DECODE_ANY | (copy ? 0 : JSON_REJECT_DUPLICATES), &error);
	if (!json)
		return err_set(err, EPROTO, "bad JSON from the engine at byte %d: %s",
			       error.position,
			       text_printable(printable, sizeof(printable), error.text));
	*ret = json;
	return 0;
}

static int wrong(const char *where, const char *key, const char *wanted, struct err *err)
{
	char path[128], printable[128];

	text_printable(path, sizeof(path), where);
	text_printable(printable, sizeof(printable), key);
	return err_set(err, EPROTO, "reply of the engine: %s%s%s: %s expected", path,
		       path[0] ? "." : "", printable, wanted);
}

/* NULL where the key is absent or null. */
static json_t *field(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return json_is_null(value) ? NULL : value;
}

int json_need_object(json_t *json, const char *what, struct err *err)
{
	if (!json_is_object(json))
		return wrong("", what, "an object", err);
	return 0;
}

int json_get_object(json_t *object, const char *where, const char *key, json_t **ret,
		    struct err *err)
{
	json_t *value = field(object, key);

	if (value && !json_is_object(value))
		return wrong(where, key, "an object", err);
	*ret = value;
	return 0;
}

int json_get_array(json_t *object, const char *where, const char *key, json_t **ret,
		   struct err *err)
{
	json_t *value = field(object, key);

	if (value && !json_is_array(value))
		return wrong(where, key, "an array", err);
	*ret = value;
	return 0;
}

int json_get_string(json_t *object, const char *where, const char *key, char **ret, struct err *err)
{
	json_t *value = field(object, key);

	if (value && !json_is_string(value))
		return wrong(where, key, "a string", err);
	*ret = xstrdup(value ? json_string_value(value) : "");
	return 0;
}

int json_get_int(json_t *object, const char *where, const char *key, int64_t min, int64_t max,
		 int64_t *ret, struct err *err)
{
	json_t *value = field(object, key);

	if (value && (!json_is_integer(value) || json_integer_value(value) < min ||
		      json_integer_value(value) > max))
		return wrong(where, key, "an integer in its range", err);
	*ret = value ? json_integer_value(value) : 0;
	return 0;
}

int json_get_bool(json_t *object, const char *where, const char *key, bool *ret, struct err *err)
{
	json_t *value = field(object, key);

	if (value && !json_is_boolean(value))
		return wrong(where, key, "true or false", err);
	*ret = json_is_true(value);
	return 0;
}

int json_get_strings(json_t *object, const char *where, const char *key, json_t **ret,
		     struct err *err)
{
	json_t *map = NULL, *value;
	const char *name;
	int r;

	r = json_get_object(object, where, key, &map, err);
	if (r < 0)
		return r;
	if (!map) {
		*ret = json_object();
		if (!*ret)
			abort();
		return 0;
	}
	json_object_foreach (map, name, value) {
		if (!json_is_string(value))
			return wrong(key, name, "a string", err);
	}
	*ret = json_incref(map);
	return 0;
}

bool engine_id_valid(const char *id)
{
	size_t n = id ? strlen(id) : 0;

	return n > 0 && n <= 255 && id[0] != '.' &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == n;
}

int json_get_id(json_t *object, const char *where, const char *key, char **ret, struct err *err)
{
	json_t *value = field(object, key);

	if (!json_is_string(value) || !engine_id_valid(json_string_value(value)))
		return wrong(where, key, "an id", err);
	*ret = xstrdup(json_string_value(value));
	return 0;
}
