/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `netguard status` shows, as JSON. Anybody may ask for it. */
#include "netguard/daemon_private.h"
#include "netguard/traffic.h"

#include <unistd.h>

#define COUNTERS_MAX 16

static json_t *text_or_null(const char *text)
{
	char printable[1024];

	return text ? json_string(text_printable(printable, sizeof(printable), text)) : json_null();
}

static json_t *strings(const struct strv *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->n; i++)
		json_array_append_new(list, text_or_null(v->items[i]));
	return list;
}

static void add_addresses(json_t *list, const struct member *m)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct member_address *a = &m->addresses[i];

		if (a->ip4.family)
			json_array_append_new(list, json_string(addr_format(&a->ip4, text)));
		if (a->ip6.family)
			json_array_append_new(list, json_string(addr_format(&a->ip6, text)));
	}
}

static json_t *ports_of(const struct member *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_ports && member_is_up(m); i++) {
		const struct member_port *p = &m->ports[i];
		char host[ADDR_TEXT_MAX] = "";

		if (p->port == 0)
			continue;
		if (p->host_ip.family)
			addr_format(&p->host_ip, host);
		json_array_append_new(list,
				      json_pack("{s:s, s:i, s:i, s:s}", "host_ip", host,
						"host_port", (int)p->host_port, "port",
						(int)p->port, "protocol", proto_name(p->proto)));
	}
	return list;
}

/* "not running", "guarded", "closed" (running, but not in force), "not guarded", "no network" */
static const char *guard_of(const struct daemon *d, const struct member *m,
			    const struct member *root)
{
	struct err err;
	int r;

	if (!m->running)
		return "not running";
	r = daemon_has_member(d, root, &err);
	if (r < 0)
		return "not guarded";
	if (r == 0)
		return "closed";
	return root->n_addresses ? "guarded" : "no network";
}

static json_t *container_of(const struct daemon *d, const struct member *m)
{
	const struct member *joined =
		m->joined_id ? model_find_joined(daemon_model(d), m->joined_id) : NULL;
	const struct member *root = joined ? joined : m;
	json_t *addresses = json_array();

	add_addresses(addresses, root);
	return json_pack("{s:s, s:o, s:b, s:b, s:s, s:o, s:o}", "id", m->id, "name",
			 text_or_null(m->name), "podctl", (int)m->ours, "running", (int)m->running,
			 "guard", guard_of(d, m, root), "addresses", addresses, "ports",
			 ports_of(m));
}

static json_t *pods_of(const struct daemon *d)
{
	const struct model *model = daemon_model(d);
	json_t *pods = json_object();

	for (size_t i = 0; i < model->n_members; i++) {
		const struct member *m = &model->members[i];
		json_t *pod;

		if (!m->pod)
			continue;
		pod = json_object_get(pods, m->pod);
		if (!pod) {
			pod = json_array();
			json_object_set_new(pods, m->pod, pod);
		}
		json_array_append_new(pod, container_of(d, m));
	}
	return pods;
}

/* Adds packets and bytes to object[key]. */
static void add_traffic(json_t *object, const char *key, uint64_t packets, uint64_t bytes)
{
	json_t *sum = json_object_get(object, key);

	if (!sum) {
		sum = json_pack("{s:i, s:i}", "packets", 0, "bytes", 0);
		json_object_set_new(object, key, sum);
	}
	packets += (uint64_t)json_integer_value(json_object_get(sum, "packets"));
	bytes += (uint64_t)json_integer_value(json_object_get(sum, "bytes"));
	json_integer_set(json_object_get(sum, "packets"), (json_int_t)packets);
	json_integer_set(json_object_get(sum, "bytes"), (json_int_t)bytes);
}

/* What the containers of each pod have sent since they were started, and received; both null where
 * the kernel does not tell. */
