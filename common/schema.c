/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A tree into structs, by tables. Pure. One bad value never hides another: each decoder reports
 * and goes on, and the sum of the results says whether the struct may be used.
 */
#include "common/schema.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

static void *at(void *base, size_t offset)
{
	return (char *)base + offset;
}

void schema_pairs_done(struct schema_pairs *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].key);
		free(p->items[i].value);
	}
	free(p->items);
	*p = (struct schema_pairs){0};
}

size_t schema_enter(struct schema_context *ctx, const char *component)
{
	size_t n = strlen(ctx->path);
	const char *dot = n > 0 && *component != '[' ? "." : "";

	if (!*component)
		return n;
	snprintf(ctx->path + n, sizeof(ctx->path) - n, "%s%s", dot,
		 problems_may_show(component) ? component : "(key)");
	return n;
}

void schema_leave(struct schema_context *ctx, size_t length)
{
	ctx->path[length] = '\0';
}

size_t schema_enter_index(struct schema_context *ctx, size_t i)
{
	char component[32];

	snprintf(component, sizeof(component), "[%zu]", i);
	return schema_enter(ctx, component);
}

int schema_error(struct schema_context *ctx, const struct yaml_node *node, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return schema_error_at(ctx, node ? node->mark : (struct mark){0}, "%s", text);
}

int schema_error_at(struct schema_context *ctx, struct mark mark, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	problems_add(ctx->problems, mark, ctx->path, "%s", text);
	return -EINVAL;
}

const char *schema_describe(const struct yaml_node *node)
{
	bool b;

	if (node->kind == YAML_NODE_LIST)
		return "a list";
	if (node->kind == YAML_NODE_MAP)
		return "a map";
	if (yaml_is_null(node))
		return *node->text ? "null" : "empty";
	if (yaml_get_bool(node, &b))
		return "true or false";
	return yaml_is_typed(node) ? "a number" : "a string";
}

const char *schema_get_string(struct schema_context *ctx, const struct yaml_node *node)
{
	if (node->kind == YAML_NODE_SCALAR && !yaml_is_null(node))
		return node->text;
	schema_error(ctx, node, "must be a string, but is %s", schema_describe(node));
	return NULL;
}

/* A string of which YAML could not make anything else. */
static const char *get_text(struct schema_context *ctx, const struct yaml_node *node)
{
	if (node->kind != YAML_NODE_SCALAR)
		return schema_get_string(ctx, node);
	if (!yaml_is_typed(node))
		return node->text;
	if (!*node->text)
		schema_error(ctx, node, "must be a string, but is empty: write \"\"");
	else if (problems_may_show(node->text))
		schema_error(ctx, node, "must be a string, but is %s: put it in quotes, \"%s\"",
			     schema_describe(node), node->text);
	else
		schema_error(ctx, node, "must be a string, but is %s: put it in quotes",
			     schema_describe(node));
	return NULL;
}

static int check_key(struct schema_context *ctx, const struct schema_field *field,
		     const struct yaml_node *key)
{
	const char *wrong = field->check_key ? field->check_key(key->text) : NULL;

	return wrong ? schema_error(ctx, key, "%s", wrong) : 0;
}

static int run_check(struct schema_context *ctx, const struct schema_field *field,
		     const struct yaml_node *node, const void *value)
{
	const char *wrong = field->check ? field->check(value) : NULL;

	return wrong ? schema_error(ctx, node, "%s", wrong) : 0;
}

static int decode_string(struct schema_context *ctx, const struct schema_field *field,
			 const struct yaml_node *node, char **target)
{
	const char *text =
		field->type == SCHEMA_TEXT ? get_text(ctx, node) : schema_get_string(ctx, node);

	if (!text)
		return -EINVAL;
	free(*target);
	*target = xstrdup(text);
	return run_check(ctx, field, node, text);
}

static int decode_bool(struct schema_context *ctx, const struct yaml_node *node, bool *target)
{
	if (yaml_get_bool(node, target))
		return 0;
	return schema_error(ctx, node, "must be true or false (without quotes)");
}

