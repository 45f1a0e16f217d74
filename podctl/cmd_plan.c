/* SPDX-License-Identifier: GPL-3.0-or-later */
/* podctl plan FILE: say what apply would do. Nothing is touched, nothing is pulled. */
#include "common/json_show.h"
#include "podctl/cmd.h"
#include "podctl/ipc.h"
#include "podctl/look.h"
#include "podctl/pause_image.h"
#include "podctl/stopping.h"

#include <stdio.h>

/* What a step is about, as people know it. Caller frees. */
static char *subject(const char *pod, const struct plan_step *s)
{
	if (s->action == PLAN_PULL)
		return xasprintf("image %s", s->image);
	return s->old ? xstrdup(s->old->name) : plan_name(pod, s->part);
}

/* Whether apply would ask a registry for a newer one: what comes of that no plan can know. */
static bool would_update(const struct plan_image *image)
{
	return image->id && image->update && !image->ref->digest;
}

static void print_json(const char *pod, const struct plan *plan, const struct plan_images *images)
{
	json_auto_t *steps = json_array(), *updates = json_array(), *top = NULL;

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *s = &plan->steps[i];
		_cleanup_free_ char *what = subject(pod, s);

		json_array_append_new(
			steps,
			json_pack("{s:s, s:s, s:s, s:s}", "action", plan_action_name(s->action),
				  "kind", s->action == PLAN_PULL ? "image" : "container", "name",
				  s->image ? s->image : what, "reason", s->reason));
	}
	for (size_t i = 0; i < images->n; i++) {
		if (would_update(&images->items[i]))
			json_array_append_new(updates, json_string(images->items[i].ref->text));
	}
	top = json_pack("{s:s, s:O, s:O}", "pod", pod, "steps", steps, "updates", updates);
	json_show(top);
}

static void print_text(const struct cmd_context *ctx, const char *pod, const struct plan *plan,
		       const struct plan_images *images)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *s = &plan->steps[i];
		_cleanup_free_ char *what = subject(pod, s);
		enum ui_color color = s->action == PLAN_CREATE	 ? UI_GREEN
				      : s->action == PLAN_REMOVE ? UI_RED
								 : UI_YELLOW;
		_cleanup_free_ char *text = xasprintf("%s: %s", what, s->reason),
				    *line = xmalloc(strlen(text) + 1);

		printf("%s%-8s%s %s\n", ui_on(&ctx->ui, color), plan_action_name(s->action),
		       ui_off(&ctx->ui), text_printable(line, strlen(text) + 1, text));
	}
	if (plan->n == 0)
		printf("pod %s: nothing to change\n", pod);
	for (size_t i = 0; i < images->n && !ctx->ui.quiet; i++) {
		if (would_update(&images->items[i]))
			printf("note: apply asks the registry for a newer %s; where there is one, "
			       "its containers are replaced\n",
			       images->items[i].ref->text);
	}
}

int cmd_plan(struct cmd_context *ctx, int n _unused_, char **args)
{
	_cleanup_(settings_freep)
	struct settings *settings = NULL;
	_cleanup_(pod_freep)
	struct pod *pod = NULL;
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	_cleanup_free_ char *pause_image = NULL;
	struct plan_images images = {0};
	struct present present = {0};
	struct plan plan = {0};
	struct values values = {0};
	struct remap remap = {0};
	struct err err = {0};
	size_t ipc_page = 0;
	int result = CMD_FAILED;

	if (cmd_load_settings(ctx, &settings) < 0 ||
	    cmd_load_pod(ctx, settings, args[0], &pod) < 0 || cmd_engine(ctx, &engine) < 0)
		return CMD_FAILED;
	pause_image = pause_image_name();
	plan_images_collect(pod, &images);
	remap.engine = engine;
	if (cmd_look(engine, pod->name, &images, &present, &err) < 0 ||
	    plan_images_check(&images, settings, &err) < 0 ||
	    plan_volumes_check(pod, &images, &err) < 0 ||
	    ipc_ask(settings, ctx->environment.docker_host, &remap, &ipc_page, &err) < 0 ||
	    values_load(pod, settings, &values, &err) < 0) {
		cmd_fail(ctx, &err);
	} else {
		struct create create = {.pod = pod,
					.settings = settings,
					.values = &values,
					.pause_image = pause_image,
					.ipc_page = ipc_page,
					.images = &images};

		stopping_mark(engine, pod->name, &present);
		plan_make(&create, &present, &images, &plan);
		if (ctx->options & CMD_OPT_JSON)
			print_json(pod->name, &plan, &images);
		else
			print_text(ctx, pod->name, &plan, &images);
		result = plan.n > 0 ? CMD_CHANGES : CMD_OK;
	}
	plan_done(&plan);
	present_done(&present);
	plan_images_done(&images);
	values_done(&values);
	return result;
}
