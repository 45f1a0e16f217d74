/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine_policy: the tables of its keys, and asking it. Pure.
 *
 * What a client's rules do not give is the default, not what stands for everybody: so that a line
 * that is opened for all opens nothing for a client whose rules are complete.
 */
#include "common/settings_decode.h"

#include <errno.h>

static const struct {
	const char *name;
	bool allowed;
} endpoints[] = {
#define X(id, name, allowed) {name, allowed},
	ENGINE_ENDPOINTS(X)
#undef X
};

const char *api_endpoint_name(enum api_endpoint endpoint)
{
	return endpoints[endpoint].name;
}

static uint64_t default_endpoints(void)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < ENDPOINT_MAX; i++) {
		if (endpoints[i].allowed)
			set |= ENDPOINT_BIT(i);
	}
	return set;
}

static uint64_t endpoint_named(const char *name)
{
	if (streq(name, "default"))
		return default_endpoints();
	for (unsigned i = 0; i < ENDPOINT_MAX; i++) {
		if (streq(name, endpoints[i].name))
			return ENDPOINT_BIT(i);
	}
	return 0;
}

/* Those that were endpoints once: who has one in a configuration is told why it is none. */
static bool is_of_files(const char *name)
{
	return streq(name, "container-copy-out") || streq(name, "container-export");
}

static int decode_endpoints(struct schema_context *ctx, const struct yaml_node *node, void *target,
			    const struct schema_field *field _unused_)
{
	static const struct schema_field strings = {.type = SCHEMA_STRINGS};
	_cleanup_(strv_done)
	struct strv names = {0};
	char quoted[PROBLEM_QUOTE_MAX];
	uint64_t *ret = target;
	int result = schema_decode_at(ctx, "", &strings, node, &names);

	if (result < 0)
		return result;
	for (size_t i = 0; i < names.n; i++) {
		size_t length = schema_enter_index(ctx, i);
		uint64_t bits = endpoint_named(names.items[i]);

		if (is_of_files(names.items[i]))
			result = schema_error(ctx, node->values[i],
					      "%s can't be allowed: whoever also runs a "
					      "process in the container would be root of the host",
					      names.items[i]);
		else if (!bits)
			result = schema_error(ctx, node->values[i],
					      "%s is not an endpoint: netguard.yml(5) lists them",
					      problems_quote(quoted, names.items[i]));
		*ret |= bits;
		schema_leave(ctx, length);
	}
	return result;
}

bool path_is_normal(const char *path)
{
	if (*path != '/' || strlen(path) > 4096)
		return false;
	if (path[1] == '\0')
		return true;
	for (const char *p = path; *p;) {
		size_t n = strcspn(++p, "/");

		if (n == 0 || (p[0] == '.' && (n == 1 || (n == 2 && p[1] == '.'))))
			return false;
		p += n;
	}
	return true;
}

/* Below these nothing is a file of the host's that could be given away. */
static bool is_kernels(const char *path)
{
	static const char *const trees[] = {"/proc", "/sys", "/dev"};

	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		const char *rest = startswith(path, trees[i]);

		if (rest && (*rest == '\0' || *rest == '/'))
			return true;
	}
	return false;
}

static const char *check_bind_root(const void *value)
{
	const char *s = value;

	for (const char *p = s; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == ':')
			return "must not have control characters or a colon in it";
	}
	if (!path_is_normal(s))
		return "must be an absolute path without . or .. or empty parts";
	if (streq(s, "/") || is_kernels(s))
		return "may not be /, /dev, /proc or /sys, nor lie below those";
	return NULL;
}

static const char *check_word(const void *value)
{
	const char *s = value;

	if (!*s)
		return "must not be empty";
	for (; *s; s++) {
		if ((unsigned char)*s <= 0x20 || *s == 0x7f)
			return "must be one word";
	}
	return NULL;
}

static const char *check_client(const char *key)
{
	return problems_may_show(key) ? NULL : "is not the common name of a certificate";
}

static const char *check_exempt(const void *value)
{
	return check_client(value);
}

static const char *check_pod(const void *value)
{
	return pod_name_valid(value) ? NULL : "must be the name of a pod";
}

