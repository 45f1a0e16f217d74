/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Commands that name no pod: which pods the caller is shown. A name is looked up once, since the
 * answer may take a question to the user database for each of many containers and alerts.
 */
#include "podctl/cmd.h"

struct cmd_own cmd_own_begin(struct cmd_context *ctx, const struct settings *settings)
{
	/* with the caller's own rights we show what he sees without us */
	return (struct cmd_own){
		.ctx = ctx,
		.settings = settings,
		.all = !ctx->caller.switches || caller_is_admin(&ctx->caller),
	};
}

bool cmd_owns(struct cmd_own *own, const char *pod)
{
	struct err ignored;
	bool mine;

	if (own->all)
		return true;
	/* a container of no pod is nobody's */
	if (!pod || !*pod || strv_has(&own->others, pod))
		return false;
	if (strv_has(&own->mine, pod))
		return true;
	mine = caller_check_owner(&own->ctx->caller, own->settings, pod, &ignored) == 0;
	strv_add(mine ? &own->mine : &own->others, pod);
	return mine;
}

void cmd_own_done(struct cmd_own *own)
{
	strv_done(&own->mine);
	strv_done(&own->others);
}
