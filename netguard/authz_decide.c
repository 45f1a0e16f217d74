/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/authz_decide.h"

#include "common/image_ref.h"
#include "netguard/authz_container.h"
#include "netguard/authz_route.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>

#define OF(name, type)                                                                             \
	{                                                                                          \
		.key = name, .kind = AUTHZ_##type                                                  \
	}

/* ---- exec ---- */

static int check_exec_create(const struct authz_context *ctx)
{
	static const struct authz_field fields[] = {
		OF("User", STRING),
		{.key = "Privileged",
		 .kind = AUTHZ_EMPTY,
		 .why = "a privileged process is not allowed"},
		OF("Tty", BOOL),
		OF("ConsoleSize", ANY),
		OF("AttachStdin", BOOL),
		OF("AttachStdout", BOOL),
		OF("AttachStderr", BOOL),
		OF("Detach", BOOL),
		OF("DetachKeys", STRING),
		OF("Env", STRINGS),
		OF("WorkingDir", STRING),
		OF("Cmd", STRINGS),
		OF("Container", STRING), /* docker-py's; the path says which */
		{0},
	};
	int r = authz_fields_check(ctx, ctx->request->body, "exec", fields);
	const char *user = authz_field_text(ctx->request->body, "User");

	/* without one it is the container's, which has been looked at */
	return r == 0 && *user ? authz_check_user(ctx, user, "the user") : r;
}

static int check_exec(const struct authz_context *ctx, const char *name)
{
	const struct authz_fact *fact;
	const char *container, *user;
	json_t *process;
	int r = authz_fact_get(ctx, AUTHZ_FACT_EXEC, name, &fact);

	if (r != 0)
		return r;
	if (fact->result < 0)
		return authz_deny(ctx, "No such exec instance: %s", name);
	container = json_string_value(json_object_get(fact->json, "ContainerID"));
	process = json_object_get(fact->json, "ProcessConfig");
	user = json_string_value(json_object_get(process, "user")) ?: "";
	if (!container || !authz_name_valid(container) || !json_is_object(process))
		return authz_deny(ctx, "the engine does not describe the exec %s", name);
	if (json_is_true(json_object_get(process, "privileged")))
		return authz_deny(ctx, "the exec %s is privileged", name);
	if (*user && (r = authz_check_user(ctx, user, "the user of the exec")) != 0)
		return r;
	return authz_check_container(ctx, container);
}

static int check_exec_start(const struct authz_context *ctx)
{
	static const struct authz_field fields[] = {
		OF("Detach", BOOL),
		OF("Tty", BOOL),
		OF("ConsoleSize", ANY),
		{0},
	};

	return authz_fields_check(ctx, ctx->request->body, "exec", fields);
}

/* ---- images, volumes, networks ---- */

/* An image of a registry, which the engine would connect to. */
static int check_remote(const struct authz_context *ctx, const char *text)
{
	struct image_ref ref = {0};
	const char *wrong = image_ref_parse(text, &ref);
	int r = 0;

	if (wrong)
		return authz_deny(ctx, "the image %s: %s", text, wrong);
	if (ctx->rules->images_given && !authz_any_glob(&ctx->rules->images, ref.full))
		r = authz_deny(ctx, "the image %s is not one that is allowed", ref.full);
	image_ref_done(&ref);
	return r;
}

/* "registry.example.com/name" asks that one, and no rule names those that may be searched. */
static int check_search(const struct authz_context *ctx)
{
	const char *term = authz_request_query(ctx->request, "term") ?: "";
	_cleanup_free_ char *first = xstrndup(term, strcspn(term, "/"));

	if (ctx->rules->images_given && !streq(first, term) &&
	    (strpbrk(first, ".:") || streq(first, "localhost")))
		return authz_deny(ctx, "a search at %s is not allowed", first);
	return 0;
}

