/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole reply of the engine: strict JSON, then every decoder on it and, for a list, on each of
 * its entries. What is taken must hold what engine.h says of it.
 */
#include "engine/engine.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_container(struct engine_container *c)
{
	assert(c->id && c->id[0] && !strpbrk(c->id, "/ \n?#%"));
	assert(c->name && c->image && c->image_id && c->labels && c->state[0]);
	assert(c->status && c->health && c->network_mode);
	assert(c->pid >= 0 && (c->running || c->pid == 0));
	for (size_t i = 0; i < c->n_endpoints; i++) {
		const struct engine_endpoint *ep = &c->endpoints[i];

		assert(ep->network && ep->network_id && ep->ip4 && ep->ip6 && ep->mac);
	}
	for (size_t i = 0; i < c->n_ports; i++)
		assert(c->ports[i].host_ip && c->ports[i].proto);
	engine_container_done(c);
}

static void decode(json_t *json)
{
	struct engine_container c;
	struct engine_network n;
	struct err err = {0};

	if (engine_container_from_inspect(json, &c, &err) == 0)
		check_container(&c);
	else
		assert(err.code > 0 && err.text[0]);
	if (engine_container_from_list(json, &c, &err) == 0)
		check_container(&c);
	if (engine_network_from_json(json, &n, &err) == 0) {
		assert(n.id[0] && n.name && n.driver && n.scope);
		assert(!n.bridge || (strlen(n.bridge) < 16 && !strpbrk(n.bridge, "/ \n")));
		engine_network_done(&n);
	}
	if (engine_network_from_libpod(json, &n, &err) == 0) {
		assert(n.id[0] && n.name && n.driver);
		assert(!n.bridge || (n.bridge[0] && strlen(n.bridge) < 16));
		engine_network_done(&n);
	}
	engine_version_is_podman(json);
}

static int take_item(void *userdata, json_t *item, struct err *err _unused_)
{
	json_array_append(userdata, item);
	return 0;
}

/* A list in pieces is what the parser makes of the whole, but for NULs in keys. */
static void check_items(const uint8_t *data, size_t size, const json_t *whole)
{
	size_t piece = size > 0 ? data[0] % 64 + 1 : 1;
	json_auto_t *list = json_array();
	struct engine_items s = {0};
	struct err err = {0};
	int r = 0;

	for (size_t at = 0; r == 0 && at < size; at += piece)
		r = engine_items_feed(&s, (const char *)data + at,
				      size - at < piece ? size - at : piece, take_item, list, &err);
	if (r == 0 && engine_items_whole(&s))
		assert(whole ? json_equal(list, whole) : size > 2048); /* the depth is bounded */
	engine_items_done(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct engine *engine;
	json_auto_t *json = NULL;
	struct err err = {0};
	json_t *entry;
	size_t i;

	if (!engine && engine_new(NULL, &engine, &err) < 0)
		abort();
	if (engine_json_parse((const char *)data, size, &json, &err) < 0) {
		assert(err.code > 0 && !json);
		check_items(data, size, NULL);
		return 0;
	}
	check_items(data, size, json);
	decode(json);
	json_array_foreach (json, i, entry)
		decode(entry);
	if (engine_use_version(engine, json, &err) == 0)
		assert(startswith(engine_api_version(engine), "1."));
	return 0;
}
