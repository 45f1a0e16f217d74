/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/log.h"
#include "netguard/commands.h"
#include "netguard/confine.h"
#include "netguard/daemon.h"

int cmd_run(int argc, char **argv)
{
	struct err err;

	if (argc > 1)
		return command_usage("run", argv[1]);
	if (!confine_may_keep()) {
		log_error("run: only root, or who has CAP_NET_ADMIN, can keep the table");
		return 1;
	}
	if (daemon_run(&err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	return 0;
}
