/* SPDX-License-Identifier: GPL-3.0-or-later */
/* podctl: which subcommand is meant, and with what (cmdline.c has the options). */
#include "common/file.h"
#include "common/log.h"
#include "common/nearest.h"
#include "podctl/cmd.h"
#include "podctl/cmdline.h"
#include "podctl/live.h"
#include "podctl/settle.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The first is meant where no word names one. */
static const struct cmd commands[] = {
	{"apply", "FILE", "make the pod what FILE says; only what differs is touched",
	 "Missing images are pulled, missing containers made, changed ones replaced. The word\n"
	 "apply may be left out. An apply that was interrupted is finished by the next.",
	 CMD_OPT_NO_WAIT, 1, 1, cmd_apply},
	{"plan", "FILE", "say what apply would do, and why; exit 2 where it would do something",
	 "Nothing is touched, nothing is pulled.", CMD_OPT_JSON, 1, 1, cmd_plan},
	{"check", "FILE...", "validate only; needs no engine",
	 "All that is wrong is said, each with line and column.", 0, 1, -1, cmd_check},
	{"status", "[NAME|FILE]", "containers, state, health, addresses, ports, guard",
	 "Without an argument all pods that are yours.", CMD_OPT_JSON, 0, 1, cmd_status},
	{"logs", "[CONTAINER] NAME|FILE", "what the containers wrote, in the order of time",
	 "Without CONTAINER all of the pod's, each line behind its container's name.",
	 CMD_OPT_FOLLOW | CMD_OPT_TAIL | CMD_OPT_TIMESTAMPS, 1, 2, cmd_logs},
	{"exec", "CONTAINER NAME|FILE [-- CMD...]", "run a command, or a shell, in a container",
	 NULL, CMD_OPT_EXEC, 2, 2, cmd_exec},
	{"stop", "NAME|FILE", "stop the pod's containers, the root container last",
	 "They stay, for start. With restart: always they come back with the engine, with\n"
	 "unless-stopped they do not.",
	 CMD_OPT_NO_WAIT, 1, 1, cmd_stop},
	{"start", "NAME|FILE", "start the pod's containers as they are, the root container first",
	 "What the pod file says now is apply's to look at.", CMD_OPT_NO_WAIT, 1, 1, cmd_start},
	{"restart", "NAME|FILE", "stop, then start", NULL, CMD_OPT_NO_WAIT, 1, 1, cmd_restart},
	{"down", "NAME|FILE", "stop and remove the pod's containers",
	 "The pod's folder below mount_root stays.", CMD_OPT_NO_WAIT, 1, 1, cmd_down},
	{"jail", "add|rm USER | list", "a login shell that lands in the user's own container",
	 "add makes the pod jail_USER and has the user's logins come into it, in whatever way; rm "
	 "puts\neverything back. list says which there are, and exits 2 where one is not in force.",
	 CMD_OPT_FORCE | CMD_OPT_PURGE | CMD_OPT_IMAGE | CMD_OPT_JSON, 1, 2, cmd_jail},
	{"audit", "", "the privileges of every container, with a verdict; exit 2 where one is high",
	 NULL, CMD_OPT_JSON, 0, 0, cmd_audit},
	{"scan", "[NAME]", "what changed in containers, and runs; exit 2 while alerts stand",
	 "Alerts stay until they are acknowledged: scan --ack @N... [NAME], or --ack all [NAME].",
	 CMD_OPT_JSON | CMD_OPT_METRICS | CMD_OPT_ACK | CMD_OPT_SELF_TEST, 0, -1, cmd_scan},
	{"schema", "[pod|config]", "JSON Schema of the pod file or the configuration, for editors",
	 NULL, 0, 0, 1, cmd_schema},
	{"restore-mounts", "", "mounts and secrets of all pods, at boot before the engine starts",
	 "What is recorded for each pod is pinned and delivered as it is now; "
	 "podctl-mounts.service\n"
	 "runs it. A source that can't be had keeps its container down.",
	 0, 0, 0, cmd_restore_mounts},
	{"start-late", "", "start what the engine tried to start before its root container",
	 "podctl-containers.service runs it when the engine is up.", 0, 0, 0, cmd_start_late},
};

static void usage(FILE *to)
{
	fprintf(to, "usage: podctl [OPTION...] FILE\n"
		    "       podctl [OPTION...] COMMAND [ARGUMENT...]\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-15s%-22s %s\n", commands[i].name,
			streq(commands[i].name, "exec") ? "CONTAINER NAME|FILE" : commands[i].args,
			commands[i].summary);
	fprintf(to,
		"  version                               print the version\n"
		"  help           [COMMAND]              print this, or how COMMAND is used\n"
		"\n"
		"The pod's name is the file's. `podctl help COMMAND` has the options; all take\n"
		"--quiet (-q): say nothing but errors and what was asked for (status, plan, "
		"audit,\n"
		"logs); scan prints nothing and answers by its exit status.\n"
		"\n"
		"Exit status: 0 done and clean, 1 failed or refused, 2 changes or findings.\n");
}

