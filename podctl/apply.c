/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/apply.h"

#include "podctl/create.h"
#include "podctl/guard.h"
#include "podctl/jobs.h"

#include <errno.h>

static const enum job_op ops_create[] = {JOB_CREATE, JOB_CHECK, JOB_START, JOB_END};
static const enum job_op ops_replace[] = {JOB_CREATE,	  JOB_CHECK,  JOB_STOP_OLD, JOB_START,
					  JOB_REMOVE_OLD, JOB_RENAME, JOB_END};
static const enum job_op ops_remove[] = {JOB_STOP_OLD, JOB_REMOVE_OLD, JOB_END};
static const enum job_op ops_start[] = {JOB_START, JOB_END};
static const enum job_op ops_rename[] = {JOB_RENAME, JOB_END};
static const enum job_op ops_rename_start[] = {JOB_RENAME, JOB_START, JOB_END};
static const enum job_op ops_stop[] = {JOB_STOP_OLD, JOB_END};
static const enum job_op ops_finish[] = {JOB_REMOVE_OLD, JOB_RENAME, JOB_END};

static const char *title_of(const struct plan_step *s)
{
	return *s->part ? s->part : "root container";
}

/* A job for a step, with the names and the text that go with it. */
static struct job *add_job(const struct apply *a, struct jobs *jobs, const enum job_op *ops,
			   const struct plan_step *s, const char *done)
{
	struct job *j = jobs_add(jobs, ops);

	j->title = xstrdup(title_of(s));
	j->final_name = plan_name(a->create->pod->name, s->part);
	j->create_name = s->old ? plan_temporary_name(a->create->pod->name, s->part)
				: xstrdup(j->final_name);
	j->old_id = s->old ? xstrdup(s->old->id) : NULL;
	if (done && s->action == PLAN_CREATE)
		j->done_text = xasprintf("%s %s", j->title, done);
	else if (done)
		j->done_text = xasprintf("%s %s: %s", j->title, done, s->reason);
	return j;
}

static bool is_root_step(const struct plan_step *s)
{
	return s->part && !*s->part;
}

/* The root's step of an action, or NULL. */
static const struct plan_step *root_step(const struct plan *plan, enum plan_action action)
{
	for (size_t i = 0; i < plan->n; i++) {
		if (is_root_step(&plan->steps[i]) && plan->steps[i].action == action)
			return &plan->steps[i];
	}
	return NULL;
}

static bool is_temporary(const struct apply *a, const struct plan_step *s)
{
	_cleanup_free_ char *name = plan_temporary_name(a->create->pod->name, s->part);

	return streq(s->old->name, name);
}

/* Leftovers (temporary) have names that are needed; stale ones may hold ports that are. */
static int remove_some(const struct apply *a, const struct plan *plan, bool temporary,
		       struct err *err)
{
	struct jobs jobs = {0};
	int r;

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *s = &plan->steps[i];

		if (s->action == PLAN_REMOVE && is_temporary(a, s) == temporary)
			add_job(a, &jobs, ops_remove, s, "removed");
	}
	r = jobs_run(&jobs, a->engine, a->ui, err);
	jobs_done(&jobs);
	return r;
}

/* ---- the root container ---- */

static int run_one(const struct apply *a, struct jobs *jobs, char **ret_new_id, struct err *err)
{
	int r = jobs_run(jobs, a->engine, a->ui, err);

	if (r == 0 && ret_new_id)
		*ret_new_id = take_ptr(jobs->items[0]->new_id);
	jobs_done(jobs);
	return r;
}

static int make_root(const struct apply *a, const struct plan_step *s, char **ret_id,
		     struct err *err)
{
	struct jobs jobs = {0};
	struct job *j = add_job(a, &jobs, ops_create, s, "created");

	j->body = create_root(a->create, NULL);
	return run_one(a, &jobs, ret_id, err);
}

/* Every container of the pod that runs and hangs on the old root. Ids in *ret. */
static int stop_all(const struct apply *a, const struct present *present, const char *but,
		    struct strv *ret, struct err *err)
{
	struct jobs jobs = {0};
	int r;

