/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Creating a container, and recognizing one that could have been created so. Pure.
 *
 * What an image says counts as asked for: its user and its labels. Where the image is not there
 * the engine will say so, and the client pulls it; should it come in between, the start is
 * decided on by what the container has become.
 */
#include "common/image_ref.h"
#include "netguard/authz_container.h"
#include "netguard/authz_route.h"
#include "netguard/model.h"

#include <errno.h>
#include <strings.h>

/*
 * "1000", without sign or zeroes in front. A number is never looked up in the image's /etc/passwd;
 * a name is, and whoever made the image says whose it is.
 */
static bool is_number_above_0(const char *s, size_t n)
{
	return user_number(s, n) > 0 && s[0] != '0';
}

/* The group is not looked at: a user's own is the image's to say, or root's. */
int authz_check_user(const struct authz_context *ctx, const char *user, const char *whose)
{
	const char *colon = strchr(user, ':');
	size_t n = colon ? (size_t)(colon - user) : strlen(user);

	if (ctx->rules->allow_root)
		return 0;
	if (!*user)
		return authz_deny(ctx,
				  "%s is root: root is not allowed, name a user by number "
				  "(--user 1000:1000)",
				  whose);
	if (!is_number_above_0(user, n) || (colon && user_number(colon + 1, strlen(colon + 1)) < 0))
		return authz_deny(
			ctx,
			"%s is %s: must be a number from 1 to 2147483647 (--user 1000:1000), "
			"since a name is what the image makes of it",
			whose, user);
	return 0;
}

/* ---- labels and names ---- */

struct labels {
	json_t *own, *image;
};

static const char *get_label(void *userdata, const char *label)
{
	const struct labels *l = userdata;
	const char *value = json_string_value(json_object_get(l->own, label));

	return value ?: json_string_value(json_object_get(l->image, label));
}

static int check_label_keys(const struct authz_context *ctx, json_t *labels)
{
	const struct strv *reserved = &ctx->settings->policy.labels_reserved;
	const char *key;
	json_t *value;

	json_object_foreach (labels, key, value) {
		if (strncasecmp(key, "podctl.", 7) == 0 || strncasecmp(key, "netguard.", 9) == 0)
			return authz_deny(ctx, "the label %s is reserved for podctl", key);
		for (size_t i = 0; i < reserved->n; i++) {
			if (strncasecmp(key, reserved->items[i], strlen(reserved->items[i])) == 0)
				return authz_deny(ctx, "the label %s is reserved", key);
		}
	}
	return 0;
}

/* A pod of podctl's: its name, or what stands before the first dot of one of its containers'. */
static int check_podctls(const struct authz_context *ctx, const char *pod)
{
	const struct authz_fact *fact;
	int r = authz_fact_get(ctx, AUTHZ_FACT_POD, pod, &fact);

	if (r != 0)
		return r;
	if (json_array_size(fact->json) > 0)
		return authz_deny(
			ctx, "the pod %s is podctl's: no other container may be part of it", pod);
	return 0;
}

/*
 * Which pod netguard would take it for, or could; NULL: none, or one that nobody can know of yet. A
 * label counts whatever the name is: the engine may choose that, and it can be changed.
 */
static char *pod_of(const struct authz_context *ctx, const char *name, struct labels *labels)
{
	const char *claimed = model_pod_claimed(ctx->settings, get_label, labels);
	bool ours;

	if (claimed)
		return xstrdup(claimed);
	return *name ? model_pod_name(ctx->settings, name, get_label, labels, &ours) : NULL;
}

/*
 * Being a pod that the configuration speaks of is worth something, and podctl's are podctl's. What
 * is only touched may be older than podctl's pod: netguard keeps the two apart, and it can be
 * removed.
 */
static int check_pod(const struct authz_context *ctx, const char *pod)
{
	if (settings_names_pod(ctx->settings, pod) && !strv_has(&ctx->rules->pods, pod))
		return authz_deny(ctx,
				  "the container would be taken for one of the pod %s of the "
				  "configuration",
				  pod);
	return ctx->touch ? 0 : check_podctls(ctx, pod);
}

