/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network, from inspect or an entry of the list. Pure. */
#include "engine/json.h"

#include "common/settings.h"

#include <errno.h>

void engine_network_done(struct engine_network *n)
{
	free(n->id);
	free(n->name);
	free(n->driver);
	free(n->scope);
	free(n->bridge);
	for (size_t i = 0; i < n->n_members; i++) {
		free(n->members[i].id);
		free(n->members[i].name);
		free(n->members[i].ip4);
		free(n->members[i].ip6);
		free(n->members[i].mac);
	}
	free(n->members);
	strv_done(&n->subnets);
	*n = (struct engine_network){0};
}

/*
 * Whether the configuration and nft's text can speak of an interface of this name. The kernel takes
 * more (dev_valid_name: any byte but '/', ':', white space and NUL), which nft would not read again
 * ('"', a star at the end) or no log should carry (control characters, what is not ASCII). One
 * such name is no reason to lose what is said of all other networks: see engine.h.
 */
static void check_bridge(struct engine_network *n)
{
	if (!ifname_pattern_valid(n->bridge) || strchr(n->bridge, '*'))
		free(take_ptr(n->bridge));
}

static int decode_bridge(json_t *json, struct engine_network *n, struct err *err)
{
	json_t *options = NULL;
	int r;

	if (!streq(n->driver, "bridge"))
		return 0;
	r = json_get_object(json, "", "Options", &options, err);
	if (r < 0)
		return r;
	r = json_get_string(options, "Options", "com.docker.network.bridge.name", &n->bridge, err);
	if (r < 0)
		return r;
	if (!n->bridge[0]) {
		free(n->bridge);
		n->bridge = xasprintf("br-%.12s", n->id);
	}
	check_bridge(n);
	return 0;
}

static int decode_subnets(json_t *json, struct engine_network *n, struct err *err)
{
	json_t *ipam = NULL, *config = NULL, *entry;
	size_t i;
	int r;

	r = json_get_object(json, "", "IPAM", &ipam, err);
	if (r < 0)
		return r;
	r = json_get_array(ipam, "IPAM", "Config", &config, err);
	if (r < 0)
		return r;
	json_array_foreach (config, i, entry) {
		char *subnet;

		r = json_need_object(entry, "IPAM.Config", err);
		if (r < 0)
			return r;
		r = json_get_string(entry, "IPAM.Config", "Subnet", &subnet, err);
		if (r < 0)
			return r;
		if (subnet[0])
			strv_take(&n->subnets, subnet);
		else
			free(subnet);
	}
	return 0;
}

static int add_member(const char *id, json_t *json, struct engine_network *n, struct err *err)
{
	static const char where[] = "Containers";
	struct engine_network_member *m;
	int r;

	r = json_need_object(json, where, err);
	if (r < 0)
		return r;
	if (!engine_id_valid(id))
		return err_set(err, EPROTO, "reply of the engine: Containers: no id");
	m = &ARRAY_PUSH(n->members, n->n_members);
	*m = (struct engine_network_member){.id = xstrdup(id)};
	r = json_get_string(json, where, "Name", &m->name, err);
	if (r < 0)
		return r;
	r = json_get_string(json, where, "IPv4Address", &m->ip4, err);
	if (r < 0)
		return r;
	r = json_get_string(json, where, "IPv6Address", &m->ip6, err);
	if (r < 0)
		return r;
	return json_get_string(json, where, "MacAddress", &m->mac, err);
}

static int decode_members(json_t *json, struct engine_network *n, struct err *err)
{
	json_t *members = NULL, *member;
	const char *id;
	int r;

	r = json_get_object(json, "", "Containers", &members, err);
	if (r < 0)
		return r;
	json_object_foreach (members, id, member) {
		r = add_member(id, member, n, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int decode(json_t *json, struct engine_network *n, struct err *err)
{
	int r;

	r = json_need_object(json, "network", err);
	if (r < 0)
		return r;
	r = json_get_id(json, "", "Id", &n->id, err);
	if (r < 0)
		return r;
	r = json_get_string(json, "", "Name", &n->name, err);
	if (r < 0)
		return r;
	r = json_get_string(json, "", "Driver", &n->driver, err);
	if (r < 0)
		return r;
	r = json_get_string(json, "", "Scope", &n->scope, err);
	if (r < 0)
		return r;
	r = json_get_bool(json, "", "Internal", &n->internal, err);
	if (r < 0)
		return r;
	r = json_get_bool(json, "", "EnableIPv6", &n->ipv6, err);
	if (r < 0)
		return r;
	r = decode_bridge(json, n, err);
	if (r < 0)
		return r;
	r = decode_subnets(json, n, err);
	return r < 0 ? r : decode_members(json, n, err);
}

static int decode_libpod(json_t *json, struct engine_network *n, struct err *err)
{
	int r;

	r = json_need_object(json, "network", err);
	if (r < 0)
		return r;
	r = json_get_id(json, "", "id", &n->id, err);
	if (r < 0)
		return r;
	r = json_get_string(json, "", "name", &n->name, err);
	if (r < 0)
		return r;
	r = json_get_string(json, "", "driver", &n->driver, err);
	if (r < 0)
		return r;
	if (!streq(n->driver, "bridge"))
		return 0;
	r = json_get_string(json, "", "network_interface", &n->bridge, err);
	if (r < 0)
		return r;
	check_bridge(n);
	return 0;
}

typedef int decode_fn(json_t *json, struct engine_network *n, struct err *err);

static int take_network(decode_fn *decode_it, json_t *json, struct engine_network *ret,
			struct err *err)
{
	_cleanup_(engine_network_done)
	struct engine_network n = {0};
	int r;

	r = decode_it(json, &n, err);
	if (r < 0)
		return r;
	*ret = n;
	n = (struct engine_network){0};
	return 0;
}

int engine_network_from_json(json_t *json, struct engine_network *ret, struct err *err)
{
	return take_network(decode, json, ret, err);
}

int engine_network_from_libpod(json_t *json, struct engine_network *ret, struct err *err)
{
	return take_network(decode_libpod, json, ret, err);
}
