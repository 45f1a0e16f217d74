/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A new root container: the whole pod is made anew beside the old one, and takes its place.
 *
 * All that can be done before is done while the old pod runs; then it stops, and the new one
 * starts. That the old root container is removed decides it: before, the next plan leads through
 * another swap, and what is beside is in the way; after, what has its name is in the way.
 */
#include "podctl/apply_jobs.h"

#include <errno.h>

static const enum job_op ops_make[] = {JOB_CREATE, JOB_CHECK, JOB_END};
static const enum job_op ops_stop[] = {JOB_STOP_OLD, JOB_END};
static const enum job_op ops_start_root[] = {JOB_START, JOB_GUARD, JOB_READY, JOB_END};
static const enum job_op ops_start_member[] = {JOB_AWAIT, JOB_START, JOB_HEALTH, JOB_READY,
					       JOB_END};
static const enum job_op ops_back[] = {JOB_START_OLD, JOB_END};
static const enum job_op ops_discard[] = {JOB_REMOVE_NEW, JOB_END};
static const enum job_op ops_finish[] = {JOB_REMOVE_OLD, JOB_RENAME, JOB_END};
static const enum job_op ops_rename[] = {JOB_RENAME, JOB_END};
static const enum job_op ops_remove[] = {JOB_REMOVE_OLD, JOB_END};

struct swap_member {
	const struct plan_step *step; /* CREATE or REPLACE */
	char *new_id;
};

struct swap {
	const struct apply *a;
	const struct present *present;
	const struct plan *plan;
	const struct plan_step *root;
	char *root_id; /* the new one's */
	struct swap_member *members;
	size_t n;
	struct strv stopped; /* ids of what is to run again where this fails, but for the root's */
	bool unguarded;
};

static void swap_done(struct swap *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->members[i].new_id);
	free(s->members);
	free(s->root_id);
	strv_done(&s->stopped);
}

static struct job *add_plain(struct jobs *jobs, const enum job_op *ops, const char *title,
			     const char *old_id, const char *new_id)
{
	struct job *j = jobs_add(jobs, ops);

	j->title = xstrdup(title);
	j->old_id = xstrdup(old_id);
	j->new_id = xstrdup(new_id);
	return j;
}

/* ---- while the old pod runs ---- */

static int make_root(struct swap *s, struct err *err)
{
	struct jobs jobs = {0};
	struct job *j = apply_add_job(s->a, &jobs, ops_make, s->root, NULL);
	int r;

	j->body = create_root(s->a->create, s->a->network);
	r = jobs_run(&jobs, s->a->engine, s->a->create->settings, s->a->ui, err);
	if (r == 0)
		s->root_id = take_ptr(j->new_id);
	jobs_done(&jobs);
	return r;
}

static int make_members(struct swap *s, struct err *err)
{
	struct jobs jobs = {0};
	int r;

	for (size_t i = 0; i < s->n; i++) {
		const struct plan_step *step = s->members[i].step;
		struct job *j = apply_add_job(s->a, &jobs, ops_make, step, NULL);

		/* also where nothing is replaced: its name says that it is not in place yet */
		free(j->create_name);
		j->create_name = plan_temporary_name(s->a->create->pod->name, step->part);
		apply_set_body(s->a, j, step, s->root_id);
	}
	r = jobs_run(&jobs, s->a->engine, s->a->create->settings, s->a->ui, err);
	/* those that failed have taken theirs away already */
	for (size_t i = 0; i < s->n; i++)
		s->members[i].new_id = take_ptr(jobs.items[i]->new_id);
	jobs_done(&jobs);
	return r;
}

/* ---- the gap ---- */

static bool has_processes(const struct present_container *c)
{
	/* paused ones can't be killed with the root's namespace, which then never ends */
	return streq(c->state, "running") || streq(c->state, "restarting") ||
	       streq(c->state, "paused");
}

/* Whether one of the pod's has the name that is another's for as long as it is beside that. */
static bool is_beside(const struct swap *s, const struct present_container *c, const char *part)
{
	_cleanup_free_ char *name = plan_temporary_name(s->a->create->pod->name, part);

	return streq(c->name, name);
}

/* A new root beside the old one: an apply that was interrupted may have stopped the members. */
static bool was_interrupted(const struct swap *s)
{
	for (size_t i = 0; i < s->present->n; i++) {
		if (is_beside(s, &s->present->items[i], ""))
			return true;
	}
	return false;
}

/* Every container of the pod that runs, or should, and hangs on the old root. */
static int stop_members(struct swap *s, struct err *err)
{
	bool interrupted = was_interrupted(s);
	struct jobs jobs = {0};

	for (size_t i = 0; i < s->present->n; i++) {
		const struct present_container *c = &s->present->items[i];
		struct plan_step step = {.part = c->part, .old = c};

		/* what is beside was removed before */
		if (!plan_owns(s->a->create->pod->name, c) || streq(c->id, s->root->old->id) ||
		    is_beside(s, c, c->part) || !(has_processes(c) || interrupted))
			continue;
		apply_add_job(s->a, &jobs, ops_stop, &step, NULL);
		strv_add(&s->stopped, c->id);
	}
	return apply_run(s->a, &jobs, err);
}

static int stop_root(struct swap *s, struct err *err)
{
	struct jobs jobs = {0};

	apply_add_job(s->a, &jobs, ops_stop, s->root, NULL);
	return apply_run(s->a, &jobs, err);
}

