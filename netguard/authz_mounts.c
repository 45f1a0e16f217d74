/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mounts of a container: which paths of the host and which volumes. Pure.
 *
 * The engine resolves a source later than we look at it, so a path is allowed only where nobody
 * but the host's root can put a link into it: everything above its last part belongs to root and
 * can be written by root alone (AUTHZ_FACT_PATH). Where any caller's containers may be root, that
 * says nothing about what lies in the roots, so only the roots themselves are left; and what a
 * container's root makes there must not be a set-user-id program or a device to users of the host
 * (AUTHZ_FACT_CLOSED).
 */
#include "common/json_build.h"
#include "netguard/authz_container.h"
#include "netguard/authz_route.h"
#include "netguard/authz_volumes.h"

int authz_check_source(const struct authz_context *ctx, const char *source)
{
	bool exactly = settings_engine_any_root(&ctx->settings->engine_policy);
	const struct strv *roots = &ctx->rules->bind_roots;
	const struct authz_fact *fact;
	bool found = false;
	int r;

	if (!path_is_normal(source))
		return authz_deny(ctx,
				  "the mount of %s: must be an absolute path without . or .. or "
				  "empty parts, and without a slash at its end",
				  source);
	for (size_t i = 0; i < roots->n && !found; i++)
		found = exactly ? streq(roots->items[i], source)
				: text_path_below(source, roots->items[i]);
	if (!found)
		return authz_deny(ctx, "the mount of %s: not %s the folders that may be mounted",
				  source, exactly ? "one of" : "below");
	if (ctx->touch)
		return 0;
	r = authz_fact_get(ctx, exactly ? AUTHZ_FACT_CLOSED : AUTHZ_FACT_PATH, source, &fact);
	if (r != 0)
		return r;
	return fact->result < 0 ? authz_deny(ctx, "%s", fact->why) : 0;
}

/*
 * A volume is as much as the containers that have it: none of podctl's, and none that the caller
 * could not have created. *ret_used: whether there is one.
 */
static int check_users(const struct authz_context *ctx, const char *name, bool *ret_used)
{
	struct authz_context touch = *ctx;
	const struct authz_fact *fact;
	json_t *item;
	size_t i;
	int r = authz_fact_get(ctx, AUTHZ_FACT_USERS, name, &fact);

	if (r != 0)
		return r;
	if (!json_is_array(fact->json))
		return authz_deny(ctx, "the engine does not say who has the volume %s", name);
	touch.touch = true;
	*ret_used = json_array_size(fact->json) > 0;
	json_array_foreach (fact->json, i, item) {
		const char *id = json_string_value(json_object_get(item, "Id")) ?: "";

		if (json_is_true(item)) /* looked at, see below */
			return 0;
		if (!authz_name_valid(id))
			return authz_deny(ctx, "the engine does not say who has the volume %s",
					  name);
		r = authz_check_container(&touch, id);
		if (r < 0)
			return err_wrap(ctx->err, "the volume %s belongs to another container",
					name);
		if (r != 0)
			return r;
	}
	/* once, however often a request names the volume: what is left says that there is one */
	json_array_clear(fact->json);
	if (*ret_used)
		json_push(fact->json, json_true());
	return 0;
}

/* The engine's own: 64 digits of an id. */
static bool is_anonymous(const char *name)
{
	return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}

int authz_check_volume(const struct authz_context *ctx, const char *name, bool copies)
{
	const struct authz_fact *fact;
	json_t *options;
	bool used = false;
	int r;

	if (!authz_name_valid(name))
		return authz_deny(ctx, "the mount of %s: neither a path nor a volume's name", name);
	if (ctx->touch)
		return 0;
	if (!ctx->existing && is_anonymous(name))
		return authz_deny(ctx, "the volume %s: an anonymous one is its container's alone",
				  name);
	r = authz_fact_get(ctx, AUTHZ_FACT_VOLUME, name, &fact);
	if (r != 0 || fact->result < 0) /* of what is not there the engine makes a plain one */
		return r;
	options = json_object_get(fact->json, "Options");
	if (!streq(json_string_value(json_object_get(fact->json, "Driver")) ?: "", "local") ||
	    (options && !authz_is_empty(options)))
		return authz_deny(ctx, "the volume %s mounts something else of the host", name);
	r = check_users(ctx, name, &used);
	/* it copies when a container is created, and never again */
	if (r == 0 && used && copies && !ctx->existing)
		return authz_deny(ctx,
				  "the volume %s is another container's, too, which may write to "
				  "it while the engine copies into it: mount it with nocopy",
				  name);
	return r;
}