/* What would be pulled, as one reference. */
static int check_pull(const struct authz_context *ctx)
{
	const char *image = authz_request_query(ctx->request, "fromImage") ?: "";
	const char *tag = authz_request_query(ctx->request, "tag") ?: "";
	_cleanup_free_ char *text = NULL;
	const char *slash = strrchr(image, '/');
	bool has_tag = strpbrk(slash ? slash : image, ":@") != NULL;

	if (*tag && has_tag)
		return authz_deny(ctx, "the image %s: tag given twice", image);
	if (!*tag && !has_tag)
		return authz_deny(ctx, "the image %s: name the tag to pull", image);
	text = *tag ? xasprintf("%s%s%s", image, startswith(tag, "sha256:") ? "@" : ":", tag)
		    : xstrdup(image);
	return check_remote(ctx, text);
}

/* The engine connects to whatever registry the name begins with, as root. */
static int check_push(const struct authz_context *ctx, const char *name)
{
	const char *tag = authz_request_query(ctx->request, "tag") ?: "";
	_cleanup_free_ char *text = xasprintf("%s%s%s", name, *tag ? ":" : "", tag);

	return check_remote(ctx, text);
}

/* A tag of one's own may not be one that stands for something allowed. */
static int check_tag(const struct authz_context *ctx)
{
	const char *repo = authz_request_query(ctx->request, "repo") ?: "";
	const char *tag = authz_request_query(ctx->request, "tag") ?: "";
	_cleanup_free_ char *text = xasprintf("%s%s%s", repo, *tag ? ":" : "", tag);
	struct image_ref ref = {0};
	int r = 0;

	if (image_ref_parse(text, &ref))
		return authz_deny(ctx, "the image %s: not a name of one", text);
	if (ctx->rules->images_given && authz_any_glob(&ctx->rules->images, ref.full))
		r = authz_deny(ctx, "the image %s: its name stands for what is allowed", ref.full);
	image_ref_done(&ref);
	return r;
}

static int check_local(const struct authz_context *ctx, json_t *value)
{
	const char *s = json_string_value(value);

	if (!s || (*s && !streq(s, "local")))
		return authz_deny(ctx, "a volume's driver: only local is allowed");
	return 0;
}

