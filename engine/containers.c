/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A container, from inspect or from an entry of the list. Pure.
 *
 * Both give the same fields as far as they have them, so that callers need not know which it was.
 */
#include "engine/json.h"
#include "engine/ports.h"

#include <errno.h>
#include <limits.h>

void engine_container_done(struct engine_container *c)
{
	free(c->id);
	free(c->name);
	free(c->image);
	free(c->image_id);
	json_decref(c->labels);
	free(c->state);
	free(c->status);
	free(c->health);
	free(c->network_mode);
	for (size_t i = 0; i < c->n_endpoints; i++) {
		free(c->endpoints[i].network);
		free(c->endpoints[i].network_id);
		free(c->endpoints[i].ip4);
		free(c->endpoints[i].ip6);
		free(c->endpoints[i].mac);
	}
	free(c->endpoints);
	for (size_t i = 0; i < c->n_ports; i++)
		free(c->ports[i].host_ip);
	free(c->ports);
	*c = (struct engine_container){0};
}

const char *engine_container_label(const struct engine_container *c, const char *key)
{
	return json_string_value(json_object_get(c->labels, key));
}

static int add_endpoint(const char *name, json_t *json, struct engine_container *c, struct err *err)
{
	static const char where[] = "NetworkSettings.Networks";
	struct engine_endpoint *ep;
	int r;

	r = json_need_object(json, where, err);
	if (r < 0)
		return r;
	ep = &ARRAY_PUSH(c->endpoints, c->n_endpoints);
	*ep = (struct engine_endpoint){.network = xstrdup(name)};
	r = json_get_string(json, where, "NetworkID", &ep->network_id, err);
	if (r < 0)
		return r;
	r = json_get_string(json, where, "IPAddress", &ep->ip4, err);
	if (r < 0)
		return r;
	r = json_get_string(json, where, "GlobalIPv6Address", &ep->ip6, err);
	if (r < 0)
		return r;
	return json_get_string(json, where, "MacAddress", &ep->mac, err);
}

/*
 * HostConfig's mode and NetworkSettings, which both shapes have; the objects are returned too, for
 * what only one of them has.
 */
static int decode_networks(json_t *json, struct engine_container *c, json_t **ret_host_config,
			   json_t **ret_settings, struct err *err)
{
	json_t *host_config = NULL, *settings = NULL, *networks = NULL, *endpoint;
	const char *name;
	int r;

	r = json_get_object(json, "", "HostConfig", &host_config, err);
	if (r < 0)
		return r;
	r = json_get_string(host_config, "HostConfig", "NetworkMode", &c->network_mode, err);
	if (r < 0)
		return r;
	r = json_get_object(json, "", "NetworkSettings", &settings, err);
	if (r < 0)
		return r;
	r = json_get_object(settings, "NetworkSettings", "Networks", &networks, err);
	if (r < 0)
		return r;
	json_object_foreach (networks, name, endpoint) {
		if (json_is_null(endpoint))
			continue;
		r = add_endpoint(name, endpoint, c, err);
		if (r < 0)
			return r;
	}
	*ret_host_config = host_config;
	*ret_settings = settings;
	return 0;
}

/* "none" is the engine's word for a container without a health check. */
static void set_health(struct engine_container *c, char *health)
{
	free(c->health);
	c->health = health;
	if (streq(health, "none"))
		health[0] = '\0';
}

static int decode_state(json_t *json, struct engine_container *c, struct err *err)
{
	json_t *state = NULL, *health = NULL;
	int64_t pid = 0, exit_code = 0;
	char *health_status;
	bool running = false;
	int r;

	r = json_get_object(json, "", "State", &state, err);
	if (r < 0)
		return r;
	r = json_get_string(state, "State", "Status", &c->state, err);
	if (r < 0)
		return r;
	if (!c->state[0])
		return err_set(err, EPROTO, "reply of the engine: State.Status: missing");
	r = json_get_bool(state, "State", "Running", &running, err);
	if (r < 0)
		return r;
	r = json_get_int(state, "State", "Pid", 0, INT_MAX, &pid, err);
	if (r < 0)
		return r;
	r = json_get_int(state, "State", "ExitCode", INT_MIN, INT_MAX, &exit_code, err);
	if (r < 0)
		return r;
	r = json_get_object(state, "State", "Health", &health, err);
	if (r < 0)
		return r;
	r = json_get_string(health, "State.Health", "Status", &health_status, err);
	if (r < 0)
		return r;
	set_health(c, health_status);
	/* the engine says running also while it waits to restart it */
	c->running = running && !streq(c->state, "restarting");
	c->pid = c->running ? (pid_t)pid : 0;
	c->exit_code = (int)exit_code;
	return 0;
}

static int decode_config(json_t *json, struct engine_container *c, struct err *err)
{
	json_t *config = NULL;
	int r;

	r = json_get_object(json, "", "Config", &config, err);
	if (r < 0)
		return r;
	r = json_get_string(config, "Config", "Image", &c->image, err);
	if (r < 0)
		return r;
	return json_get_strings(config, "Config", "Labels", &c->labels, err);
}

/* Bindings in force where it runs, else those that were asked for. */
static int decode_inspected_ports(json_t *settings, json_t *host_config, struct engine_container *c,
				  struct err *err)
{
	json_t *map = NULL;
	int r;

	if (c->running)
		r = json_get_object(settings, "NetworkSettings", "Ports", &map, err);
	else
		r = json_get_object(host_config, "HostConfig", "PortBindings", &map, err);
	return r < 0 ? r : ports_from_map(map, c->running, c, err);
}