	for (size_t i = 0; i < present->n; i++) {
		const struct present_container *c = &present->items[i];
		struct plan_step s = {.part = c->part, .old = c};

		if (!plan_owns(a->create->pod->name, c) || !streq(c->state, "running") ||
		    streq(c->id, but))
			continue;
		add_job(a, &jobs, ops_stop, &s, NULL);
		strv_add(ret, c->id);
	}
	r = jobs_run(&jobs, a->engine, a->ui, err);
	jobs_done(&jobs);
	return r;
}

static void start_again(const struct apply *a, const struct strv *ids)
{
	struct jobs jobs = {0};
	struct err ignored;

	for (size_t i = 0; i < ids->n; i++) {
		struct job *j = jobs_add(&jobs, ops_start);

		j->title = xstrdup("container of before");
		j->old_id = xstrdup(ids->items[i]);
	}
	(void)jobs_run(&jobs, a->engine, a->ui, &ignored); /* told by the jobs themselves */
	jobs_done(&jobs);
}

/*
 * The new root is made before anything stops, so that a body which the engine refuses costs
 * nothing; it is started when the old one has let go of the ports.
 */
static int replace_root(const struct apply *a, const struct present *present,
			const struct plan_step *s, char **ret_id, struct err *err)
{
	static const enum job_op create_only[] = {JOB_CREATE, JOB_END};
	static const enum job_op swap[] = {JOB_STOP_OLD, JOB_START, JOB_END};
	struct jobs jobs = {0};
	struct strv stopped = {0};
	_cleanup_free_ char *id = NULL;
	struct job *j = add_job(a, &jobs, create_only, s, NULL);
	int r;

	j->body = create_root(a->create, NULL);
	r = run_one(a, &jobs, &id, err);
	if (r < 0)
		return r;
	ui_say(a->ui, "root container: %s, so the whole pod is made anew", s->reason);
	r = stop_all(a, present, s->old->id, &stopped, err);
	if (r == 0) {
		j = add_job(a, &jobs, swap, s, NULL);
		j->new_id = xstrdup(id);
		j->restart_old = true;
		r = run_one(a, &jobs, NULL, err);
	}
	if (r == 0) {
		j = add_job(a, &jobs, ops_finish, s, "replaced");
		j->new_id = xstrdup(id);
		r = run_one(a, &jobs, NULL, err);
	} else {
		start_again(a, &stopped);
	}
	strv_done(&stopped);
	if (r == 0)
		*ret_id = take_ptr(id);
	return r;
}

static int keep_root(const struct apply *a, const struct plan *plan, char **ret_id, struct err *err)
{
	const struct plan_step *rename = root_step(plan, PLAN_RENAME),
			       *start = root_step(plan, PLAN_START);
	struct jobs jobs = {0};
	int r = 0;

	if (rename)
		add_job(a, &jobs, start ? ops_rename_start : ops_rename, rename, "renamed");
	else if (start)
		add_job(a, &jobs, ops_start, start, "started");
	if (jobs.n > 0)
		r = run_one(a, &jobs, NULL, err);
	if (r == 0)
		*ret_id = xstrdup(plan->root->id);
	return r;
}

static int bring_root(const struct apply *a, const struct present *present, const struct plan *plan,
		      char **ret_id, struct err *err)
{
	const struct plan_step *create = root_step(plan, PLAN_CREATE),
			       *replace = root_step(plan, PLAN_REPLACE);

	if (create)
		return make_root(a, create, ret_id, err);
	if (replace)
		return replace_root(a, present, replace, ret_id, err);
	return keep_root(a, plan, ret_id, err);
}

/* Fail closed: without the guard's word the root container does not stay up. */
static int wait_for_guard(const struct apply *a, const char *root_id, struct err *err)
{
	struct jobs jobs = {0};
	struct job *j;
	struct err stop_err;
	int r = guard_wait(a->create->settings, root_id, err);

	if (r > 0) {
		ui_error(a->ui, "warning: runs without a guard: %s", err->text);
		return 0;
	}
	if (r == 0)
		return 0;
	j = jobs_add(&jobs, ops_stop);
	j->title = xstrdup("root container");
	j->old_id = xstrdup(root_id);
	if (run_one(a, &jobs, NULL, &stop_err) == 0)
		err_wrap(err, "the root container was stopped again");
	return r;
}