static json_t *traffic_of(const struct daemon *d, json_t **ret_received)
{
	_cleanup_(traffic_done)
	struct traffic t = {0};
	json_t *sent;
	struct err err;

	if (traffic_ask(links_requests(d->links), keeper_holds(d->keeper), &t, &err) < 0) {
		*ret_received = json_null();
		return json_null();
	}
	sent = json_object();
	*ret_received = json_object();
	for (size_t i = 0; i < t.n; i++) {
		const struct traffic_port *p = &t.items[i];

		/* the host's end of the pair has received it */
		add_traffic(sent, p->pod, p->stats.rx_packets, p->stats.rx_bytes);
		add_traffic(*ret_received, p->pod, p->stats.tx_packets, p->stats.tx_bytes);
	}
	return sent;
}

/* *ret_packets: by reason; the return value has bytes, too. */
static json_t *counters_of(const struct daemon *d, json_t **ret_packets)
{
	struct keeper_counter counters[COUNTERS_MAX];
	json_t *object = json_object();
	struct err err;
	int n = keeper_counters(d->keeper, counters, COUNTERS_MAX, &err);

	*ret_packets = json_object();
	for (int i = 0; i < n; i++) {
		add_traffic(object, counters[i].name, counters[i].packets, counters[i].bytes);
		json_object_set_new(*ret_packets, counters[i].name,
				    json_integer((json_int_t)counters[i].packets));
	}
	return object;
}

static json_t *generation_of(const struct daemon *d)
{
	uint32_t generation;
	struct err err;

	return keeper_generation(d->keeper, &generation, &err) < 0 ? json_null()
								   : json_integer(generation);
}

static json_t *warnings_of(const struct daemon *d)
{
	_cleanup_(strv_done)
	struct strv list = {0};
	const struct people *people = config_people(d->config);

	if (config_problem(d->config))
		strv_take(&list, xasprintf("%s; what is in force is not what it says",
					   config_problem(d->config)));
	if (config_names_problem(d->config))
		strv_add(&list, config_names_problem(d->config));
	for (size_t i = 0; i < people->missing.n; i++)
		strv_take(&list, xasprintf("%s does not exist", people->missing.items[i]));
	for (size_t i = 0; i < people->unknown.n; i++)
		strv_take(&list, xasprintf("%s is not known yet, and denied until the name service "
					   "answers",
					   people->unknown.items[i]));
	model_warnings(config_settings(d->config), daemon_model(d), &list);
	for (size_t i = 0; i < ARRAY_SIZE(d->relook_why); i++)
		if (d->relook_why[i])
			strv_add(&list, d->relook_why[i]);
	return strings(&list);
}

static json_t *table_of(const struct daemon *d)
{
	const struct elements *held = keeper_holds(d->keeper);

	return json_pack("{s:s, s:b, s:o, s:I, s:I, s:o}", "state",
			 d->table_error ? "behind" : "in force", "owned",
			 (int)keeper_owns(d->keeper), "error", text_or_null(d->table_error),
			 "elements", (json_int_t)(held ? elements_count(held) : 0), "put_back",
			 (json_int_t)d->n_healed, "generation", generation_of(d));
}

static json_t *engine_of(const struct daemon *d)
{
	static const char *const states[] = {
		[WATCH_DOWN] = "down", [WATCH_SYNCING] = "connecting", [WATCH_UP] = "up"};
	enum watch_state state = watch_get_state(d->watch);

	return json_pack("{s:s, s:s, s:o}", "state", states[state], "api",
			 watch_api_version(d->watch), "why",
			 state == WATCH_DOWN ? text_or_null(d->engine_why) : json_null());
}

json_t *daemon_status(struct daemon *d)
{
	json_t *packets, *counters = counters_of(d, &packets);
	json_t *received, *sent = traffic_of(d, &received);

	return json_pack(
		"{s:s, s:i, s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:o, s:o, s:o, s:{s:b, s:o}, s:o}",
		"version", VERSION, "pid", (int)getpid(), "table", table_of(d), "engine",
		engine_of(d), "configuration", "path", text_or_null(config_path(d->config)),
		"problem", text_or_null(config_problem(d->config)), "pods", pods_of(d), "sent",
		sent, "received", received, "denied", packets, "counters", counters, "log",
		"listening", (int)(d->denials != NULL), "reasons", denials_ring_counts(d->ring),
		"warnings", warnings_of(d));
}
