/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hash is over the body as canonical JSON, before anything goes in that is not from the file
 * and the configuration: the root container's id comes after it. So one file has one hash, and a
 * new root container is told from a new file.
 */
#include "podctl/create_private.h"

#include "common/json_build.h"
#include "podctl/ipc.h"
#include "podctl/plan.h"

#include <stdio.h>

#define HOST_MAX 16 /* "32768-60999" */

static json_t *words(const struct strv *v)
{
	json_t *array = json_must(json_array());

	for (size_t i = 0; i < v->n; i++)
		json_push(array, json_string(v->items[i]));
	return array;
}

/* What every container gets; nothing in a pod file takes any of it away. */
static json_t *host_config(void)
{
	json_t *host = json_must(json_object());

	json_put(host, "Privileged", json_false());
	return host;
}

/* The root container has no limits of its own, so it gets the ceilings. */
static void root_limits(json_t *host, const struct settings_policy *policy)
{
	if (policy->max_memory > 0) {
		json_put(host, "Memory", json_integer(policy->max_memory));
		json_put(host, "MemorySwap", json_integer(policy->max_memory));
	}
	if (policy->max_pids > 0)
		json_put(host, "PidsLimit", json_integer(policy->max_pids));
	if (policy->max_cpus > 0)
		json_put(host, "NanoCpus",
			 json_integer((json_int_t)(policy->max_cpus * 1e9 + 0.5)));
}

static void set_positive(json_t *host, const char *key, int64_t value)
{
	if (value > 0)
		json_put(host, key, json_integer(value));
}

static void limits(json_t *host, const struct pod_limits *l)
{
	json_t *ulimits = json_must(json_array());

	set_positive(host, "Memory", l->memory);
	set_positive(host, "MemoryReservation", l->memory_reservation);
	set_positive(host, "PidsLimit", l->pids);
	set_positive(host, "NanoCpus", l->nano_cpus);
	set_positive(host, "CpuShares", l->cpu_shares);
	set_positive(host, "OomScoreAdj", l->oom_score_adj);
	if (l->memory_swap)
		json_put(host, "MemorySwap", json_integer(l->memory_swap)); /* -1 is no limit */
	for (size_t i = 0; i < ARRAY_SIZE(l->ulimits); i++) {
		enum pod_limit limit = (enum pod_limit)(POD_LIMIT_ULIMITS + i);

		if (l->given[limit])
			json_push(ulimits, json_pack("{s:s, s:I, s:I}", "Name",
						     pod_limit_key(limit) + strlen("ulimit-"),
						     "Soft", (json_int_t)l->ulimits[i].soft, "Hard",
						     (json_int_t)l->ulimits[i].hard));
	}
	if (json_array_size(ulimits) > 0)
		json_put(host, "Ulimits", ulimits);
	else
		json_decref(ulimits);
}

static void add_labels(json_t *object, const struct schema_pairs *pairs)
{
	for (size_t i = 0; i < pairs->n; i++)
		json_put(object, pairs->items[i].key, json_string(pairs->items[i].value));
}

static json_t *labels(const struct pod *pod, const struct pod_container *c, char *config)
{
	json_t *object = json_must(json_object());

	add_labels(object, c ? &c->labels : &pod->root_labels);
	/* last: ours win, also over labels that an image brings */
	json_put(object, POD_LABEL_POD, json_string(pod->name));
	json_put(object, POD_LABEL_CONTAINER, json_string(c ? c->entry.key : ""));
	json_put(object, POD_LABEL_CONFIG, json_string(config));
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
	json_put(json_object_get(body, "Labels"), POD_LABEL_HASH, json_sprintf("hmac:%s", hex));
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
		json_put(bindings, key, json_array());
		list = json_object_get(bindings, key);
	}
	json_push(list, json_pack("{s:s, s:s}", "HostIp", ip, "HostPort", host));
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
		json_put(exposed, key, json_object());
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
			json_put(exposed, key, json_object());
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
	json_t *body = json_must(json_object()), *host = host_config();
	json_t *exposed = json_must(json_object()), *bindings = json_must(json_object());
	char mac[CREATE_MAC_MAX];

	for (size_t i = 0; i < pod->n_publish; i++)
		add_ports(settings, &pod->publish[i].publish, exposed, bindings);
	add_exposed(settings, pod, exposed, bindings);
	json_put(body, "Image", json_string(create->pause_image));
	json_put(body, "Hostname", json_string(pod->hostname));
	json_put(body, "User", json_string("65534:65534"));
	json_put(body, "Labels", labels(pod, NULL, create_config_root(create)));
	json_put(body, "ExposedPorts", exposed);
	json_put(body, "MacAddress",
		 json_string(create_mac(pod->name, settings->host_hostname, mac)));
	json_put(body, "HostConfig", host);
	json_put(host, "SecurityOpt", json_pack("[s]", "no-new-privileges"));
	root_limits(host, &settings->policy);
	if (create->ipc_page > 0)
		json_put(host, "Sysctls",
			 ipc_limits(settings->policy.max_memory, create->ipc_page));
	set_positive(host, "ShmSize", shm_size(pod));
	json_put(host, "PortBindings", bindings);
	json_put(host, "PublishAllPorts", json_boolean(pod->publish_all));
	json_put(host, "NetworkMode", json_string(settings->network_name));
	json_put(host, "IpcMode", json_string("shareable"));
	json_put(host, "Init", json_true());
	json_put(host, "ReadonlyRootfs", json_true());
	/* it only waits, so it needs nothing */
	json_put(host, "CapDrop", json_pack("[s]", "ALL"));
	json_put(host, "RestartPolicy", json_pack("{s:s}", "Name", create_root_restart(pod)));
	add_hash(body, create->values);

	if (network)
		json_put(body, "NetworkingConfig",
			 create_networking(settings->network_name, network, mac));
	return body;
}

