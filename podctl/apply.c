/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/apply.h"

#include "podctl/apply_jobs.h"
#include "podctl/look.h"
#include "podctl/look_addresses.h"

#include <assert.h>
#include <errno.h>

static const enum job_op ops_create[] = {JOB_CREATE, JOB_CHECK, JOB_AWAIT,
					 JOB_START,  JOB_READY, JOB_END};
static const enum job_op ops_create_checked[] = {JOB_CREATE, JOB_CHECK, JOB_AWAIT,  JOB_START,
						 JOB_HEALTH, JOB_READY, JOB_RENAME, JOB_END};
static const enum job_op ops_replace[] = {JOB_CREATE, JOB_CHECK,  JOB_AWAIT, JOB_STOP_OLD,
					  JOB_START,  JOB_HEALTH, JOB_READY, JOB_REMOVE_OLD,
					  JOB_RENAME, JOB_END};
static const enum job_op ops_start[] = {JOB_AWAIT, JOB_START, JOB_HEALTH, JOB_READY, JOB_END};
/* the other one stopped it, and is the sign of that until it runs again */
static const enum job_op ops_start_instead[] = {JOB_AWAIT, JOB_STOP_OLD,   JOB_START, JOB_HEALTH,
						JOB_READY, JOB_REMOVE_OLD, JOB_END};
static const enum job_op ops_rename[] = {JOB_AWAIT, JOB_START,	JOB_HEALTH,
					 JOB_READY, JOB_RENAME, JOB_END};
static const enum job_op ops_rename_instead[] = {JOB_AWAIT,	 JOB_START,  JOB_HEALTH, JOB_READY,
						 JOB_REMOVE_OLD, JOB_RENAME, JOB_END};
static const enum job_op ops_remove[] = {JOB_AWAIT, JOB_STOP_OLD, JOB_READY, JOB_REMOVE_OLD,
					 JOB_END};
static const enum job_op ops_stop[] = {JOB_STOP_OLD, JOB_END};
static const enum job_op ops_remove_sign[] = {JOB_AWAIT, JOB_REMOVE_OLD, JOB_END};
static const enum job_op ops_root_create[] = {JOB_CREATE, JOB_END};
static const enum job_op ops_root_start[] = {JOB_START, JOB_GUARD, JOB_READY, JOB_END};
static const enum job_op ops_root_rename[] = {JOB_RENAME, JOB_START, JOB_GUARD, JOB_READY, JOB_END};
static const enum job_op ops_root_keep[] = {JOB_GUARD, JOB_READY, JOB_END};

const char *apply_title(const struct plan_step *s)
{
	return *s->part ? s->part : "root container";
}

bool apply_is_root(const struct plan_step *s)
{
	return s->part && !*s->part;
}

const struct plan_step *apply_root_step(const struct plan *plan, enum plan_action action)
{
	for (size_t i = 0; i < plan->n; i++) {
		if (apply_is_root(&plan->steps[i]) && plan->steps[i].action == action)
			return &plan->steps[i];
	}
	return NULL;
}

struct job *apply_add_job(const struct apply *a, struct jobs *jobs, const enum job_op *ops,
			  const struct plan_step *s, const char *done)
{
	const char *pod = a->create->pod->name;
	struct job *j = jobs_add(jobs, ops);
	bool beside = s->old || (s->container && s->container->health.given);

	j->title = xstrdup(apply_title(s));
	j->pod = pod;
	j->final_name = plan_name(pod, s->part);
	j->create_name = beside ? plan_temporary_name(pod, s->part) : xstrdup(j->final_name);
	j->old_id = s->old ? xstrdup(s->old->id) : NULL;
	if (done && s->action == PLAN_CREATE)
		j->done_text = xasprintf("%s %s", j->title, done);
	else if (done)
		j->done_text = xasprintf("%s %s: %s", j->title, done, s->reason);
	return j;
}

void apply_set_body(const struct apply *a, struct job *j, const struct plan_step *s,
		    const char *root_id)
{
	const struct plan_image *image = plan_images_find(a->images, &s->container->ref);

	j->body = create_container(a->create, s->container, root_id);
	j->image_id = xstrdup(image ? image->id : NULL);
}

void apply_add_needs(struct job **members, const struct plan_step **steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct pod_container *c = steps[i]->container;

		for (size_t k = 0; c && k < n; k++) {
			if (k != i && strv_has(&c->depends_on, steps[k]->part))
				jobs_need(members[i], members[k]);
		}
	}
}

