/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hash is over the body as canonical JSON, before anything goes in that is not from the file
 * and the configuration: the root container's id comes after it. So one file has one hash, and a
 * new root container is told from a new file.
 */
#include "podctl/create_private.h"

#include "podctl/ipc.h"
#include "podctl/plan.h"

#include <stdio.h>

#define HOST_MAX 16 /* "32768-60999" */

/* jansson fails only where memory is out or a string is no UTF-8; the YAML reader refuses that. */
static json_t *must(json_t *json)
{
	if (!json)
		abort();
	return json;
}

static void set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, must(value)) < 0)
		abort();
}

static void append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, must(value)) < 0)
		abort();
}

static json_t *words(const struct strv *v)
{
	json_t *array = must(json_array());

	for (size_t i = 0; i < v->n; i++)
		append(array, json_string(v->items[i]));
	return array;
}

/* What every container gets; nothing in a pod file takes any of it away. */
static json_t *host_config(void)
{
	json_t *host = must(json_object());

	set(host, "Privileged", json_false());
	return host;
}

/* The root container has no limits of its own, so it gets the ceilings. */
static void root_limits(json_t *host, const struct settings_policy *policy)
{
	if (policy->max_memory > 0) {
		set(host, "Memory", json_integer(policy->max_memory));
		set(host, "MemorySwap", json_integer(policy->max_memory));
	}
	if (policy->max_pids > 0)
		set(host, "PidsLimit", json_integer(policy->max_pids));
	if (policy->max_cpus > 0)
		set(host, "NanoCpus", json_integer((json_int_t)(policy->max_cpus * 1e9 + 0.5)));
}

static void set_positive(json_t *host, const char *key, int64_t value)
{
	if (value > 0)
		set(host, key, json_integer(value));
}

static void limits(json_t *host, const struct pod_limits *l)
{
	json_t *ulimits = must(json_array());

	set_positive(host, "Memory", l->memory);
	set_positive(host, "MemoryReservation", l->memory_reservation);
	set_positive(host, "PidsLimit", l->pids);
	set_positive(host, "NanoCpus", l->nano_cpus);
	set_positive(host, "CpuShares", l->cpu_shares);
	set_positive(host, "OomScoreAdj", l->oom_score_adj);
	if (l->memory_swap)
		set(host, "MemorySwap", json_integer(l->memory_swap)); /* -1 is no limit */
	for (size_t i = 0; i < ARRAY_SIZE(l->ulimits); i++) {
		enum pod_limit limit = (enum pod_limit)(POD_LIMIT_ULIMITS + i);

		if (l->given[limit])
			append(ulimits, json_pack("{s:s, s:I, s:I}", "Name",
						  pod_limit_key(limit) + strlen("ulimit-"), "Soft",
						  (json_int_t)l->ulimits[i].soft, "Hard",
						  (json_int_t)l->ulimits[i].hard));
	}
	if (json_array_size(ulimits) > 0)
		set(host, "Ulimits", ulimits);
	else
		json_decref(ulimits);
}

static void add_labels(json_t *object, const struct schema_pairs *pairs)
{
	for (size_t i = 0; i < pairs->n; i++)
		set(object, pairs->items[i].key, json_string(pairs->items[i].value));
}

static json_t *labels(const struct pod *pod, const struct pod_container *c, char *config)
{
	json_t *object = must(json_object());

	add_labels(object, c ? &c->labels : &pod->root_labels);
	/* last: ours win, also over labels that an image brings */
	set(object, POD_LABEL_POD, json_string(pod->name));
	set(object, POD_LABEL_CONTAINER, json_string(c ? c->entry.key : ""));
	set(object, POD_LABEL_CONFIG, json_string(config));
	free(config);
	return object;
}

static void add_hash(json_t *body, const struct values *values)
{
	_cleanup_free_ char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	char hex[VALUES_HASH_SIZE];

	if (!text)
		abort();
	values_hash(values, text, strlen(text), hex);
	set(json_object_get(body, "Labels"), POD_LABEL_HASH, json_sprintf("hmac:%s", hex));
}

const char *create_hash(json_t *body)
{
	return json_string_value(json_object_get(json_object_get(body, "Labels"), POD_LABEL_HASH));
}

const char *create_config(json_t *body)
{
	return json_string_value(
		json_object_get(json_object_get(body, "Labels"), POD_LABEL_CONFIG));
}

/*
 * HostPort of a port that the engine chooses: a range, from which it takes one at each start, also
 * at those of which we know nothing. So never one that the whitelist gives to another pod.
 */
static void ephemeral(const struct settings *settings, uint8_t proto, char buf[static HOST_MAX])
{
	struct ports p;

	if (pod_ephemeral_range(settings, proto, &p) > 0)
		snprintf(buf, HOST_MAX, "%u-%u", (unsigned)p.first, (unsigned)p.last);
	else
		*buf = '\0';
}

