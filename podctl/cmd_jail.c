/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * podctl jail add|rm USER, podctl jail list
 *
 * For root, or who may be root by sudo anyway: a pattern of sudoers that lets somebody at `podctl
 * *` must not let anybody out of a jail, or into one.
 */
#include "podctl/cmd.h"
#include "podctl/inside.h"
#include "podctl/jail_change.h"
#include "podctl/jail_file.h"
#include "podctl/jail_system.h"
#include "podctl/lock.h"

#include <errno.h>
#include <stdio.h>

/* no pod's name begins with a dot */
#define LOCK ".jails"

static int check_caller(const struct cmd_context *ctx)
{
	if (caller_is_admin(&ctx->caller))
		return 0;
	ui_error(&ctx->ui, "jail: only for root, and for whom sudo lets run everything");
	return -EPERM;
}

static int change(struct cmd_context *ctx, const char *user, bool add)
{
	_cleanup_(settings_freep)
	struct settings *settings = NULL;
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	_cleanup_close_ int lock = -1;
	struct jail_change c = {
		.ui = &ctx->ui,
		.image = ctx->image ? ctx->image : JAIL_IMAGE,
		.force = ctx->options & CMD_OPT_FORCE,
		.purge = ctx->options & CMD_OPT_PURGE,
	};
	struct err err = {0};
	int r;

	if ((ctx->options & ~(unsigned)(add ? CMD_OPT_FORCE | CMD_OPT_IMAGE : CMD_OPT_PURGE))) {
		ui_error(&ctx->ui, "jail %s does not take that option", add ? "add" : "rm");
		return CMD_FAILED;
	}
	if (cmd_load_settings(ctx, &settings) < 0)
		return CMD_FAILED;
	/* rm must do what it can also where the engine is away */
	if (add && cmd_connect(ctx, &engine) < 0)
		return CMD_FAILED;
	if (lock_take(LOCK, LOCK_FOR_EVER, &lock, &err) < 0)
		return cmd_fail(ctx, &err);
	c.settings = settings;
	c.engine = engine;
	ctx->ui.kind = "jail of";
	ctx->ui.pod = user;
	r = add ? jail_add(&c, user, &err) : jail_rm(&c, user, &err);
	return r < 0 ? cmd_fail(ctx, &err) : CMD_OK;
}

/* ---- list ---- */

struct shown {
	const struct jail *jail;
	char *pod, *state, *problem;
};

static void look_at(struct shown *s, struct engine *engine, const char *folder)
{
	_cleanup_free_ char *id = NULL;
	struct err err = {0};
	int r;

	s->pod = jail_pod_name(s->jail->user);
	s->problem = jail_problem(s->jail, folder);
	r = engine ? inside_find(engine, s->pod, JAIL_CONTAINER, &id, &err) : -ENOTCONN;
	s->state = xstrdup(r == 0	  ? "running"
			   : r == -EINVAL ? "stopped"
			   : r == -ENOENT ? "absent"
					  : "unknown");
}

static void print_table(const struct shown *list, size_t n)
{
	int width = 4, pod_width = 3;

	for (size_t i = 0; i < n; i++) {
		int size = (int)strlen(list[i].jail->user), pod_size = (int)strlen(list[i].pod);

		width = size > width ? size : width;
		pod_width = pod_size > pod_width ? pod_size : pod_width;
	}
	printf("%-*s  %-*s  STATE    FORMER SHELL\n", width, "USER", pod_width, "POD");
	for (size_t i = 0; i < n; i++)
		printf("%-*s  %-*s  %-7s  %s\n", width, list[i].jail->user, pod_width, list[i].pod,
		       list[i].state, *list[i].jail->shell ? list[i].jail->shell : "-");
}

static void print_json(const struct shown *list, size_t n)
{
	json_auto_t *all = json_array();
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			all, json_pack("{s:s, s:I, s:s, s:s, s:s, s:s?}", "user",
				       list[i].jail->user, "uid", (json_int_t)list[i].jail->uid,
				       "pod", list[i].pod, "state", list[i].state, "former_shell",
				       list[i].jail->shell, "problem", list[i].problem));
	text = json_dumps(all, JSON_INDENT(2));
	puts(text ? text : "[]");
}

static int list(struct cmd_context *ctx)
{
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	_cleanup_free_ char *folder = NULL;
	_cleanup_free_ struct shown *shown = NULL;
	struct jails jails = {0};
	struct err err = {0};
	int result = CMD_OK;

	if (ctx->options & ~(unsigned)CMD_OPT_JSON) {
		ui_error(&ctx->ui, "jail list does not take that option");
		return CMD_FAILED;
	}
	if (jail_programs(&folder, &err) < 0 || jail_list(&jails, &err) < 0)
		return cmd_fail(ctx, &err);
	/* without an engine the rest is still worth knowing, and why there is none was told */
	(void)cmd_connect(ctx, &engine);
	shown = xcalloc(jails.n + 1, sizeof(*shown));
	for (size_t i = 0; i < jails.n; i++) {
		shown[i].jail = &jails.items[i];
		look_at(&shown[i], engine, folder);
	}
	if (ctx->options & CMD_OPT_JSON)
		print_json(shown, jails.n);
	else
		print_table(shown, jails.n);
	for (size_t i = 0; i < jails.n; i++) {
		if (shown[i].problem) {
			ui_error(&ctx->ui, "jail of %s: %s", jails.items[i].user, shown[i].problem);
			result = CMD_CHANGES;
		}
		free(shown[i].pod);
		free(shown[i].state);
		free(shown[i].problem);
	}
	jails_done(&jails);
	return result;
}

int cmd_jail(struct cmd_context *ctx, int n, char **args)
{
	if (check_caller(ctx) < 0)
		return CMD_FAILED;
	if (n == 1 && streq(args[0], "list"))
		return list(ctx);
	if (n == 2 && (streq(args[0], "add") || streq(args[0], "rm")))
		return change(ctx, args[1], streq(args[0], "add"));
	ui_error(&ctx->ui, "usage: podctl jail add|rm USER, or podctl jail list");
	return CMD_FAILED;
}