int authz_check_name(const struct authz_context *ctx, const char *name)
{
	_cleanup_free_ char *before_dot = xstrndup(name, strcspn(name, "."));
	_cleanup_free_ char *own = model_name_to_pod(name);
	int r = pod_name_valid(before_dot) ? check_pod(ctx, before_dot) : 0;

	/* "my.shop" is the pod my_shop, once a label of its does not count */
	return r != 0 || !*name || streq(own, before_dot) ? r : check_pod(ctx, own);
}

int authz_check_labels(const struct authz_context *ctx, const char *name, json_t *own,
		       json_t *image)
{
	struct labels labels = {own, image};
	_cleanup_free_ char *pod = NULL, *before_dot = NULL;
	int r;

	if ((r = check_label_keys(ctx, own)) != 0 || (r = check_label_keys(ctx, image)) != 0)
		return r;
	pod = pod_of(ctx, name, &labels);
	if (pod && (r = check_pod(ctx, pod)) != 0)
		return r;
	/* also the name of a container that podctl may make */
	before_dot = xstrndup(name, strcspn(name, "."));
	if (!(pod && streq(pod, before_dot)) && (r = authz_check_name(ctx, name)) != 0)
		return r;
	return *name && !ctx->touch ? authz_check_dns_name(ctx, "the name", name) : 0;
}

/* ---- images ---- */

static bool reference_allowed(const struct strv *globs, const char *text)
{
	struct image_ref ref = {0};
	bool allowed;

	if (image_ref_parse(text, &ref))
		return false;
	allowed = authz_any_glob(globs, ref.full);
	image_ref_done(&ref);
	return allowed;
}

/* An image is known by what it holds: one of its names must be allowed, whatever it is called by.
 */
static bool image_allowed(const struct strv *globs, json_t *image)
{
	static const char *const lists[] = {"RepoTags", "RepoDigests"};
	json_t *item;
	size_t j;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		json_array_foreach (json_object_get(image, lists[i]), j, item) {
			if (reference_allowed(globs, json_string_value(item) ?: ""))
				return true;
		}
	}
	return false;
}

