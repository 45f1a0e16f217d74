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
#include "podctl/inspect.h"
#include "podctl/look.h"

#include <errno.h>

#define START_MS 120000

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

/* One that does not run. */
struct late {
	char *id, *name;
	bool too_early;
	struct err err; /* code 0: none */
};

struct all_late {
	struct late *items;
	size_t n;
};

static void inspected(void *userdata, const struct engine_reply *reply)
{
	struct late *l = userdata;
	int r = engine_reply_check(reply, &l->err);

	if (r == -ENOENT) /* removed since the list was made */
		l->err = (struct err){0};
	else if (r == 0)
		l->too_early = was_too_early(reply->json);
}

static void started(void *userdata, const struct engine_reply *reply)
{
	struct late *l = userdata;

	(void)engine_reply_check(reply, &l->err);
}

/* Beside each other: one that the engine does not get started keeps no other down. */
static void start_all(struct engine *engine, struct all_late *all)
{
	_cleanup_free_ struct inspect_item *items = xcalloc(all->n + 1, sizeof(*items));

	for (size_t i = 0; i < all->n; i++)
		items[i] = (struct inspect_item){all->items[i].id, inspected, &all->items[i]};
	inspect_containers(engine, items, all->n, INSPECT_PATIENCE_MS);
	for (size_t i = 0; i < all->n; i++) {
		_cleanup_free_ char *path = xasprintf("/containers/%s/start", all->items[i].id);

		if (all->items[i].too_early)
			engine_start(engine, &(struct engine_call){.method = "POST",
								   .path = path,
								   .timeout_ms = START_MS,
								   .done = started,
								   .userdata = &all->items[i]});
	}
	engine_wait(engine);
}

static void collect(json_t *list, struct all_late *ret)
{
	json_t *entry;
	size_t i;

	json_array_foreach (list, i, entry) {
		struct engine_container c = {0};
		struct err ignored;

		/* one that makes no sense is none of ours */
		if (engine_container_from_list(entry, &c, &ignored) < 0)
			continue;
		if (!c.running)
			ARRAY_PUSH(ret->items, ret->n) = (struct late){
				.id = xstrdup(c.id), .name = xstrdup(*c.name ? c.name : c.id)};
		engine_container_done(&c);
	}
}

static int report(const struct cmd_context *ctx, const struct all_late *all)
{
	int result = CMD_OK;

	for (size_t i = 0; i < all->n; i++) {
		const struct late *l = &all->items[i];

		if (l->err.code) {
			ui_error(&ctx->ui, "%s: cannot start it: %s", l->name, l->err.text);
			result = CMD_FAILED;
		} else if (l->too_early) {
			ui_say(&ctx->ui, "%s: started, behind its root container", l->name);
		}
	}
	return result;
}

static void all_done(struct all_late *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->items[i].id);
		free(all->items[i].name);
	}
	free(all->items);
}

int cmd_start_late(struct cmd_context *ctx, int n _unused_, char **args _unused_)
{
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	json_auto_t *list = NULL;
	struct err err = {0};
	struct all_late all = {0};
	int result;

	if (ctx->caller.uid != 0) {
		ui_error(&ctx->ui, "start-late: only root itself may do this for all pods");
		return CMD_FAILED;
	}
	if (cmd_connect(ctx, &engine) < 0)
		return CMD_FAILED;
	if (look_list(engine, NULL, &list, &err) < 0)
		return cmd_fail(ctx, &err);
	collect(list, &all);
	start_all(engine, &all);
	result = report(ctx, &all);
	all_done(&all);
	return result;
}
