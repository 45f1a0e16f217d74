/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pod file's tables and what decodes its values. Keys that the format knows and this version
 * does not stand in the tables too, so that they are refused by name.
 */
#include "podctl/pod.h"

#include "common/yaml.h"
#include "podctl/digest.h"
#include "podctl/shellwords.h"

#include <errno.h>

#define NOT_YET	  "not supported yet"
#define FORBIDDEN "policy forbids it: a pod file cannot ask for this"

/* A list of words, or one string that is split as a shell would. */
static int decode_words(struct schema_context *ctx, const struct yaml_node *node, void *target,
			const struct schema_field *field _unused_)
{
	struct strv *words = target;
	const char *text, *wrong;

	if (node->kind == YAML_NODE_LIST) {
		for (size_t i = 0; i < node->n; i++) {
			text = schema_get_string(ctx, node->values[i]);
			if (!text)
				return -EINVAL;
			strv_add(words, text);
		}
	} else {
		if (node->kind == YAML_NODE_MAP || yaml_is_null(node))
			return schema_error(ctx, node, "must be a string or a list of strings");
		text = schema_get_string(ctx, node);
		if (!text)
			return -EINVAL;
		wrong = shellwords_split(text, words);
		if (wrong)
			return schema_error(ctx, node, "%s", wrong);
	}
	if (words->n == 0)
		return schema_error(ctx, node, "needs at least one word");
	return 0;
}

static bool retries_parse(const char *text, uint32_t *ret)
{
	uint32_t n = 0;

	if (!*text || strlen(text) > 6)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint32_t)(*text - '0');
	}
	*ret = n;
	return true;
}

static int decode_restart(struct schema_context *ctx, const struct yaml_node *node, void *target,
			  const struct schema_field *field _unused_)
{
	static const char *const names[] = {
		[POD_RESTART_NO] = "no",
		[POD_RESTART_ON_FAILURE] = "on-failure",
		[POD_RESTART_ALWAYS] = "always",
		[POD_RESTART_UNLESS_STOPPED] = "unless-stopped",
	};
	struct pod_restart *restart = target;
	const char *text = schema_get_string(ctx, node), *rest;

	if (!text)
		return -EINVAL;
	rest = startswith(text, "on-failure:");
	if (rest && retries_parse(rest, &restart->retries)) {
		restart->kind = POD_RESTART_ON_FAILURE;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (streq(text, names[i])) {
			restart->kind = (enum pod_restart_kind)i;
			return 0;
		}
	}
	return schema_error(ctx, node, "must be no, on-failure[:N], always or unless-stopped");
}

static int decode_publish_entry(struct schema_context *ctx, const struct yaml_node *node,
				struct pod *pod)
{
	const char *text = schema_get_string(ctx, node), *wrong;
	struct publish p;

	if (!text)
		return -EINVAL;
	wrong = publish_parse(text, &p);
	if (wrong)
		return schema_error(ctx, node, "%s", wrong);
	ARRAY_PUSH(pod->publish, pod->n_publish) = (struct pod_publish){p, node->mark};
	return 0;
}

/* target is pod.publish, so the pod begins that much before. */
static int decode_publish(struct schema_context *ctx, const struct yaml_node *node, void *target,
			  const struct schema_field *field)
{
	struct pod *pod = (void *)((char *)target - field->offset);
	int r = 0;

	if (node->kind != YAML_NODE_LIST)
		return schema_error(ctx, node, "must be a list, such as [\"80:80\"]");
	for (size_t i = 0; i < node->n; i++) {
		if (decode_publish_entry(ctx, node->values[i], pod) < 0)
			r = -EINVAL;
	}
	return r;
}

#define FIELD(s, k, t, d) .key = #k, .type = (t), .offset = offsetof(struct s, k), .doc = (d)
#define MARK(s, m)	  .mark_offset = offsetof(struct s, m)
#define LATER(k)                                                                                   \
	{                                                                                          \
		.key = (k), .type = SCHEMA_REFUSED, .doc = NOT_YET                                 \
	}
#define NEVER(k)                                                                                   \
	{                                                                                          \
		.key = (k), .type = SCHEMA_REFUSED, .doc = FORBIDDEN                               \
	}