/* ---- the others ---- */

static const enum job_op *member_ops(const struct plan *plan, const struct plan_step *s)
{
	switch (s->action) {
	case PLAN_CREATE:
		return ops_create;
	case PLAN_REPLACE:
		return ops_replace;
	case PLAN_RENAME:
		for (size_t i = 0; i < plan->n; i++) {
			if (plan->steps[i].action == PLAN_START && plan->steps[i].old == s->old)
				return ops_rename_start;
		}
		return ops_rename;
	case PLAN_START:
		for (size_t i = 0; i < plan->n; i++) {
			if (plan->steps[i].action == PLAN_RENAME && plan->steps[i].old == s->old)
				return NULL; /* goes with it */
		}
		return ops_start;
	case PLAN_PULL:
	case PLAN_REMOVE:
		break;
	}
	return NULL;
}

static const char *done_text(enum plan_action action)
{
	switch (action) {
	case PLAN_CREATE:
		return "created";
	case PLAN_REPLACE:
		return "replaced";
	case PLAN_RENAME:
		return "renamed";
	default:
		return "started";
	}
}

static int bring_members(const struct apply *a, const struct plan *plan, const char *root_id,
			 struct err *err)
{
	struct jobs jobs = {0};
	int r;

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *s = &plan->steps[i];
		const enum job_op *ops = is_root_step(s) ? NULL : member_ops(plan, s);
		struct job *j;

		if (!ops)
			continue;
		j = add_job(a, &jobs, ops, s, done_text(s->action));
		if (s->container) {
			const struct plan_image *image =
				plan_images_find(a->images, &s->container->ref);

			j->body = create_container(a->create, s->container, root_id);
			j->image_id = xstrdup(image ? image->id : NULL);
		}
		/* under a new root the old one could not start again */
		j->restart_old = s->old && s->old->root_id && streq(s->old->root_id, root_id);
	}
	r = jobs_run(&jobs, a->engine, a->ui, err);
	jobs_done(&jobs);
	return r;
}

int apply_plan(const struct apply *a, const struct present *present, const struct plan *plan,
	       struct err *err)
{
	_cleanup_free_ char *root_id = NULL;
	struct err member_err;
	int r = settings_check_current(a->create->settings, err);

	if (r < 0) {
		ui_error(a->ui, "%s", err->text);
		return r;
	}
	r = remove_some(a, plan, true, err);
	if (r == 0)
		r = bring_root(a, present, plan, &root_id, err);
	if (r < 0 || !root_id)
		return r;
	r = wait_for_guard(a, root_id, err);
	/* a caller can hold us up anywhere, with what we print or by his cgroup */
	if (r == 0)
		r = settings_check_current(a->create->settings, err);
	if (r < 0) {
		ui_error(a->ui, "%s", err->text);
		return r;
	}
	r = remove_some(a, plan, false, err);
	/* one container's failure doesn't keep the others back */
	if (bring_members(a, plan, root_id, &member_err) < 0) {
		*err = member_err;
		r = -err->code;
	}
	return r;
}

int apply_down(const struct apply *a, const struct plan *plan, struct err *err)
{
	int result = 0;

	/* members beside each other, then the roots, which they hang on */
	for (int roots = 0; roots < 2 && result == 0; roots++) {
		struct jobs jobs = {0};

		for (size_t i = 0; i < plan->n; i++) {
			const struct plan_step *s = &plan->steps[i];
			struct job *j;

			if (is_root_step(s) != (roots == 1))
				continue;
			j = jobs_add(&jobs, ops_remove);
			j->title = xstrdup(title_of(s));
			j->old_id = xstrdup(s->old->id);
			j->done_text = xasprintf("%s removed", j->title);
		}
		result = jobs_run(&jobs, a->engine, a->ui, err);
		jobs_done(&jobs);
	}
	return result;
}