static int check_volume_create(const struct authz_context *ctx)
{
	static const struct authz_field fields[] = {
		OF("Name", STRING),
		{.key = "Driver", .kind = AUTHZ_CHECK, .check = check_local},
		{.key = "DriverOpts",
		 .kind = AUTHZ_EMPTY,
		 .why = "options of a volume's driver can mount the host"},
		OF("Labels", TEXT_MAP),
		{.key = "ClusterVolumeSpec", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{0},
	};
	int r = authz_fields_check(ctx, ctx->request->body, "the volume", fields);
	const char *name = authz_field_text(ctx->request->body, "Name");

	if (r == 0 && *name && !authz_name_valid(name))
		return authz_deny(ctx, "the volume's name is not a plain one");
	return r;
}

/* Joining and leaving: which network, and whose container. */
static int check_join(const struct authz_context *ctx, const char *network, bool leave)
{
	static const struct authz_field fields[] = {
		OF("Container", STRING),
		OF("EndpointConfig", ANY),
		OF("Force", BOOL),
		{0},
	};
	json_t *body = ctx->request->body, *endpoint;
	int r = authz_fields_check(ctx, body, "the network", fields);
	const char *container = r == 0 ? authz_field_text(body, "Container") : "";

	if (r != 0)
		return r;
	if (!authz_name_valid(container))
		return authz_deny(ctx, "the container %s: not a name of one", container);
	endpoint = authz_field_get(body, "EndpointConfig");
	if ((!leave && (r = authz_check_network(ctx, network)) != 0) ||
	    (endpoint && (r = authz_check_endpoint(ctx, endpoint)) != 0))
		return r;
	return authz_check_container(ctx, container);
}

static int check_rename(const struct authz_context *ctx)
{
	const char *name = authz_request_query(ctx->request, "name") ?: "";
	int r;

	name += *name == '/';
	if (!authz_name_valid(name))
		return authz_deny(ctx, "the name %s: not one that a container can have", name);
	r = authz_check_labels(ctx, name, NULL, NULL);
	return r != 0 ? r : authz_check_own_name(ctx, name);
}

/* ---- all of it ---- */

static int check_target(struct authz_context *ctx, enum authz_target target, const char *name)
{
	if (target == AUTHZ_TARGET_NONE)
		return 0;
	if (target == AUTHZ_TARGET_EXEC)
		return check_exec(ctx, name);
	ctx->touch = target == AUTHZ_TARGET_TOUCH;
	return authz_check_container(ctx, name);
}

static int check_endpoint(const struct authz_context *ctx, enum api_endpoint endpoint,
			  const char *name)
{
	switch (endpoint) {
	case ENDPOINT_CONTAINER_CREATE:
		return authz_check_create(ctx);
	case ENDPOINT_CONTAINER_UPDATE:
		return authz_check_update(ctx);
	case ENDPOINT_CONTAINER_RENAME:
		return check_rename(ctx);
	case ENDPOINT_CONTAINER_TOP:
		return authz_check_top(ctx);
	case ENDPOINT_EXEC_CREATE:
		return check_exec_create(ctx);
	case ENDPOINT_EXEC_START:
		return check_exec_start(ctx);
	case ENDPOINT_IMAGE_PULL:
		return check_pull(ctx);
	case ENDPOINT_IMAGE_DISTRIBUTION:
		return check_remote(ctx, name);
	case ENDPOINT_IMAGE_PUSH:
		return check_push(ctx, name);
	case ENDPOINT_IMAGE_SEARCH:
		return check_search(ctx);
	case ENDPOINT_IMAGE_TAG:
		return check_tag(ctx);
	case ENDPOINT_VOLUME_CREATE:
		return check_volume_create(ctx);
	case ENDPOINT_NETWORK_CREATE:
		return authz_check_network_create(ctx);
	case ENDPOINT_NETWORK_CONNECT:
		return check_join(ctx, name, false);
	case ENDPOINT_NETWORK_DISCONNECT:
		return check_join(ctx, name, true);
	default: /* all that there is to say stands in the route */
		return 0;
	}
}

static int decide(struct authz_context *ctx)
{
	_cleanup_free_ char *name = NULL;
	const struct authz_route *route = authz_route_find(ctx->request, &name);
	int r;

	if (!route)
		return authz_deny(ctx, "nobody may do that: %s %s", ctx->request->method,
				  ctx->request->path);
	if (!(ctx->rules->endpoints & ENDPOINT_BIT(route->endpoint)))
		return authz_deny(ctx, "%s is not among the endpoints that are allowed",
				  api_endpoint_name(route->endpoint));
	r = authz_route_check(route, ctx->request, ctx->err);
	if (r != 0)
		return r;
	/* the request first: it needs no fact */
	r = check_endpoint(ctx, route->endpoint, name);
	return r != 0 ? r : check_target(ctx, route->target, name);
}

int authz_decide(const struct settings *settings, const struct authz_request *request,
		 const struct authz_facts *facts, struct authz_need *need, struct err *err)
{
	struct authz_context ctx = {
		.settings = settings,
		.rules = settings_engine_rules_of(&settings->engine_policy, request->client),
		.request = request,
		.facts = facts,
		.need = need,
		.err = err,
	};
	char printable[ERR_TEXT_MAX];
	int r = decide(&ctx);

	if (r < 0) {
		text_printable(printable, sizeof(printable), err->text);
		err_set(err, EPERM, "%s", printable);
	}
	return r;
}

static bool has_token(const struct authz_request *request, const char *token)
{
	return token && *token && request->token && strlen(request->token) == strlen(token) &&
	       CRYPTO_memcmp(request->token, token, strlen(token)) == 0;
}

bool authz_is_look(const struct authz_request *request, const char *token)
{
	return has_token(request, token) && authz_route_only_looks(request);
}

bool authz_is_exempt(const struct settings *settings, const struct authz_request *request,
		     const char *token)
{
	if (has_token(request, token))
		return true;
	return request->client && strv_has(&settings->engine_policy.exempt, request->client);
}

char *authz_describe(const struct authz_request *request, char buf[static AUTHZ_DESCRIBE_MAX])
{
	_cleanup_free_ char *text = xasprintf(
		"%s: %.16s %.300s", request->client ? request->client : "a user of the socket",
		request->method, request->uri);

	return text_printable(buf, AUTHZ_DESCRIBE_MAX, text);
}
