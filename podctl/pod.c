/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pod file's tables. Keys that no pod file gets stand in them too, so that they are refused by
 * name.
 */
#include "podctl/pod_private.h"

#include "podctl/digest.h"

#include <errno.h>

#define FORBIDDEN "policy forbids it: a pod file cannot ask for this"

#define FIELD(s, k, t, d) .key = #k, .type = (t), .offset = offsetof(struct s, k), .doc = (d)
#define MARK(s, m)	  .mark_offset = offsetof(struct s, m)
#define REFUSED(k, why)                                                                            \
	{                                                                                          \
		.key = (k), .type = SCHEMA_REFUSED, .doc = (why)                                   \
	}
#define NEVER(k) REFUSED(k, FORBIDDEN)

/* what no pod file gets, wherever it is written */
#define NEVER_KEYS                                                                                 \
	NEVER("privileged"), NEVER("devices"), NEVER("device_cgroup_rules"), NEVER("gpus"),        \
		NEVER("runtime"), NEVER("network"), NEVER("network_mode"), NEVER("networks"),      \
		NEVER("pid"), NEVER("ipc"), NEVER("uts"), NEVER("userns"), NEVER("userns_mode"),   \
		NEVER("cgroup"), NEVER("cgroup_parent"), NEVER("cgroupns"), NEVER("security_opt"), \
		NEVER("seccomp"), NEVER("apparmor"), NEVER("selinux"), NEVER("sysctls"),           \
		REFUSED("volumes", FORBIDDEN "; mounts are below the pod's own folder"),           \
		NEVER("volumes_from")

/* what people write who come from other tools */
#define OF_THE_POD "of the pod, whose containers share one network: write it beside containers"
#define MISTAKEN_KEYS                                                                              \
	REFUSED("publish", OF_THE_POD), REFUSED("expose", OF_THE_POD),                             \
		REFUSED("publish_all", OF_THE_POD), REFUSED("hostname", OF_THE_POD),               \
		REFUSED("ports", "unknown key; did you mean 'publish', beside containers?"),       \
		REFUSED("healthcheck", "unknown key; did you mean 'startup_health_check'?"),       \
		REFUSED("health_check", "unknown key; did you mean 'startup_health_check'?"),      \
		REFUSED("env_file", "unknown key; did you mean 'environment_files'?"),             \
		REFUSED("mem_limit", "unknown key; did you mean 'memory', in limits?"),            \
		REFUSED("cpus", "unknown key; did you mean 'cpus', in limits?"),                   \
		REFUSED("stop_grace_period", "unknown key; did you mean 'stop_timeout'?")

static const struct schema_field mount_fields[] = {
	{FIELD(pod_mount, source, SCHEMA_STRING, "What to mount, below MOUNT_ROOT/POD"),
	 .required = true, MARK(pod_mount, source_mark),
	 .given_offset = offsetof(struct pod_mount, source_given)},
	{FIELD(pod_mount, target, SCHEMA_STRING, "Where the container sees it, an absolute path"),
	 .required = true, MARK(pod_mount, target_mark),
	 .given_offset = offsetof(struct pod_mount, target_given)},
	{FIELD(pod_mount, readonly, SCHEMA_BOOL, "The container cannot write there")},
	{0},
};

static const struct schema mount_schema = {"mount", mount_fields, sizeof(struct pod_mount)};

static const struct schema_field health_fields[] = {
	{FIELD(pod_health, command, SCHEMA_CUSTOM, "Run in the container, as its user"),
	 .required = true, .decode = pod_decode_words, .json = SCHEMA_JSON_WORDS},
	{FIELD(pod_health, interval, SCHEMA_CUSTOM, "Seconds between attempts (default 3)"),
	 .decode = pod_decode_seconds,
	 .json = "{\"type\":\"number\",\"minimum\":0.01,\"maximum\":3600}",
	 .given_offset = offsetof(struct pod_health, interval_given)},
	{FIELD(pod_health, attempts, SCHEMA_INT, "Attempts before it has failed (default 10)"),
	 .min = 1, .max = 10000, .given_offset = offsetof(struct pod_health, attempts_given)},
	{0},
};

static const struct schema health_schema = {"startup_health_check", health_fields,
					    sizeof(struct pod_health)};