int apply_run(const struct apply *a, struct jobs *jobs, struct err *err)
{
	int r = jobs_run(jobs, a->engine, a->create ? a->create->settings : NULL, a->ui, err);

	jobs_done(jobs);
	return r;
}

static bool is_temporary(const struct apply *a, const struct plan_step *s)
{
	_cleanup_free_ char *name = plan_temporary_name(a->create->pod->name, s->part);

	return streq(s->old->name, name);
}

/* A new root beside one that stays: the sign that members were stopped, until they run again. */
static bool is_sign(const struct plan *plan, const struct plan_step *s)
{
	return plan->root && apply_is_root(s);
}

static void add_leftovers(const struct apply *a, const struct plan *plan, struct jobs *jobs)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *s = &plan->steps[i];

		if (s->action != PLAN_REMOVE || !is_temporary(a, s))
			continue;
		if (is_sign(plan, s))
			apply_add_job(a, jobs, ops_stop, s, NULL);
		else
			apply_add_job(a, jobs, ops_remove, s, "removed");
	}
}

int apply_remove_leftovers(const struct apply *a, const struct plan *plan, struct err *err)
{
	struct jobs jobs = {0};

	add_leftovers(a, plan, &jobs);
	return apply_run(a, &jobs, err);
}

/* ---- a root container that is new or stays ---- */

/*
 * It was looked before, but of two that are made at once neither sees the other then. When both are
 * there at least one does.
 */
int apply_check_names(const struct apply *a, struct err *err)
{
	const struct pod *pod = a->create->pod;
	const struct settings *settings = a->create->settings;
	int r = 0;

	if (a->network && a->network->user_defined)
		r = look_names(a->engine, pod, settings->network_name, err);
	if (r == 0 && a->network)
		r = look_addresses(a->engine, pod->name, settings, a->network, err);
	if (r < 0)
		ui_error(a->ui, "%s", err->text);
	return r;
}

static int check_made(const struct apply *a, const char *id, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/containers/%s?force=1&v=1", id);
	struct err ignored;
	int r = apply_check_names(a, err);

	if (r < 0)
		(void)engine_do(a->engine, &(struct engine_call){.method = "DELETE", .path = path},
				NULL, &ignored);
	return r;
}

/*
 * Leftovers go, since their names are needed, and the root container is made: the others want its
 * id. *ret_id is new.
 */
static int prepare(const struct apply *a, const struct plan *plan, char **ret_id, struct err *err)
{
	const struct plan_step *create = apply_root_step(plan, PLAN_CREATE);
	struct job *root = NULL;
	struct jobs jobs = {0};
	int r;

	if (create) {
		root = apply_add_job(a, &jobs, ops_root_create, create, NULL);
		root->body = create_root(a->create, a->network);
	}
	add_leftovers(a, plan, &jobs);
	r = jobs_run(&jobs, a->engine, a->create->settings, a->ui, err);
	/* a root that was made beside a leftover that stays is found by the next apply */
	if (r == 0 && root)
		r = check_made(a, root->new_id, err);
	if (r == 0)
		*ret_id = xstrdup(root ? root->new_id : plan->root->id);
	jobs_done(&jobs);
	return r;
}

static struct job *add_root(const struct apply *a, const struct plan *plan, struct jobs *jobs,
			    const char *root_id)
{
	const struct plan_step *create = apply_root_step(plan, PLAN_CREATE),
			       *rename = apply_root_step(plan, PLAN_RENAME),
			       *start = apply_root_step(plan, PLAN_START);
	struct plan_step keep = {.part = "", .action = PLAN_START, .reason = NULL};
	struct job *j;

	if (create)
		j = apply_add_job(a, jobs, ops_root_start, create, "created");
	else if (rename)
		j = apply_add_job(a, jobs, ops_root_rename, rename, "renamed");
	else if (start)
		j = apply_add_job(a, jobs, ops_root_start, start, "started");
	else
		j = apply_add_job(a, jobs, ops_root_keep, &keep, NULL);
	freep(&j->old_id);
	j->new_id = xstrdup(root_id);
	j->remove_new = create != NULL;
	return j;
}