static const struct cmd *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (streq(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

/* What other programs call it, or what was mistyped: NULL where nothing is near. */
static const char *meant(const char *word)
{
	static const struct {
		const char *word, *command;
	} others[] = {
		{"create", "apply"}, {"delete", "down"}, {"enter", "exec"},	{"list", "status"},
		{"ls", "status"},    {"ps", "status"},	 {"remove", "down"},	{"rm", "down"},
		{"shell", "exec"},   {"up", "apply"},	 {"validate", "check"},
	};
	struct nearest n;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (streq(word, others[i].word))
			return others[i].command;
	}
	nearest_begin(&n, word);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		nearest_offer(&n, commands[i].name);
	return n.found;
}

static int no_such_command(const struct cmd_context *ctx, const char *word)
{
	const char *command = meant(word);

	ui_error(&ctx->ui, "no such command: %s (`podctl help` lists them)%s%s%s", word,
		 command ? "; did you mean '" : "", command ? command : "", command ? "'?" : "");
	return CMD_FAILED;
}

static int help(const struct cmd_context *ctx, int n, char **args)
{
	const struct cmd *cmd = n > 0 ? find_command(args[0]) : NULL;

	if (n == 1 && (streq(args[0], "help") || streq(args[0], "version")))
		n = 0;
	if (n > 1 || (n == 1 && !cmd))
		return no_such_command(ctx, args[n - 1]);
	if (!cmd) {
		usage(stdout);
		return CMD_OK;
	}
	printf("usage: podctl %s [OPTION...]%s%s\n\n%c%s.\n", cmd->name, *cmd->args ? " " : "",
	       cmd->args, toupper(cmd->summary[0]), cmd->summary + 1);
	if (cmd->about)
		printf("%s\n", cmd->about);
	printf("\n");
	cmdline_print_options(cmd->options | CMD_OPT_QUIET | CMD_OPT_HELP);
	return CMD_OK;
}

static int version(void)
{
	printf("podctl %s\n", VERSION);
	return CMD_OK;
}

/* What the words say: the command that the first names, or apply. */
static int run_words(struct cmd_context *ctx, const struct cmdline *l)
{
	const struct cmd *named = l->n > 0 ? find_command(l->args[0]) : NULL;
	const struct cmd *cmd = named ? named : &commands[0];
	char **args = l->args + (named ? 1 : 0);
	int n = l->n - (named ? 1 : 0);
	struct err err = {0};
	bool word;

	if (!ctx->ui.quiet)
		ctx->ui.live = live_new(STDOUT_FILENO);
	if (!l->help && (l->version || (l->n == 1 && streq(l->args[0], "version"))))
		return version();
	if (l->n > 1 && streq(l->args[0], "version")) {
		ui_error(&ctx->ui, "version takes no arguments");
		return CMD_FAILED;
	}
	if (l->n > 0 && streq(l->args[0], "help"))
		return help(ctx, l->n - 1, l->args + 1);
	if (l->help)
		return help(ctx, named ? 1 : 0, l->args);
	if (l->n == 0) {
		ui_error(&ctx->ui, "No config file specified");
		usage(stderr);
		return CMD_FAILED;
	}
	/* apply takes one file, so with more words the first was to be a command */
	word = !named && *l->args[0] && !strpbrk(l->args[0], "./");
	if (word && l->n > 1)
		return no_such_command(ctx, l->args[0]);
	ctx->meant = word ? meant(l->args[0]) : NULL;
	if (n < cmd->args_min || (cmd->args_max >= 0 && n > cmd->args_max)) {
		ui_error(&ctx->ui, "%s: usage: podctl %s%s%s",
			 n < cmd->args_min
				 ? (startswith(cmd->args, "FILE") ? "No config file specified"
								  : "an argument is missing")
				 : "too many arguments",
			 cmd->name, *cmd->args ? " " : "", cmd->args);
		return CMD_FAILED;
	}
	if (ctx->options & ~cmd->options) {
		ui_error(&ctx->ui, "%s does not take %s; `podctl help %s` has its options",
			 cmd->name, cmdline_option_name(ctx->options & ~cmd->options), cmd->name);
		return CMD_FAILED;
	}
	/* locks, records and pins are root's; that a word is no file, anybody may be told */
	if ((cmd->options & CMD_OPT_NO_WAIT) && geteuid() != 0 &&
	    !(word && access(args[0], F_OK) < 0)) {
		ui_error(&ctx->ui, "%s needs root: sudo podctl %s%s%s", cmd->name,
			 named ? cmd->name : "", named ? " " : "", args[0]);
		return CMD_FAILED;
	}
	if (caller_init(ctx->environment.sudo_uid, ctx->environment.sudo_gid, &ctx->caller, &err) <
	    0)
		return cmd_fail(ctx, &err);
	return cmd->run(ctx, n, args);
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
	struct cmdline l = {0};
	int result = CMD_FAILED;

	if (cmdline_parse(ctx, argc, argv, &l) == 0)
		result = run_words(ctx, &l);
	free(l.args);
	return result;
}

int main(int argc, char **argv)
{
	struct cmd_context ctx = {0};
	struct err err;
	int result, r;

	settle();
	/* whether the journal listens stands in the environment */
	log_init("podctl", LOG_LEVEL_INFO);
	caller_take_environment(&ctx.environment);
	ctx.ui.color = isatty(STDOUT_FILENO) && !ctx.environment.no_color;
	result = run(&ctx, argc, argv);
	live_free(ctx.ui.live);
	/* what could not be written was not said */
	r = file_flush_stdout();
	if (r < 0 && r != -EPIPE) {
		err_os(&err, -r, "standard output");
		ui_error(&ctx.ui, "%s", err.text);
	}
	if (r < 0)
		result = CMD_FAILED;
	caller_done(&ctx.caller);
	free(ctx.exec.env);
	caller_environment_done(&ctx.environment);
	return result;
}