static const struct schema_field container_fields[] = {
	{FIELD(pod_container, image, SCHEMA_STRING, "The image, [HOST/]NAME[:TAG][@DIGEST]"),
	 .required = true, MARK(pod_container, image_mark)},
	{FIELD(pod_container, command, SCHEMA_CUSTOM,
	       "Arguments for the image's entrypoint, or the command where it has none"),
	 .decode = pod_decode_words, .json = SCHEMA_JSON_WORDS},
	{FIELD(pod_container, entrypoint, SCHEMA_CUSTOM, "Replaces the image's entrypoint"),
	 .decode = pod_decode_words, .json = SCHEMA_JSON_WORDS},
	{FIELD(pod_container, environment, SCHEMA_TEXT_MAP, "Environment variables")},
	{FIELD(pod_container, labels, SCHEMA_TEXT_MAP, "Labels of the container")},
	{FIELD(pod_container, user, SCHEMA_STRING, "USER, USER:GROUP or :GROUP"),
	 MARK(pod_container, user_mark)},
	{FIELD(pod_container, restart, SCHEMA_CUSTOM,
	       "When the engine starts it again: no (default), on-failure[:N], always, "
	       "unless-stopped"),
	 .decode = pod_decode_restart,
	 .json = "{\"type\":[\"string\",\"boolean\"],\"pattern\":\"^(no|on-failure(:[0-9]+)?|"
		 "always|unless-stopped)$\"}"},
	{FIELD(pod_container, mounts, SCHEMA_LIST, "Folders and files below MOUNT_ROOT/POD"),
	 .object = &mount_schema},
	{FIELD(pod_container, update_image, SCHEMA_BOOL,
	       "Pull the image at each apply, also where it is here (default true)"),
	 .given_offset = offsetof(struct pod_container, update_image_given)},
	{FIELD(pod_container, environment_files, SCHEMA_TEXT_MAP,
	       "Environment variables from files below MOUNT_ROOT/POD")},
	{FIELD(pod_container, secrets, SCHEMA_TEXT_MAP,
	       "Files below MOUNT_ROOT/POD that the container sees as /run/secrets/NAME")},
	{FIELD(pod_container, readonly, SCHEMA_BOOL, "The image's own files cannot be written")},
	{FIELD(pod_container, stop_signal, SCHEMA_CUSTOM, "Asks it to end (default SIGTERM)"),
	 .decode = pod_decode_signal, .json = SCHEMA_JSON_TEXT,
	 MARK(pod_container, stop_signal_mark)},
	{FIELD(pod_container, stop_timeout, SCHEMA_INT,
	       "Seconds from that to its being killed (default 10)"),
	 .max = 3600, .given_offset = offsetof(struct pod_container, stop_timeout_given)},
	{.key = "startup_health_check",
	 .type = SCHEMA_OBJECT,
	 .offset = offsetof(struct pod_container, health),
	 .object = &health_schema,
	 .given_offset =
		 offsetof(struct pod_container, health) + offsetof(struct pod_health, given),
	 .doc = "A command that must succeed in it before it counts as started"},
	{FIELD(pod_container, limits, SCHEMA_OBJECT, "What it may take of the host"),
	 .object = &pod_limits_schema},
	{FIELD(pod_container, cap_add, SCHEMA_CUSTOM, "Capabilities beyond the engine's default"),
	 .decode = pod_decode_capabilities,
	 .json = "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}",
	 MARK(pod_container, cap_add_mark)},
	{FIELD(pod_container, cap_drop, SCHEMA_CUSTOM,
	       "Capabilities less (NET_RAW and MKNOD always are), or ALL"),
	 .decode = pod_decode_capabilities,
	 .json = "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}", .max = 1},
	{FIELD(pod_container, no_new_privileges, SCHEMA_BOOL,
	       "Set-user-id programs give no rights (default true)"),
	 .given_offset = offsetof(struct pod_container, no_new_privileges_given)},
	{FIELD(pod_container, tmpfs, SCHEMA_CUSTOM, "Folders in memory"),
	 .decode = pod_decode_tmpfs,
	 .json = "{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"object\"],\"properties\":{"
		 "\"target\":{\"type\":\"string\"},\"size\":{\"type\":[\"string\",\"integer\"]}},"
		 "\"required\":[\"target\"],\"additionalProperties\":false}}"},
	{FIELD(pod_container, depends_on, SCHEMA_STRINGS,
	       "Containers that must have started, and passed their health check, before it"),
	 MARK(pod_container, depends_on_mark)},
	NEVER_KEYS,
	MISTAKEN_KEYS,
	{0},
};

static const struct schema container_schema = {"container", container_fields,
					       sizeof(struct pod_container)};

static const struct schema_field pod_fields[] = {
	{FIELD(pod, containers, SCHEMA_MAP, "The pod's containers, by name"), .required = true,
	 .object = &container_schema, MARK(pod, containers_mark)},
	{FIELD(pod, hostname, SCHEMA_STRING, "Host name in the pod; default POD-HOSTNAME"),
	 MARK(pod, hostname_mark)},
	{FIELD(pod, publish, SCHEMA_CUSTOM,
	       "Host ports, [[IP:]HOST[-HOST]:]CONTAINER[-CONTAINER][/tcp|/udp]"),
	 .decode = pod_decode_publish, .json = SCHEMA_JSON_TEXTS},
	{FIELD(pod, common_environment, SCHEMA_TEXT_MAP,
	       "Environment variables of every container")},
	{FIELD(pod, common_labels, SCHEMA_TEXT_MAP, "Labels of every container but the root")},
	{FIELD(pod, root_labels, SCHEMA_TEXT_MAP, "Labels of the root container")},
	{FIELD(pod, common_mounts, SCHEMA_LIST, "Mounts of every container"),
	 .object = &mount_schema},
	{FIELD(pod, expose, SCHEMA_CUSTOM, "Ports that are served, 80 or \"53/udp\""),
	 .decode = pod_decode_expose, .json = SCHEMA_JSON_PORTS},
	{FIELD(pod, publish_all, SCHEMA_BOOL,
	       "Publish each exposed port at an ephemeral host port")},
	NEVER_KEYS,
	/* what people write who come from other tools */
	REFUSED("services", "unknown key; did you mean 'containers'?"),
	REFUSED("version", "unknown key; a pod file has no version"),
	REFUSED("ports", "unknown key; did you mean 'publish'?"),
	{0},
};

