/* SPDX-License-Identifier: GPL-3.0-or-later */
/* podctl stop|start|restart NAME|FILE: the pod's containers as they are, nothing is made. */
#include "podctl/apply.h"
#include "podctl/cmd.h"
#include "podctl/guard.h"
#include "podctl/lock.h"
#include "podctl/look.h"
#include "podctl/stopping.h"

enum what { STOP = 1 << 0, START = 1 << 1 };

struct work {
	const struct apply *apply;
	const struct settings *settings;
	const char *pod;
};

static int do_one(const struct work *w, enum what what, struct err *err)
{
	struct present present = {0};
	int r = look(w->apply->engine, w->pod, NULL, &present, err);

	/* from here failures are told where they happen */
	if (r < 0) {
		ui_error(w->apply->ui, "%s", err->text);
	} else if (what == STOP) {
		r = apply_stop(w->apply, w->pod, &present, err);
	} else {
		stopping_wait(w->apply->engine, w->apply->ui, w->pod, &present);
		r = apply_start(w->apply, w->settings, w->pod, &present, err);
	}
	present_done(&present);
	return r;
}

static int change(struct cmd_context *ctx, char **args, unsigned what)
{
	_cleanup_(settings_freep)
	struct settings *settings = NULL;
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	_cleanup_free_ char *pod = NULL;
	_cleanup_close_ int lock = -1;
	struct apply a = {.ui = &ctx->ui};
	struct err err = {0};
	int r, started = 0;

	if (cmd_load_settings(ctx, &settings) < 0 || cmd_pod_name(ctx, settings, args[0], &pod) < 0)
		return CMD_FAILED;
	ctx->ui.pod = pod;
	r = cmd_lock(ctx, settings, pod, &lock);
	/* what could not be started again is not stopped */
	if (r == 0 && what == (STOP | START)) {
		r = guard_check(settings, &err);
		if (r < 0)
			ui_error(&ctx->ui, "%s", err.text);
	}
	if (r == 0)
		r = cmd_connect(ctx, &engine);
	if (r == 0) {
		struct work w = {&a, settings, pod};

		a.engine = engine;
		lock_begin(lock);
		if (what & STOP)
			r = do_one(&w, STOP, &err);
		/* one that could not be stopped is no reason to leave the others so */
		if (what & START)
			started = do_one(&w, START, &err);
		if (r == 0 && started == 0)
			lock_end(lock);
	}
	ctx->ui.pod = NULL;
	return r < 0 || started < 0 ? CMD_FAILED : CMD_OK;
}

int cmd_stop(struct cmd_context *ctx, int n _unused_, char **args)
{
	return change(ctx, args, STOP);
}

int cmd_start(struct cmd_context *ctx, int n _unused_, char **args)
{
	return change(ctx, args, START);
}

int cmd_restart(struct cmd_context *ctx, int n _unused_, char **args)
{
	return change(ctx, args, STOP | START);
}