/* *ret: its configuration, NULL where it is not there; borrowed. */
static int check_image(const struct authz_context *ctx, const char *image, json_t **ret)
{
	const struct authz_fact *fact;
	bool allowed;
	int r;

	*ret = NULL;
	if (!*image ||
	    strspn(image, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789_.-:/@") != strlen(image) ||
	    strstr(image, "..") || strstr(image, "//") || *image == '/')
		return authz_deny(ctx, "the image %s: not a name of one", image);
	r = authz_fact_get(ctx, AUTHZ_FACT_IMAGE, image, &fact);
	if (r != 0)
		return r;
	allowed = !ctx->rules->images_given ||
		  (fact->result < 0 ? reference_allowed(&ctx->rules->images, image)
				    : image_allowed(&ctx->rules->images, fact->json));
	if (!allowed)
		return authz_deny(ctx, "the image %s is not one that is allowed", image);
	if (fact->result == 0) {
		*ret = json_object_get(fact->json, "Config");
		/* an image without a configuration would be one that we can't read */
		if (!json_is_object(*ret))
			return authz_deny(ctx, "the image %s: the engine does not describe it",
					  image);
	}
	return 0;
}

/* ---- the request ---- */

static int check_exposed(const struct authz_context *ctx, json_t *value)
{
	const char *port;
	json_t *item;

	if (!json_is_object(value))
		return authz_deny(ctx, "ExposedPorts: not an object");
	json_object_foreach (value, port, item) {
		if (!authz_is_empty(item))
			return authz_deny(ctx, "ExposedPorts: not ports");
	}
	return 0;
}

#define OF(name, type)                                                                             \
	{                                                                                          \
		.key = name, .kind = AUTHZ_##type                                                  \
	}

static int check_health(const struct authz_context *ctx, json_t *value)
{
	static const struct authz_field fields[] = {
		OF("Test", STRINGS),
		OF("Interval", INT),
		OF("Timeout", INT),
		OF("StartPeriod", INT),
		OF("StartInterval", INT),
		OF("Retries", INT),
		{0},
	};

	return authz_fields_check(ctx, value, "Healthcheck", fields);
}

#define CONFIG_FIELDS                                                                              \
	OF("Hostname", STRING), OF("Domainname", STRING), OF("User", STRING),                      \
		OF("AttachStdin", BOOL), OF("AttachStdout", BOOL), OF("AttachStderr", BOOL),       \
		{.key = "ExposedPorts", .kind = AUTHZ_CHECK, .check = check_exposed},              \
		OF("Tty", BOOL), OF("OpenStdin", BOOL), OF("StdinOnce", BOOL), OF("Env", STRINGS), \
		OF("Cmd", WORDS),                                                                  \
		{.key = "Healthcheck", .kind = AUTHZ_CHECK, .check = check_health},                \
		OF("ArgsEscaped", BOOL), OF("Image", STRING),                                      \
		{.key = "Volumes", .kind = AUTHZ_CHECK, .check = authz_check_volumes},             \
		OF("WorkingDir", STRING), OF("Entrypoint", WORDS), OF("NetworkDisabled", BOOL),    \
		{.key = "MacAddress",                                                              \
		 .kind = AUTHZ_EMPTY,                                                              \
		 .why = "a fixed address is not allowed",                                          \
		 .asked_only = true},                                                              \
		OF("OnBuild", STRINGS), OF("Labels", TEXT_MAP), OF("StopSignal", STRING),          \
		OF("StopTimeout", INT), OF("Shell", STRINGS)

/* of what exists; HostConfig stands beside it there */
static const struct authz_field config_fields[] = {CONFIG_FIELDS, {0}};

/* HostConfig and NetworkingConfig are looked at by themselves, behind the rest */
static const struct authz_field create_fields[] = {
	CONFIG_FIELDS,
	OF("HostConfig", ANY),
	OF("NetworkingConfig", ANY),
	{.key = "Runtime", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
	{0},
};

static int check_asked(const struct authz_context *ctx, json_t *body)
{
	json_t *networking = authz_field_get(body, "NetworkingConfig");
	int r = authz_fields_check(ctx, body, "create", create_fields);

	if (r != 0)
		return r;
	r = authz_check_host_config(ctx, authz_field_get(body, "HostConfig"));
	return r == 0 && networking ? authz_check_networking(ctx, networking) : r;
}

int authz_check_create(const struct authz_context *ctx)
{
	const char *name = authz_request_query(ctx->request, "name") ?: "";
	json_t *body = ctx->request->body, *image;
	const char *user, *hostname;
	int r;

	name += *name == '/'; /* as the engine */
	if (*name && !authz_name_valid(name))
		return authz_deny(ctx, "the name %s: not one that a container can have", name);
	r = check_asked(ctx, body);
	if (r != 0)
		return r;
	hostname = authz_field_text(body, "Hostname");
	if (*hostname && (r = authz_check_dns_name(ctx, "the host name", hostname)) != 0)
		return r;
	r = check_image(ctx, authz_field_text(body, "Image"), &image);
	if (r != 0)
		return r;
	r = authz_check_nested(ctx, body, image, authz_field_get(body, "HostConfig"));
	if (r != 0)
		return r;
	if ((r = authz_check_own_name(ctx, name)) != 0)
		return r;
	user = authz_field_text(body, "User");
	if (*user)
		r = authz_check_user(ctx, user, "the user");
	else if (image)
		r = authz_check_user(ctx, authz_field_text(image, "User"), "the image's user");
	if (r != 0)
		return r;
	return authz_check_labels(ctx, name, authz_field_get(body, "Labels"),
				  authz_field_get(image, "Labels"));
}

int authz_check_update(const struct authz_context *ctx)
{
	return authz_check_resources(ctx, ctx->request->body);
}

/* ---- what is there ---- */

#define SHORT_ID  12
#define ID_LENGTH 64

/* The engine's own choice is the beginning of the id. */
static int check_hostname(const struct authz_context *ctx, json_t *container, json_t *config)
{
	const char *hostname = authz_field_text(config, "Hostname");
	const char *id = json_string_value(json_object_get(container, "Id"));

	if (!*hostname || (id && strlen(hostname) == SHORT_ID && startswith(id, hostname)))
		return 0;
	return authz_check_dns_name(ctx, "the host name", hostname);
}

bool authz_could_be_id(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n < ID_LENGTH && strspn(name, "0123456789abcdef") == n;
}

/*
 * Containers that the engine may find by the beginning of their ids: are they the caller's, too? It
 * finds none where there are more than one, but who makes one of them can take it away.
 */
static int check_beginning(const struct authz_context *ctx, const char *name)
{
	const struct authz_fact *fact;
	json_t *item;
	size_t i;
	int r = authz_fact_get(ctx, AUTHZ_FACT_PREFIX, name, &fact);

	if (r == 0 && !json_is_array(fact->json))
		return authz_deny(ctx, "the engine does not say whose id begins with %s", name);
	json_array_foreach (r == 0 ? fact->json : NULL, i, item) {
		const char *id = json_string_value(json_object_get(item, "Id")) ?: "";

		r = strlen(id) == ID_LENGTH && authz_name_valid(id) ? authz_check_container(ctx, id)
								    : -EPERM;
		if (r < 0)
			return authz_deny(ctx,
					  "the container %s: the id of another begins so, too; use "
					  "this one's id, or another name",
					  name);
		if (r != 0)
			return r;
	}
	return r;
}

/*
 * A name may also be the beginning of another container's id. Who takes his container away while
 * its name is being looked at would have the engine find the other. Looked at last, so that no look
 * at anything else lies between this and what the engine does.
 */
static int check_prefix(const struct authz_context *ctx, json_t *container, const char *name)
{
	const char *id = json_string_value(json_object_get(container, "Id")) ?: "";

	if (!authz_could_be_id(name) || startswith(id, name))
		return 0;
	return check_beginning(ctx, name);
}

/* And who has an id from a list, and says the beginning of it, would find the one of that name. */
int authz_check_own_name(const struct authz_context *ctx, const char *name)
{
	struct authz_context touch = *ctx;

	touch.touch = true;
	return authz_could_be_id(name) ? check_beginning(&touch, name) : 0;
}

int authz_check_container(const struct authz_context *request, const char *name)
{
	struct authz_context there = *request;
	const struct authz_context *ctx = &there;
	const struct authz_fact *fact;
	json_t *config, *host, *labels;
	const char *own;
	int r;

	there.existing = true;
	r = authz_fact_get(ctx, AUTHZ_FACT_CONTAINER, name, &fact);
	if (r != 0)
		return r;
	if (fact->result < 0)
		return authz_deny(ctx, "No such container: %s", name);
	config = json_object_get(fact->json, "Config");
	host = json_object_get(fact->json, "HostConfig");
	own = json_string_value(json_object_get(fact->json, "Name"));
	if (!json_is_object(config) || !json_is_object(host) || !own || *own != '/')
		return authz_deny(ctx, "the engine does not describe the container %s", name);
	labels = authz_field_get(config, "Labels");
	if ((r = check_label_keys(ctx, labels)) != 0 ||
	    (r = authz_fields_check(ctx, config, "the container", config_fields)) != 0 ||
	    (r = authz_check_user(ctx, authz_field_text(config, "User"), "the container's user")) !=
		    0 ||
	    (r = authz_check_host_config(ctx, host)) != 0 ||
	    (r = authz_check_nested(ctx, config, NULL, host)) != 0)
		return r;
	if (!ctx->touch && (r = check_hostname(ctx, fact->json, config)) != 0)
		return r;
	r = authz_check_labels(ctx, own + 1, labels, NULL);
	return r != 0 ? r : check_prefix(ctx, fact->json, name);
}
