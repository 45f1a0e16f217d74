/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A YAML document as a tree of nodes that know their line and column.
 *
 * Read from libyaml's event stream, strictly: one document, no anchors, aliases or tags, no
 * duplicate keys, keys are scalars, depth at most 32, input at most 1 MiB, valid UTF-8, no NUL.
 * Plain scalars keep their text; yaml_is_null and friends say what the YAML 1.2 core schema makes
 * of them (true/false, never yes/no; 022 and 22:53 and 2001-01-01 are strings or decimal).
 */
#pragma once

#include "common/base.h"
#include "common/problems.h"

#define YAML_INPUT_MAX (1024 * 1024)
#define YAML_DEPTH_MAX 32

enum yaml_kind { YAML_NODE_SCALAR, YAML_NODE_LIST, YAML_NODE_MAP };

struct yaml_node {
	enum yaml_kind kind;
	struct mark mark;
	/* scalar: text, NUL-terminated; plain: unquoted, so the core schema gives it a type */
	char *text;
	bool plain;
	/* list: values[0..n-1]; map: keys[i] (scalars) and values[i], in the order written */
	struct yaml_node **keys;
	struct yaml_node **values;
	size_t n;
};

/*
 * Reads text (size bytes). What is wrong goes to problems. Returns 0 and the root (NULL for an
 * empty document), or -EINVAL with at least one problem added. Then, too, *ret is the tree where it
 * could be made out (a key given twice, an anchor, a tag), otherwise NULL: not to be acted on, but
 * a decoder finds the errors that come after in it.
 */
int yaml_parse(const char *text, size_t size, struct problems *problems, struct yaml_node **ret);

void yaml_node_free(struct yaml_node *node); /* NULL is fine */
DEFINE_CLEANUP(struct yaml_node, yaml_node_free);

/* The value of key in a map, or NULL. */
const struct yaml_node *yaml_map_get(const struct yaml_node *map, const char *key);

/* What a plain scalar means in the core schema; false for quoted scalars and other kinds. */
bool yaml_is_null(const struct yaml_node *node);		 /* "", ~, null, Null, NULL */
bool yaml_get_bool(const struct yaml_node *node, bool *ret);	 /* true/True/TRUE, false/... */
bool yaml_get_int(const struct yaml_node *node, int64_t *ret);	 /* [-+]?[0-9]+, 0o17, 0x1F */
bool yaml_get_double(const struct yaml_node *node, double *ret); /* also integers; finite */
/* true where the scalar, unquoted, would be a number, boolean or null: a string must be quoted */
bool yaml_is_typed(const struct yaml_node *node);
