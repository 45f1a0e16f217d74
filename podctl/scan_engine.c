/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * First all containers are inspected, then their changes are asked for, some at a time: a reply
 * may be as large as somebody in the container wants it to be.
 */
#include "podctl/scan_engine.h"

#include "podctl/inspect.h"
#include "podctl/look.h"
#include "podctl/scan_layers.h"
#include "podctl/scan_proc.h"

#include <errno.h>

#define CHANGES_TIMEOUT_MS 300000 /* drivers without layers of their own compare all files */

struct scanning {
	struct engine *engine;
	const struct settings_scan *scan;
	struct scan_targets *targets;
	size_t next; /* whose changes are asked for next */
};

struct request {
	struct scanning *scanning;
	struct scan_target *target;
	char *text;
	size_t size;
	bool too_large;
};

static void start_next(struct scanning *s);

/* Left out where the container is gone, which a list made just now can't know. */
static void fail_target(struct scan_target *t, int r, const struct err *err)
{
	if (r == -ENOENT)
		t->gone = true;
	else if (!t->err.code)
		t->err = *err;
}

static int take_changes(void *userdata, const void *data, size_t size)
{
	struct request *r = userdata;

	if (size > SCAN_CHANGES_MAX - r->size) {
		r->too_large = true;
		return -EMSGSIZE;
	}
	r->text = xreallocarray(r->text, r->size + size, 1);
	memcpy(r->text + r->size, data, size);
	r->size += size;
	return 0;
}

/* The engine fails in many ways when a container goes while it compares. */
static bool is_gone(struct engine *e, const struct scan_target *t)
{
	_cleanup_free_ char *path = xasprintf("/containers/%s/json", t->id);
	struct err ignored;

	return engine_do(e, &(struct engine_call){.method = "GET", .path = path}, NULL, &ignored) ==
	       -ENOENT;
}

static void changes_done(void *userdata, const struct engine_reply *reply)
{
	struct request *request = userdata;
	struct scan_target *t = request->target;
	struct scanning *s = request->scanning;
	struct err err = {0};
	int r = engine_reply_check(reply, &err);

	if (request->too_large) {
		r = err_set(&err, EMSGSIZE, "more than %zu MiB of changes: none was looked at",
			    SCAN_CHANGES_MAX / 1024 / 1024);
		scan_add_finding(t, SCAN_MORE, "changes, too many to be read");
	} else if (r == 0) {
		r = scan_changes(t, s->scan, request->text ? request->text : "", request->size,
				 &err);
		if (r == 0)
			scan_compare_layers(t, s->scan);
	} else if (r != -ENOENT && is_gone(s->engine, t)) {
		r = -ENOENT;
	}
	if (r < 0)
		fail_target(t, r, &err);
	/* a path that is too long has the engine list nothing, which would hide all changes */
	if (r < 0 && !t->gone)
		scan_compare_layers(t, s->scan);
	free(request->text);
	free(request);
	start_next(s);
}

static void start_next(struct scanning *s)
{
	while (s->next < s->targets->n) {
		struct scan_target *t = &s->targets->items[s->next++];
		_cleanup_free_ char *path = xasprintf("/containers/%s/changes", t->id);
		struct request *request;

		if (t->gone || t->err.code)
			continue;
		request = xcalloc(1, sizeof(*request));
		*request = (struct request){.scanning = s, .target = t};
		engine_start(s->engine, &(struct engine_call){.method = "GET",
							      .path = path,
							      .timeout_ms = CHANGES_TIMEOUT_MS,
							      .on_data = take_changes,
							      .done = changes_done,
							      .userdata = request});
		return;
	}
}

static void inspected(void *userdata, const struct engine_reply *reply)
{
	struct scan_target *t = userdata;
	struct err err = {0};
	int r = engine_reply_check(reply, &err);

	if (r == 0)
		r = scan_target_inspect(t, reply->json, &err);
	if (r < 0)
		fail_target(t, r, &err);
}

static void inspect_all(struct engine *e, struct scan_targets *targets)
{
	_cleanup_free_ struct inspect_item *items = xcalloc(targets->n + 1, sizeof(*items));

	for (size_t i = 0; i < targets->n; i++)
		items[i] =
			(struct inspect_item){targets->items[i].id, inspected, &targets->items[i]};
	inspect_containers(e, items, targets->n, INSPECT_PATIENCE_MS);
}

static void remove_gone(struct scan_targets *targets)
{
	struct scan_targets gone = {0};
	size_t kept = 0;

	for (size_t i = 0; i < targets->n; i++) {
		if (targets->items[i].gone)
			ARRAY_PUSH(gone.items, gone.n) = targets->items[i];
		else
			targets->items[kept++] = targets->items[i];
	}
	targets->n = kept;
	scan_targets_done(&gone);
}

static int scan_all(struct engine *e, const struct settings_scan *scan,
		    struct scan_targets *targets, struct err *err)
{
	struct scanning s = {.engine = e, .scan = scan, .targets = targets};
	int r;

	inspect_all(e, targets);
	for (size_t i = 0; i < SCAN_CHANGES_PARALLEL; i++)
		start_next(&s);
	engine_wait(e);
	for (size_t i = 0; i < targets->n; i++)
		scan_expects_processes(&targets->items[i], scan);
	r = scan_read_processes(targets, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < targets->n; i++) {
		struct scan_target *t = &targets->items[i];

		if (t->watched && !t->gone)
			scan_compare_processes(t, scan);
	}
	remove_gone(targets);
	if (targets->whole)
		scan_missing_containers(targets, scan);
	return 0;
}

/* Of whom scan_run was asked, and where to they go. */
struct choosing {
	scan_wants *wants; /* NULL: all */
	void *userdata;
	struct scan_targets *ret;
};

static int add_target(void *userdata, struct engine_container *c, struct err *err _unused_)
{
	const struct choosing *ch = userdata;
	const char *owner = look_owner(c);

	if (!owner)
		owner = "";
	if (!ch->wants || ch->wants(ch->userdata, owner))
		ARRAY_PUSH(ch->ret->items, ch->ret->n) = (struct scan_target){
			.id = xstrdup(c->id),
			.name = xstrdup(*c->name ? c->name : c->id),
			.pod = xstrdup(owner),
		};
	return 0;
}

int scan_run(struct engine *e, const struct settings_scan *scan, scan_wants *wants, void *userdata,
	     struct scan_targets *ret, struct err *err)
{
	struct engine_call call = {.method = "GET", .path = "/containers/json?all=1"};
	struct scan_targets targets = {.whole = !wants};
	struct choosing ch = {wants, userdata, &targets};
	json_auto_t *list = NULL;
	int r = engine_do(e, &call, &list, err);

	if (r == 0)
		r = engine_containers_each(list, add_target, &ch, err);
	if (r == 0)
		r = scan_all(e, scan, &targets, err);
	if (r < 0) {
		scan_targets_done(&targets);
		return r;
	}
	*ret = targets;
	return 0;
}

int scan_run_one(struct engine *e, const struct settings_scan *scan, const char *id,
		 struct scan_targets *ret, struct err *err)
{
	struct scan_targets targets = {0};
	int r;

	ARRAY_PUSH(targets.items, targets.n) =
		(struct scan_target){.id = xstrdup(id), .name = xstrdup(id), .pod = xstrdup("")};
	r = scan_all(e, scan, &targets, err);
	if (r < 0) {
		scan_targets_done(&targets);
		return r;
	}
	*ret = targets;
	return 0;
}
