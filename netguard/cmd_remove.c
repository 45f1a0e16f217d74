/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/guard_client.h"
#include "common/log.h"
#include "netguard/commands.h"
#include "netguard/keeper.h"

#include <unistd.h>

int cmd_remove(int argc, char **argv)
{
	_cleanup_(keeper_freep)
	struct keeper *k = NULL;
	struct err err;

	if (argc > 1)
		return command_usage("remove", argv[1]);
	if (geteuid() != 0) {
		log_error("remove: only root can take the table away");
		return 1;
	}
	if (guard_client_running()) {
		log_error("remove: the daemon runs and would put the table back: stop it first");
		return 1;
	}
	if (keeper_new(-1, &k, &err) < 0 || keeper_remove(k, &err) < 0) {
		log_error("remove: %s", err.text);
		return 1;
	}
	return 0;
}
