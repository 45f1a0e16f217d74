/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * podctl restore-mounts: pins and secrets of all pods, as recorded. podctl-mounts.service runs it
 * before the engine starts, so it asks no engine, and no container runs that could need it less.
 * First of all it looks for containers that would keep the engine from starting, and once more when
 * what is mounted into them can be looked at, too.
 *
 * Between the shutdown and now containers may have left anything at all in their folders, and pod
 * files are not looked at: each source is walked to as at an apply, and nothing is made.
 */
#include "podctl/cmd.h"
#include "podctl/layers.h"
#include "podctl/lock.h"
#include "podctl/record.h"
#include "podctl/supply.h"

#define LOCK_WAIT_MS 2000 /* whoever has it may wait for the engine, which waits for us */

static int restore(struct cmd_context *ctx, const struct settings *settings, const char *pod)
{
	_cleanup_close_ int lock = -1;
	struct strv failed = {0};
	struct err err = {0};
	int r = lock_take(pod, LOCK_WAIT_MS, &lock, &err);

	if (r < 0)
		strv_add(&failed, err.text);
	else
		r = supply_restore(pod, settings, &failed);
	for (size_t i = 0; i < failed.n; i++)
		ui_error(&ctx->ui, "pod %s: %s", pod, failed.items[i]);
	strv_done(&failed);
	return r;
}

static bool disarm(struct cmd_context *ctx)
{
	struct strv said = {0};
	bool any;

	layers_disarm(&said);
	for (size_t i = 0; i < said.n; i++)
		ui_error(&ctx->ui, "%s", said.items[i]);
	any = said.n > 0;
	strv_done(&said);
	return any;
}

int cmd_restore_mounts(struct cmd_context *ctx, int n _unused_, char **args _unused_)
{
	_cleanup_(settings_freep)
	struct settings *settings = NULL;
	struct strv pods = {0};
	struct err err = {0};
	int result = CMD_OK;

	if (ctx->caller.uid != 0) {
		ui_error(&ctx->ui, "restore-mounts: only root itself may do this for all pods");
		return CMD_FAILED;
	}
	if (disarm(ctx))
		result = CMD_FAILED;
	if (cmd_load_settings(ctx, &settings) < 0)
		return CMD_FAILED;
	if (record_list(&pods, &err) < 0)
		return cmd_fail(ctx, &err);
	for (size_t i = 0; i < pods.n; i++) {
		if (restore(ctx, settings, pods.items[i]) < 0)
			result = CMD_FAILED;
	}
	strv_done(&pods);
	return disarm(ctx) ? CMD_FAILED : result;
}
