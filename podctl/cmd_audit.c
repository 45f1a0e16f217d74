/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * podctl audit: the privileges of every container on the host, with a verdict. What can't be read
 * is said, and makes the audit fail, which would say otherwise that it is well; all else is told.
 *
 * Who is not root, and could not be by sudo, is shown the containers of his own pods only, and
 * nothing of the engine: what others run, mount and may do is not his to know.
 */
#include "common/json_build.h"
#include "podctl/audit_print.h"
#include "podctl/cmd.h"
#include "podctl/inspect.h"
#include "podctl/look.h"

#include <errno.h>
#include <stdlib.h>

/* A container of the engine's list. */
struct inspection {
	char *id, *name;
	struct audit_containers *all;
	struct cmd_own *own;
	struct err err; /* code 0: none */
};

struct inspections {
	struct inspection *items;
	size_t n;
};

static void inspections_done(struct inspections *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->items[i].id);
		free(list->items[i].name);
	}
	free(list->items);
}

static void inspected(void *userdata, const struct engine_reply *reply)
{
	struct inspection *in = userdata;
	struct audit_container c = {0};
	struct err err = {0};
	int r = engine_reply_check(reply, &err);

	if (r == -ENOENT) /* removed since the list was made */
		return;
	if (r == 0)
		r = audit_container_from_inspect(reply->json, &c, &err);
	if (r == 0 && !cmd_owns(in->own, c.pod)) {
		audit_container_done(&c);
	} else if (r == 0) {
		audit_look_at_proc(&c);
		ARRAY_PUSH(in->all->items, in->all->n) = c;
	} else {
		in->err = err;
	}
}

static int compare_names(const void *a, const void *b)
{
	const struct audit_container *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* What is to be asked for, for whom, and where to it goes. */
struct asking {
	struct cmd_own *own;
	struct audit_containers *all;
	struct inspections *ret;
};

/* Those of the list that the caller may see: an error, too, would tell of others'. */
static int add_inspection(void *userdata, struct engine_container *c, struct err *err _unused_)
{
	const struct asking *a = userdata;

	if (cmd_owns(a->own, look_owner(c)))
		ARRAY_PUSH(a->ret->items, a->ret->n) = (struct inspection){
			.id = xstrdup(c->id),
			.name = xstrdup(*c->name ? c->name : c->id),
			.all = a->all,
			.own = a->own,
		};
	return 0;
}

static int inspect_all(struct engine *e, struct cmd_own *own, struct audit_containers *ret,
		       struct inspections *asked, struct err *err)
{
	_cleanup_free_ struct inspect_item *items = NULL;
	struct asking a = {own, ret, asked};
	json_auto_t *list = NULL;
	int r = engine_do(e,
			  &(struct engine_call){.method = "GET", .path = "/containers/json?all=1"},
			  &list, err);

	if (r == 0)
		r = engine_containers_each(list, add_inspection, &a, err);
	if (r < 0)
		return r;
	items = xcalloc(asked->n + 1, sizeof(*items));
	for (size_t i = 0; i < asked->n; i++)
		items[i] = (struct inspect_item){asked->items[i].id, inspected, &asked->items[i]};
	inspect_containers(e, items, asked->n, INSPECT_PATIENCE_MS);
	if (ret->n > 0)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare_names);
	return 0;
}

/* Nothing is known of these, so nothing is well. */
static bool say_failures(const struct cmd_context *ctx, const struct inspections *asked)
{
	bool failed = false;

	for (size_t i = 0; i < asked->n; i++) {
		struct err err = asked->items[i].err;

		if (!err.code)
			continue;
		err_wrap(&err, "container %s could not be audited", asked->items[i].name);
		cmd_fail(ctx, &err);
		failed = true;
	}
	return failed;
}

/* others: of what is no container's. */
static json_t *failures_json(const struct inspections *asked, const struct strv *others)
{
	json_t *list = json_array();

	for (size_t i = 0; i < asked->n; i++) {
		const struct inspection *in = &asked->items[i];

		if (in->err.code)
			json_push(list, json_pack("{s:s, s:s, s:o}", "container", in->name,
						  "container_id", in->id, "error",
						  json_text(in->err.text)));
	}
	for (size_t i = 0; i < others->n; i++)
		json_push(list, json_pack("{s:n, s:n, s:o}", "container", "container_id", "error",
					  json_text(others->items[i])));
	return list;
}

static int look_at_engine(struct engine *e, struct audit_engine *ret, struct err *err)
{
	json_auto_t *info = NULL;
	int r = engine_do(e, &(struct engine_call){.method = "GET", .path = "/info"}, &info, err);

	return r < 0 ? r : audit_engine_from_info(info, ret, err);
}

/* Where the engine listens on this host, or NULL. */
static const char *socket_of(const struct engine *e)
{
	return startswith(engine_host(e), "unix://");
}

