/* SPDX-License-Identifier: GPL-3.0-or-later */
/* podctl [apply] FILE: make the pod what FILE says; only what differs is touched. */
#include "podctl/apply.h"
#include "podctl/cmd.h"
#include "podctl/guard.h"
#include "podctl/images.h"
#include "podctl/ipc.h"
#include "podctl/lock.h"
#include "podctl/look.h"
#include "podctl/look_addresses.h"
#include "podctl/pause_image.h"
#include "podctl/stopping.h"
#include "podctl/supply.h"

#include <errno.h>

struct work {
	struct cmd_context *ctx;
	const struct settings *settings;
	const struct pod *pod;
	struct engine *engine;
	int lock;
	struct plan_images images;
	struct present present;
	struct values values;
	struct remap remap;
	struct supply supply;
	struct create create;
	struct create_network network;
	struct plan plan;
	char *pause_image;
};

static void work_done(struct work *w)
{
	plan_done(&w->plan);
	present_done(&w->present);
	plan_images_done(&w->images);
	values_done(&w->values);
	strv_done(&w->network.subnets);
	free(w->pause_image);
}

/* Everything that can be refused is refused before anything is touched. */
static int check_before(struct work *w, struct err *err)
{
	bool new_root = !w->plan.root;
	int r = guard_check(w->settings, err);

	if (r == 0)
		r = values_check_remap(&w->values, &w->remap, err);
	if (r == 0 && (new_root || plan_needs_names(&w->plan)))
		r = look_before(w->engine, w->pod, new_root ? w->settings->network_name : NULL,
				&w->network, err);
	if (r == 0 && new_root)
		r = look_addresses(w->engine, w->pod->name, w->settings, &w->network, err);
	return r;
}

/* What is there and what is wanted; pulls what is wanted and not there. */
static int compare(struct work *w, struct err *err)
{
	bool pulled = false;
	int r = cmd_look(w->engine, w->pod->name, &w->images, &w->present, err);

	for (size_t i = 0; r == 0 && i < w->images.n; i++)
		pulled |= !w->images.items[i].id || w->images.items[i].update;
	/* before a pull that takes its time */
	if (r == 0)
		r = values_load(w->pod, w->settings, &w->values, err);
	if (r == 0)
		r = images_pull(w->engine, &w->images, &w->ctx->caller, &w->ctx->ui, err);
	if (r == 0 && pulled) {
		present_done(&w->present);
		r = cmd_look(w->engine, w->pod->name, NULL, &w->present, err);
	}
	/* else nobody has asked for it, and a request is saved */
	if (r == 0 && lock_unended(w->lock))
		stopping_wait(w->engine, &w->ctx->ui, w->pod->name, &w->present);
	if (r == 0)
		r = plan_images_check(&w->images, w->settings, err);
	if (r == 0)
		r = plan_volumes_check(w->pod, &w->images, err);
	if (r == 0)
		r = ipc_ask(w->settings, w->ctx->environment.docker_host, &w->remap,
			    &w->create.ipc_page, err);
	if (r == 0)
		plan_make(&w->create, &w->present, &w->images, &w->plan);
	return r;
}

static int prepare(struct work *w, struct err *err)
{
	int r = compare(w, err);

	if (r == 0 && w->plan.n > 0)
		r = check_before(w, err);
	if (r == 0 && w->plan.n > 0 && !w->plan.root)
		r = images_load_pause(w->engine, w->pause_image, &w->ctx->ui, err);
	/* also where nothing changes: a pin may be missing */
	if (r == 0)
		r = supply_give(&w->supply, err);
	if (r < 0)
		ui_error(&w->ctx->ui, "%s", err->text);
	return r;
}

static int work(struct work *w, struct err *err)
{
	struct apply a = {
		.engine = w->engine,
		.create = &w->create,
		.network = &w->network,
		.images = &w->images,
		.ui = &w->ctx->ui,
	};
	int r;

	w->remap.engine = w->engine;
	w->supply = (struct supply){
		.pod = w->pod, .settings = w->settings, .values = &w->values, .remap = &w->remap};
	plan_images_collect(w->pod, &w->images);
	w->pause_image = pause_image_name();
	w->create = (struct create){.pod = w->pod,
				    .settings = w->settings,
				    .values = &w->values,
				    .pause_image = w->pause_image,
				    .images = &w->images};
	r = prepare(w, err);
	if (r < 0)
		return r;
	if (w->plan.n == 0) {
		ui_say(&w->ctx->ui, "nothing to change");
	} else {
		lock_begin(w->lock);
		r = apply_plan(&a, &w->present, &w->plan, err); /* tells its failures itself */
	}
	if (r < 0)
		return r;
	lock_end(w->lock);
	/* also where nothing changed: an apply that failed may have left some */
	r = supply_tidy(&w->supply, err);
	if (r < 0)
		ui_error(&w->ctx->ui, "%s", err->text);
	return r;
}

int cmd_apply(struct cmd_context *ctx, int n _unused_, char **args)
{
	_cleanup_(settings_freep)
	struct settings *settings = NULL;
	_cleanup_(pod_freep)
	struct pod *pod = NULL;
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	_cleanup_close_ int lock = -1;
	struct work w = {.ctx = ctx};
	struct err err = {0};
	int r;

	if (cmd_load_settings(ctx, &settings) < 0 || cmd_load_pod(ctx, settings, args[0], &pod) < 0)
		return CMD_FAILED;
	ctx->ui.pod = pod->name;
	if (cmd_lock(ctx, settings, pod->name, &lock) < 0 || cmd_engine(ctx, &engine) < 0) {
		ctx->ui.pod = NULL;
		return CMD_FAILED;
	}
	cmd_say_when_interrupted();
	w.settings = settings;
	w.pod = pod;
	w.engine = engine;
	w.lock = lock;
	r = work(&w, &err);
	work_done(&w);
	ctx->ui.pod = NULL;
	return r < 0 ? CMD_FAILED : CMD_OK;
}
