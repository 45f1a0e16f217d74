/* SPDX-License-Identifier: GPL-3.0-or-later */
/* podctl schema [pod|config]: JSON Schema of the pod file or the configuration, for editors. */
#include "common/json_schema.h"
#include "podctl/cmd.h"

#include <stdio.h>

int cmd_schema(struct cmd_context *ctx, int n, char **args)
{
	json_auto_t *json = NULL;

	if (n == 0 || streq(args[0], "pod")) {
		json = json_schema(&pod_schema, "Pod file, see pod.yml(5)");
	} else if (streq(args[0], "config")) {
		json = json_schema(&settings_schema, "/etc/netguard.yml, see netguard.yml(5)");
	} else {
		ui_error(&ctx->ui, "there is a schema of pod and of config, none of %s", args[0]);
		return CMD_FAILED;
	}
	json_dumpf(json, stdout, JSON_INDENT(2));
	printf("\n");
	return CMD_OK;
}
