/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/log.h"
#include "netguard/authz.h"
#include "netguard/commands.h"

#include <unistd.h>

int cmd_authz(int argc, char **argv)
{
	struct err err;

	if (argc > 1)
		return command_usage("authz", argv[1]);
	if (geteuid() != 0) {
		log_error("authz: only root can decide for the engine");
		return 1;
	}
	if (authz_run(&err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	return 0;
}