static json_t *mounts(const struct create *create, const struct pod_container *c)
{
	const struct pod *pod = create->pod;
	const struct settings *settings = create->settings;
	_cleanup_free_ char *secrets = values_secrets_path(create->values, pod, c);
	json_t *array = json_must(json_array());

	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct pod_mount *m = pod_mount_at(c, i);
		_cleanup_free_ char *pin = pod_pin_path(pod->name, m->source);

		json_push(array,
			  json_pack("{s:s, s:s, s:s, s:b, s:{s:s}}", "Type", "bind", "Source", pin,
				    "Target", m->target, "ReadOnly", (int)m->readonly,
				    "BindOptions", "Propagation", "rprivate"));
	}
	if (secrets)
		json_push(array,
			  json_pack("{s:s, s:s, s:s, s:b, s:{s:s}}", "Type", "bind", "Source",
				    secrets, "Target", POD_SECRETS_TARGET, "ReadOnly", 1,
				    "BindOptions", "Propagation", "rprivate"));
	if (settings->use_host_resolv_conf)
		json_push(array, json_pack("{s:s, s:s, s:s, s:b}", "Type", "bind", "Source",
					   "/etc/resolv.conf", "Target", "/etc/resolv.conf",
					   "ReadOnly", 1));
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
	json_t *object = json_must(json_object());

	for (size_t i = 0; i < c->n_tmpfs; i++) {
		const struct pod_tmpfs *t = &c->tmpfs[i];

		/* the engine adds noexec, nosuid and nodev */
		json_put(object, t->target,
			 t->size ? json_sprintf("size=%lld", (long long)t->size) : json_string(""));
	}
	return object;
}

static json_t *environment(const struct create *create, const struct pod_container *c)
{
	json_t *env = json_must(json_array());

	for (size_t i = 0; i < c->environment.n; i++)
		json_push(env, json_sprintf("%s=%s", c->environment.items[i].key,
					    c->environment.items[i].value));
	for (size_t i = 0; i < c->environment_files.n; i++) {
		const char *name = c->environment_files.items[i].key;
		const struct values_item *v =
			values_find(create->values, c->entry.key, false, name);

		if (v)
			json_push(env, json_sprintf("%s=%s", name, v->data));
	}
	return env;
}

static json_t *dropped(const struct pod_container *c)
{
	static const char *const always[] = {"MKNOD", "NET_RAW"};
	json_t *list = json_must(json_array());

	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		if (!strv_has(&c->cap_add, always[i]))
			json_push(list, json_string(always[i]));
	}
	for (size_t i = 0; i < c->cap_drop.n; i++) {
		const char *name = c->cap_drop.items[i];

		if (!streq(name, always[0]) && !streq(name, always[1]))
			json_push(list, json_string(name));
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
	json_t *body = json_must(json_object()), *host = host_config(),
	       *health = create_image_health(create, c);

	json_put(body, "Image", json_string(c->ref.text));
	json_put(body, "Env", environment(create, c));
	json_put(body, "Labels", labels(create->pod, c, create_config_container(create, c)));
	json_put(body, "HostConfig", host);
	if (c->command.n > 0)
		json_put(body, "Cmd", words(&c->command));
	if (c->entrypoint.n > 0)
		json_put(body, "Entrypoint", words(&c->entrypoint));
	if (c->user)
		json_put(body, "User", json_string(c->user));
	if (c->stop_signal)
		json_put(body, "StopSignal", json_string(c->stop_signal));
	json_put(body, "StopTimeout", json_integer(c->stop_timeout));
	if (health)
		json_put(body, "Healthcheck", json_incref(health));
	if (c->no_new_privileges)
		json_put(host, "SecurityOpt", json_pack("[s]", "no-new-privileges"));
	json_put(host, "ReadonlyRootfs", json_boolean(c->readonly));
	limits(host, &c->limits);
	json_put(host, "CapDrop", dropped(c));
	if (c->cap_add.n > 0)
		json_put(host, "CapAdd", words(&c->cap_add));
	json_put(host, "RestartPolicy", restart_policy(&c->restart));
	json_put(host, "Mounts", mounts(create, c));
	if (c->n_tmpfs > 0)
		json_put(host, "Tmpfs", tmpfs(c));
	add_hash(body, create->values);

	if (root_id) {
		_cleanup_free_ char *join = xasprintf("container:%s", root_id);

		json_put(host, "NetworkMode", json_string(join));
		json_put(host, "IpcMode", json_string(join));
		json_put(host, "PidMode", json_string(join));
		json_put(json_object_get(body, "Labels"), POD_LABEL_ROOT, json_string(root_id));
	}
	return body;
}
