/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a key stands in the configuration's text; or where it would be written. Pure. */
#include "netguard/explain_private.h"

#include <stdio.h>

static size_t find_key(const struct yaml_node *map, const char *key)
{
	size_t i = 0;

	if (map->kind != YAML_NODE_MAP)
		return SIZE_MAX;
	while (i < map->n && !streq(map->keys[i]->text, key))
		i++;
	return i < map->n ? i : SIZE_MAX;
}

/* The text of an item of a list, or of a key of a map. */
static const struct yaml_node *item_node(const struct yaml_node *list, size_t i)
{
	if (list->kind == YAML_NODE_MAP)
		return list->keys[i];
	return list->kind == YAML_NODE_LIST ? list->values[i] : NULL;
}

static bool is_item(const struct yaml_node *node, size_t i, const struct explain_key *key)
{
	struct ports ports;

	switch (key->item) {
	case ITEM_INDEX:
		return i == key->index;
	case ITEM_PORT:
		return node->kind == YAML_NODE_SCALAR && ports_parse(node->text, &ports) &&
		       ports_contain(&ports, key->proto, key->port);
	case ITEM_TEXT:
	case ITEM_KEY:
		return node->kind == YAML_NODE_SCALAR && streq(node->text, key->text);
	default:
		return false;
	}
}

bool explain_place(const struct explain_run *run, const struct explain_key *key,
		   struct explain_case *c)
{
	const struct yaml_node *node = run->config;
	_cleanup_free_ char *text = NULL;
	size_t size, depth = 0, i;
	bool there = node != NULL;
	FILE *out = xopen_memstream(&text, &size);

	c->mark = (struct mark){0};
	for (; depth < ARRAY_SIZE(key->path) && key->path[depth]; depth++) {
		fprintf(out, "%s%s", depth ? "." : "", key->path[depth]);
		i = there ? find_key(node, key->path[depth]) : SIZE_MAX;
		there = i != SIZE_MAX;
		if (there) {
			c->mark = node->keys[i]->mark;
			node = node->values[i];
		}
	}
	for (i = 0; there && key->item != ITEM_NONE && i < node->n; i++) {
		const struct yaml_node *item = item_node(node, i);

		if (!item || !is_item(item, i, key))
			continue;
		c->mark = item->mark;
		if (node->kind == YAML_NODE_MAP && item->kind == YAML_NODE_SCALAR)
			fprintf(out, ".%s", item->text);
		break;
	}
	xclose_memstream(out, &text);
	free(c->key);
	c->key = take_ptr(text);
	return there;
}
