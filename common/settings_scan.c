/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration's scan: what podctl scan expects of containers' files and processes. Pure. */
#include "common/settings_decode.h"

#include <errno.h>

#define GLOB_MAX 1024

static const char *check_path(const void *value)
{
	const char *s = value;

	if (*s != '/' && !startswith(s, "**"))
		return "must be a glob of absolute paths, such as /var/cache/**";
	if (strlen(s) > GLOB_MAX)
		return "is longer than 1024 bytes";
	return NULL;
}

static const char *check_container(const char *key)
{
	size_t n = strlen(key);

	return n == 0 || n > GLOB_MAX || strchr(key, '/')
		       ? "must be a glob of containers' names, such as web.*"
		       : NULL;
}

/* "added", "changed", "deleted": the members of struct settings_scan_files */
#define AT(kind) (offsetof(struct settings_scan_files, kinds) + (kind) * sizeof(struct strv))
static const struct schema_field kinds_fields[] = {
	{.key = "any",
	 .type = SCHEMA_STRINGS,
	 .offset = offsetof(struct settings_scan_files, any),
	 .check = check_path,
	 .doc = "paths that may be added, changed and deleted"},
	{.key = "added",
	 .type = SCHEMA_STRINGS,
	 .offset = AT(SETTINGS_ADDED),
	 .check = check_path,
	 .doc = "paths that may be added"},
	{.key = "changed",
	 .type = SCHEMA_STRINGS,
	 .offset = AT(SETTINGS_CHANGED),
	 .check = check_path,
	 .doc = "paths that may be changed"},
	{.key = "deleted",
	 .type = SCHEMA_STRINGS,
	 .offset = AT(SETTINGS_DELETED),
	 .check = check_path,
	 .doc = "paths that may be deleted"},
	{0},
};
#undef AT
static const struct schema kinds_schema = {"scan.files entry", kinds_fields,
					   sizeof(struct settings_scan_files)};

static const struct schema_field process_fields[] = {
	{.key = "executable",
	 .type = SCHEMA_STRING,
	 .offset = offsetof(struct settings_scan_process, executable),
	 .required = true,
	 .check = check_path,
	 .doc = "path of the executable in the container, or a glob"},
	{.key = "uid",
	 .type = SCHEMA_INT,
	 .offset = offsetof(struct settings_scan_process, uid),
	 .required = true,
	 .max = UINT32_MAX - 1,
	 .doc = "the user's number in the container"},
	{.key = "required",
	 .type = SCHEMA_BOOL,
	 .offset = offsetof(struct settings_scan_process, required),
	 .doc = "it is an alert when none of these runs"},
	{0},
};
static const struct schema process_schema = {"scan.processes entry", process_fields,
					     sizeof(struct settings_scan_process)};

static void files_done(struct settings_scan_files *f)
{
	free(f->container);
	strv_done(&f->any);
	for (size_t i = 0; i < SETTINGS_CHANGES; i++)
		strv_done(&f->kinds[i]);
}

static void processes_done(struct settings_scan_processes *p)
{
	struct settings_scan_process *items = p->items.items;

	free(p->container);
	for (size_t i = 0; i < p->items.n; i++)
		free(items[i].executable);
	free(items);
}

void settings_scan_done(struct settings_scan *scan)
{
	for (size_t i = 0; i < scan->n_files; i++)
		files_done(&scan->files[i]);
	for (size_t i = 0; i < scan->n_processes; i++)
		processes_done(&scan->processes[i]);
	free(scan->files);
	free(scan->processes);
	*scan = (struct settings_scan){0};
}

static int check_key(struct schema_context *ctx, const struct yaml_node *key)
{
	const char *wrong = check_container(key->text);

	return wrong ? schema_error(ctx, key, "%s", wrong) : 0;
}

static int decode_files(struct schema_context *ctx, const struct yaml_node *node, void *target,
			const struct schema_field *field _unused_)
{
	static const struct schema_field list = {.type = SCHEMA_STRINGS, .check = check_path};
	static const struct schema_field map = {.type = SCHEMA_OBJECT, .object = &kinds_schema};
	struct settings_scan *scan = target;
	int result = 0;

	if (node->kind != YAML_NODE_MAP && !yaml_is_null(node))
		return schema_error(ctx, node, "must be a map of containers to paths");
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *value = node->values[i];
		bool by_kind = value->kind == YAML_NODE_MAP;
		struct settings_scan_files *f = &ARRAY_PUSH(scan->files, scan->n_files);
		void *to = f;

		*f = (struct settings_scan_files){.container = xstrdup(node->keys[i]->text)};
		if (!by_kind)
			to = &f->any;
		if (check_key(ctx, node->keys[i]) < 0 ||
		    schema_decode_at(ctx, node->keys[i]->text, by_kind ? &map : &list, value, to) <
			    0)
			result = -EINVAL;
	}
	return result;
}

static int decode_processes(struct schema_context *ctx, const struct yaml_node *node, void *target,
			    const struct schema_field *field _unused_)
{
	static const struct schema_field list = {.type = SCHEMA_LIST, .object = &process_schema};
	struct settings_scan *scan = target;
	int result = 0;

	if (node->kind != YAML_NODE_MAP && !yaml_is_null(node))
		return schema_error(ctx, node, "must be a map of containers to processes");
	for (size_t i = 0; i < node->n; i++) {
		struct settings_scan_processes *p = &ARRAY_PUSH(scan->processes, scan->n_processes);

		*p = (struct settings_scan_processes){.container = xstrdup(node->keys[i]->text)};
		if (check_key(ctx, node->keys[i]) < 0 ||
		    schema_decode_at(ctx, node->keys[i]->text, &list, node->values[i], &p->items) <
			    0)
			result = -EINVAL;
	}
	return result;
}

#define JSON_PATHS                                                                                 \
	"{\"type\":\"array\",\"items\":{\"type\":\"string\",\"pattern\":\"^(/|[*]{2})\"}}"

/* both go to struct settings_scan itself */
static const struct schema_field scan_fields[] = {
	{.key = "files",
	 .type = SCHEMA_CUSTOM,
	 .decode = decode_files,
	 .json = "{\"type\":[\"object\",\"null\"],\"additionalProperties\":{\"anyOf\":[" JSON_PATHS
		 ",{\"type\":[\"object\",\"null\"],\"properties\":{\"any\":" JSON_PATHS
		 ",\"added\":" JSON_PATHS ",\"changed\":" JSON_PATHS ",\"deleted\":" JSON_PATHS
		 "},\"additionalProperties\":false}]}}",
	 .doc = "globs of containers, and of the files that may differ from the image in them"},
	{.key = "processes",
	 .type = SCHEMA_CUSTOM,
	 .decode = decode_processes,
	 .json = "{\"type\":[\"object\",\"null\"],\"additionalProperties\":{\"type\":\"array\","
		 "\"items\":{\"type\":\"object\",\"properties\":{\"executable\":{\"type\":"
		 "\"string\",\"pattern\":\"^(/|[*]{2})\"},\"uid\":{\"type\":\"integer\","
		 "\"minimum\":0,\"maximum\":4294967294},\"required\":{\"type\":\"boolean\"}},"
		 "\"required\":[\"executable\",\"uid\"],\"additionalProperties\":false}}}",
	 .doc = "globs of containers, and the processes that may or must run in them"},
	{0},
};
const struct schema settings_scan_schema = {"scan", scan_fields, sizeof(struct settings_scan)};