static void add_binding(json_t *bindings, const char *key, const char *ip, const char *host)
{
	json_t *list = json_object_get(bindings, key);

	if (!list) {
		set(bindings, key, json_array());
		list = json_object_get(bindings, key);
	}
	append(list, json_pack("{s:s, s:s}", "HostIp", ip, "HostPort", host));
}

static void add_ports(const struct settings *settings, const struct publish *p, json_t *exposed,
		      json_t *bindings)
{
	char ip[ADDR_TEXT_MAX] = "", key[16], host[HOST_MAX];

	if (p->ip.family != AF_UNSPEC)
		addr_format(&p->ip, ip);
	ephemeral(settings, p->proto, host);
	for (unsigned i = 0; i <= (unsigned)(p->last - p->first); i++) {
		snprintf(key, sizeof(key), "%u/%s", p->first + i, proto_name(p->proto));
		if (p->host_first)
			snprintf(host, sizeof(host), "%u", p->host_first + i);
		set(exposed, key, json_object());
		add_binding(bindings, key, ip, host);
	}
}

/* What publish_all would bind to any port is bound here to one of those that are free. */
static void add_exposed(const struct settings *settings, const struct pod *pod, json_t *exposed,
			json_t *bindings)
{
	char key[16], host[HOST_MAX];

	for (size_t i = 0; i < pod->n_expose; i++) {
		const struct pod_exposed *e = &pod->expose[i];

		ephemeral(settings, e->proto, host);
		for (unsigned port = e->first; port <= e->last; port++) {
			snprintf(key, sizeof(key), "%u/%s", port, proto_name(e->proto));
			set(exposed, key, json_object());
			if (pod->publish_all && *host && !json_object_get(bindings, key))
				add_binding(bindings, key, "", host);
		}
	}
}

/* The containers share the root's /dev/shm. */
static int64_t shm_size(const struct pod *pod)
{
	int64_t most = 0;

	for (size_t i = 0; i < pod_n_containers(pod); i++) {
		int64_t size = pod_container_at(pod, i)->limits.shm_size;

		most = size > most ? size : most;
	}
	return most;
}

/*
 * The root container is back with the engine, so that members with a restart policy find it. When
 * an engine that died starts again it stops what still runs, and takes that for a user's stop: then
 * only "always" brings back.
 */
const char *create_root_restart(const struct pod *pod)
{
	for (size_t i = 0; i < pod_n_containers(pod); i++)
		if (pod_container_at(pod, i)->restart.kind == POD_RESTART_ALWAYS)
			return "always";
	return CREATE_ROOT_RESTART;
}

json_t *create_root(const struct create *create, const struct create_network *network)
{
	const struct pod *pod = create->pod;
	const struct settings *settings = create->settings;
	json_t *body = must(json_object()), *host = host_config();
	json_t *exposed = must(json_object()), *bindings = must(json_object());
	char mac[CREATE_MAC_MAX];

	for (size_t i = 0; i < pod->n_publish; i++)
		add_ports(settings, &pod->publish[i].publish, exposed, bindings);
	add_exposed(settings, pod, exposed, bindings);
	set(body, "Image", json_string(create->pause_image));
	set(body, "Hostname", json_string(pod->hostname));
	set(body, "User", json_string("65534:65534"));
	set(body, "Labels", labels(pod, NULL, create_config_root(create)));
	set(body, "ExposedPorts", exposed);
	set(body, "MacAddress", json_string(create_mac(pod->name, settings->host_hostname, mac)));
	set(body, "HostConfig", host);
	set(host, "SecurityOpt", json_pack("[s]", "no-new-privileges"));
	root_limits(host, &settings->policy);
	if (create->ipc_page > 0)
		set(host, "Sysctls", ipc_limits(settings->policy.max_memory, create->ipc_page));
	set_positive(host, "ShmSize", shm_size(pod));
	set(host, "PortBindings", bindings);
	set(host, "PublishAllPorts", json_boolean(pod->publish_all));
	set(host, "NetworkMode", json_string(settings->network_name));
	set(host, "IpcMode", json_string("shareable"));
	set(host, "Init", json_true());
	set(host, "ReadonlyRootfs", json_true());
	/* it only waits, so it needs nothing */
	set(host, "CapDrop", json_pack("[s]", "ALL"));
	set(host, "RestartPolicy", json_pack("{s:s}", "Name", create_root_restart(pod)));
	add_hash(body, create->values);

	if (network)
		set(body, "NetworkingConfig",
		    create_networking(settings->network_name, network, mac));
	return body;
}