/* The keys of struct settings_engine_rules, at an offset. */
#define RULES_AT(base, member) (base) + offsetof(struct settings_engine_rules, member)
#define RULES_FIELDS(base)                                                                         \
	{.key = "endpoints",                                                                       \
	 .type = SCHEMA_CUSTOM,                                                                    \
	 .offset = RULES_AT(base, endpoints),                                                      \
	 .given_offset = RULES_AT(base, endpoints_given),                                          \
	 .decode = decode_endpoints,                                                               \
	 .json = SCHEMA_JSON_TEXTS,                                                                \
	 .doc = "what the engine may be asked; default stands for the usual ones"},                \
		{.key = "allow_root",                                                              \
		 .type = SCHEMA_BOOL,                                                              \
		 .offset = RULES_AT(base, allow_root),                                             \
		 .doc = "containers may run as root"},                                             \
		{.key = "allow_new_privileges",                                                    \
		 .type = SCHEMA_BOOL,                                                              \
		 .offset = RULES_AT(base, allow_new_privileges),                                   \
		 .doc = "containers need not be created with no-new-privileges"},                  \
		{.key = "capabilities",                                                            \
		 .type = SCHEMA_CUSTOM,                                                            \
		 .offset = RULES_AT(base, capabilities),                                           \
		 .decode = settings_decode_capabilities,                                           \
		 .json = SCHEMA_JSON_TEXTS,                                                        \
		 .doc = "capabilities that may be added"},                                         \
		{.key = "bind_roots",                                                              \
		 .type = SCHEMA_STRINGS,                                                           \
		 .offset = RULES_AT(base, bind_roots),                                             \
		 .check = check_bind_root,                                                         \
		 .doc = "folders of the host that may be mounted, and what root put in them"},     \
		{.key = "images",                                                                  \
		 .type = SCHEMA_STRINGS,                                                           \
		 .offset = RULES_AT(base, images),                                                 \
		 .given_offset = RULES_AT(base, images_given),                                     \
		 .check = check_word,                                                              \
		 .doc = "globs of the images that may be used; absent: any"},                      \
		{.key = "networks",                                                                \
		 .type = SCHEMA_STRINGS,                                                           \
		 .offset = RULES_AT(base, networks),                                               \
		 .given_offset = RULES_AT(base, networks_given),                                   \
		 .check = check_word,                                                              \
		 .doc = "globs of the bridge networks that may be joined; absent: any"},           \
		{.key = "runtimes",                                                                \
		 .type = SCHEMA_STRINGS,                                                           \
		 .offset = RULES_AT(base, runtimes),                                               \
		 .check = check_word,                                                              \
		 .doc = "runtimes that may be named, beside the engine's default"},                \
		{.key = "publish",                                                                 \
		 .type = SCHEMA_CUSTOM,                                                            \
		 .offset = RULES_AT(base, publish),                                                \
		 .decode = settings_decode_ports,                                                  \
		 .json = SCHEMA_JSON_PORTS,                                                        \
		 .doc = "ports of the host that may be published"},                                \
	{                                                                                          \
		.key = "pods", .type = SCHEMA_STRINGS, .offset = RULES_AT(base, pods),             \
		.check = check_pod,                                                                \
		.doc = "pods of this configuration whose name its containers may have"             \
	}

static const struct schema_field client_fields[] = {
	RULES_FIELDS(offsetof(struct settings_engine_client, rules)),
	{0},
};
static const struct schema client_schema = {"client", client_fields,
					    sizeof(struct settings_engine_client)};

static const struct schema_field engine_fields[] = {
	RULES_FIELDS(offsetof(struct settings_engine, rules)),
	{.key = "exempt",
	 .type = SCHEMA_STRINGS,
	 .offset = offsetof(struct settings_engine, exempt),
	 .check = check_exempt,
	 .doc = "common names of TLS clients that may do anything"},
	{.key = "clients",
	 .type = SCHEMA_MAP,
	 .offset = offsetof(struct settings_engine, clients),
	 .object = &client_schema,
	 .check_key = check_client,
	 .doc = "common names of TLS clients with rules of their own"},
	{0},
};
const struct schema settings_engine_schema = {"engine_policy", engine_fields,
					      sizeof(struct settings_engine)};

static struct settings_engine_client *client_at(const struct settings_engine *e, size_t i)
{
	return &((struct settings_engine_client *)e->clients.items)[i];
}

static void fill_in(struct settings_engine_rules *r)
{
	if (!r->endpoints_given)
		r->endpoints = default_endpoints();
}

void settings_engine_fill_in(struct settings_engine *e)
{
	fill_in(&e->rules);
	for (size_t i = 0; i < e->clients.n; i++)
		fill_in(&client_at(e, i)->rules);
}

static void rules_done(struct settings_engine_rules *r)
{
	strv_done(&r->capabilities);
	strv_done(&r->bind_roots);
	strv_done(&r->images);
	strv_done(&r->networks);
	strv_done(&r->runtimes);
	strv_done(&r->pods);
	free(r->publish.items);
}

void settings_engine_done(struct settings_engine *e)
{
	rules_done(&e->rules);
	for (size_t i = 0; i < e->clients.n; i++) {
		free(client_at(e, i)->entry.key);
		rules_done(&client_at(e, i)->rules);
	}
	free(e->clients.items);
	strv_done(&e->exempt);
}

const struct settings_engine_rules *settings_engine_rules_of(const struct settings_engine *e,
							     const char *client)
{
	for (size_t i = 0; client && i < e->clients.n; i++) {
		if (streq(client_at(e, i)->entry.key, client))
			return &client_at(e, i)->rules;
	}
	return &e->rules;
}

static bool may_be_root(const struct settings_engine_rules *r)
{
	return r->allow_root || r->allow_new_privileges;
}

bool settings_engine_any_root(const struct settings_engine *e)
{
	bool any = may_be_root(&e->rules);

	for (size_t i = 0; i < e->clients.n; i++)
		any |= may_be_root(&client_at(e, i)->rules);
	return any;
}