/* Whether each of a list with commas is one of these; of one with "=", what stands before it, with
 * it. */
static bool words_are_of(const char *list, const char *const *words)
{
	while (*list) {
		size_t n = strcspn(list, ","), equals = strcspn(list, "=");
		size_t compared = equals < n ? equals + 1 : n;
		bool known = false;

		for (size_t i = 0; words[i]; i++)
			known |= strlen(words[i]) == compared &&
				 strncmp(words[i], list, compared) == 0;
		if (!known)
			return false;
		list += n;
		list += *list == ',';
	}
	return true;
}

/* "ro,nocopy": what changes neither labels of the host's files nor how mounts spread. */
static bool mode_is_harmless(const char *mode)
{
	static const char *const words[] = {"ro",      "rw",	    "nocopy",
					    "private", "rprivate",  "consistent",
					    "cached",  "delegated", NULL};

	return words_are_of(mode, words);
}

/* SOURCE:TARGET[:MODE] */
static int check_bind(const struct authz_context *ctx, const char *text)
{
	const char *colon = strchr(text, ':'), *mode;
	_cleanup_free_ char *source = NULL;

	if (!colon || colon == text || colon[1] != '/')
		return authz_deny(ctx, "the mount %s: must be SOURCE:TARGET[:MODE]", text);
	source = xstrndup(text, (size_t)(colon - text));
	mode = strchr(colon + 1, ':');
	if (mode && (strchr(mode + 1, ':') || !mode_is_harmless(mode + 1)))
		return authz_deny(ctx,
				  "the mount %s: of modes only ro, rw, nocopy and private are "
				  "allowed",
				  text);
	if (*source == '/')
		return authz_check_source(ctx, source);
	return authz_check_volume(ctx, source, !mode || !text_list_has(mode + 1, "nocopy"));
}

int authz_check_binds(const struct authz_context *ctx, json_t *value)
{
	json_t *item;
	size_t i;
	int r;

	if (!json_is_array(value))
		return authz_deny(ctx, "HostConfig.Binds: not a list");
	json_array_foreach (value, i, item) {
		if (!json_is_string(item))
			return authz_deny(ctx, "HostConfig.Binds: not a list of strings");
		r = check_bind(ctx, json_string_value(item));
		if (r != 0)
			return r;
	}
	return 0;
}

/* Only their words are looked at; what they are for, in check_mount. */
static int check_propagation(const struct authz_context *ctx, json_t *value)
{
	const char *s = json_string_value(value);

	if (!s || (*s && !streq(s, "private") && !streq(s, "rprivate")))
		return authz_deny(ctx, "Mounts.BindOptions.Propagation: only private is allowed");
	return 0;
}

static int check_bind_options(const struct authz_context *ctx, json_t *value)
{
	static const struct authz_field fields[] = {
		{.key = "Propagation", .kind = AUTHZ_CHECK, .check = check_propagation},
		{.key = "NonRecursive", .kind = AUTHZ_BOOL},
		{.key = "CreateMountpoint", .kind = AUTHZ_BOOL},
		{.key = "ReadOnlyNonRecursive", .kind = AUTHZ_BOOL},
		{.key = "ReadOnlyForceRecursive", .kind = AUTHZ_BOOL},
		{0},
	};

	return authz_fields_check(ctx, value, "Mounts.BindOptions", fields);
}

static int check_driver_name(const struct authz_context *ctx, json_t *value)
{
	const char *s = json_string_value(value);

	if (!s || (*s && !streq(s, "local")))
		return authz_deny(ctx, "a volume's driver: only local is allowed");
	return 0;
}

static int check_driver_config(const struct authz_context *ctx, json_t *value)
{
	static const struct authz_field fields[] = {
		{.key = "Name", .kind = AUTHZ_CHECK, .check = check_driver_name},
		{.key = "Options",
		 .kind = AUTHZ_EMPTY,
		 .why = "options of a volume's driver can mount the host"},
		{0},
	};

	return authz_fields_check(ctx, value, "Mounts.VolumeOptions.DriverConfig", fields);
}

static int check_volume_options(const struct authz_context *ctx, json_t *value)
{
	static const struct authz_field fields[] = {
		{.key = "NoCopy", .kind = AUTHZ_BOOL},
		{.key = "Labels", .kind = AUTHZ_TEXT_MAP},
		{.key = "DriverConfig", .kind = AUTHZ_CHECK, .check = check_driver_config},
		{.key = "Subpath", .kind = AUTHZ_EMPTY, .why = "part of a volume is not allowed"},
		{0},
	};

	return authz_fields_check(ctx, value, "Mounts.VolumeOptions", fields);
}

