/* SPDX-License-Identifier: GPL-3.0-or-later */
/* podctl down NAME|FILE: stop and remove the pod's containers. Its folders stay. */
#include "podctl/apply.h"
#include "podctl/cmd.h"
#include "podctl/lock.h"
#include "podctl/look.h"
#include "podctl/supply.h"

static int take_down(struct cmd_context *ctx, struct engine *engine, const char *pod,
		     struct err *err)
{
	struct apply a = {.engine = engine, .ui = &ctx->ui};
	struct present present = {0};
	struct plan plan = {0};
	int r = cmd_look(engine, pod, NULL, &present, err);

	if (r < 0) {
		ui_error(&ctx->ui, "%s", err->text);
		return r;
	}
	plan_make_down(pod, &present, &plan);
	if (plan.n == 0)
		ui_say(&ctx->ui, "nothing to remove");
	r = apply_down(&a, &plan, err);
	if (r == 0) {
		r = supply_take_away(pod, err);
		if (r < 0)
			ui_error(&ctx->ui, "%s", err->text);
	}
	plan_done(&plan);
	present_done(&present);
	return r;
}

int cmd_down(struct cmd_context *ctx, int n _unused_, char **args)
{
	_cleanup_(settings_freep)
	struct settings *settings = NULL;
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	_cleanup_free_ char *pod = NULL;
	_cleanup_close_ int lock = -1;
	struct err err = {0};
	int r;

	if (cmd_load_settings(ctx, &settings) < 0 || cmd_pod_name(ctx, settings, args[0], &pod) < 0)
		return CMD_FAILED;
	ctx->ui.pod = pod;
	r = cmd_lock(ctx, settings, pod, &lock);
	if (r == 0)
		r = cmd_engine(ctx, &engine);
	cmd_say_when_interrupted();
	if (r == 0) {
		lock_begin(lock);
		r = take_down(ctx, engine, pod, &err);
	}
	if (r == 0)
		lock_end(lock);
	ctx->ui.pod = NULL;
	return r < 0 ? CMD_FAILED : CMD_OK;
}
