/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libyaml's events to a tree of nodes. Pure.
 *
 * libyaml speaks YAML 1.1 in its composer only; its events carry the bare text, so what a plain
 * scalar means is decided here, by the 1.2 core schema. Anchors, aliases and tags are refused
 * where they are seen, so a small file can't become a large tree, and no text gets a meaning that
 * the reader of the file does not see. Recursion is as deep as the tree: YAML_DEPTH_MAX.
 */
#include "common/yaml.h"

#include <errno.h>
#include <yaml.h>

struct reader {
	yaml_parser_t parser;
	struct problems *problems;
	const char *text;
	size_t size;
	bool broken; /* the tree lacks something: not worth decoding */
};

static struct mark mark_of(const yaml_mark_t *m)
{
	return (struct mark){.line = (unsigned)m->line + 1, .column = (unsigned)m->column + 1};
}

/* Of a reader's error there is only the offset in bytes. */
static struct mark mark_at(const char *text, size_t offset)
{
	struct mark m = {1, 1};

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n')
			m = (struct mark){m.line + 1, 1};
		else if (((unsigned char)text[i] & 0xc0) != 0x80)
			m.column++;
	}
	return m;
}

/* What to do where no token may begin; libyaml counts characters. */
static const char *advice(const struct reader *r, size_t characters)
{
	size_t i = 0;

	for (; i < r->size && (characters > 0 || ((unsigned char)r->text[i] & 0xc0) == 0x80); i++) {
		if (((unsigned char)r->text[i] & 0xc0) != 0x80)
			characters--;
	}
	if (i < r->size && r->text[i] == '\t')
		return ": a tab, and YAML is indented with spaces";
	return ": put the value in quotes";
}

static int syntax_error(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *what = p->problem ? p->problem : "is no YAML that can be read";
	bool token = streq(what, "found character that cannot start any token");

	r->broken = true;
	if (p->error == YAML_READER_ERROR)
		problems_add(r->problems, mark_at(r->text, p->problem_offset), "", "%s", what);
	else if (token)
		problems_add(r->problems, mark_of(&p->problem_mark), "", "%s%s", what,
			     advice(r, p->problem_mark.index));
	else if (p->context)
		problems_add(r->problems, mark_of(&p->problem_mark), "", "%s (%s)", what,
			     p->context);
	else
		problems_add(r->problems, mark_of(&p->problem_mark), "", "%s", what);
	return -EINVAL;
}

static int next(struct reader *r, yaml_event_t *ev)
{
	return yaml_parser_parse(&r->parser, ev) ? 0 : syntax_error(r);
}

static void complain(struct reader *r, const yaml_event_t *ev, const char *what)
{
	problems_add(r->problems, mark_of(&ev->start_mark), "", "%s", what);
}

static struct yaml_node *node_new(enum yaml_kind kind, const yaml_event_t *ev)
{
	struct yaml_node *node = xcalloc(1, sizeof(*node));

	node->kind = kind;
	node->mark = mark_of(&ev->start_mark);
	return node;
}

void yaml_node_free(struct yaml_node *node)
{
	if (!node)
		return;
	for (size_t i = 0; i < node->n; i++) {
		if (node->keys)
			yaml_node_free(node->keys[i]);
		yaml_node_free(node->values[i]);
	}
	free(node->keys);
	free(node->values);
	free(node->text);
	free(node);
}

static struct yaml_node *read_scalar(struct reader *r, const yaml_event_t *ev)
{
	struct yaml_node *node = node_new(YAML_NODE_SCALAR, ev);
	const char *value = (const char *)ev->data.scalar.value;

	if (ev->data.scalar.tag)
		complain(r, ev, "tags are not supported");
	if (memchr(value, '\0', ev->data.scalar.length)) {
		complain(r, ev, "a NUL character can't be part of a value");
		r->broken = true;
	}
	node->text = xstrdup(value);
	node->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return node;
}