const struct schema pod_schema = {"pod", pod_fields, sizeof(struct pod)};

bool pod_name_usable(const char *name)
{
	return pod_name_valid(name) && strlen(name) >= 2;
}

char *pod_name_from_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *name = xstrdup(slash ? slash + 1 : path);
	char *dot = strrchr(name, '.');

	/*
	 * Only what looks like an extension is one: sudoers joins arguments with blanks, so its
	 * pattern "podctl * web" would match a file "db.yml web" too, which is not db's.
	 */
	if (dot && (!dot[1] || dot[1 + strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz"
						       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")]))
		return NULL;
	if (dot)
		*dot = '\0';
	return pod_name_usable(name) ? take_ptr(name) : NULL;
}

int pod_parse(const char *name, const char *text, size_t size, const struct settings *settings,
	      struct problems *problems, struct pod **ret)
{
	_cleanup_(yaml_node_freep)
	struct yaml_node *root = NULL;
	_cleanup_(pod_freep)
	struct pod *pod = xcalloc(1, sizeof(*pod));
	size_t before = problems->n_errors;

	pod->name = xstrdup(name);
	/* what yaml_parse complained of and could still read is looked through for the rest */
	if (yaml_parse(text, size, problems, &root) < 0 && !root)
		return -EINVAL;
	/* checked also after failures: all errors of a file are reported */
	(void)schema_decode(&pod_schema, root, problems, pod);
	pod_check(pod, settings, problems);
	problems_sort(problems);
	if (problems->n_errors > before)
		return -EINVAL;
	*ret = take_ptr(pod);
	return 0;
}

static void mounts_done(struct schema_array *array)
{
	struct pod_mount *mounts = array->items;

	for (size_t i = 0; i < array->n; i++) {
		free(mounts[i].source);
		free(mounts[i].target);
	}
	free(mounts);
}

static void container_done(struct pod_container *c)
{
	mounts_done(&c->mounts);
	free(c->entry.key);
	free(c->image);
	image_ref_done(&c->ref);
	strv_done(&c->command);
	strv_done(&c->entrypoint);
	schema_pairs_done(&c->environment);
	schema_pairs_done(&c->labels);
	schema_pairs_done(&c->environment_files);
	schema_pairs_done(&c->secrets);
	free(c->user);
	for (size_t i = 0; i < c->n_tmpfs; i++)
		free(c->tmpfs[i].target);
	free(c->tmpfs);
	free(c->stop_signal);
	strv_done(&c->health.command);
	strv_done(&c->cap_add);
	strv_done(&c->cap_drop);
	strv_done(&c->depends_on);
}

void pod_free(struct pod *pod)
{
	if (!pod)
		return;
	for (size_t i = 0; i < pod->containers.n; i++)
		container_done(&((struct pod_container *)pod->containers.items)[i]);
	free(pod->containers.items);
	free(pod->publish);
	free(pod->expose);
	schema_pairs_done(&pod->common_environment);
	schema_pairs_done(&pod->common_labels);
	schema_pairs_done(&pod->root_labels);
	mounts_done(&pod->common_mounts);
	free(pod->hostname);
	free(pod->name);
	free(pod);
}

size_t pod_n_containers(const struct pod *pod)
{
	return pod->containers.n;
}

const struct pod_container *pod_container_at(const struct pod *pod, size_t i)
{
	return &((const struct pod_container *)pod->containers.items)[i];
}

const struct pod_container *pod_find_container(const struct pod *pod, const char *name)
{
	for (size_t i = 0; i < pod->containers.n; i++) {
		const struct pod_container *c = pod_container_at(pod, i);

		if (streq(c->entry.key, name))
			return c;
	}
	return NULL;
}

const struct pod_mount *pod_mount_at(const struct pod_container *c, size_t i)
{
	return &((const struct pod_mount *)c->mounts.items)[i];
}

char *pod_container_name(const char *pod, const char *container)
{
	return container ? xasprintf("%s.%s", pod, container) : xstrdup(pod);
}

char *pod_pin_path(const char *pod, const char *source)
{
	char hex[DIGEST_HEX_SIZE];

	digest_sha256(source, strlen(source), hex);
	return xasprintf(POD_PIN_FOLDER "/%s/%.32s", pod, hex);
}
