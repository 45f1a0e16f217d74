/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The label podctl.config: what the pod file said of a container, key by key, so that a plan can
 * say which key changed. Values of the environment and of secrets, and what is long, stand in it
 * as keyed digests only. Pure.
 */
#include "podctl/create_private.h"

#include "common/json_build.h"

#include <stdio.h>

#define SHOWN_MAX 120 /* bytes of a value that stand in the label */
#define LISTED	  6   /* changes that are named */
#define TEXT_MAX  128 /* bytes of a value in a message: all that stand in the label */

struct writer {
	json_t *object;
	const struct values *values;
};

static void set(struct writer *w, const char *key, const char *value)
{
	json_put(w->object, key, json_string(value));
}

/* A digest that nobody can guess a value from. kind keeps apart what has the same text. */
static void set_digest(struct writer *w, const char *key, const void *data, size_t size)
{
	char hex[VALUES_HASH_SIZE], text[20];
	size_t n = strlen(key);
	_cleanup_free_ char *both = xmalloc(n + 1 + size);

	memcpy(both, key, n + 1);
	memcpy(both + n + 1, data, size);
	values_hash(w->values, both, n + 1 + size, hex);
	explicit_bzero(both, n + 1 + size);
	snprintf(text, sizeof(text), "#%.16s", hex);
	set(w, key, text);
}

static void _printf_(3, 4) put(struct writer *w, const char *key, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	if (strlen(text) > SHOWN_MAX)
		set_digest(w, key, text, strlen(text));
	else
		set(w, key, text);
}

static void put_words(struct writer *w, const char *key, const struct strv *v)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 1;
	char *end;

	/* a command may have half a million words */
	for (size_t i = 0; i < v->n; i++)
		size += strlen(v->items[i]) + 1;
	text = end = xmalloc(size);
	*end = '\0';
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			*end++ = ' ';
		end = stpcpy(end, v->items[i]);
	}
	if (v->n > 0)
		put(w, key, "%s", text);
}

static void put_count(struct writer *w, const char *key, int64_t value)
{
	if (value)
		put(w, key, "%lld", (long long)value);
}

static void put_pairs(struct writer *w, const char *kind, const struct schema_pairs *pairs)
{
	for (size_t i = 0; i < pairs->n; i++) {
		_cleanup_free_ char *key = xasprintf("%s.%s", kind, pairs->items[i].key);

		set_digest(w, key, pairs->items[i].value, strlen(pairs->items[i].value));
	}
}

/* The file's name is no secret, what is in it is one. */
static void put_files(struct writer *w, const char *kind, const char *container,
		      const struct schema_pairs *pairs, bool secret)
{
	for (size_t i = 0; i < pairs->n; i++) {
		const char *name = pairs->items[i].key;
		_cleanup_free_ char *key = xasprintf("%s.%s", kind, name);
		const struct values_item *v = values_find(w->values, container, secret, name);

		set_digest(w, key, v ? v->data : "", v ? v->size : 0);
	}
}

static void put_limits(struct writer *w, const struct pod_limits *l)
{
	put_count(w, "limits.cpus", l->nano_cpus);
	put_count(w, "limits.cpu-shares", l->cpu_shares);
	put_count(w, "limits.memory", l->memory);
	put_count(w, "limits.memory-swap", l->memory_swap);
	put_count(w, "limits.memory-reservation", l->memory_reservation);
	put_count(w, "limits.oom-score-adj", l->oom_score_adj);
	put_count(w, "limits.pids", l->pids);
	for (size_t i = 0; i < ARRAY_SIZE(l->ulimits); i++) {
		enum pod_limit limit = (enum pod_limit)(POD_LIMIT_ULIMITS + i);
		_cleanup_free_ char *key = xasprintf("limits.%s", pod_limit_key(limit));

		if (l->given[limit])
			put(w, key, "%lld:%lld", (long long)l->ulimits[i].soft,
			    (long long)l->ulimits[i].hard);
	}
}

