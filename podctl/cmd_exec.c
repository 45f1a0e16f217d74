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
#include "podctl/look.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* In this order; the last one is taken where none is found. */
static const char *const shells[] = {"/bin/bash", "/usr/bin/bash", "/bin/ash", "/bin/sh"};

struct probe {
	bool found;
};

static void probed(void *userdata, const struct engine_reply *reply)
{
	struct probe *p = userdata;
	struct err ignored;

	p->found = engine_reply_check(reply, &ignored) == 0;
}

/* The image's own shell: asked for by name, all at once. */
static const char *find_shell(struct engine *e, const char *id)
{
	struct probe probes[ARRAY_SIZE(shells)] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		_cleanup_free_ char *path =
			xasprintf("/containers/%s/archive?path=%s", id, shells[i]);

		engine_start(e, &(struct engine_call){.method = "HEAD",
						      .path = path,
						      .done = probed,
						      .userdata = &probes[i]});
	}
	engine_wait(e);
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		if (probes[i].found)
			return shells[i];
	}
	return shells[ARRAY_SIZE(shells) - 1];
}

/* The id of the pod's container, which must run. Caller frees. */
static int find_container(struct engine *e, const char *pod, const char *part, char **ret,
			  struct err *err)
{
	_cleanup_free_ char *name = plan_name(pod, part);
	struct present present = {0};
	int r = look(e, pod, NULL, &present, err);

	if (r < 0)
		return r;
	r = err_set(err, ENOENT, "there is no container %s", name);
	for (size_t i = 0; i < present.n; i++) {
		const struct present_container *c = &present.items[i];

		if (!streq(c->name, name) || !plan_owns(pod, c))
			continue;
		if (streq(c->state, "running")) {
			*ret = xstrdup(c->id);
			r = 0;
		} else {
			r = err_set(err, EINVAL, "container %s is %s", name, c->state);
		}
	}
	present_done(&present);
	return r;
}

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
	if (find_container(engine, pod, args[0], &id, &err) < 0)
		return cmd_fail(ctx, &err);
	argv = xcalloc(o->n_command + 2, sizeof(*argv));
	for (size_t i = 0; i < o->n_command; i++)
		argv[i] = o->command[i];
	if (o->n_command == 0)
		argv[0] = find_shell(engine, id);
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