static int decode_int(struct schema_context *ctx, const struct schema_field *field,
		      const struct yaml_node *node, int64_t *target)
{
	bool bounded = field->min != 0 || field->max != 0;
	int64_t value = 0;

	if (!yaml_get_int(node, &value)) {
		if (bounded)
			return schema_error(ctx, node, "must be a whole number from %lld to %lld",
					    (long long)field->min, (long long)field->max);
		return schema_error(ctx, node, "must be a whole number");
	}
	if (bounded && (value < field->min || value > field->max))
		return schema_error(ctx, node, "must be from %lld to %lld", (long long)field->min,
				    (long long)field->max);
	*target = value;
	return run_check(ctx, field, node, &value);
}

static int want_list(struct schema_context *ctx, const struct yaml_node *node)
{
	if (node->kind == YAML_NODE_LIST)
		return 0;
	return schema_error(ctx, node, "must be a list, but is %s", schema_describe(node));
}

/* 1: node is an empty map, written or left out; 0: a map with something in it. */
static int want_map(struct schema_context *ctx, const struct yaml_node *node)
{
	if (node->kind == YAML_NODE_MAP)
		return node->n == 0;
	if (yaml_is_null(node))
		return 1;
	return schema_error(ctx, node, "must be a map (key: value), but is %s",
			    schema_describe(node));
}

static int decode_strings(struct schema_context *ctx, const struct schema_field *field,
			  const struct yaml_node *node, struct strv *target)
{
	int result = want_list(ctx, node);

	if (result < 0)
		return result;
	for (size_t i = 0; i < node->n; i++) {
		size_t length = schema_enter_index(ctx, i);
		const char *text = schema_get_string(ctx, node->values[i]);

		if (text)
			strv_add(target, text);
		if (!text || run_check(ctx, field, node->values[i], text) < 0)
			result = -EINVAL;
		schema_leave(ctx, length);
	}
	return result;
}

/* Names of variables and labels. What is no name is not shown either. */
static const char *name_fault(const char *name)
{
	if (!*name)
		return "a name may not be empty";
	for (const char *c = name; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return "a name may not have control characters in it";
		if (*c == '=')
			return "a name may not have '=' in it";
	}
	return NULL;
}

static int decode_text_map(struct schema_context *ctx, const struct schema_field *field,
			   const struct yaml_node *node, struct schema_pairs *target)
{
	int result = want_map(ctx, node);

	if (result != 0)
		return result < 0 ? result : 0;
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *key = node->keys[i];
		size_t length = schema_enter(ctx, key->text);
		const char *fault = name_fault(key->text);
		const char *text = get_text(ctx, node->values[i]);

		if (fault)
			result = schema_error(ctx, key, "%s", fault);
		else if (check_key(ctx, field, key) < 0)
			result = -EINVAL;
		if (text && run_check(ctx, field, node->values[i], text) < 0)
			result = -EINVAL;
		if (text)
			ARRAY_PUSH(target->items, target->n) = (struct schema_pair){
				.key = xstrdup(key->text),
				.value = xstrdup(text),
				.mark = key->mark,
			};
		else
			result = -EINVAL;
		schema_leave(ctx, length);
	}
	return result;
}

static int decode_list(struct schema_context *ctx, const struct schema *object,
		       const struct yaml_node *node, struct schema_array *target)
{
	int result = want_list(ctx, node);

	if (result < 0)
		return result;
	assert(!target->items);
	target->items = xcalloc(node->n, object->size);
	target->n = node->n;
	for (size_t i = 0; i < node->n; i++) {
		size_t length = schema_enter_index(ctx, i);

		if (schema_decode_object(ctx, object, node->values[i],
					 at(target->items, i * object->size)) < 0)
			result = -EINVAL;
		schema_leave(ctx, length);
	}
	return result;
}

static int decode_map(struct schema_context *ctx, const struct schema_field *field,
		      const struct yaml_node *node, struct schema_array *target)
{
	const struct schema *object = field->object;
	int result = want_map(ctx, node);

	if (result != 0)
		return result < 0 ? result : 0;
	assert(!target->items);
	target->items = xcalloc(node->n, object->size);
	target->n = node->n;
	for (size_t i = 0; i < node->n; i++) {
		struct schema_entry *entry = at(target->items, i * object->size);
		size_t length = schema_enter(ctx, node->keys[i]->text);

		entry->key = xstrdup(node->keys[i]->text);
		entry->mark = node->keys[i]->mark;
		if (check_key(ctx, field, node->keys[i]) < 0)
			result = -EINVAL;
		if (schema_decode_object(ctx, object, node->values[i], entry) < 0)
			result = -EINVAL;
		schema_leave(ctx, length);
	}
	return result;
}

