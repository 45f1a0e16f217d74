/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The hash is over the body as canonical JSON, before anything goes in that is not from the file
 * and the configuration: the root container's id comes after it. So one file has one hash, and a
 * new root container is told from a new file.
 */
#include "podctl/create.h"

#include <stdio.h>

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
static json_t *host_config(const struct settings *settings)
{
	const struct settings_policy *policy = &settings->policy;
	json_t *host = must(json_object());

	set(host, "SecurityOpt", json_pack("[s]", "no-new-privileges"));
	set(host, "Privileged", json_false());
	/* a container without a limit of its own gets the ceiling */
	if (policy->max_memory > 0) {
		set(host, "Memory", json_integer(policy->max_memory));
		set(host, "MemorySwap", json_integer(policy->max_memory));
	}
	if (policy->max_pids > 0)
		set(host, "PidsLimit", json_integer(policy->max_pids));
	if (policy->max_cpus > 0)
		set(host, "NanoCpus", json_integer((json_int_t)(policy->max_cpus * 1e9 + 0.5)));
	return host;
}

static json_t *labels(const struct pod *pod, const struct pod_container *c)
{
	json_t *object = must(json_object());

	for (size_t i = 0; c && i < c->labels.n; i++)
		set(object, c->labels.items[i].key, json_string(c->labels.items[i].value));
	/* last: ours win, also over labels that an image brings */
	set(object, POD_LABEL_POD, json_string(pod->name));
	set(object, POD_LABEL_CONTAINER, json_string(c ? c->entry.key : ""));
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

char *create_config_difference(const char *before _unused_, const char *now _unused_)
{
	return xstrdup("its configuration changed");
}

static void add_ports(const struct publish *p, json_t *exposed, json_t *bindings)
{
	char ip[ADDR_TEXT_MAX] = "", key[16], host[8] = "";

	if (p->ip.family != AF_UNSPEC)
		addr_format(&p->ip, ip);
	for (unsigned i = 0; i <= (unsigned)(p->last - p->first); i++) {
		json_t *list;

		snprintf(key, sizeof(key), "%u/%s", p->first + i, proto_name(p->proto));
		if (p->host_first)
			snprintf(host, sizeof(host), "%u", p->host_first + i);
		set(exposed, key, json_object());
		list = json_object_get(bindings, key);
		if (!list) {
			set(bindings, key, json_array());
			list = json_object_get(bindings, key);
		}
		append(list, json_pack("{s:s, s:s}", "HostIp", ip, "HostPort", host));
	}
}

json_t *create_root(const struct create *create, const struct create_network *network _unused_)
{
	const struct pod *pod = create->pod;
	const struct settings *settings = create->settings;
	json_t *body = must(json_object()), *host = host_config(settings);
	json_t *exposed = must(json_object()), *bindings = must(json_object());

	for (size_t i = 0; i < pod->n_publish; i++)
		add_ports(&pod->publish[i].publish, exposed, bindings);
	set(body, "Image", json_string(create->pause_image));
	set(body, "Hostname", json_string(pod->hostname));
	set(body, "User", json_string("65534:65534"));
	set(body, "Labels", labels(pod, NULL));
	set(body, "ExposedPorts", exposed);
	set(body, "HostConfig", host);
	set(host, "PortBindings", bindings);
	set(host, "NetworkMode", json_string(settings->network_name));
	set(host, "IpcMode", json_string("shareable"));
	set(host, "Init", json_true());
	set(host, "ReadonlyRootfs", json_true());
	/* it only waits, so it needs nothing */
	set(host, "CapDrop", json_pack("[s]", "ALL"));
	/* back with the engine, so that members with a restart policy find it */
	set(host, "RestartPolicy", json_pack("{s:s}", "Name", "unless-stopped"));
	add_hash(body, create->values);
	return body;
}

static json_t *mounts(const struct pod *pod, const struct pod_container *c,
		      const struct settings *settings)
{
	json_t *array = must(json_array());

	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct pod_mount *m = pod_mount_at(c, i);
		_cleanup_free_ char *pin = pod_pin_path(pod->name, m->source);

		append(array, json_pack("{s:s, s:s, s:s, s:b, s:{s:s}}", "Type", "bind", "Source",
					pin, "Target", m->target, "ReadOnly", (int)m->readonly,
					"BindOptions", "Propagation", "rprivate"));
	}
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

json_t *create_container(const struct create *create, const struct pod_container *c,
			 const char *root_id)
{
	const struct pod *pod = create->pod;
	const struct settings *settings = create->settings;
	json_t *body = must(json_object()), *host = host_config(settings);
	json_t *env = must(json_array());

	for (size_t i = 0; i < c->environment.n; i++)
		append(env, json_sprintf("%s=%s", c->environment.items[i].key,
					 c->environment.items[i].value));
	set(body, "Image", json_string(c->ref.text));
	set(body, "Env", env);
	set(body, "Labels", labels(pod, c));
	set(body, "HostConfig", host);
	if (c->command.n > 0)
		set(body, "Cmd", words(&c->command));
	if (c->entrypoint.n > 0)
		set(body, "Entrypoint", words(&c->entrypoint));
	if (c->user)
		set(body, "User", json_string(c->user));
	set(host, "CapDrop", json_pack("[s, s]", "MKNOD", "NET_RAW"));
	set(host, "RestartPolicy", restart_policy(&c->restart));
	set(host, "Mounts", mounts(pod, c, settings));
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