/* what no pod file gets, wherever it is written */
#define NEVER_KEYS                                                                                 \
	NEVER("privileged"), NEVER("devices"), NEVER("device_cgroup_rules"), NEVER("gpus"),        \
		NEVER("runtime"), NEVER("network"), NEVER("network_mode"), NEVER("networks"),      \
		NEVER("pid"), NEVER("ipc"), NEVER("uts"), NEVER("userns"), NEVER("userns_mode"),   \
		NEVER("cgroup"), NEVER("cgroup_parent"), NEVER("cgroupns"), NEVER("security_opt"), \
		NEVER("seccomp"), NEVER("apparmor"), NEVER("selinux"), NEVER("sysctls"),           \
		NEVER("volumes"), NEVER("volumes_from")

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

static const struct schema_field container_fields[] = {
	{FIELD(pod_container, image, SCHEMA_STRING, "The image, [HOST/]NAME[:TAG][@DIGEST]"),
	 .required = true, MARK(pod_container, image_mark)},
	{FIELD(pod_container, update_image, SCHEMA_BOOL,
	       "Look for a newer one at each apply; default true"),
	 .given_offset = offsetof(struct pod_container, update_image_given)},
	{FIELD(pod_container, command, SCHEMA_CUSTOM,
	       "Arguments for the image's entrypoint, or the command where it has none"),
	 .decode = decode_words},
	{FIELD(pod_container, entrypoint, SCHEMA_CUSTOM, "Replaces the image's entrypoint"),
	 .decode = decode_words},
	{FIELD(pod_container, environment, SCHEMA_TEXT_MAP, "Environment variables")},
	{FIELD(pod_container, labels, SCHEMA_TEXT_MAP, "Labels of the container")},
	{FIELD(pod_container, user, SCHEMA_STRING, "USER, USER:GROUP or :GROUP"),
	 MARK(pod_container, user_mark)},
	{FIELD(pod_container, restart, SCHEMA_CUSTOM,
	       "When the engine starts it again: no (default), on-failure[:N], always, "
	       "unless-stopped"),
	 .decode = decode_restart},
	{FIELD(pod_container, mounts, SCHEMA_LIST, "Folders and files below MOUNT_ROOT/POD"),
	 .object = &mount_schema},
	LATER("environment_files"),
	LATER("readonly"),
	LATER("stop_signal"),
	LATER("stop_timeout"),
	LATER("startup_health_check"),
	LATER("limits"),
	LATER("cap_drop"),
	LATER("cap_add"),
	LATER("no_new_privileges"),
	LATER("tmpfs"),
	LATER("secrets"),
	LATER("depends_on"),
	NEVER_KEYS,
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
	 .decode = decode_publish},
	LATER("common_environment"),
	LATER("common_labels"),
	LATER("root_labels"),
	LATER("common_mounts"),
	LATER("expose"),
	LATER("publish_all"),
	NEVER_KEYS,
	{0},
};

static const struct schema pod_schema = {"pod", pod_fields, sizeof(struct pod)};

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

/* Of elements of a map, which begin as zeroes. */
static void set_defaults(struct pod *pod)
{
	for (size_t i = 0; i < pod->containers.n; i++) {
		struct pod_container *c = &((struct pod_container *)pod->containers.items)[i];

		if (!c->update_image_given)
			c->update_image = true;
	}
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
	if (yaml_parse(text, size, problems, &root) < 0)
		return -EINVAL;
	/* checked also after failures: all errors of a file are reported */
	(void)schema_decode(&pod_schema, root, problems, pod);
	set_defaults(pod);
	pod_check(pod, settings, problems);
	problems_sort(problems);
	if (problems->n_errors > before)
		return -EINVAL;
	*ret = take_ptr(pod);
	return 0;
}

static void container_done(struct pod_container *c)
{
	struct pod_mount *mounts = c->mounts.items;

	for (size_t i = 0; i < c->mounts.n; i++) {
		free(mounts[i].source);
		free(mounts[i].target);
	}
	free(mounts);
	free(c->entry.key);
	free(c->image);
	image_ref_done(&c->ref);
	strv_done(&c->command);
	strv_done(&c->entrypoint);
	schema_pairs_done(&c->environment);
	schema_pairs_done(&c->labels);
	free(c->user);
}

void pod_free(struct pod *pod)
{
	if (!pod)
		return;
	for (size_t i = 0; i < pod->containers.n; i++)
		container_done(&((struct pod_container *)pod->containers.items)[i]);
	free(pod->containers.items);
	free(pod->publish);
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
