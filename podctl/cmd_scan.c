/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * podctl scan [NAME]: what differs from the images and from what is expected, as alerts that stay.
 *
 * Under sudo, the last word decides whose alerts are meant, as with every command: an alert's id
 * can be no pod's name. Without a pod, all of the host's are meant by who is root anyway; others
 * scan their own pods and acknowledge nothing, and what they find is still new to root.
 */
#include "common/log.h"
#include "podctl/cmd.h"
#include "podctl/scan_canary.h"
#include "podctl/scan_engine.h"
#include "podctl/scan_print.h"
#include "podctl/scan_store.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

static int fail(const struct cmd_context *ctx, const struct err *err)
{
	if (!log_is_journal())
		return cmd_fail(ctx, err);
	log_error("%s", err->text);
	return CMD_FAILED;
}

/* Others wait a while for the store's lock: nobody is to stop us from the terminal with it. */
static void stay_awake(void)
{
	signal(SIGTSTP, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
}

/* What was found becomes alerts; those are in *ret also where they could not be stored. */
static int update(const struct cmd_context *ctx, struct scan_targets *targets, int64_t now,
		  struct scan_alerts *ret, struct err *err)
{
	bool for_root = ctx->caller.uid == 0;
	struct scan_store store;
	unsigned tries = 0;
	int r = scan_store_open(&store, err);

	if (r < 0) {
		/* what was found is told of, at least */
		scan_alerts_merge(ret, targets, now, for_root);
		return r;
	}
	scan_canary_forget(&store, targets);
	do {
		scan_alerts_done(ret);
		r = scan_store_load(&store, ret, err);
		scan_alerts_merge(ret, targets, now, for_root);
		if (r == 0)
			r = scan_store_save(&store, ret, err);
	} while (scan_store_again(r, &tries));
	scan_store_close(&store);
	return r;
}

static void say_failures(const struct cmd_context *ctx, const struct scan_targets *targets)
{
	for (size_t i = 0; i < targets->n; i++) {
		struct err err = targets->items[i].err;

		if (!err.code)
			continue;
		err_wrap(&err, "container %s could not be scanned", targets->items[i].name);
		fail(ctx, &err);
	}
}

static void report(const struct cmd_context *ctx, const struct scan_report *r)
{
	if (ctx->options & CMD_OPT_JSON)
		scan_print_json(r);
	else if (ctx->options & CMD_OPT_METRICS)
		scan_print_metrics(r);
	else if (!log_is_journal())
		scan_print(r, &ctx->ui);
	if (log_is_journal())
		scan_log(r);
}

/* What is scanned and shown: one pod, or all that the caller may see. */
struct wanted {
	const char *pod; /* NULL: all of own */
	struct cmd_own own;
};

static bool is_wanted(void *userdata, const char *pod)
{
	struct wanted *w = userdata;

	return w->pod ? streq(pod, w->pod) : cmd_owns(&w->own, pod);
}

static int scan_wanted(struct cmd_context *ctx, const struct settings *settings, struct wanted *w)
{
	const char *pod = w->pod;
	bool whole = !pod && w->own.all;
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	struct scan_targets targets = {0};
	struct scan_alerts alerts = {0};
	struct err err = {0};
	int result, r;

	if (cmd_connect(ctx, &engine) < 0)
		return CMD_FAILED;
	r = scan_run(engine, &settings->scan, whole ? NULL : is_wanted, w, &targets, &err);
	if (r == 0) {
		struct scan_report rep = {&alerts, &targets, pod, !pod && !whole, time(NULL)};

		r = update(ctx, &targets, rep.now, &alerts, &err);
		if (!whole)
			scan_alerts_keep(&alerts, is_wanted, w);
		say_failures(ctx, &targets);
		/* a pod that is gone may have left alerts */
		if (r == 0 && pod && targets.n == 0 && scan_alerts_standing(&alerts, pod) == 0)
			r = err_set(&err, ENOENT, "pod %s is not there", pod);
		else
			report(ctx, &rep);
	}
	if (r < 0)
		result = fail(ctx, &err);
	else if (scan_failures(&targets) > 0)
		result = CMD_FAILED;
	else
		result = scan_alerts_standing(&alerts, pod) > 0 ? CMD_CHANGES : CMD_OK;
	scan_alerts_done(&alerts);
	scan_targets_done(&targets);
	return result;
}

static int scan(struct cmd_context *ctx, const struct settings *settings, const char *pod)
{
	struct wanted w = {.pod = pod};
	int result;

	if (!pod)
		w.own = cmd_own_begin(ctx, settings);
	result = scan_wanted(ctx, settings, &w);
	cmd_own_done(&w.own);
	return result;
}

/* What --ack is given: ids or "all", and perhaps a pod. */
struct acknowledged {
	uint64_t *ids;
	size_t n;
	char *pod;
};

static int acknowledge_in(struct scan_store *store, const struct acknowledged *a, struct err *err)
{
	struct scan_alerts alerts = {0};
	int r = scan_store_load(store, &alerts, err);

	for (size_t i = 0; i < a->n && r == 0; i++) {
		r = scan_alerts_acknowledge(&alerts, a->ids[i], a->pod);
		if (r < 0)
			err_set(err, ENOENT,
				"there is no alert @%llu%s%s: nothing was acknowledged",
				(unsigned long long)a->ids[i], a->pod ? " of pod " : "",
				a->pod ? a->pod : "");
	}
	if (r == 0)
		r = scan_store_save(store, &alerts, err);
	scan_alerts_done(&alerts);
	return r;
}

static int acknowledge(struct cmd_context *ctx, const struct acknowledged *a)
{
	struct scan_store store;
	struct err err = {0};
	unsigned tries = 0;
	int r = scan_store_open(&store, &err);

	if (r < 0)
		return fail(ctx, &err);
	do {
		r = acknowledge_in(&store, a, &err);
	} while (scan_store_again(r, &tries));
	scan_store_close(&store);
	return r < 0 ? fail(ctx, &err) : CMD_OK;
}

static int parse_ack(struct cmd_context *ctx, const struct settings *settings, int n, char **args,
		     struct acknowledged *ret)
{
	for (int i = 0; i < n; i++) {
		uint64_t id = SCAN_ALL;

		if (scan_id_parse(args[i], &id) || (i == 0 && streq(args[i], "all"))) {
			ARRAY_PUSH(ret->ids, ret->n) = id;
		} else if (i == n - 1 && i > 0) {
			return cmd_pod_name(ctx, settings, args[i], &ret->pod);
		} else {
			ui_error(&ctx->ui, "%s is no alert's ID, such as @17", args[i]);
			return -EINVAL;
		}
	}
	if (n == 0) {
		ui_error(&ctx->ui, "which alerts? scan --ack @N... [NAME], or --ack all [NAME]");
		return -EINVAL;
	}
	/* an id says nothing of whose alert it is, and "all" could be a pod's name */
	if (!caller_is_admin(&ctx->caller)) {
		ui_error(&ctx->ui,
			 "through sudo, name the pod: scan --ack %s NAME. Alerts of the "
			 "whole host are for root to acknowledge",
			 args[0]);
		return -EPERM;
	}
	return 0;
}

static int run_ack(struct cmd_context *ctx, const struct settings *settings, int n, char **args)
{
	struct acknowledged a = {0};
	int result = CMD_FAILED;

	if (parse_ack(ctx, settings, n, args, &a) == 0)
		result = acknowledge(ctx, &a);
	free(a.ids);
	free(a.pod);
	return result;
}

static int self_test(struct cmd_context *ctx)
{
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	struct err err = {0};

	if (cmd_connect(ctx, &engine) < 0)
		return CMD_FAILED;
	if (scan_canary_test(engine, &ctx->ui, &err) < 0) {
		err_wrap(&err, "scanning does not work");
		return fail(ctx, &err);
	}
	ui_say(&ctx->ui, "scanning works: a file and a process in a container of its own were "
			 "found, and it is removed");
	return CMD_OK;
}

int cmd_scan(struct cmd_context *ctx, int n, char **args)
{
	_cleanup_(settings_freep)
	struct settings *settings = NULL;
	_cleanup_free_ char *pod = NULL;
	unsigned modes =
		ctx->options & (CMD_OPT_ACK | CMD_OPT_SELF_TEST | CMD_OPT_JSON | CMD_OPT_METRICS);

	if (modes & (modes - 1) || ((modes & CMD_OPT_SELF_TEST) && n > 0) ||
	    (!(modes & CMD_OPT_ACK) && n > 1)) {
		ui_error(&ctx->ui, "usage: podctl scan [--json | --metrics] [NAME], "
				   "scan --ack @N... [NAME], scan --ack all [NAME], "
				   "scan --self-test");
		return CMD_FAILED;
	}
	stay_awake();
	if (modes & CMD_OPT_SELF_TEST)
		return self_test(ctx);
	if (cmd_load_settings(ctx, &settings) < 0)
		return CMD_FAILED;
	if (modes & CMD_OPT_ACK)
		return run_ack(ctx, settings, n, args);
	if (n > 0 && cmd_pod_name(ctx, settings, args[0], &pod) < 0)
		return CMD_FAILED;
	return scan(ctx, settings, pod);
}
