/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * podctl exec [-u USER] [-w DIR] [-e K=V] CONTAINER NAME|FILE [-- CMD ARG...]
 *
 * Whatever stands behind -- is the command's. A sudoers pattern whose end names a pod would match a
 * command that ends so as well: so through sudo a command is for pods whose owners the
 * configuration names, where the caller has been found among them.
 */
#include "podctl/cmd.h"
#include "podctl/exec.h"
#include "podctl/inside.h"
#include "podctl/inside_shell.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static int check_rights(const struct cmd_context *ctx, const struct settings *settings,
			const char *pod, const struct cmd_exec_options *o, struct err *err)
{
	const struct settings_pod *p = settings_find_pod(settings, pod);
	const char *wrong = o->user ? pod_user_problem(settings, o->user) : NULL;

	if (wrong)
		return err_set(err, EPERM, "--user: %s", wrong);
	/* cmd_pod_name has found the caller among them */
	if (ctx->caller.switches && o->n_command > 0 && !(p && p->owners_given))
		return err_set(err, EPERM,
			       "through sudo, a command needs pods.%s.owners in the configuration: "
			       "patterns of sudoers match what stands in commands, too",
			       pod);
	for (size_t i = 0; i < o->n_env; i++) {
		if (*o->env[i] == '=' || !strchr(o->env[i], '='))
			return err_set(err, EINVAL, "--env: wants NAME=VALUE");
	}
	return 0;
}

int cmd_exec(struct cmd_context *ctx, int n _unused_, char **args)
{
	const struct cmd_exec_options *o = &ctx->exec;
	_cleanup_(settings_freep)
	struct settings *settings = NULL;
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	_cleanup_free_ char *pod = NULL, *id = NULL;
	_cleanup_free_ const char **argv = NULL, **env = NULL;
	struct err err = {0};
	int status = CMD_FAILED;

	if (cmd_load_settings(ctx, &settings) < 0 || cmd_pod_name(ctx, settings, args[1], &pod) < 0)
		return CMD_FAILED;
	if (check_rights(ctx, settings, pod, o, &err) < 0)
		return cmd_fail(ctx, &err);
	if (!pod_name_valid(args[0])) {
		ui_error(&ctx->ui, "%s is no container's name", args[0]);
		return CMD_FAILED;
	}
	if (cmd_connect(ctx, &engine) < 0)
		return CMD_FAILED;
	if (inside_find(engine, pod, args[0], &id, &err) < 0)
		return cmd_fail(ctx, &err);
	argv = o->n_command > 0 ? xcalloc(o->n_command + 1, sizeof(*argv)) : inside_shell();
	for (size_t i = 0; i < o->n_command; i++)
		argv[i] = o->command[i];
	env = xcalloc(o->n_env + 1, sizeof(*env));
	for (size_t i = 0; i < o->n_env; i++)
		env[i] = o->env[i];
	if (exec_run(&(struct exec){.engine = engine,
				    .container_id = id,
				    .argv = argv,
				    .user = o->user,
				    .directory = o->directory,
				    .env = env,
				    .term = ctx->environment.term,
				    .in = STDIN_FILENO,
				    .out = STDOUT_FILENO,
				    .err = STDERR_FILENO},
		     &status, &err) < 0)
		return cmd_fail(ctx, &err);
	return status;
}