static int decode_value(struct schema_context *ctx, const struct schema_field *field,
			const struct yaml_node *node, void *target)
{
	switch (field->type) {
	case SCHEMA_STRING:
	case SCHEMA_TEXT:
		return decode_string(ctx, field, node, target);
	case SCHEMA_BOOL:
		return decode_bool(ctx, node, target);
	case SCHEMA_INT:
		return decode_int(ctx, field, node, target);
	case SCHEMA_STRINGS:
		return decode_strings(ctx, field, node, target);
	case SCHEMA_TEXT_MAP:
		return decode_text_map(ctx, field, node, target);
	case SCHEMA_OBJECT:
		return schema_decode_object(ctx, field->object, node, target);
	case SCHEMA_LIST:
		return decode_list(ctx, field->object, node, target);
	case SCHEMA_MAP:
		return decode_map(ctx, field, node, target);
	case SCHEMA_CUSTOM:
		return field->decode(ctx, node, target, field);
	case SCHEMA_REFUSED:
		break;
	}
	return schema_error(ctx, node, "%s", field->doc);
}

int schema_decode_at(struct schema_context *ctx, const char *component,
		     const struct schema_field *field, const struct yaml_node *node, void *target)
{
	size_t length = schema_enter(ctx, component);
	int result = decode_value(ctx, field, node, target);

	schema_leave(ctx, length);
	return result;
}

static int unknown_key(struct schema_context *ctx, const struct schema *schema,
		       const struct yaml_node *key)
{
	const char *nearest = NULL;

	/* what nobody will read need not be looked for */
	if (ctx->problems->n_errors < PROBLEMS_MAX)
		nearest = schema_nearest(schema, key->text);
	if (nearest)
		return schema_error(ctx, key, "unknown key; did you mean '%s'?", nearest);
	return schema_error(ctx, key, "unknown key");
}

static int decode_entry(struct schema_context *ctx, const struct schema *schema,
			const struct yaml_node *key, const struct yaml_node *value, void *target,
			bool *given)
{
	const struct schema_field *field = schema->fields;
	size_t length = schema_enter(ctx, key->text);
	int result;

	while (field->key && !streq(field->key, key->text))
		field++;
	if (!field->key) {
		result = unknown_key(ctx, schema, key);
	} else if (field->type == SCHEMA_REFUSED) {
		result = schema_error(ctx, key, "%s", field->doc);
	} else if (given[field - schema->fields]) {
		/* yaml_parse has complained; a second time would leak what the first one made */
		result = -EINVAL;
	} else {
		given[field - schema->fields] = true;
		if (field->given_offset)
			*(bool *)at(target, field->given_offset) = true;
		if (field->mark_offset)
			*(struct mark *)at(target, field->mark_offset) = value->mark;
		result = decode_value(ctx, field, value, at(target, field->offset));
	}
	schema_leave(ctx, length);
	return result;
}

int schema_decode_object(struct schema_context *ctx, const struct schema *schema,
			 const struct yaml_node *node, void *target)
{
	_cleanup_free_ bool *given = NULL;
	size_t n_fields = 0;
	int result = want_map(ctx, node);

	if (result < 0)
		return result;
	result = 0;
	while (schema->fields[n_fields].key)
		n_fields++;
	given = xcalloc(n_fields, sizeof(*given));
	for (size_t i = 0; i < node->n; i++) {
		if (decode_entry(ctx, schema, node->keys[i], node->values[i], target, given) < 0)
			result = -EINVAL;
	}
	for (size_t i = 0; i < n_fields; i++) {
		size_t length;

		if (given[i] || !schema->fields[i].required)
			continue;
		length = schema_enter(ctx, schema->fields[i].key);
		result = schema_error(ctx, node, "is missing, and required");
		schema_leave(ctx, length);
	}
	return result;
}

int schema_decode(const struct schema *schema, const struct yaml_node *root,
		  struct problems *problems, void *ret)
{
	static const struct yaml_node empty = {.kind = YAML_NODE_MAP};
	struct schema_context ctx = {.problems = problems};
	int result = schema_decode_object(&ctx, schema, root ? root : &empty, ret);

	return result < 0 || problems->n_errors > 0 ? -EINVAL : 0;
}
