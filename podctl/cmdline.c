/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/cmdline.h"

#include "podctl/jail.h"

#include <errno.h>
#include <stdio.h>

#define TAIL_DIGITS_MAX 9

static bool take_user(struct cmd_context *ctx, const char *value)
{
	ctx->exec.user = value;
	return *value;
}

static bool take_directory(struct cmd_context *ctx, const char *value)
{
	ctx->exec.directory = value;
	return *value;
}

static bool take_env(struct cmd_context *ctx, const char *value)
{
	ARRAY_PUSH(ctx->exec.env, ctx->exec.n_env) = value;
	return *value;
}

static bool take_tail(struct cmd_context *ctx, const char *value)
{
	size_t n = strlen(value);

	ctx->tail = value;
	return streq(value, "all") ||
	       (n > 0 && n <= TAIL_DIGITS_MAX && strspn(value, "0123456789") == n);
}

static bool take_image(struct cmd_context *ctx, const char *value)
{
	ctx->image = value;
	return *value;
}

/* Kept as bits, so that a command says which it takes. */
static const struct option {
	const char *name;
	char brief; /* 0: none */
	unsigned bit;
	const char *value; /* NULL: takes none */
	bool (*take)(struct cmd_context *ctx, const char *value);
	const char *doc;
} options[] = {
	{"--json", 0, CMD_OPT_JSON, NULL, NULL, "for programs"},
	{"--no-wait", 0, CMD_OPT_NO_WAIT, NULL, NULL,
	 "fail at once where another podctl is at work on the pod"},
	{"--follow", 'f', CMD_OPT_FOLLOW, NULL, NULL,
	 "go on with what is written from now on, over restarts"},
	{"--tail", 'n', CMD_OPT_TAIL, "N", take_tail, "only the last N lines of each container"},
	{"--timestamps", 't', CMD_OPT_TIMESTAMPS, NULL, NULL, "when each line was written"},
	{"--user", 'u', CMD_OPT_EXEC, "USER", take_user, "as whom, USER or USER:GROUP"},
	{"--workdir", 'w', CMD_OPT_EXEC, "DIR", take_directory, "in which folder"},
	{"--env", 'e', CMD_OPT_EXEC, "NAME=VALUE", take_env,
	 "with this variable set; again for more"},
	{"--image", 0, CMD_OPT_IMAGE, "IMAGE", take_image,
	 "add: what the jail is made of; default " JAIL_IMAGE},
	{"--force", 0, CMD_OPT_FORCE, NULL, NULL, "add: also a user with a uid below 1000"},
	{"--purge", 0, CMD_OPT_PURGE, NULL, NULL, "rm: take the pod file away, too"},
	{"--ack", 0, CMD_OPT_ACK, NULL, NULL, "these alerts are known: @N..., or all"},
	{"--metrics", 0, CMD_OPT_METRICS, NULL, NULL, "for Prometheus"},
	{"--self-test", 0, CMD_OPT_SELF_TEST, NULL, NULL,
	 "change a container of its own, and find that"},
	{"--quiet", 'q', CMD_OPT_QUIET, NULL, NULL,
	 "say nothing but errors and what was asked for"},
	{"--help", 'h', CMD_OPT_HELP, NULL, NULL, "how the command is used"},
	{"--version", 0, CMD_OPT_VERSION, NULL, NULL, "print the version"},
};

void cmdline_print_options(unsigned mask)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];
		_cleanup_free_ char *name = NULL;
		char brief[] = {'-', o->brief, ',', ' ', '\0'};

		if (!(o->bit & mask))
			continue;
		name = xasprintf("%s%s%s%s", o->brief ? brief : "    ", o->name,
				 o->value ? " " : "", o->value ? o->value : "");
		printf("  %-22s %s\n", name, o->doc);
	}
}

const char *cmdline_option_name(unsigned mask)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (options[i].bit & mask)
			return options[i].name;
	}
	return "that option";
}

/* Whether word is this option; its value behind it in *ret, where it is of the same word. */
static bool matches(const struct option *o, const char *word, const char **ret)
{
	const char *rest = startswith(word, o->name);

	*ret = NULL;
	if (rest && *rest == '=' && o->value) {
		*ret = rest + 1;
		return true;
	}
	if (rest && !*rest)
		return true;
	if (!o->brief || word[0] != '-' || word[1] != o->brief)
		return false;
	if (word[2] && o->value)
		*ret = word + 2;
	return !word[2] || o->value;
}

static int take(struct cmd_context *ctx, const struct option *o, const char *value, int argc,
		char **argv, int *i)
{
	ctx->options |= o->bit;
	if (!o->value)
		return 0;
	/* --env=A=/web.yml at the end is what the pattern of web's owner matches, too */
	if (*i + (value ? 1 : 2) >= argc) {
		ui_error(&ctx->ui,
			 "%s wants a value, %s, and stands before the last argument, which names "
			 "the pod or user",
			 o->name, o->value);
		return -EINVAL;
	}
	if (!value)
		value = argv[++*i];
	if (o->take(ctx, value))
		return 0;
	if (o->bit == CMD_OPT_TAIL && *value) {
		ui_error(&ctx->ui, "%s wants a number, not %s", o->name, value);
		return -EINVAL;
	}
	ui_error(&ctx->ui, "%s wants a value, %s", o->name, o->value);
	return -EINVAL;
}

static int take_option(struct cmd_context *ctx, int argc, char **argv, int *i)
{
	const char *value;

	for (size_t k = 0; k < ARRAY_SIZE(options); k++) {
		if (matches(&options[k], argv[*i], &value))
			return take(ctx, &options[k], value, argc, argv, i);
	}
	ui_error(&ctx->ui, "unknown option %s", argv[*i]);
	return -EINVAL;
}

int cmdline_parse(struct cmd_context *ctx, int argc, char **argv, struct cmdline *ret)
{
	_cleanup_free_ char **args = xcalloc((size_t)argc + 1, sizeof(*args));
	bool only_args = false;
	int n = 0;

	for (int i = 1; i < argc; i++) {
		if (!only_args && streq(argv[i], "--")) {
			only_args = true;
			if (n > 0 && streq(args[0], "exec")) {
				ctx->exec.command = argv + i + 1;
				ctx->exec.n_command = (size_t)(argc - i - 1);
				break;
			}
		} else if (only_args || argv[i][0] != '-') {
			args[n++] = argv[i];
		} else if (take_option(ctx, argc, argv, &i) < 0) {
			return -EINVAL;
		}
	}
	ret->n = n;
	ret->args = take_ptr(args);
	ret->help = ctx->options & CMD_OPT_HELP;
	ret->version = ctx->options & CMD_OPT_VERSION;
	ctx->ui.quiet = ctx->options & CMD_OPT_QUIET;
	ctx->options &= ~(unsigned)(CMD_OPT_HELP | CMD_OPT_VERSION | CMD_OPT_QUIET);
	return 0;
}