static void put_mounts(struct writer *w, const struct create *create, const struct pod_container *c)
{
	_cleanup_(strv_done)
	struct strv mounts = {0}, tmpfs = {0};

	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct pod_mount *m = pod_mount_at(c, i);
		_cleanup_free_ char *text =
			xasprintf("%s:%s%s", m->source, m->target, m->readonly ? ":ro" : "");

		strv_add(&mounts, text);
	}
	for (size_t i = 0; i < c->n_tmpfs; i++) {
		_cleanup_free_ char *text =
			xasprintf("%s:%lld", c->tmpfs[i].target, (long long)c->tmpfs[i].size);

		strv_add(&tmpfs, text);
	}
	put_words(w, "mounts", &mounts);
	put_words(w, "tmpfs", &tmpfs);
	if (create->settings->use_host_resolv_conf)
		put(w, "use_host_resolv_conf", "true");
}

static char *finish(struct writer *w)
{
	char *text = json_dumps(w->object, JSON_COMPACT | JSON_SORT_KEYS);

	json_decref(w->object);
	if (!text)
		abort();
	return text;
}

char *create_config_container(const struct create *create, const struct pod_container *c)
{
	static const char *const restarts[] = {
		[POD_RESTART_NO] = "no",
		[POD_RESTART_ON_FAILURE] = "on-failure",
		[POD_RESTART_ALWAYS] = "always",
		[POD_RESTART_UNLESS_STOPPED] = "unless-stopped",
	};
	const json_t *health = create_image_health(create, c);
	struct writer w = {json_object(), create->values};

	put(&w, "image", "%s", c->ref.text);
	put_words(&w, "command", &c->command);
	put_words(&w, "entrypoint", &c->entrypoint);
	if (c->user)
		put(&w, "user", "%s", c->user);
	put(&w, "restart", "%s:%u", restarts[c->restart.kind], c->restart.retries);
	put(&w, "stop_timeout", "%lld", (long long)c->stop_timeout);
	if (c->stop_signal)
		put(&w, "stop_signal", "%s", c->stop_signal);
	put(&w, "readonly", "%s", c->readonly ? "true" : "false");
	put(&w, "no_new_privileges", "%s", c->no_new_privileges ? "true" : "false");
	if (health && json_object_get(health, "Test"))
		put(&w, "image_health_check", "off");
	else if (health)
		put(&w, "image_health_check", "each %d seconds", CREATE_HEALTH_LEAST_S);
	put_words(&w, "cap_add", &c->cap_add);
	put_words(&w, "cap_drop", &c->cap_drop);
	put_limits(&w, &c->limits);
	put_mounts(&w, create, c);
	put_pairs(&w, "environment", &c->environment);
	put_pairs(&w, "labels", &c->labels);
	put_files(&w, "environment_files", c->entry.key, &c->environment_files, false);
	put_files(&w, "secrets", c->entry.key, &c->secrets, true);
	return finish(&w);
}

static void put_publish(struct writer *w, const struct pod *pod)
{
	_cleanup_(strv_done)
	struct strv publish = {0}, expose = {0};

	for (size_t i = 0; i < pod->n_publish; i++) {
		const struct publish *p = &pod->publish[i].publish;
		char ip[ADDR_TEXT_MAX] = "";
		_cleanup_free_ char *text = NULL;

		if (p->ip.family != AF_UNSPEC)
			addr_format(&p->ip, ip);
		text = p->first == p->last ? xasprintf("%s%s%u:%u/%s", ip, *ip ? ":" : "",
						       (unsigned)p->host_first, (unsigned)p->first,
						       proto_name(p->proto))
					   : xasprintf("%s%s%u-%u:%u-%u/%s", ip, *ip ? ":" : "",
						       (unsigned)p->host_first,
						       (unsigned)p->host_last, (unsigned)p->first,
						       (unsigned)p->last, proto_name(p->proto));
		strv_add(&publish, text);
	}
	for (size_t i = 0; i < pod->n_expose; i++) {
		const struct pod_exposed *e = &pod->expose[i];
		_cleanup_free_ char *text = xasprintf("%u-%u/%s", (unsigned)e->first,
						      (unsigned)e->last, proto_name(e->proto));

		strv_add(&expose, text);
	}
	put_words(w, "publish", &publish);
	put_words(w, "expose", &expose);
	if (pod->publish_all)
		put(w, "publish_all", "true");
}