static void take_name(struct engine_container *c, const char *name)
{
	free(c->name);
	c->name = xstrdup(name[0] == '/' ? name + 1 : name);
}

static int decode_inspect(json_t *json, struct engine_container *c, struct err *err)
{
	json_t *settings = NULL, *host_config = NULL;
	_cleanup_free_ char *name = NULL;
	int r;

	r = json_need_object(json, "container", err);
	if (r < 0)
		return r;
	r = json_get_id(json, "", "Id", &c->id, err);
	if (r < 0)
		return r;
	r = json_get_string(json, "", "Name", &name, err);
	if (r < 0)
		return r;
	take_name(c, name);
	r = json_get_string(json, "", "Image", &c->image_id, err);
	if (r < 0)
		return r;
	r = decode_config(json, c, err);
	if (r < 0)
		return r;
	r = decode_state(json, c, err);
	if (r < 0)
		return r;
	r = decode_networks(json, c, &host_config, &settings, err);
	if (r < 0)
		return r;
	c->status = xstrdup("");
	return decode_inspected_ports(settings, host_config, c, err);
}

/* Names: "/web" and, from links of other containers, "/other/alias". */
static int decode_names(json_t *json, struct engine_container *c, struct err *err)
{
	json_t *names = NULL, *name;
	size_t i;
	int r;

	c->name = xstrdup("");
	r = json_get_array(json, "", "Names", &names, err);
	if (r < 0)
		return r;
	json_array_foreach (names, i, name) {
		const char *text = json_string_value(name);

		if (!text)
			return err_set(err, EPROTO, "reply of the engine: Names: no string");
		if (text[0] && !strchr(text + 1, '/'))
			take_name(c, text);
	}
	return 0;
}

/* Older engines tell health only in "Up 5 minutes (healthy)". */
static int decode_listed_health(json_t *json, struct engine_container *c, struct err *err)
{
	static const struct {
		const char *end, *health;
	} table[] = {
		{"(healthy)", "healthy"},
		{"(unhealthy)", "unhealthy"},
		{"(health: starting)", "starting"},
	};
	size_t n = strlen(c->status);
	json_t *health = NULL;
	char *text;
	int r;

	r = json_get_object(json, "", "Health", &health, err);
	if (r < 0)
		return r;
	r = json_get_string(health, "Health", "Status", &text, err);
	if (r < 0)
		return r;
	set_health(c, text);
	for (size_t i = 0; !c->health[0] && i < ARRAY_SIZE(table); i++) {
		size_t m = strlen(table[i].end);

		if (n >= m && streq(c->status + n - m, table[i].end))
			set_health(c, xstrdup(table[i].health));
	}
	return 0;
}

static int decode_list_texts(json_t *json, struct engine_container *c, struct err *err)
{
	int r;

	r = json_get_id(json, "", "Id", &c->id, err);
	if (r < 0)
		return r;
	r = decode_names(json, c, err);
	if (r < 0)
		return r;
	r = json_get_string(json, "", "Image", &c->image, err);
	if (r < 0)
		return r;
	r = json_get_string(json, "", "ImageID", &c->image_id, err);
	if (r < 0)
		return r;
	r = json_get_strings(json, "", "Labels", &c->labels, err);
	if (r < 0)
		return r;
	r = json_get_string(json, "", "State", &c->state, err);
	if (r < 0)
		return r;
	if (!c->state[0])
		return err_set(err, EPROTO, "reply of the engine: State: missing");
	return json_get_string(json, "", "Status", &c->status, err);
}

static int decode_list(json_t *json, struct engine_container *c, struct err *err)
{
	json_t *settings = NULL, *host_config = NULL, *ports = NULL;
	int r;

	r = json_need_object(json, "container", err);
	if (r < 0)
		return r;
	r = decode_list_texts(json, c, err);
	if (r < 0)
		return r;
	r = decode_listed_health(json, c, err);
	if (r < 0)
		return r;
	c->running = streq(c->state, "running") || streq(c->state, "paused");
	r = json_get_int(json, "", "Created", INT64_MIN, INT64_MAX, &c->created, err);
	if (r < 0)
		return r;
	r = decode_networks(json, c, &host_config, &settings, err);
	if (r < 0)
		return r;
	r = json_get_array(json, "", "Ports", &ports, err);
	return r < 0 ? r : ports_from_list(ports, c, err);
}

static int decode_to(int (*decode)(json_t *, struct engine_container *, struct err *), json_t *json,
		     struct engine_container *ret, struct err *err)
{
	_cleanup_(engine_container_done)
	struct engine_container c = {0};
	int r;

	r = decode(json, &c, err);
	if (r < 0)
		return r;
	*ret = c;
	c = (struct engine_container){0};
	return 0;
}

int engine_container_from_inspect(json_t *json, struct engine_container *ret, struct err *err)
{
	return decode_to(decode_inspect, json, ret, err);
}

int engine_container_from_list(json_t *json, struct engine_container *ret, struct err *err)
{
	return decode_to(decode_list, json, ret, err);
}

int engine_containers_each(json_t *list, engine_listed_fn *fn, void *userdata, struct err *err)
{
	json_t *entry;
	size_t i;

	if (!json_is_array(list))
		return err_set(err, EPROTO, "the engine's list of containers is no list");
	json_array_foreach (list, i, entry) {
		_cleanup_(engine_container_done)
		struct engine_container c = {0};
		int r = engine_container_from_list(entry, &c, err);

		if (r == 0)
			r = fn(userdata, &c, err);
		if (r < 0)
			return r;
	}
	return 0;
}
