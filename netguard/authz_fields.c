/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/authz_fields.h"

#include "common/json_build.h"

#include <assert.h>
#include <errno.h>
#include <strings.h>

void authz_facts_done(struct authz_facts *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->items[i].name);
		free(f->items[i].why);
		json_decref(f->items[i].json);
	}
	free(f->items);
	*f = (struct authz_facts){0};
}

json_t *authz_ids_beginning(json_t *list, const char *beginning)
{
	json_t *ret, *item;
	size_t i;

	if (!json_is_array(list))
		return json_incref(list);
	ret = json_must(json_array());
	json_array_foreach (list, i, item) {
		const char *id = json_string_value(json_object_get(item, "Id"));

		if (!id || startswith(id, beginning))
			json_push(ret, json_pack("{s:s*}", "Id", id));
	}
	return ret;
}

int authz_deny(const struct authz_context *ctx, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return err_set(ctx->err, EPERM, "%s", text);
}

int authz_fact_get(const struct authz_context *ctx, enum authz_fact_kind kind, const char *name,
		   const struct authz_fact **ret)
{
	for (size_t i = 0; i < ctx->facts->n; i++) {
		const struct authz_fact *f = &ctx->facts->items[i];

		if (f->kind != kind || !streq(f->name, name))
			continue;
		if (f->result < 0 && f->result != -ENOENT)
			return authz_deny(ctx, "%s", f->why);
		*ret = f;
		return 0;
	}
	if (ctx->facts->n >= AUTHZ_FACTS_MAX)
		return authz_deny(ctx, "names too many mounts or networks");
	*ctx->need = (struct authz_need){kind, xstrdup(name)};
	return AUTHZ_NEED;
}

bool authz_is_empty(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_NULL:
	case JSON_FALSE:
		return true;
	case JSON_INTEGER:
		return json_integer_value(value) == 0;
	case JSON_STRING:
		return json_string_length(value) == 0;
	case JSON_ARRAY:
		return json_array_size(value) == 0;
	case JSON_OBJECT:
		return json_object_size(value) == 0;
	default: /* a true, a number with a point */
		return false;
	}
}

static bool all_strings(const json_t *value)
{
	size_t i;
	json_t *item;

	if (!json_is_array(value))
		return false;
	json_array_foreach (value, i, item) {
		if (!json_is_string(item))
			return false;
	}
	return true;
}

static bool is_text_map(json_t *value)
{
	const char *key;
	json_t *item;

	if (!json_is_object(value))
		return false;
	json_object_foreach (value, key, item) {
		if (!json_is_string(item))
			return false;
	}
	return true;
}

static bool int_fits(const struct authz_field *f, const json_t *value)
{
	if (!json_is_integer(value))
		return false;
	return f->max == 0 ||
	       (json_integer_value(value) >= f->min && json_integer_value(value) <= f->max);
}

static int check_value(const struct authz_context *ctx, json_t *value, const char *what,
		       const struct authz_field *f)
{
	bool fits = true;

	switch (f->kind) {
	case AUTHZ_BOOL:
		fits = json_is_boolean(value);
		break;
	case AUTHZ_INT:
		fits = int_fits(f, value);
		break;
	case AUTHZ_STRING:
		fits = json_is_string(value);
		break;
	case AUTHZ_STRINGS:
		fits = all_strings(value);
		break;
	case AUTHZ_WORDS:
		fits = json_is_string(value) || all_strings(value);
		break;
	case AUTHZ_TEXT_MAP:
		fits = is_text_map(value);
		break;
	case AUTHZ_ANY:
		break;
	case AUTHZ_CHECK:
		return f->check(ctx, value);
	default: /* AUTHZ_EMPTY */
		return authz_is_empty(value) ? 0
					     : authz_deny(ctx, "%s.%s: %s", what, f->key, f->why);
	}
	return fits ? 0 : authz_deny(ctx, "%s.%s: not a value that is allowed there", what, f->key);
}

static const struct authz_field *find(const struct authz_field *fields, const char *key)
{
	for (; fields->key; fields++) {
		if (strcasecmp(fields->key, key) == 0)
			return fields;
	}
	return NULL;
}

int authz_fields_check(const struct authz_context *ctx, json_t *object, const char *what,
		       const struct authz_field *fields)
{
	uint64_t seen[2] = {0};
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return authz_deny(ctx, "%s is no object", what);
	json_object_foreach (object, key, value) {
		const struct authz_field *f = find(fields, key);
		size_t i = f ? (size_t)(f - fields) : 0;
		int r;

		if (!f && ctx->existing && authz_is_empty(value))
			continue;
		if (!f)
			return authz_deny(ctx, "%s.%s: not a field that is known", what, key);
		/* the tables are ours: none has more fields than there are bits */
		assert(i < 128);
		if (seen[i / 64] & ((uint64_t)1 << (i % 64)))
			return authz_deny(ctx, "%s.%s: stands there twice", what, key);
		seen[i / 64] |= (uint64_t)1 << (i % 64);
		if (json_is_null(value) || (f->asked_only && ctx->existing))
			continue;
		r = check_value(ctx, value, what, f);
		if (r != 0)
			return r;
	}
	return 0;
}

json_t *authz_field_get(json_t *object, const char *key)
{
	const char *name;
	json_t *value;

	json_object_foreach (object, name, value) {
		if (strcasecmp(name, key) == 0)
			return json_is_null(value) ? NULL : value;
	}
	return NULL;
}

const char *authz_field_text(json_t *object, const char *key)
{
	return json_string_value(authz_field_get(object, key)) ?: "";
}
