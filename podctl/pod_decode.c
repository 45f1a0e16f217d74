/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of a pod file that need more than a table: words, ports, signals and their like. Pure. */
#include "podctl/pod_private.h"

#include "podctl/shellwords.h"

#include <errno.h>
#include <strings.h>

#define LIST_MAX 1000

/* A list of words, or one string that is split as a shell would. */
int pod_decode_words(struct schema_context *ctx, const struct yaml_node *node, void *target,
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

#define RETRIES_MAX 999999

int pod_decode_restart(struct schema_context *ctx, const struct yaml_node *node, void *target,
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
	uint64_t retries;

	if (!text)
		return -EINVAL;
	rest = startswith(text, "on-failure:");
	if (rest && text_number(rest, RETRIES_MAX, &retries)) {
		restart->retries = (uint32_t)retries;
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

static int decode_publish_entry(struct schema_context *ctx, const struct yaml_node *node, size_t at,
				struct pod *pod)
{
	const char *text = schema_get_string(ctx, node), *wrong;
	struct publish p;

	if (!text)
		return -EINVAL;
	wrong = publish_parse(text, &p);
	if (wrong)
		return schema_error(ctx, node, "%s", wrong);
	ARRAY_PUSH(pod->publish, pod->n_publish) = (struct pod_publish){p, node->mark, at};
	return 0;
}

/* target is pod.publish, so the pod begins that much before. */
int pod_decode_publish(struct schema_context *ctx, const struct yaml_node *node, void *target,
		       const struct schema_field *field)
{
	struct pod *pod = (void *)((char *)target - field->offset);
	int r = 0;

	if (node->kind != YAML_NODE_LIST)
		return schema_error(ctx, node, "must be a list, such as [\"80:80\"]");
	for (size_t i = 0; i < node->n; i++) {
		size_t length = schema_enter_index(ctx, i);

		if (decode_publish_entry(ctx, node->values[i], i, pod) < 0)
			r = -EINVAL;
		schema_leave(ctx, length);
	}
	return r;
}

/* PORT or FIRST-LAST, with or without /tcp or /udp. */
static const char *exposed_parse(const char *text, struct pod_exposed *ret)
{
	struct ports ports;

	if (!ports_parse(text, &ports))
		return "must be a port, 80, \"53/udp\" or \"8000-8009/tcp\"";
	*ret = (struct pod_exposed){ports.first, ports.last, ports.proto};
	return NULL;
}

/* target is pod.expose, so the pod begins that much before. */
int pod_decode_expose(struct schema_context *ctx, const struct yaml_node *node, void *target,
		      const struct schema_field *field)
{
	struct pod *pod = (void *)((char *)target - field->offset);
	unsigned n = 0;
	int r = 0;

	if (node->kind != YAML_NODE_LIST)
		return schema_error(ctx, node, "must be a list, such as [80, \"53/udp\"]");
	for (size_t i = 0; i < node->n; i++) {
		const char *text = schema_get_string(ctx, node->values[i]), *wrong;
		struct pod_exposed e;

		if (!text) {
			r = -EINVAL;
			continue;
		}
		wrong = exposed_parse(text, &e);
		if (wrong) {
			r = schema_error(ctx, node->values[i], "%s", wrong);
			continue;
		}
		n += (unsigned)(e.last - e.first) + 1;
		if (n > SETTINGS_PORTS_MAX)
			return schema_error(ctx, node->values[i], "has more than %d ports",
					    SETTINGS_PORTS_MAX);
		ARRAY_PUSH(pod->expose, pod->n_expose) = e;
	}
	return r;
}

bool pod_parse_decimal(const char *text, double min, double max, double *ret)
{
	char *end = NULL;
	double value = strtod(text, &end);

	if (!*text || strspn(text, "0123456789.") != strlen(text) || *end || !(value >= min) ||
	    !(value <= max))
		return false;
	*ret = value;
	return true;
}

int pod_decode_seconds(struct schema_context *ctx, const struct yaml_node *node, void *target,
		       const struct schema_field *field _unused_)
{
	const char *text = schema_get_string(ctx, node);

	if (!text)
		return -EINVAL;
	if (!pod_parse_decimal(text, 0.01, 3600, target))
		return schema_error(ctx, node, "must be seconds from 0.01 to 3600, such as 0.5");
	return 0;
}

/* signal(7), by number; those that the kernel does not number alike everywhere are left out */
static const struct {
	const char *name;
	int number;
} signals[] = {
	{"HUP", 1},   {"INT", 2},     {"QUIT", 3},   {"ILL", 4},     {"TRAP", 5},  {"ABRT", 6},
	{"BUS", 7},   {"FPE", 8},     {"KILL", 9},   {"USR1", 10},   {"SEGV", 11}, {"USR2", 12},
	{"PIPE", 13}, {"ALRM", 14},   {"TERM", 15},  {"STKFLT", 16}, {"CHLD", 17}, {"CONT", 18},
	{"STOP", 19}, {"TSTP", 20},   {"TTIN", 21},  {"TTOU", 22},   {"URG", 23},  {"XCPU", 24},
	{"XFSZ", 25}, {"VTALRM", 26}, {"PROF", 27},  {"WINCH", 28},  {"IO", 29},   {"PWR", 30},
	{"SYS", 31},  {"RTMIN", 34},  {"RTMAX", 64},
};

int pod_decode_signal(struct schema_context *ctx, const struct yaml_node *node, void *target,
		      const struct schema_field *field _unused_)
{
	const char *text = schema_get_string(ctx, node), *name = text;
	char **ret = target;
	uint64_t number = 0;

	if (!text)
		return -EINVAL;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	(void)text_digits(text, strlen(text), 64, &number);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (signals[i].number != (int)number && strcasecmp(name, signals[i].name) != 0)
			continue;
		*ret = xasprintf("SIG%s", signals[i].name);
		return 0;
	}
	return schema_error(ctx, node, "must be a signal, such as SIGTERM, term or 15");
}

int pod_decode_capabilities(struct schema_context *ctx, const struct yaml_node *node, void *target,
			    const struct schema_field *field)
{
	struct strv *ret = target;
	int r = 0;

	if (node->kind != YAML_NODE_LIST || node->n > LIST_MAX)
		return schema_error(ctx, node, "must be a list, such as [CHOWN, SETUID]");
	for (size_t i = 0; i < node->n; i++) {
		const char *text = schema_get_string(ctx, node->values[i]), *name;
		char quoted[PROBLEM_QUOTE_MAX];

		if (!text) {
			r = -EINVAL;
			continue;
		}
		name = field->max && strcasecmp(text, "ALL") == 0 ? "ALL" : capability_name(text);
		if (!name)
			r = schema_error(ctx, node->values[i], "%s is not a capability%s",
					 problems_quote(quoted, text),
					 strcasecmp(text, "ALL") == 0 ? ": name each that is meant"
								      : "");
		else if (!strv_has(ret, name))
			strv_add(ret, name);
	}
	return r;
}

static int tmpfs_size(struct schema_context *ctx, const struct yaml_node *node, int64_t *ret)
{
	const char *text = schema_get_string(ctx, node);

	if (!text)
		return -EINVAL;
	return size_parse(text, ret) ? 0 : schema_error(ctx, node, "must be a size, such as 64M");
}

/* "/tmp", or {target: /tmp, size: 64M} */
static int tmpfs_entry(struct schema_context *ctx, const struct yaml_node *node,
		       struct pod_tmpfs *ret)
{
	const char *text;

	ret->mark = node->mark;
	if (node->kind != YAML_NODE_MAP) {
		text = schema_get_string(ctx, node);
		ret->target = xstrdup(text);
		return text ? 0 : -EINVAL;
	}
	for (size_t i = 0; i < node->n; i++) {
		const char *key = node->keys[i]->text;
		int r = 0;

		if (streq(key, "target")) {
			text = schema_get_string(ctx, node->values[i]);
			ret->target = xstrdup(text);
			r = text ? 0 : -EINVAL;
		} else if (streq(key, "size")) {
			r = tmpfs_size(ctx, node->values[i], &ret->size);
		} else {
			r = schema_error(ctx, node->keys[i], "is not known; %s",
					 "target and size are");
		}
		if (r < 0)
			return r;
	}
	return ret->target ? 0 : schema_error(ctx, node, "needs a target");
}

/* target is container.tmpfs; the container begins that much before. */
int pod_decode_tmpfs(struct schema_context *ctx, const struct yaml_node *node, void *target,
		     const struct schema_field *field)
{
	struct pod_container *c = (void *)((char *)target - field->offset);
	int r = 0;

	if (node->kind != YAML_NODE_LIST || node->n > LIST_MAX)
		return schema_error(ctx, node,
				    "must be a list, such as [/tmp, {target: /run, size: 8M}]");
	for (size_t i = 0; i < node->n; i++) {
		struct pod_tmpfs t = {0};
		size_t length = schema_enter_index(ctx, i);
		int failed = tmpfs_entry(ctx, node->values[i], &t);

		schema_leave(ctx, length);
		if (failed < 0) {
			free(t.target);
			r = failed;
		} else {
			ARRAY_PUSH(c->tmpfs, c->n_tmpfs) = t;
		}
	}
	return r;
}