static int check_tmpfs_options(const struct authz_context *ctx, json_t *value)
{
	static const struct authz_field fields[] = {
		{.key = "SizeBytes", .kind = AUTHZ_INT},
		{.key = "Mode", .kind = AUTHZ_INT},
		{.key = "Options", .kind = AUTHZ_EMPTY, .why = "options are not allowed"},
		{0},
	};

	return authz_fields_check(ctx, value, "Mounts.TmpfsOptions", fields);
}

static int check_mount(const struct authz_context *ctx, json_t *mount)
{
	static const struct authz_field fields[] = {
		{.key = "Type", .kind = AUTHZ_STRING},
		{.key = "Source", .kind = AUTHZ_STRING},
		{.key = "Target", .kind = AUTHZ_STRING},
		{.key = "ReadOnly", .kind = AUTHZ_BOOL},
		{.key = "Consistency", .kind = AUTHZ_STRING},
		{.key = "BindOptions", .kind = AUTHZ_CHECK, .check = check_bind_options},
		{.key = "VolumeOptions", .kind = AUTHZ_CHECK, .check = check_volume_options},
		{.key = "TmpfsOptions", .kind = AUTHZ_CHECK, .check = check_tmpfs_options},
		{.key = "ImageOptions", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "ClusterOptions", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{0},
	};
	int r = authz_fields_check(ctx, mount, "Mounts", fields);
	const char *type, *source;

	if (r != 0)
		return r;
	type = authz_field_text(mount, "Type");
	source = authz_field_text(mount, "Source");
	if (streq(type, "bind"))
		return authz_check_source(ctx, source);
	if (streq(type, "volume"))
		return *source ? authz_check_volume(ctx, source, !authz_mount_has_nocopy(mount))
			       : 0;
	if (streq(type, "tmpfs"))
		return *source ? authz_deny(ctx, "a tmpfs has no source") : 0;
	return authz_deny(ctx, "a mount of type %s is not allowed", *type ? type : "(none)");
}

int authz_check_mounts(const struct authz_context *ctx, json_t *value)
{
	json_t *item;
	size_t i;
	int r;

	if (!json_is_array(value))
		return authz_deny(ctx, "HostConfig.Mounts: not a list");
	json_array_foreach (value, i, item) {
		r = check_mount(ctx, item);
		if (r != 0)
			return r;
	}
	return 0;
}

/*
 * "size=1m,ro". The engine also takes flags that make no tmpfs: with remount, what is mounted there
 * already (/sys, a cgroup) is changed to be writable, and with bind it is the host's.
 */
static bool tmpfs_is_one(const char *options)
{
	static const char *const words[] = {
		"defaults",	 "rw",	     "ro",	   "exec",     "noexec",     "suid",
		"nosuid",	 "dev",	     "nodev",	   "sync",     "async",	     "atime",
		"noatime",	 "diratime", "nodiratime", "relatime", "norelatime", "strictatime",
		"nostrictatime", "size=",    "mode=",	   "uid=",     "gid=",	     "nr_inodes=",
		"nr_blocks=",	 NULL};

	return words_are_of(options, words);
}

int authz_check_tmpfs(const struct authz_context *ctx, json_t *value)
{
	const char *target;
	json_t *item;

	if (!json_is_object(value))
		return authz_deny(ctx, "HostConfig.Tmpfs: not an object");
	json_object_foreach (value, target, item) {
		if (*target != '/' || !json_is_string(item))
			return authz_deny(ctx, "HostConfig.Tmpfs: not paths with options");
		if (!tmpfs_is_one(json_string_value(item)))
			return authz_deny(ctx,
					  "the tmpfs %s: of options only those of a new tmpfs are "
					  "allowed: size, mode, uid, ro and their like",
					  target);
	}
	return 0;
}

/* Anonymous volumes: {"/data": {}} */
int authz_check_volumes(const struct authz_context *ctx, json_t *value)
{
	const char *target;
	json_t *item;

	if (!json_is_object(value))
		return authz_deny(ctx, "Volumes: not an object");
	json_object_foreach (value, target, item) {
		if (*target != '/' || strchr(target, ':') || !authz_is_empty(item))
			return authz_deny(ctx, "Volumes: %s is no path in the container", target);
	}
	return 0;
}
