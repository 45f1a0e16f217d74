/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/guard_client.h"
#include "common/log.h"
#include "netguard/commands.h"

#define RELOAD_MS 30000

int cmd_reload(int argc, char **argv)
{
	json_t *request;
	struct err err;
	int r;

	if (argc > 1)
		return command_usage("reload", argv[1]);
	request = json_pack("{s:b}", "reload", 1);
	r = guard_client_ask(request, RELOAD_MS, NULL, &err);
	json_decref(request);
	if (r < 0) {
		log_error("reload: %s", err.text);
		return 1;
	}
	return 0;
}
