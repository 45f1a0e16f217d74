/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * podctl: which subcommand is meant, and with what.
 *
 * Arguments and environment are hostile: a sudoers pattern such as `podctl PATTERN` with a star in
 * it matches any number of arguments in front. So there is no option that loosens anything or names
 * another configuration, socket or folder; what is not known, or one too many, is an error; and a
 * subcommand that acts takes one FILE or NAME, its last argument.
 */
#include "podctl/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cmd commands[] = {
	{"apply", "FILE", "make the pod what FILE says; only what differs is touched",
	 CMD_OPT_NO_WAIT, 1, 1, cmd_apply},
	{"plan", "FILE", "say what apply would do; exit 2 where it would do something",
	 CMD_OPT_JSON, 1, 1, cmd_plan},
	{"check", "FILE...", "validate only; needs no engine", 0, 1, -1, cmd_check},
	{"status", "[NAME|FILE]", "containers, state, health, addresses, ports, guard; all pods",
	 CMD_OPT_JSON, 0, 1, cmd_status},
	{"down", "NAME|FILE", "stop and remove the pod's containers", CMD_OPT_NO_WAIT, 1, 1,
	 cmd_down},
	{"exec", "CONTAINER NAME|FILE [-- CMD...]", "run a command, or a shell, in a container",
	 CMD_OPT_EXEC, 2, 2, cmd_exec},
	{"audit", "", "the privileges of every container, with a verdict; exit 2 on findings",
	 CMD_OPT_JSON, 0, 0, cmd_audit},
	{"restore-mounts", "", "mounts and secrets of all pods, at boot before the engine starts",
	 0, 0, 0, cmd_restore_mounts},
};

static void usage(FILE *to)
{
	fprintf(to, "usage: podctl [OPTION...] FILE\n"
		    "       podctl [OPTION...] COMMAND [ARGUMENT...]\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-15s%-13s %s\n", commands[i].name, commands[i].args,
			commands[i].summary);
	fprintf(to, "  version                      print the version\n"
		    "  help           [COMMAND]     print this, or how COMMAND is used\n"
		    "\n"
		    "  --json                       status, plan: for programs\n"
		    "  --no-wait                    apply, down: fail where another podctl works "
		    "on the pod\n"
		    "  --quiet, -q                  only errors\n"
		    "  --user, -u USER              exec: as whom; --workdir, -w DIR: where; "
		    "--env, -e NAME=VALUE\n"
		    "\n"
		    "Exit status: 0 done and clean, 1 failed or refused, 2 changes.\n");
}