static struct job *add_member(const struct apply *a, struct jobs *jobs, const struct plan_step *s,
			      const char *root_id)
{
	struct job *j = NULL;
	const struct present_container *other = s->other;

	switch (s->action) {
	case PLAN_CREATE:
		j = apply_add_job(a, jobs,
				  s->container->health.given ? ops_create_checked : ops_create, s,
				  "created");
		apply_set_body(a, j, s, root_id);
		break;
	case PLAN_REPLACE:
		j = apply_add_job(a, jobs, ops_replace, s, "replaced");
		apply_set_body(a, j, s, root_id);
		/* under a new root the old one could not start again */
		j->restart_old = s->old->root_id && streq(s->old->root_id, root_id);
		/* by the apply that was interrupted: then it comes back as if by this one */
		j->stopped_old = other != NULL;
		break;
	case PLAN_RENAME:
		j = apply_add_job(a, jobs, other ? ops_rename_instead : ops_rename, s, "renamed");
		break;
	case PLAN_START:
		j = apply_add_job(a, jobs, other ? ops_start_instead : ops_start, s, "started");
		break;
	case PLAN_PULL:
	case PLAN_REMOVE:
	default:
		return NULL;
	}
	j->check = &s->container->health;
	if (s->action == PLAN_RENAME || s->action == PLAN_START) {
		j->new_id = take_ptr(j->old_id);
		j->old_id = xstrdup(other ? other->id : NULL);
		/* what has not passed its check was never in place */
		j->remove_new = s->action == PLAN_RENAME && !other && j->check->given;
	}
	return j;
}

/* Stale containers may hold ports that the others want: so those wait until they have stopped. */
static int bring(const struct apply *a, const struct plan *plan, const char *root_id,
		 struct err *err)
{
	_cleanup_free_ const struct plan_step **steps = xcalloc(plan->n + 1, sizeof(*steps));
	_cleanup_free_ struct job **members = xcalloc(plan->n + 1, sizeof(*members));
	struct jobs jobs = {0};
	struct job *root = add_root(a, plan, &jobs, root_id);
	size_t n = 0, n_stale;

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *s = &plan->steps[i];
		struct job *j;

		if (s->action != PLAN_REMOVE || is_temporary(a, s))
			continue;
		j = apply_add_job(a, &jobs, ops_remove, s, "removed");
		j->soft = true;
		jobs_need(j, root);
	}
	n_stale = jobs.n;
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *s = &plan->steps[i];
		struct job *j = apply_is_root(s) ? NULL : add_member(a, &jobs, s, root_id);

		if (!j)
			continue;
		for (size_t k = 0; k < n_stale; k++)
			jobs_need(j, jobs.items[k]);
		members[n] = j;
		steps[n++] = s;
	}
	apply_add_needs(members, steps, n);
	for (size_t i = 0; i < plan->n; i++) {
		struct job *j;

		if (plan->steps[i].action != PLAN_REMOVE || !is_temporary(a, &plan->steps[i]) ||
		    !is_sign(plan, &plan->steps[i]))
			continue;
		j = apply_add_job(a, &jobs, ops_remove_sign, &plan->steps[i], NULL);
		jobs_need(j, root);
		for (size_t k = 0; k < n; k++)
			jobs_need(j, members[k]);
	}
	return apply_run(a, &jobs, err);
}

int apply_plan(const struct apply *a, const struct present *present, const struct plan *plan,
	       struct err *err)
{
	_cleanup_free_ char *root_id = NULL;
	int r = settings_check_current(a->create->settings, err);

	if (r < 0) {
		ui_error(a->ui, "%s", err->text);
		return r;
	}
	if (apply_root_step(plan, PLAN_REPLACE))
		return apply_swap(a, present, plan, err);
	r = prepare(a, plan, &root_id, err);
	if (r < 0)
		return r;
	assert(root_id);
	return bring(a, plan, root_id, err);
}

/* The root container stops when all that hang on it have; what has stopped is removed meanwhile. */
int apply_down(const struct apply *a, const struct plan *plan, struct err *err)
{
	struct jobs jobs = {0};
	size_t n_members;

	for (int roots = 0; roots < 2; roots++) {
		n_members = jobs.n;
		for (size_t i = 0; i < plan->n; i++) {
			const struct plan_step *s = &plan->steps[i];
			struct job *j;

			if (apply_is_root(s) != (roots == 1))
				continue;
			j = jobs_add(&jobs, ops_remove);
			j->title = xstrdup(apply_title(s));
			j->old_id = xstrdup(s->old->id);
			j->done_text = xasprintf("%s removed", j->title);
			for (size_t k = 0; roots == 1 && k < n_members; k++)
				jobs_need(j, jobs.items[k]);
		}
	}
	return apply_run(a, &jobs, err);
}
