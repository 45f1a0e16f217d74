/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * podctl start-late: after the engine came up, starts what it meant to start and could not.
 *
 * The engine starts all containers with a restart policy beside each other and knows no order
 * among them, so one may come before the root container that it joins. It says so in the
 * container's state and does not try again. Only such are started: one that somebody stopped, or
 * that fails for a reason of its own (a mount that is not there), stays as it is.
 */
#include "podctl/cmd.h"
#include "podctl/look.h"

#include <errno.h>

static const char *text_of(json_t *json, const char *a, const char *b)
{
	const char *text = json_string_value(json_object_get(json_object_get(json, a), b));

	return text ? text : "";
}

static const char *label_of(json_t *inspect, const char *label)
{
	json_t *labels = json_object_get(json_object_get(inspect, "Config"), "Labels");

	return json_string_value(json_object_get(labels, label));
}

static bool was_too_early(json_t *inspect)
{
	json_t *policy = json_object_get(json_object_get(inspect, "HostConfig"), "RestartPolicy");
	const char *name = json_string_value(json_object_get(policy, "Name"));
	const char *error = text_of(inspect, "State", "Error"), *pod, *part;

	pod = label_of(inspect, POD_LABEL_POD);
	part = label_of(inspect, POD_LABEL_CONTAINER);
	return pod && part && *part && label_of(inspect, POD_LABEL_ROOT) && name &&
	       (streq(name, "always") || streq(name, "unless-stopped")) &&
	       !json_is_true(json_object_get(json_object_get(inspect, "State"), "Running")) &&
	       strstr(error, "cannot join") && strstr(error, "non running container");
}

static int start(struct cmd_context *ctx, struct engine *engine, const char *id)
{
	_cleanup_free_ char *path = xasprintf("/containers/%s/json", id), *start_path = NULL;
	struct engine_call look = {.method = "GET", .path = path}, call = {.method = "POST"};
	json_auto_t *inspect = NULL;
	struct err err = {0};
	const char *name;
	int r = engine_do(engine, &look, &inspect, &err);

	if (r == -ENOENT)
		return 0;
	if (r == 0 && !was_too_early(inspect))
		return 0;
	if (r == 0) {
		start_path = xasprintf("/containers/%s/start", id);
		call.path = start_path;
		call.timeout_ms = 120000;
		r = engine_do(engine, &call, NULL, &err);
	}
	name = json_string_value(json_object_get(inspect, "Name"));
	name = name && *name == '/' ? name + 1 : id;
	if (r < 0)
		ui_error(&ctx->ui, "%s: cannot start it: %s", name, err.text);
	else
		ui_say(&ctx->ui, "%s: started, behind its root container", name);
	return r;
}

int cmd_start_late(struct cmd_context *ctx, int n _unused_, char **args _unused_)
{
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	json_auto_t *list = NULL;
	struct err err = {0};
	int result = CMD_OK;
	json_t *entry;
	size_t i;

	if (ctx->caller.uid != 0) {
		ui_error(&ctx->ui, "start-late: only root itself may do this for all pods");
		return CMD_FAILED;
	}
	if (cmd_connect(ctx, &engine) < 0)
		return CMD_FAILED;
	if (look_list(engine, NULL, &list, &err) < 0)
		return cmd_fail(ctx, &err);
	json_array_foreach (list, i, entry) {
		struct engine_container c = {0};

		/* one that makes no sense is none of ours */
		if (engine_container_from_list(entry, &c, &err) < 0)
			continue;
		if (!c.running && start(ctx, engine, c.id) < 0)
			result = CMD_FAILED;
		engine_container_done(&c);
	}
	return result;
}
