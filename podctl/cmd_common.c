/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/cmd.h"

#include "common/authz_token.h"
#include "podctl/lock.h"
#include "podctl/look.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int cmd_fail(const struct cmd_context *ctx, const struct err *err)
{
	ui_error(&ctx->ui, "%s", err->text);
	return CMD_FAILED;
}

/* FILE:LINE:COL: ..., behind our own name. */
static void print_problems(const struct problems *problems, const char *file)
{
	_cleanup_free_ char *shown = xmalloc(strlen(file) + 1), *prefix = NULL;

	text_printable(shown, strlen(file) + 1, file);
	prefix = xasprintf("podctl: %s", shown);
	fflush(stdout);
	problems_print(problems, prefix, stderr);
}

int cmd_load_settings(struct cmd_context *ctx, struct settings **ret)
{
	struct problems problems = {0};
	struct err err = {0};
	int r = settings_load(NULL, &problems, ret, &err);

	/*
	 * Warnings are for `netguard check`: who runs podctl can do nothing about them. What stands
	 * in the file is shown to nobody for whom it was read with root's rights.
	 */
	if (r < 0 && problems.n_errors > 0) {
		if (ctx->caller.switches)
			ui_error(&ctx->ui, "%s: `netguard check` says which", err.text);
		else
			print_problems(&problems, settings_path());
		ui_error(&ctx->ui, "the configuration is invalid, so nothing is allowed");
	} else if (r < 0) {
		ui_error(&ctx->ui, "%s", err.text);
	}
	problems_done(&problems);
	return r;
}

int cmd_pod_name(struct cmd_context *ctx, const struct settings *settings, const char *arg,
		 char **ret)
{
	_cleanup_free_ char *name = pod_name_from_path(arg);
	struct err err = {0};

	if (!name) {
		ui_error(&ctx->ui,
			 "%s: a pod is named after its file: letters, digits, _ and -, the first a "
			 "letter or digit, 2 to 63 characters",
			 arg);
		return -EINVAL;
	}
	if (caller_check_owner(&ctx->caller, settings, name, &err) < 0) {
		ui_error(&ctx->ui, "%s", err.text);
		return -EPERM;
	}
	*ret = take_ptr(name);
	return 0;
}

int cmd_load_pod(struct cmd_context *ctx, const struct settings *settings, const char *file,
		 struct pod **ret)
{
	_cleanup_free_ char *name = NULL, *text = NULL;
	struct problems problems = {0};
	struct err err = {0};
	size_t size = 0;
	int r = cmd_pod_name(ctx, settings, file, &name);

	if (r < 0)
		return r;
	r = caller_read_file(&ctx->caller, file, &text, &size, &err);
	if (r < 0) {
		bool word = r == -ENOENT && !strpbrk(file, "./");
		const char *meant = word ? ctx->meant : NULL;

		ui_error(&ctx->ui, "%s%s%s%s%s", err.text,
			 word ? ": wanted is the pod's file, such as web.yml, or a command "
				"(`podctl help`)"
			      : "",
			 meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
		return r;
	}
	r = pod_parse(name, text, size, settings, &problems, ret);
	if (problems.n > 0)
		print_problems(&problems, file);
	problems_done(&problems);
	return r;
}

int cmd_engine(struct cmd_context *ctx, struct engine **ret)
{
	_cleanup_(engine_freep)
	struct engine *e = NULL;
	/* caller_take_environment has left these only where they are to be believed */
	const char *verify = getenv("DOCKER_TLS_VERIFY"), *certs = getenv("DOCKER_CERT_PATH");
	const char *host = ctx->environment.docker_host;
	struct engine_options options = {
		.host = host,
		.tls = verify && *verify && host && startswith(host, "tcp:"),
		.cert_path = certs && *certs ? certs : NULL,
	};
	struct err err = {0};
	int r = engine_new_with(&options, &e, &err);

	if (r < 0) {
		ui_error(&ctx->ui, "%s", err.text);
		return r;
	}
	engine_set_token_file(e, AUTHZ_TOKEN_PATH);
	*ret = take_ptr(e);
	return 0;
}

/* What to do where the engine does not answer. */
static const char *engine_advice(int r)
{
	if ((r == -EACCES || r == -EPERM) && geteuid() != 0)
		return ": run podctl by sudo";
	if (r == -ECONNREFUSED || r == -ENOENT)
		return ": does it run? systemctl status docker";
	return "";
}

int cmd_connect(struct cmd_context *ctx, struct engine **ret)
{
	_cleanup_(engine_freep)
	struct engine *e = NULL;
	struct err err = {0};
	int r = cmd_engine(ctx, &e);

	if (r < 0)
		return r;
	r = engine_negotiate(e, &err);
	if (r < 0) {
		ui_error(&ctx->ui, "%s%s", err.text, engine_advice(r));
		return r;
	}
	*ret = take_ptr(e);
	return 0;
}

int cmd_look(struct engine *e, const char *pod, struct plan_images *images, struct present *ret,
	     struct err *err)
{
	int r = look(e, pod, images, ret, err);
	const char *advice = r < 0 ? engine_advice(r) : "";

	if (*advice) {
		const struct err why = *err;

		err_set(err, why.code, "%s%s", why.text, advice);
	}
	return r;
}

static void on_interrupt(int number)
{
	static const char text[] = "\npodctl: interrupted: what is done stays, and the next apply "
				   "goes on from there\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	signal(number, SIG_DFL);
	raise(number);
}

void cmd_say_when_interrupted(void)
{
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

int cmd_lock(struct cmd_context *ctx, const struct settings *settings, const char *pod, int *ret)
{
	_cleanup_close_ int lock = -1;
	struct err err = {0};
	int r = lock_take(pod, 0, &lock, &err);

	if (r == -EWOULDBLOCK && !(ctx->options & CMD_OPT_NO_WAIT)) {
		ui_say(&ctx->ui, "waiting: %s", err.text);
		r = lock_take(pod, LOCK_FOR_EVER, &lock, &err);
	}
	if (r == 0)
		r = settings_check_current(settings, &err);
	if (r < 0)
		ui_error(&ctx->ui, "%s", err.text);
	else
		*ret = take_fd(&lock);
	return r;
}