static json_t *mounts(const struct create *create, const struct pod_container *c)
{
	const struct pod *pod = create->pod;
	const struct settings *settings = create->settings;
	_cleanup_free_ char *secrets = values_secrets_path(create->values, pod, c);
	json_t *array = must(json_array());

	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct pod_mount *m = pod_mount_at(c, i);
		_cleanup_free_ char *pin = pod_pin_path(pod->name, m->source);

		append(array, json_pack("{s:s, s:s, s:s, s:b, s:{s:s}}", "Type", "bind", "Source",
					pin, "Target", m->target, "ReadOnly", (int)m->readonly,
					"BindOptions", "Propagation", "rprivate"));
	}
	if (secrets)
		append(array, json_pack("{s:s, s:s, s:s, s:b, s:{s:s}}", "Type", "bind", "Source",
					secrets, "Target", POD_SECRETS_TARGET, "ReadOnly", 1,
					"BindOptions", "Propagation", "rprivate"));
	if (settings->use_host_resolv_conf)
		append(array,
		       json_pack("{s:s, s:s, s:s, s:b}", "Type", "bind", "Source",
				 "/etc/resolv.conf", "Target", "/etc/resolv.conf", "ReadOnly", 1));
	return array;
}

static json_t *restart_policy(const struct pod_restart *r)
{
	static const char *const names[] = {
		[POD_RESTART_NO] = "no",
		[POD_RESTART_ON_FAILURE] = "on-failure",
		[POD_RESTART_ALWAYS] = "always",
		[POD_RESTART_UNLESS_STOPPED] = "unless-stopped",
	};

	return json_pack("{s:s, s:I}", "Name", names[r->kind], "MaximumRetryCount",
			 (json_int_t)r->retries);
}

static json_t *tmpfs(const struct pod_container *c)
{
	json_t *object = must(json_object());

	for (size_t i = 0; i < c->n_tmpfs; i++) {
		const struct pod_tmpfs *t = &c->tmpfs[i];

		/* the engine adds noexec, nosuid and nodev */
		set(object, t->target,
		    t->size ? json_sprintf("size=%lld", (long long)t->size) : json_string(""));
	}
	return object;
}

static json_t *environment(const struct create *create, const struct pod_container *c)
{
	json_t *env = must(json_array());

	for (size_t i = 0; i < c->environment.n; i++)
		append(env, json_sprintf("%s=%s", c->environment.items[i].key,
					 c->environment.items[i].value));
	for (size_t i = 0; i < c->environment_files.n; i++) {
		const char *name = c->environment_files.items[i].key;
		const struct values_item *v =
			values_find(create->values, c->entry.key, false, name);

		if (v)
			append(env, json_sprintf("%s=%s", name, v->data));
	}
	return env;
}

static json_t *dropped(const struct pod_container *c)
{
	static const char *const always[] = {"MKNOD", "NET_RAW"};
	json_t *list = must(json_array());

	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		if (!strv_has(&c->cap_add, always[i]))
			append(list, json_string(always[i]));
	}
	for (size_t i = 0; i < c->cap_drop.n; i++) {
		const char *name = c->cap_drop.items[i];

		if (!streq(name, always[0]) && !streq(name, always[1]))
			append(list, json_string(name));
	}
	return list;
}

json_t *create_image_health(const struct create *create, const struct pod_container *c)
{
	const struct plan_image *image =
		create->images ? plan_images_find(create->images, &c->ref) : NULL;

	return image ? image->health : NULL;
}

json_t *create_container(const struct create *create, const struct pod_container *c,
			 const char *root_id)
{
	json_t *body = must(json_object()), *host = host_config(),
	       *health = create_image_health(create, c);

	set(body, "Image", json_string(c->ref.text));
	set(body, "Env", environment(create, c));
	set(body, "Labels", labels(create->pod, c, create_config_container(create, c)));
	set(body, "HostConfig", host);
	if (c->command.n > 0)
		set(body, "Cmd", words(&c->command));
	if (c->entrypoint.n > 0)
		set(body, "Entrypoint", words(&c->entrypoint));
	if (c->user)
		set(body, "User", json_string(c->user));
	if (c->stop_signal)
		set(body, "StopSignal", json_string(c->stop_signal));
	set(body, "StopTimeout", json_integer(c->stop_timeout));
	if (health)
		set(body, "Healthcheck", json_incref(health));
	if (c->no_new_privileges)
		set(host, "SecurityOpt", json_pack("[s]", "no-new-privileges"));
	set(host, "ReadonlyRootfs", json_boolean(c->readonly));
	limits(host, &c->limits);
	set(host, "CapDrop", dropped(c));
	if (c->cap_add.n > 0)
		set(host, "CapAdd", words(&c->cap_add));
	set(host, "RestartPolicy", restart_policy(&c->restart));
	set(host, "Mounts", mounts(create, c));
	if (c->n_tmpfs > 0)
		set(host, "Tmpfs", tmpfs(c));
	add_hash(body, create->values);

	if (root_id) {
		_cleanup_free_ char *join = xasprintf("container:%s", root_id);

		set(host, "NetworkMode", json_string(join));
		set(host, "IpcMode", json_string(join));
		set(host, "PidMode", json_string(join));
		set(json_object_get(body, "Labels"), POD_LABEL_ROOT, json_string(root_id));
	}
	return body;
}
