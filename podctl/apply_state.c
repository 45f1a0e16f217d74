/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stopping and starting a pod's containers as they are: nothing is made, changed or removed. */
#include "podctl/apply.h"

#include "podctl/guard.h"
#include "podctl/jobs.h"

#include <errno.h>

static const enum job_op ops_stop[] = {JOB_STOP_OLD, JOB_SETTLE, JOB_END};
static const enum job_op ops_start[] = {JOB_START, JOB_END};
/* fail closed: without the guard's word the root container does not stay up */
static const enum job_op ops_root_start[] = {JOB_START, JOB_GUARD, JOB_READY, JOB_END};
static const enum job_op ops_root_keep[] = {JOB_GUARD, JOB_READY, JOB_END};

static bool is_up(const struct present_container *c)
{
	return streq(c->state, "running") || streq(c->state, "paused") ||
	       streq(c->state, "restarting");
}

static void add(struct jobs *jobs, const enum job_op *ops, const struct present_container *c,
		const char *done)
{
	struct job *j = jobs_add(jobs, ops);

	j->title = xstrdup(*c->part ? c->part : "root container");
	j->old_id = xstrdup(c->id);
	j->done_text = done ? xasprintf("%s %s", j->title, done) : NULL;
}

static int run(const struct apply *a, struct jobs *jobs, const struct settings *settings, size_t *n,
	       struct err *err)
{
	int r = jobs_run(jobs, a->engine, settings, a->ui, err);

	for (size_t i = 0; i < jobs->n; i++)
		*n += jobs->items[i]->done_text != NULL;
	jobs_done(jobs);
	return r;
}

int apply_stop(const struct apply *a, const char *pod, const struct present *present,
	       struct err *err)
{
	size_t n = 0;
	int r = 0;

	/* members beside each other, then the roots, in whose namespaces they are */
	for (int roots = 0; roots < 2 && r == 0; roots++) {
		struct jobs jobs = {0};

		for (size_t i = 0; i < present->n; i++) {
			const struct present_container *c = &present->items[i];

			if (plan_owns(pod, c) && is_up(c) && !*c->part == (roots == 1))
				add(&jobs, ops_stop, c, "stopped");
		}
		r = run(a, &jobs, NULL, &n, err);
	}
	if (n == 0)
		ui_say(a->ui, "nothing to stop");
	return r;
}

/* Under its own name: what an interrupted apply left is for the next one. */
static bool is_in_place(const char *pod, const struct present_container *c)
{
	_cleanup_free_ char *name = plan_name(pod, c->part);

	return plan_owns(pod, c) && streq(c->name, name);
}

static const struct present_container *find_root(const char *pod, const struct present *present)
{
	for (size_t i = 0; i < present->n; i++) {
		if (!*present->items[i].name || !is_in_place(pod, &present->items[i]))
			continue;
		if (!*present->items[i].part)
			return &present->items[i];
	}
	return NULL;
}

static int start_root(const struct apply *a, const struct settings *settings,
		      const struct present_container *root, size_t *n, struct err *err)
{
	struct jobs jobs = {0};
	int r = guard_check(settings, err);

	if (r < 0) {
		ui_error(a->ui, "%s", err->text);
		return r;
	}
	if (is_up(root))
		add(&jobs, ops_root_keep, root, NULL);
	else
		add(&jobs, ops_root_start, root, "started");
	return run(a, &jobs, settings, n, err); /* tells its failure itself */
}

int apply_start(const struct apply *a, const struct settings *settings, const char *pod,
		const struct present *present, struct err *err)
{
	const struct present_container *root = find_root(pod, present);
	struct jobs jobs = {0};
	struct err member_err = {0};
	size_t n = 0;
	int r;

	if (!root) {
		r = err_set(err, ENOENT, "there is no such pod, or not all of it: apply its file");
		ui_error(a->ui, "%s", err->text);
		return r;
	}
	r = start_root(a, settings, root, &n, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < present->n; i++) {
		const struct present_container *c = &present->items[i];

		if (!is_in_place(pod, c) || !*c->part || is_up(c))
			continue;
		if (c->root_id && streq(c->root_id, root->id)) {
			add(&jobs, ops_start, c, "started");
			continue;
		}
		r = err_set(err, ESTALE,
			    "%s hangs on a root container that is gone: apply the file", c->part);
		ui_error(a->ui, "%s", err->text);
	}
	if (run(a, &jobs, NULL, &n, &member_err) < 0) {
		*err = member_err;
		r = -err->code;
	}
	if (n == 0 && r == 0)
		ui_say(a->ui, "nothing to start");
	return r;
}
