/* SPDX-License-Identifier: GPL-3.0-or-later */
/* podctl check FILE...: validate only; needs no engine. */
#include "podctl/cmd.h"

int cmd_check(struct cmd_context *ctx, int n, char **args)
{
	_cleanup_(settings_freep)
	struct settings *settings = NULL;
	int result = CMD_OK;

	if (cmd_load_settings(ctx, &settings) < 0)
		return CMD_FAILED;
	for (int i = 0; i < n; i++) {
		_cleanup_(pod_freep)
		struct pod *pod = NULL;

		if (cmd_load_pod(ctx, settings, args[i], &pod) < 0)
			result = CMD_FAILED;
		else
			ui_say(&ctx->ui, "%s: valid, pod %s with %zu container%s", args[i],
			       pod->name, pod_n_containers(pod),
			       pod_n_containers(pod) == 1 ? "" : "s");
	}
	return result;
}