/* The new pod, as a fresh one starts. */
static int start_all(struct swap *s, struct err *err)
{
	_cleanup_free_ const struct plan_step **steps = xcalloc(s->n + 1, sizeof(*steps));
	struct jobs jobs = {0};
	struct job *root = add_plain(&jobs, ops_start_root, "root container", NULL, s->root_id);
	int r;

	for (size_t i = 0; i < s->n; i++) {
		const struct swap_member *m = &s->members[i];
		struct job *j = add_plain(&jobs, ops_start_member, m->step->part, NULL, m->new_id);

		j->check = &m->step->container->health;
		jobs_need(j, root);
		steps[i] = m->step;
	}
	apply_add_needs(jobs.items + 1, steps, s->n);
	r = jobs_run(&jobs, s->a->engine, s->a->create->settings, s->a->ui, err);
	s->unguarded = root->unguarded;
	jobs_done(&jobs);
	return r;
}

/* ---- back ---- */

/* All members in one go, so that none of the new pod runs beside the old one's. */
static void stop_new(struct swap *s)
{
	struct jobs jobs = {0};
	struct err ignored = {0};

	for (size_t i = 0; i < s->n; i++) {
		if (s->members[i].new_id)
			add_plain(&jobs, ops_stop, s->members[i].step->part, s->members[i].new_id,
				  NULL);
	}
	(void)apply_run(s->a, &jobs, &ignored); /* told by the jobs themselves */
	add_plain(&jobs, ops_stop, "root container", s->root_id, NULL);
	(void)apply_run(s->a, &jobs, &ignored);
}

static void start_old(struct swap *s)
{
	struct jobs jobs = {0};
	struct err ignored = {0};

	add_plain(&jobs, ops_back, "root container", s->root->old->id, NULL);
	(void)apply_run(s->a, &jobs, &ignored);
	for (size_t i = 0; i < s->present->n; i++) {
		const struct present_container *c = &s->present->items[i];

		if (strv_has(&s->stopped, c->id))
			add_plain(&jobs, ops_back, c->part, c->id, NULL);
	}
	(void)apply_run(s->a, &jobs, &ignored);
}

static void discard_new(struct swap *s)
{
	struct jobs jobs = {0};
	struct err ignored = {0};

	for (size_t i = 0; i < s->n; i++) {
		if (s->members[i].new_id)
			add_plain(&jobs, ops_discard, s->members[i].step->part, NULL,
				  s->members[i].new_id);
	}
	(void)apply_run(s->a, &jobs, &ignored);
	/* the last sign of the swap */
	add_plain(&jobs, ops_discard, "root container", NULL, s->root_id);
	(void)apply_run(s->a, &jobs, &ignored);
}

/* ---- done ---- */

static int finish_root(struct swap *s, struct err *err)
{
	struct jobs jobs = {0};
	struct job *j = apply_add_job(s->a, &jobs, ops_finish, s->root, "replaced");

	j->new_id = xstrdup(s->root_id);
	return apply_run(s->a, &jobs, err);
}

static int finish_members(struct swap *s, struct err *err)
{
	struct jobs jobs = {0};

	for (size_t i = 0; i < s->n; i++) {
		const struct plan_step *step = s->members[i].step;
		struct job *j = apply_add_job(s->a, &jobs, step->old ? ops_finish : ops_rename,
					      step, step->old ? "replaced" : "created");

		j->new_id = xstrdup(s->members[i].new_id);
	}
	for (size_t i = 0; i < s->plan->n; i++) {
		const struct plan_step *step = &s->plan->steps[i];
		_cleanup_free_ char *beside = NULL;

		if (step->action != PLAN_REMOVE)
			continue;
		/* leftovers have gone in the beginning */
		beside = plan_temporary_name(s->a->create->pod->name, step->part);
		if (!streq(step->old->name, beside))
			apply_add_job(s->a, &jobs, ops_remove, step, "removed");
	}
	return apply_run(s->a, &jobs, err);
}

static int make_anew(struct swap *s, struct err *err)
{
	struct err later;
	int r = make_root(s, err);

	if (r < 0)
		return r;
	r = apply_check_names(s->a, err);
	if (r == 0) {
		ui_say(s->a->ui, "root container: %s, so the whole pod is made anew",
		       s->root->reason);
		r = make_members(s, err);
	}
	if (r < 0) {
		discard_new(s);
		return r;
	}
	r = stop_members(s, err);
	if (r == 0)
		r = stop_root(s, err);
	if (r == 0)
		r = start_all(s, err);
	if (r < 0 && s->unguarded) {
		/* the old pod would be no better guarded; the next apply goes on */
		stop_new(s);
		return r;
	}
	if (r < 0) {
		stop_new(s);
		start_old(s);
		discard_new(s);
		return r;
	}
	r = finish_root(s, err);
	if (finish_members(s, &later) < 0 && r == 0) {
		*err = later;
		r = -err->code;
	}
	return r;
}

int apply_swap(const struct apply *a, const struct present *present, const struct plan *plan,
	       struct err *err)
{
	struct swap s = {.a = a,
			 .present = present,
			 .plan = plan,
			 .root = apply_root_step(plan, PLAN_REPLACE)};
	int r = apply_remove_leftovers(a, plan, err);

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *step = &plan->steps[i];

		if (!apply_is_root(step) &&
		    (step->action == PLAN_CREATE || step->action == PLAN_REPLACE))
			ARRAY_PUSH(s.members, s.n) = (struct swap_member){.step = step};
	}
	if (r == 0)
		r = make_anew(&s, err);
	swap_done(&s);
	return r;
}
