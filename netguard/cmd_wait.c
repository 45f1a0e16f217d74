/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Waits until the kernel has the tables, whoever put them there: what Docker's start waits for. The
 * daemon is not asked: it may be about to start again while they stand.
 */
#include "common/log.h"
#include "netguard/commands.h"
#include "netguard/ruleset.h"

#include <errno.h>
#include <poll.h>

#define LOOK_MS 100

/* 1, 0 or -errno. */
static int are_there(struct nft_socket *s, struct err *err)
{
	int r = 1;

	for (size_t i = 0; i < RULESET_N_TABLES && r > 0; i++) {
		uint32_t flags, owner;

		r = nft_dump_table(s, &ruleset_tables[i], &flags, &owner, err);
	}
	return r;
}

int cmd_wait(int argc, char **argv)
{
	_cleanup_(nft_socket_closep)
	struct nft_socket *s = NULL;
	bool said = false;
	struct err err;
	int r;

	if (argc > 1)
		return command_usage("wait", argv[1]);
	r = nft_socket_open(-1, &s, &err);
	while (r >= 0 && (r = are_there(s, &err)) == 0) {
		if (!said)
			log_warning("the kernel has no table of netguard's: waiting for it "
				    "(systemctl status netguard)");
		said = true;
		poll(NULL, 0, LOOK_MS);
	}
	if (r == -EPERM)
		log_error("wait: only root, or who has CAP_NET_ADMIN, can ask the kernel for the "
			  "tables");
	else if (r < 0)
		log_error("wait: %s", err.text);
	return r < 0;
}
