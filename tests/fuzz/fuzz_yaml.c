/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as YAML: a tree within its limits, or at least one problem that fits on a line. */
#include "common/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_problems(const struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		for (const char *c = p->items[i].text; *c; c++) {
			if ((unsigned char)*c < 0x20 || *c == 0x7f)
				abort();
		}
		if (p->items[i].mark.line > YAML_INPUT_MAX + 1)
			abort();
	}
}

static void check_tree(const struct yaml_node *node, unsigned depth)
{
	bool b;
	int64_t n;
	double d;

	/* scalars may lie one deeper than the deepest list */
	if (depth > YAML_DEPTH_MAX + 1 || node->mark.line == 0 || node->mark.column == 0)
		abort();
	if ((node->kind == YAML_NODE_SCALAR) != (node->text != NULL))
		abort();
	/* what has a meaning is typed, and nothing has two */
	if (yaml_is_null(node) + yaml_get_bool(node, &b) + yaml_get_int(node, &n) > 1)
		abort();
	if ((yaml_is_null(node) || yaml_get_bool(node, &b) || yaml_get_double(node, &d)) &&
	    !yaml_is_typed(node))
		abort();
	for (size_t i = 0; i < node->n; i++) {
		if (node->kind == YAML_NODE_MAP) {
			check_tree(node->keys[i], depth + 1);
			if (node->keys[i]->kind != YAML_NODE_SCALAR)
				abort();
		}
		check_tree(node->values[i], depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(yaml_node_freep)
	struct yaml_node *root = NULL;
	_cleanup_(problems_done)
	struct problems p = {0};
	int r = yaml_parse((const char *)data, size, &p, &root);

	if ((r < 0) != (p.n_errors > 0))
		abort();
	check_problems(&p);
	if (root)
		check_tree(root, 1);
	return 0;
}
