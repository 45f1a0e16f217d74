/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netguard: the table of subcommands. */
#include "common/log.h"
#include "netguard/commands.h"

#include <signal.h>
#include <stdio.h>

static const struct command commands[] = {
	{"run", "", "the daemon (systemd starts this)", cmd_run},
	{"check", "[FILE]", "validate the configuration, say what it resolves to", cmd_check},
	{"status", "[--json | --metrics]", "state of the table, engine link, pods, denials",
	 cmd_status},
	{"explain", "FROM TO [--json]", "which rule decides, and which line to change",
	 cmd_explain},
	{"denied", "[-f] [-n N] [--json]", "what was denied lately, or as it comes", cmd_denied},
	{"table", "", "print the table as nft text, without touching the kernel", cmd_table},
	{"reload", "", "read the configuration again", cmd_reload},
	{"remove", "", "take the table away (stopping the daemon does not)", cmd_remove},
};

static void usage(FILE *out)
{
	fprintf(out, "usage: netguard COMMAND\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];
		_cleanup_free_ char *left = xasprintf("%s %s", c->name, c->arguments);

		fprintf(out, "  %-18s %s\n", left, c->summary);
	}
	fprintf(out, "  %-18s %s\n  %-18s %s\n\nSee netguard(8) and netguard.yml(5).\n", "version",
		"print the version", "help", "print this");
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;

	log_init("netguard", LOG_LEVEL_INFO);
	/* a peer that goes away is an error of write, not our end */
	signal(SIGPIPE, SIG_IGN);
	if (!name) {
		usage(stderr);
		return 1;
	}
	if (streq(name, "help") || streq(name, "--help") || streq(name, "-h")) {
		usage(stdout);
		return 0;
	}
	if (streq(name, "version") || streq(name, "--version")) {
		printf("netguard %s\n", VERSION);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (streq(name, commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "netguard: no such command: %s\n", name);
	usage(stderr);
	return 1;
}
