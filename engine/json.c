/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine's JSON, strictly: no duplicate keys, valid UTF-8, bounded depth (jansson's 2048),
 * nothing behind the value, no NUL in any string, numbers that fit.
 *
 * But the engine passes on what others wrote: whoever makes an image can put NULs into labels, and
 * a device's rate (--device-read-iops) may have 64 bits without a sign. Refusing the reply would
 * let one container blind us to all others. So before parsing an escaped NUL becomes U+FFFD, which
 * names nothing that we look for, and a number that is too big the biggest that there is.
 */
#include "engine/json.h"

#include <errno.h>

static const char biggest[] = "9223372036854775807";

#define BIGGEST_DIGITS (sizeof(biggest) - 1)

static bool too_big(const char *digits, size_t n)
{
	return n > BIGGEST_DIGITS ||
	       (n == BIGGEST_DIGITS && memcmp(digits, biggest, BIGGEST_DIGITS) > 0);
}

static size_t count_digits(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && p[n] >= '0' && p[n] <= '9')
		n++;
	return n;
}

/* Puts `with`, and then blanks, in place of n bytes of the copy, which is made where there is none.
 */
static void replace(char **copy, const char *text, size_t size, size_t at, size_t n,
		    const char *with)
{
	if (!*copy)
		*copy = xmemdup(text, size);
	memset(*copy + at, ' ', n);
	memcpy(*copy + at, with, strlen(with));
}

/*
 * A copy of text with what is said above replaced, or NULL where there is nothing of it. Outside of
 * strings a backslash is an error, so it does not matter that it is looked at there, too.
 * *had_nul: in strings, of which some may be the same now.
 */
static char *make_harmless(const char *text, size_t size, bool *had_nul)
{
	const char *end = text + size, *p = text;
	bool in_string = false;
	char *copy = NULL;

	while (p < end) {
		size_t n = in_string ? 0 : count_digits(p, end);

		if (too_big(p, n))
			replace(&copy, text, size, (size_t)(p - text), n, biggest);
		if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0) {
			replace(&copy, text, size, (size_t)(p - text), 6, "\\ufffd");
			*had_nul = true;
		}
		in_string ^= *p == '"';
		if (*p == '\\')
			n = 2; /* also the escaped backslash, or quote */
		p += n > 0 ? n : 1;
	}
	return copy;
}

int engine_json_parse(const char *text, size_t size, json_t **ret, struct err *err)
{
	bool had_nul = false;
	_cleanup_free_ char *copy = make_harmless(text, size, &had_nul);
	char printable[JSON_ERROR_TEXT_LENGTH];
	json_error_t error;
	json_t *json;

	/* keys that differed only in what was replaced may have become the same */
	json = json_loadb(copy ? copy : text, size,
			  JSON_DECODE_ANY | (had_nul ? 0 : JSON_REJECT_DUPLICATES), &error);
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
