/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The subcommands, one small file each, and what they share: who calls, the configuration, which
 * pod is meant. Each returns the exit status: 0 done and clean, 1 failed or refused, 2 changes.
 */
#pragma once

#include "common/settings.h"
#include "engine/engine.h"
#include "podctl/caller.h"
#include "podctl/pod.h"
#include "podctl/ui.h"

enum cmd_exit { CMD_OK = 0, CMD_FAILED = 1, CMD_CHANGES = 2 };

enum cmd_option {
	CMD_OPT_JSON = 1 << 0,
	CMD_OPT_NO_WAIT = 1 << 1,
	CMD_OPT_EXEC = 1 << 2, /* --user, --workdir, --env */
	CMD_OPT_FOLLOW = 1 << 3,
	CMD_OPT_TIMESTAMPS = 1 << 4,
	CMD_OPT_TAIL = 1 << 5,
	CMD_OPT_FORCE = 1 << 9,
	CMD_OPT_PURGE = 1 << 10,
	CMD_OPT_IMAGE = 1 << 11,
	CMD_OPT_ACK = 1 << 12,
	CMD_OPT_METRICS = 1 << 13,
	CMD_OPT_SELF_TEST = 1 << 14,
	/* every command takes these */
	CMD_OPT_QUIET = 1 << 6,
	CMD_OPT_HELP = 1 << 7,
	CMD_OPT_VERSION = 1 << 8,
};

/* All point into argv. */
struct cmd_exec_options {
	const char *user, *directory; /* NULL: the container's */
	const char **env;
	size_t n_env;
	char **command; /* what stands behind -- */
	size_t n_command;
};

struct cmd_context {
	struct caller_environment environment;
	struct caller caller;
	struct ui ui;
	unsigned options; /* CMD_OPT_* that were given */
	struct cmd_exec_options exec;
	const char *tail;  /* --tail: digits or "all"; NULL: not given */
	const char *image; /* --image; NULL: not given */
	const char *meant; /* the command that the only word may have been to be, or NULL */
};

typedef int cmd_fn(struct cmd_context *ctx, int n, char **args);

struct cmd {
	const char *name;
	const char *args; /* for the usage: "FILE" */
	const char *summary;
	const char *about;	/* what more there is to say of it, for `podctl help NAME` */
	unsigned options;	/* those it takes */
	int args_min, args_max; /* -1: any number */
	cmd_fn *run;
};

cmd_fn cmd_apply, cmd_plan, cmd_check, cmd_status, cmd_down, cmd_audit, cmd_exec, cmd_jail,
	cmd_restore_mounts, cmd_start_late, cmd_logs, cmd_stop, cmd_start, cmd_restart, cmd_schema,
	cmd_scan;

/* ---- shared; failures are told, and -errno is returned ---- */

int cmd_load_settings(struct cmd_context *ctx, struct settings **ret);

/* The pod that NAME or FILE names; the caller must be one of its owners. Caller frees. */
int cmd_pod_name(struct cmd_context *ctx, const struct settings *settings, const char *arg,
		 char **ret);

/*
 * Of a command that names no pod: the pods that the caller may be shown. Root, and whom sudo lets
 * be root anyway, is shown all there is, and so is who calls without sudo; anybody else the pods
 * that he may act on, by name, and no container that is of none.
 */
struct cmd_own {
	struct cmd_context *ctx;
	const struct settings *settings;
	bool all;
	struct strv mine, others; /* names that were looked up */
};
struct cmd_own cmd_own_begin(struct cmd_context *ctx, const struct settings *settings);
/* pod: NULL or "" for what is of none. */
bool cmd_owns(struct cmd_own *own, const char *pod);
void cmd_own_done(struct cmd_own *own);

/* Reads the pod file as the caller. Sets ui.pod, which points into *ret. */
int cmd_load_pod(struct cmd_context *ctx, const struct settings *settings, const char *file,
		 struct pod **ret);

/* An engine that was not asked for anything yet: look() agrees on the version. */
int cmd_engine(struct cmd_context *ctx, struct engine **ret);
/* An engine that answers, with the version agreed on. */
int cmd_connect(struct cmd_context *ctx, struct engine **ret);

/* look(), where err says what to do where the engine does not answer. Nothing is told. */
struct plan_images;
struct present;
int cmd_look(struct engine *e, const char *pod, struct plan_images *images, struct present *ret,
	     struct err *err);

/*
 * The pod's lock, waited for unless --no-wait. The caller decides how long that takes, so the
 * configuration must still be the one that was loaded.
 */
int cmd_lock(struct cmd_context *ctx, const struct settings *settings, const char *pod, int *ret);

/*
 * From here on SIGINT and SIGTERM end podctl at once, saying that the next apply goes on. Nothing
 * has to be put in order: no more than where it is killed.
 */
void cmd_say_when_interrupted(void);

/* Tells err and returns CMD_FAILED. */
int cmd_fail(const struct cmd_context *ctx, const struct err *err);