/* Of what is on another host nothing is known here. */
static int look_at_host(const struct engine *e, bool all, const struct audit_containers *containers,
			struct audit_access *access, struct audit_engine *info, struct err *err)
{
	int r;

	if (!socket_of(e))
		return 0;
	r = audit_look_at_groups(&info->groups, err);
	if (all && audit_look_at_access(socket_of(e), containers, access, &info->groups, err) < 0)
		r = -err->code;
	return r;
}

/* The rest of what is to be known of the containers. */
static int look_further(struct engine *e, struct audit_containers *all,
			const struct audit_groups *groups, struct err *err)
{
	json_auto_t *volumes = NULL;
	int r = engine_do(e, &(struct engine_call){.method = "GET", .path = "/volumes"}, &volumes,
			  err);

	if (r == 0)
		r = audit_volumes(all, volumes, err);
	audit_joined_namespaces(all);
	if (socket_of(e))
		audit_look_at_mounts(all, socket_of(e));
	if (r == 0) {
		r = audit_look_at_processes(all, groups);
		if (r < 0)
			err_os(err, -r, "/proc");
	}
	return r;
}

static void add_socket(const struct engine *e, struct audit_engine *info)
{
	_cleanup_free_ char *real = socket_of(e) ? realpath(socket_of(e), NULL) : NULL;

	if (real)
		strv_add(&info->own_paths, real);
}

/* All that is known, and what could not be. */
struct looked {
	struct audit_engine info;
	struct audit_access access;
	struct audit_containers all;
	struct inspections asked;
	struct audit_findings findings; /* of the engine */
	struct strv failures;		/* of no container */
};

static void looked_done(struct looked *l)
{
	audit_access_done(&l->access);
	inspections_done(&l->asked);
	audit_findings_done(&l->findings);
	audit_containers_done(&l->all);
	audit_engine_done(&l->info);
	strv_done(&l->failures);
}

static int print(const struct cmd_context *ctx, const struct cmd_own *own,
		 const struct looked *looked)
{
	const struct audit_containers *all = &looked->all;
	const struct audit_findings *engine = &looked->findings;
	int result = audit_findings_worst(engine) == AUDIT_HIGH ? CMD_CHANGES : CMD_OK;

	for (size_t i = 0; i < all->n; i++) {
		if (audit_findings_worst(&all->items[i].findings) == AUDIT_HIGH)
			result = CMD_CHANGES;
	}
	if (ctx->options & CMD_OPT_JSON) {
		json_auto_t *failures = failures_json(&looked->asked, &looked->failures);

		audit_print_json(all, engine, &looked->info.groups, own->all, failures);
		return result;
	}
	audit_print(all, engine, &ctx->ui);
	if (!own->all)
		ui_say(&ctx->ui, "only your pods were looked at: the whole host is for root to "
				 "audit");
	return result;
}

static void failed(const struct cmd_context *ctx, struct looked *l, const struct err *err)
{
	cmd_fail(ctx, err);
	strv_add(&l->failures, err->text);
}

static int look_at_all(const struct cmd_context *ctx, struct engine *engine, struct cmd_own *own,
		       struct looked *l)
{
	struct err err = {0};

	if (look_at_engine(engine, &l->info, &err) < 0 ||
	    inspect_all(engine, own, &l->all, &l->asked, &err) < 0) {
		cmd_fail(ctx, &err);
		return CMD_FAILED;
	}
	if (look_at_host(engine, own->all, &l->all, &l->access, &l->info, &err) < 0)
		failed(ctx, l, &err);
	if (look_further(engine, &l->all, &l->info.groups, &err) < 0)
		failed(ctx, l, &err);
	add_socket(engine, &l->info);
	for (size_t i = 0; i < l->all.n; i++)
		audit_container_findings(&l->all.items[i], &l->info);
	if (own->all)
		audit_engine_findings(&l->info, &l->access, &l->all, &l->findings);
	return CMD_OK;
}

static int audit(struct cmd_context *ctx, struct engine *engine, struct cmd_own *own)
{
	struct looked looked = {0};
	int result = look_at_all(ctx, engine, own, &looked);

	if (result == CMD_OK) {
		result = print(ctx, own, &looked);
		if (say_failures(ctx, &looked.asked) || looked.failures.n > 0)
			result = CMD_FAILED;
	}
	looked_done(&looked);
	return result;
}

int cmd_audit(struct cmd_context *ctx, int n _unused_, char **args _unused_)
{
	_cleanup_(settings_freep)
	struct settings *settings = NULL;
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	struct cmd_own own = cmd_own_begin(ctx, NULL);
	int result = CMD_FAILED;

	/* an invalid configuration does not keep root from looking */
	if ((own.all || cmd_load_settings(ctx, &settings) == 0) && cmd_connect(ctx, &engine) == 0) {
		own.settings = settings;
		result = audit(ctx, engine, &own);
	}
	cmd_own_done(&own);
	return result;
}