char *create_config_root(const struct create *create)
{
	const struct settings_policy *policy = &create->settings->policy;
	const struct pod *pod = create->pod;
	struct writer w = {json_object(), create->values};

	put(&w, "hostname", "%s", pod->hostname);
	put(&w, "network_name", "%s", create->settings->network_name);
	put(&w, "host_hostname", "%s", create->settings->host_hostname);
	put_publish(&w, pod);
	if (!streq(create_root_restart(pod), CREATE_ROOT_RESTART))
		put(&w, "restart", "%s", create_root_restart(pod));
	put_pairs(&w, "root_labels", &pod->root_labels);
	put_count(&w, "policy.max_memory", policy->max_memory);
	put_count(&w, "policy.max_memory.page", (int64_t)create->ipc_page);
	put_count(&w, "policy.max_pids", policy->max_pids);
	put_count(&w, "policy.max_cpus", (int64_t)(policy->max_cpus * 1000));
	for (size_t i = 0; i < pod_n_containers(pod); i++) {
		const struct pod_container *c = pod_container_at(pod, i);
		_cleanup_free_ char *key = xasprintf("shm-size.%s", c->entry.key);

		put_count(&w, key, c->limits.shm_size);
	}
	return finish(&w);
}

/* ---- what changed ---- */

struct change {
	char *text;
	size_t n;
};

/* Of these only names are told. */
static bool is_named_only(const char *key)
{
	static const char *const kinds[] = {"environment.", "environment_files.", "secrets.",
					    "labels.", "root_labels."};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (startswith(key, kinds[i]))
			return true;
	}
	return false;
}

static const char *shorten(char *buf, size_t size, const char *text)
{
	if (*text == '#' && strlen(text) == 17)
		return "(another)"; /* a digest */
	text_printable(buf, size, text);
	return buf;
}

/* before, now: NULL where it was not there. */
static void note(struct change *c, const char *key, const char *before, const char *now)
{
	char shown[TEXT_MAX], old[TEXT_MAX], new[TEXT_MAX], *more;
	const char *join = c->n ? ", " : "";

	c->n++;
	if (c->n > LISTED)
		return;
	text_printable(shown, sizeof(shown), key);
	if (is_named_only(key) || (before && now && (*before == '#' || *now == '#')))
		more = xasprintf("%s%s%s %s", c->text, join, shown,
				 !before ? "added"
				 : now	 ? "changed"
					 : "removed");
	else
		more = xasprintf("%s%s%s: %s -> %s", c->text, join, shown,
				 before ? shorten(old, sizeof(old), before) : "none",
				 now ? shorten(new, sizeof(new), now) : "none");
	free(c->text);
	c->text = more;
}

static json_t *parse(const char *text)
{
	json_t *json = text && strlen(text) < (size_t)4 * 1024 * 1024
			       ? json_loads(text, JSON_REJECT_DUPLICATES, NULL)
			       : NULL;

	if (json && !json_is_object(json)) {
		json_decref(json);
		json = NULL;
	}
	return json;
}

char *create_config_difference(const char *before, const char *now)
{
	json_auto_t *old = parse(before), *new = parse(now);
	struct change c = {.text = xstrdup("")};
	const char *key;
	json_t *value;

	json_object_foreach (new, key, value) {
		const char *a = json_string_value(json_object_get(old, key)),
			   *b = json_string_value(value);

		if (old && b && (!a || !streq(a, b)))
			note(&c, key, a, b);
	}
	json_object_foreach (old, key, value) {
		const char *a = json_string_value(value);

		if (new &&a && !json_object_get(new, key))
			note(&c, key, a, NULL);
	}
	if (c.n > LISTED) {
		char *more = xasprintf("%s and %zu more", c.text, c.n - LISTED);

		free(c.text);
		c.text = more;
	}
	if (c.n == 0) {
		free(c.text);
		c.text = xstrdup("its configuration changed");
	}
	return c.text;
}
