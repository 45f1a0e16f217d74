/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netguard: the table of subcommands. */
#include "common/file.h"
#include "common/log.h"
#include "common/nearest.h"
#include "netguard/commands.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>

static const struct command commands[] = {
	{"run", "", "the daemon (systemd starts this)", cmd_run,
	 "Puts the table in force and keeps it true until SIGTERM; the table stays then.\n"
	 "SIGHUP reads the configuration again. It runs once, and needs CAP_NET_ADMIN:\n"
	 "root that starts it becomes the user _netguard."},
	{"check", "[--json] [FILE]", "validate the configuration, say what it resolves to",
	 cmd_check,
	 "Says what FILE (else the configuration) comes to, pod by pod. Warnings on standard\n"
	 "error tell of users, groups, pods and interfaces that are not there.\n"
	 "Exit status: 0 valid, 1 not valid or not readable."},
	{"status", "[--json | --metrics]", "state of the table, engine link, pods, denials",
	 cmd_status,
	 "Anybody may ask the daemon. --metrics: Prometheus' text format.\n"
	 "Exit status: 0, or 1 where the daemon does not answer."},
	{"explain", "FROM TO [--json]", "which rule decides, and which line to change", cmd_explain,
	 "FROM  user:NAME, host, pod:NAME, container:NAME, world, world:ADDRESS, ADDRESS\n"
	 "TO    pod:NAME, container:NAME, host, host:ADDRESS, world, world:ADDRESS, ADDRESS,\n"
	 "      with :PORT, :PORT/udp or /icmp; IPv6 in brackets\n"
	 "such as:\n"
	 "      netguard explain user:bob pod:db:5432\n"
	 "      netguard explain pod:web world:198.51.100.7:443/tcp\n"
	 "Exit status: 0 accepted, 2 denied, 1 could not be told."},
	{"denied", "[-f | --follow] [-n N] [--json]", "what was denied lately, or as it comes",
	 cmd_denied,
	 "-f, --follow  go on with each further one\n"
	 "-n N          the last N (default 20)\n"
	 "Only root may see them. Exit status: 0, or 1 where the daemon does not tell."},
	{"table", "", "print the table as nft text, without touching the kernel", cmd_table,
	 "From the configuration and what the engine says. Exit status: 0, or 1."},
	{"reload", "", "read the configuration again", cmd_reload,
	 "The daemon also does so when the file changes. Only root may ask.\n"
	 "Exit status: 0, or 1 where the file is not valid: then what was in force stays."},
	{"remove", "", "take the table away (stopping the daemon does not)", cmd_remove,
	 "The daemon must be stopped. From then on Docker's own rules alone hold.\n"
	 "Exit status: 0, or 1."},
	{"wait", "", "wait until the kernel has the table", cmd_wait,
	 "Without end. systemd does so before it starts Docker; where it takes longer than\n"
	 "15 s, Docker does not start. Exit status: 0, or 1 where the kernel can't be asked\n"
	 "(by root only)."},
	{"authz", "", "decide what users of the engine's socket may ask of it", cmd_authz,
	 "An authorization plugin of the engine (systemd starts this, where it is enabled).\n"
	 "dockerd --authorization-plugin=netguard asks it; engine_policy in the configuration\n"
	 "says what is allowed. While it does not run, the engine denies everything; to get\n"
	 "out of that, see netguard(8)."},
};

static void usage(FILE *out)
{
	fprintf(out, "usage: netguard COMMAND\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];
		_cleanup_free_ char *left = xasprintf("%s %s", c->name, c->arguments);

		fprintf(out, strlen(left) > 28 ? "  %s\n%30s %s\n" : "  %-28s%s %s\n", left, "",
			c->summary);
	}
	fprintf(out, "  %-28s %s\n  %-28s %s\n\nSee netguard(8) and netguard.yml(5).\n", "version",
		"print the version", "help [COMMAND]", "print this, or more of one command");
}

static const struct command *find(const char *name)
{
	struct nearest n;

	nearest_begin(&n, name);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (streq(name, commands[i].name))
			return &commands[i];
		nearest_offer(&n, commands[i].name);
	}
	fprintf(stderr, "netguard: no such command: %s (`netguard help` lists them)%s%s%s\n", name,
		n.found ? "; did you mean '" : "", n.found ? n.found : "", n.found ? "'?" : "");
	return NULL;
}

static int help(const struct command *c)
{
	if (!c)
		return 1;
	printf("usage: netguard %s%s%s\n%c%s.\n\n%s\n", c->name, *c->arguments ? " " : "",
	       c->arguments, c->summary[0] - 'a' + 'A', c->summary + 1, c->help);
	return 0;
}

/* What could not be written was not said; what a timer writes to a file is whole, or not taken. */
static int say_all(const char *name, int status)
{
	struct err err;
	int r = file_flush_stdout();

	if (r < 0 && r != -EPIPE) {
		err_os(&err, -r, "standard output");
		log_error("%s: %s", name, err.text);
	}
	return r < 0 ? 1 : status;
}

static bool is_help(const char *word)
{
	return streq(word, "--help") || streq(word, "-h");
}

/* help and version have nothing more to tell than the usage. */
static bool is_plain(const char *word)
{
	return streq(word, "help") || streq(word, "version") || streq(word, "--version");
}

static int run(int argc, char **argv)
{
	const char *name = argv[1], *next = argc > 2 ? argv[2] : "";
	const struct command *c;

	if (streq(name, "help") || is_help(name)) {
		if (argc > 3)
			return command_usage("help [COMMAND]", argv[3]);
		if (*next && !is_plain(next) && !is_help(next))
			return help(find(next));
		usage(stdout);
		return 0;
	}
	if (is_plain(name) && is_help(next)) {
		usage(stdout);
		return 0;
	}
	if (is_plain(name)) {
		if (argc > 2)
			return command_usage("version", next);
		printf("netguard %s\n", VERSION);
		return 0;
	}
	c = find(name);
	if (c && is_help(next))
		return help(c);
	return c ? c->run(argc - 1, argv + 1) : 1;
}

int main(int argc, char **argv)
{
	file_open_standard();
	log_init("netguard", LOG_LEVEL_INFO);
	/* without memory a container of the engine's list would look like one that can't be read,
	 * and be left out */
	json_set_alloc_funcs(xmalloc, free);
	/* a peer that goes away is an error of write, not our end */
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		usage(stderr);
		return 1;
	}
	return say_all(argv[1], run(argc, argv));
}