static const yaml_char_t *event_anchor(const yaml_event_t *ev)
{
	switch ((int)ev->type) {
	case YAML_SCALAR_EVENT:
		return ev->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return ev->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return ev->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

static int read_node(struct reader *r, const yaml_event_t *ev, unsigned depth,
		     struct yaml_node **ret);

static int read_list(struct reader *r, struct yaml_node *list, unsigned depth)
{
	for (;;) {
		struct yaml_node *value = NULL;
		yaml_event_t ev;
		int e = next(r, &ev);

		if (e < 0)
			return e;
		if (ev.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&ev);
			return 0;
		}
		e = read_node(r, &ev, depth + 1, &value);
		yaml_event_delete(&ev);
		if (e < 0)
			return e;
		ARRAY_PUSH(list->values, list->n) = value;
	}
}

struct key_place {
	const struct yaml_node *key;
	size_t at;
};

static int compare_keys(const void *a, const void *b)
{
	const struct key_place *x = a, *y = b;
	int c = strcmp(x->key->text, y->key->text);

	return c ? c : x->at < y->at ? -1 : x->at > y->at;
}

/* By sorting: a map may have some 100,000 keys. */
static void check_duplicates(struct reader *r, const struct yaml_node *map)
{
	_cleanup_free_ struct key_place *sorted = xcalloc(map->n, sizeof(*sorted));
	char quoted[PROBLEM_QUOTE_MAX];
	size_t first = 0;

	for (size_t i = 0; i < map->n; i++)
		sorted[i] = (struct key_place){map->keys[i], i};
	qsort(sorted, map->n, sizeof(*sorted), compare_keys);
	for (size_t i = 1; i < map->n; i++) {
		const struct yaml_node *key = sorted[i].key;

		if (!streq(key->text, sorted[first].key->text)) {
			first = i;
			continue;
		}
		problems_add(r->problems, key->mark, "",
			     "the key%s%s is given twice, first on line %u",
			     problems_may_show(key->text) ? " " : "",
			     problems_may_show(key->text) ? problems_quote(quoted, key->text) : "",
			     sorted[first].key->mark.line);
	}
}

/* A key, or NULL where it is none (complained about; what it is was read over). */
static int read_key(struct reader *r, const yaml_event_t *ev, unsigned depth,
		    struct yaml_node **ret)
{
	struct yaml_node *node = NULL;
	int e = read_node(r, ev, depth + 1, &node);

	if (e < 0)
		return e;
	if (node->kind != YAML_NODE_SCALAR) {
		complain(r, ev, "a key must be text, not a list or a map");
		r->broken = true;
	} else if (node->plain && streq(node->text, "<<")) {
		complain(r, ev, "merge keys are not supported");
	} else if (node->plain && !*node->text) {
		complain(r, ev, "a key is missing before the colon");
		r->broken = true;
	}
	if (node->kind != YAML_NODE_SCALAR) {
		yaml_node_free(node);
		node = NULL;
	}
	*ret = node;
	return 0;
}

static int read_map(struct reader *r, struct yaml_node *map, unsigned depth)
{
	for (;;) {
		_cleanup_(yaml_node_freep)
		struct yaml_node *key = NULL;
		struct yaml_node *value = NULL;
		yaml_event_t ev;
		size_t n;
		int e = next(r, &ev);

		if (e < 0)
			return e;
		if (ev.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&ev);
			check_duplicates(r, map);
			return 0;
		}
		e = read_key(r, &ev, depth, &key);
		yaml_event_delete(&ev);
		if (e < 0)
			return e;
		e = next(r, &ev);
		if (e < 0)
			return e;
		e = read_node(r, &ev, depth + 1, &value);
		yaml_event_delete(&ev);
		if (e < 0)
			return e;
		if (!key) {
			yaml_node_free(value);
			continue;
		}
		n = map->n;
		ARRAY_PUSH(map->keys, n) = take_ptr(key);
		ARRAY_PUSH(map->values, map->n) = value;
	}
}

/* *ret is also set on failure where a node was begun. */
static int read_node(struct reader *r, const yaml_event_t *ev, unsigned depth,
		     struct yaml_node **ret)
{
	_cleanup_(yaml_node_freep)
	struct yaml_node *node = NULL;
	int e = 0;

	if (event_anchor(ev))
		complain(r, ev, "anchors are not supported");
	if (ev->type == YAML_ALIAS_EVENT) {
		complain(r, ev, "aliases are not supported");
		r->broken = true;
		node = node_new(YAML_NODE_SCALAR, ev);
		node->text = xstrdup("");
	} else if (ev->type == YAML_SCALAR_EVENT) {
		node = read_scalar(r, ev);
	} else if (depth > YAML_DEPTH_MAX) {
		complain(r, ev, "lists and maps are nested more than 32 deep");
		r->broken = true;
		e = -EINVAL;
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		if (ev->data.sequence_start.tag)
			complain(r, ev, "tags are not supported");
		node = node_new(YAML_NODE_LIST, ev);
		e = read_list(r, node, depth);
	} else {
		if (ev->data.mapping_start.tag)
			complain(r, ev, "tags are not supported");
		node = node_new(YAML_NODE_MAP, ev);
		e = read_map(r, node, depth);
	}
	if (e < 0)
		return e;
	*ret = take_ptr(node);
	return 0;
}

/* What comes before, at and after the one document. */
static int read_stream(struct reader *r, struct yaml_node **ret)
{
	_cleanup_(yaml_node_freep)
	struct yaml_node *root = NULL;
	bool seen = false;

	for (;;) {
		yaml_event_t ev;
		int e = next(r, &ev);

		if (e < 0)
			return e;
		switch ((int)ev.type) {
		case YAML_STREAM_END_EVENT:
			yaml_event_delete(&ev);
			*ret = take_ptr(root);
			return 0;
		case YAML_DOCUMENT_START_EVENT:
			if (ev.data.document_start.tag_directives.start !=
			    ev.data.document_start.tag_directives.end)
				complain(r, &ev, "tags are not supported");
			if (seen) {
				complain(r, &ev, "a second document begins: there may be only one");
				e = -EINVAL;
			}
			seen = true;
			break;
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		default:
			e = read_node(r, &ev, 1, &root);
		}
		yaml_event_delete(&ev);
		if (e < 0)
			return e;
	}
}

int yaml_parse(const char *text, size_t size, struct problems *problems, struct yaml_node **ret)
{
	struct reader r = {.problems = problems, .text = text, .size = size};
	_cleanup_(yaml_node_freep)
	struct yaml_node *root = NULL;
	size_t before = problems->n_errors;
	int e;

	*ret = NULL;
	if (size > YAML_INPUT_MAX) {
		problems_add(problems, (struct mark){0}, "", "is larger than 1 MiB");
		return -EINVAL;
	}
	if (!yaml_parser_initialize(&r.parser))
		abort(); /* out of memory */
	/* else a byte order mark of UTF-16 would switch to it */
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, size);
	e = read_stream(&r, &root);
	yaml_parser_delete(&r.parser);
	/* "---" alone is as empty as nothing */
	if (root && root->kind == YAML_NODE_SCALAR && root->plain && !*root->text) {
		yaml_node_free(root);
		root = NULL;
	}
	if (e == 0 && !r.broken)
		*ret = take_ptr(root);
	return problems->n_errors > before ? -EINVAL : 0;
}