static const struct cmd *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (streq(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

static int help(const struct cmd_context *ctx, int n, char **args)
{
	const struct cmd *cmd = n > 0 ? find_command(args[0]) : NULL;

	if (n > 1 || (n == 1 && !cmd)) {
		ui_error(&ctx->ui, "no such command: %s", args[n - 1]);
		return CMD_FAILED;
	}
	if (!cmd) {
		usage(stdout);
		return CMD_OK;
	}
	printf("usage: podctl %s%s%s%s %s\n%s\n", cmd->name,
	       cmd->options & CMD_OPT_JSON ? " [--json]" : "",
	       cmd->options & CMD_OPT_NO_WAIT ? " [--no-wait]" : "", " [--quiet]", cmd->args,
	       cmd->summary);
	return CMD_OK;
}

static int version(void)
{
	printf("podctl %s\n", VERSION);
	return CMD_OK;
}

/* What is left of argv once the options are taken out. */
struct line {
	char **args;
	int n;
	bool help, version;
};

static bool take_option(struct cmd_context *ctx, struct line *l, const char *option)
{
	if (streq(option, "--help") || streq(option, "-h"))
		l->help = true;
	else if (streq(option, "--version"))
		l->version = true;
	else if (streq(option, "--quiet") || streq(option, "-q"))
		ctx->ui.quiet = true;
	else if (streq(option, "--json"))
		ctx->options |= CMD_OPT_JSON;
	else if (streq(option, "--no-wait"))
		ctx->options |= CMD_OPT_NO_WAIT;
	else
		return false;
	return true;
}

/*
 * The value of an option that wants one, "--user bob", "--user=bob", "-u bob", or NULL where
 * argv[*i] is another. *i is moved to the value's word. "" where there is none.
 */
static const char *value_of(int argc, char **argv, int *i, const char *brief, const char *name)
{
	const char *rest = startswith(argv[*i], name);

	if (rest && *rest == '=')
		return rest + 1;
	if (!streq(argv[*i], brief) && !(rest && !*rest))
		return NULL;
	return *i + 1 < argc ? argv[++*i] : "";
}

/* Options of exec. 1: it was one; 0: another; -EINVAL: without a value. */
static int take_exec_option(struct cmd_context *ctx, int argc, char **argv, int *i)
{
	struct cmd_exec_options *o = &ctx->exec;
	const char *option = argv[*i], *user, *directory = NULL, *env = NULL;

	user = value_of(argc, argv, i, "-u", "--user");
	if (!user)
		directory = value_of(argc, argv, i, "-w", "--workdir");
	if (!user && !directory)
		env = value_of(argc, argv, i, "-e", "--env");
	if (!user && !directory && !env)
		return 0;
	ctx->options |= CMD_OPT_EXEC;
	if ((user && !*user) || (directory && !*directory) || (env && !*env)) {
		ui_error(&ctx->ui, "%s wants a value", option);
		return -EINVAL;
	}
	if (user)
		o->user = user;
	else if (directory)
		o->directory = directory;
	else
		ARRAY_PUSH(o->env, o->n_env) = env;
	return 1;
}

static bool parse(struct cmd_context *ctx, int argc, char **argv, struct line *l)
{
	bool only_args = false;

	for (int i = 1; i < argc; i++) {
		int r = 0;

		if (!only_args && streq(argv[i], "--")) {
			only_args = true;
			if (l->n > 0 && streq(l->args[0], "exec")) {
				ctx->exec.command = argv + i + 1;
				ctx->exec.n_command = (size_t)(argc - i - 1);
				return true;
			}
		} else if (only_args || argv[i][0] != '-') {
			l->args[l->n++] = argv[i];
		} else if ((r = take_exec_option(ctx, argc, argv, &i)) < 0) {
			return false;
		} else if (r == 0 && !take_option(ctx, l, argv[i])) {
			ui_error(&ctx->ui, "unknown option %s", argv[i]);
			return false;
		}
	}
	return true;
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
	_cleanup_free_ char **args = xcalloc((size_t)argc + 1, sizeof(*args));
	struct line l = {.args = args};
	const struct cmd *cmd;
	struct err err = {0};

	if (!parse(ctx, argc, argv, &l))
		return CMD_FAILED;
	if (l.version || (l.n == 1 && streq(l.args[0], "version")))
		return version();
	if (l.n > 0 && streq(l.args[0], "help"))
		return help(ctx, l.n - 1, l.args + 1);
	if (l.help)
		return help(ctx, l.n > 0 && find_command(l.args[0]) ? 1 : 0, l.args);
	if (l.n == 0) {
		ui_error(&ctx->ui, "No config file specified");
		usage(stderr);
		return CMD_FAILED;
	}
	cmd = find_command(l.args[0]);
	if (cmd) {
		l.args++;
		l.n--;
	} else {
		cmd = find_command("apply");
	}
	if (l.n < cmd->args_min || (cmd->args_max >= 0 && l.n > cmd->args_max)) {
		ui_error(&ctx->ui, "%s: usage: podctl %s %s",
			 l.n < cmd->args_min ? "No config file specified" : "too many arguments",
			 cmd->name, cmd->args);
		return CMD_FAILED;
	}
	if (ctx->options & ~cmd->options) {
		ui_error(&ctx->ui, "%s does not take that option", cmd->name);
		return CMD_FAILED;
	}
	if (caller_init(ctx->environment.sudo_uid, ctx->environment.sudo_gid, &ctx->caller, &err) <
	    0)
		return cmd_fail(ctx, &err);
	return cmd->run(ctx, l.n, l.args);
}

/* Whatever the caller left us: closed standard descriptors, a mask, ignored or blocked signals. */
static void settle(void)
{
	sigset_t none;
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
	umask(022);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	/* a closed pipe, or a file that may not grow, must not end an apply in its middle */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* nor is what we hold of root's left in a file in the caller's folder */
	prctl(PR_SET_DUMPABLE, 0);
}

int main(int argc, char **argv)
{
	struct cmd_context ctx = {0};
	int result;

	settle();
	caller_take_environment(&ctx.environment);
	ctx.ui.color = isatty(STDOUT_FILENO) && !ctx.environment.no_color;
	result = run(&ctx, argc, argv);
	/* what could not be written was not said */
	if (fflush(stdout) != 0 || ferror(stdout))
		result = CMD_FAILED;
	caller_done(&ctx.caller);
	free(ctx.exec.env);
	caller_environment_done(&ctx.environment);
	return result;
}
