/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/plan.h"

#include "podctl/create.h"

#include <errno.h>

/* of an image's own configuration; of all that a pod's containers get of those */
#define IMAGE_SIZE_MAX	((size_t)256 * 1024)
#define IMAGES_SIZE_MAX ((size_t)2 * 1024 * 1024)

struct planner {
	const struct create *create;
	const struct pod *pod; /* of create */
	const struct present *present;
	const struct plan_images *images;
	struct plan *plan;
	bool root_new;	   /* created or replaced by this plan */
	bool root_started; /* was not running, and is started by this plan; or members were stopped
			      to replace it */
};

void present_done(struct present *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct present_container *c = &p->items[i];

		free(c->id);
		free(c->name);
		free(c->image);
		free(c->image_id);
		free(c->state);
		free(c->pod);
		free(c->part);
		free(c->hash);
		free(c->root_id);
		free(c->config);
	}
	free(p->items);
	*p = (struct present){0};
}

void plan_images_collect(const struct pod *pod, struct plan_images *ret)
{
	for (size_t i = 0; i < pod_n_containers(pod); i++) {
		const struct pod_container *c = pod_container_at(pod, i);
		const struct image_ref *ref = &c->ref;
		size_t j = 0;

		while (j < ret->n && !streq(ret->items[j].ref->text, ref->text))
			j++;
		if (j == ret->n)
			ARRAY_PUSH(ret->items, ret->n) = (struct plan_image){.ref = ref};
		ret->items[j].update |= c->update_image;
		ret->items[j].uses++;
	}
}

void plan_images_done(struct plan_images *images)
{
	for (size_t i = 0; i < images->n; i++) {
		free(images->items[i].id);
		strv_done(&images->items[i].labels);
		strv_done(&images->items[i].volumes);
		json_decref(images->items[i].health);
	}
	free(images->items);
	*images = (struct plan_images){0};
}

static const char *reserved_label(const struct plan_image *image, const struct strv *reserved)
{
	for (size_t i = 0; i < image->labels.n; i++) {
		for (size_t j = 0; j < reserved->n; j++) {
			if (pod_label_begins(image->labels.items[i], reserved->items[j]))
				return image->labels.items[i];
		}
	}
	return NULL;
}

int plan_images_check(const struct plan_images *images, const struct settings *settings,
		      struct err *err)
{
	size_t total = 0;

	for (size_t i = 0; i < images->n; i++) {
		const struct plan_image *image = &images->items[i];
		const char *label = reserved_label(image, &settings->policy.labels_reserved);

		if (label)
			return err_set(err, EPERM,
				       "image %s brings the label %s: policy forbids it",
				       image->ref->text, label);
		total += image->size * image->uses;
		if (image->size > IMAGE_SIZE_MAX || total > IMAGES_SIZE_MAX)
			return err_set(err, E2BIG,
				       "image %s brings too many labels, variables, volumes and "
				       "their like",
				       image->ref->text);
	}
	return 0;
}

const struct plan_image *plan_images_find(const struct plan_images *images,
					  const struct image_ref *ref)
{
	for (size_t i = 0; i < images->n; i++) {
		if (streq(images->items[i].ref->text, ref->text))
			return &images->items[i];
	}
	return NULL;
}

void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		free(plan->steps[i].reason);
	free(plan->steps);
	*plan = (struct plan){0};
}

const char *plan_action_name(enum plan_action action)
{
	static const char *const names[] = {
		[PLAN_PULL] = "pull",	    [PLAN_REMOVE] = "remove", [PLAN_CREATE] = "create",
		[PLAN_REPLACE] = "replace", [PLAN_START] = "start",   [PLAN_RENAME] = "rename",
	};

	return names[action];
}

char *plan_name(const char *pod, const char *part)
{
	return pod_container_name(pod, *part ? part : NULL);
}

char *plan_temporary_name(const char *pod, const char *part)
{
	return xasprintf("%s.%s.new", pod, part);
}

const char *plan_owner(const char *name, const char *pod, const char *part, const char *hash)
{
	const char *rest;

	/*
	 * Labels alone are not enough: an image can bring podctl.pod with it to a container that
	 * somebody else made. Nor is the name alone. The hash is what only our requests carry.
	 */
	if (!pod || !part || !hash || !*hash || !pod_name_valid(pod))
		return NULL;
	rest = startswith(name, pod);
	return rest && (*rest == '.' || *rest == '\0') ? pod : NULL;
}

bool plan_owns(const char *pod, const struct present_container *c)
{
	const char *owner = plan_owner(c->name, c->pod, c->part, c->hash);

	return owner && streq(owner, pod);
}

static bool is_root_name(const struct present_container *c, const char *pod)
{
	_cleanup_free_ char *temporary = plan_temporary_name(pod, "");

	return streq(c->name, pod) || streq(c->name, temporary);
}

static const struct present_container *find(const struct planner *pl, const char *name)
{
	for (size_t i = 0; i < pl->present->n; i++) {
		const struct present_container *c = &pl->present->items[i];

		if (streq(c->name, name) && plan_owns(pl->pod->name, c))
			return c;
	}
	return NULL;
}

static struct plan_step *add(struct planner *pl, enum plan_action action, const char *part,
			     const struct present_container *old, char *reason)
{
	struct plan *plan = pl->plan;

	ARRAY_PUSH(plan->steps, plan->n) =
		(struct plan_step){.action = action, .part = part, .old = old, .reason = reason};
	return &plan->steps[plan->n - 1];
}

static bool in_life(const struct present_container *c)
{
	return streq(c->state, "running") || streq(c->state, "paused") ||
	       streq(c->state, "restarting");
}

/* dead, removing, or a state of a later engine: nothing that could be started again */
static bool is_lost(const struct present_container *c)
{
	return !in_life(c) && !streq(c->state, "created") && !streq(c->state, "exited");
}

static void plan_root(struct planner *pl)
{
	_cleanup_free_ char *temporary_name = plan_temporary_name(pl->pod->name, "");
	const struct present_container *old = find(pl, pl->pod->name),
				       *temporary = find(pl, temporary_name), *keep = NULL;
	json_t *body = create_root(pl->create, NULL);
	const char *hash = create_hash(body);

	if (old && streq(old->hash, hash) && !is_lost(old))
		keep = old;
	else if (!old && temporary && streq(temporary->hash, hash) && !is_lost(temporary))
		keep = temporary;

	if (temporary && keep != temporary)
		add(pl, PLAN_REMOVE, "", temporary, xstrdup("left by an interrupted apply"));
	if (keep && keep == temporary)
		add(pl, PLAN_RENAME, "", keep, xstrdup("its replacement was interrupted"));
	else if (keep && !in_life(keep))
		add(pl, PLAN_START, "", keep, xasprintf("it is %s", keep->state));
	pl->root_started = keep && (!in_life(keep) || (temporary && keep == old));
	if (!keep && old)
		add(pl, PLAN_REPLACE, "", old,
		    is_lost(old) ? xasprintf("it is %s", old->state)
				 : create_config_difference(old->config, create_config(body)));
	else if (!keep)
		add(pl, PLAN_CREATE, "", NULL, xstrdup("it is not there"));
	pl->root_new = !keep;
	pl->plan->root = keep;
	json_decref(body);
}

/* Why a container that is there can't stay, or NULL where it can. Caller frees. */
static char *why_not(const struct planner *pl, const struct pod_container *c,
		     const struct present_container *there, json_t *body)
{
	const struct plan_image *image = plan_images_find(pl->images, &c->ref);
	const char *id = image ? image->id : NULL;

	if (is_lost(there))
		return xasprintf("it is %s", there->state);
	if (!streq(there->hash, create_hash(body)))
		return create_config_difference(there->config, create_config(body));
	if (id && !streq(there->image_id, id))
		return xasprintf("image %s is another one now", c->ref.text);
	if (pl->root_new)
		return xstrdup("the root container is a new one");
	if (!there->root_id || !streq(there->root_id, pl->plan->root->id))
		return xstrdup("its root container is gone");
	return NULL;
}

/*
 * A container that has ended stays so, unless its policy or the root's end says otherwise; or it
 * was us who stopped it, for another that was to take its place.
 */
static bool wants_start(const struct planner *pl, const struct pod_container *c,
			const struct present_container *there, bool replaced)
{
	if (in_life(there))
		return false;
	if (streq(there->state, "created") || pl->root_started || replaced)
		return true;
	return c->restart.kind == POD_RESTART_ALWAYS ||
	       c->restart.kind == POD_RESTART_UNLESS_STOPPED;
}

/* Whether the old root is gone, and with it the pod's old containers: a swap that was decided. */
static bool is_left_behind(const struct planner *pl, const struct present_container *old)
{
	/* a root stays: where none does, what is beside can't stay either */
	return !old->root_id || !streq(old->root_id, pl->plan->root->id);
}

static void plan_container(struct planner *pl, const struct pod_container *c)
{
	_cleanup_free_ char *name = plan_name(pl->pod->name, c->entry.key);
	_cleanup_free_ char *temporary_name = plan_temporary_name(pl->pod->name, c->entry.key);
	_cleanup_free_ char *old_why = NULL, *temporary_why = NULL;
	const struct present_container *old = find(pl, name), *temporary = find(pl, temporary_name);
	const char *key = c->entry.key;
	json_t *body = create_container(pl->create, c, NULL);
	struct plan_step *step = NULL;

	old_why = old ? why_not(pl, c, old, body) : NULL;
	temporary_why = temporary ? why_not(pl, c, temporary, body) : NULL;
	if (old && !old_why) {
		if (wants_start(pl, c, old, temporary != NULL)) {
			step = add(pl, PLAN_START, key, old, xasprintf("it is %s", old->state));
			step->other = temporary;
		} else if (temporary) {
			add(pl, PLAN_REMOVE, key, temporary,
			    xstrdup("left by an interrupted apply"));
		}
	} else if (temporary && !temporary_why && (!old || is_left_behind(pl, old))) {
		step = add(pl, PLAN_RENAME, key, temporary,
			   xstrdup("its replacement was interrupted"));
		step->other = old;
	} else {
		if (temporary)
			add(pl, PLAN_REMOVE, key, temporary,
			    xstrdup("left by an interrupted apply"));
		step = old ? add(pl, PLAN_REPLACE, key, old, take_ptr(old_why))
			   : add(pl, PLAN_CREATE, key, NULL, xstrdup("it is not there"));
		step->other = temporary;
	}
	if (step)
		step->container = c;
	json_decref(body);
}

/* Owned containers under names that no container of the file has, nor has beside it. */
static void plan_stale(struct planner *pl)
{
	const struct pod *pod = pl->pod;

	for (size_t i = 0; i < pl->present->n; i++) {
		const struct present_container *there = &pl->present->items[i];
		bool wanted = is_root_name(there, pod->name);

		if (!plan_owns(pod->name, there))
			continue;
		for (size_t j = 0; j < pod_n_containers(pod) && !wanted; j++) {
			const char *key = pod_container_at(pod, j)->entry.key;
			_cleanup_free_ char *name = plan_name(pod->name, key);
			_cleanup_free_ char *temporary = plan_temporary_name(pod->name, key);

			wanted = streq(there->name, name) || streq(there->name, temporary);
		}
		if (!wanted)
			add(pl, PLAN_REMOVE, there->part, there,
			    xstrdup("the file does not have it"));
	}
}

void plan_make(const struct create *create, const struct present *present,
	       const struct plan_images *images, struct plan *ret)
{
	const struct pod *pod = create->pod;
	struct planner pl = {.create = create, .pod = pod, .present = present, .images = images};
	struct plan plan = {0};

	pl.plan = &plan;
	for (size_t i = 0; i < images->n; i++) {
		if (!images->items[i].id)
			add(&pl, PLAN_PULL, NULL, NULL, xstrdup("it is not here"))->image =
				images->items[i].ref->text;
	}
	plan_root(&pl);
	plan_stale(&pl);
	for (size_t i = 0; i < pod_n_containers(pod); i++)
		plan_container(&pl, pod_container_at(pod, i));
	*ret = plan;
}

void plan_make_down(const char *pod, const struct present *present, struct plan *ret)
{
	struct planner pl = {.present = present};
	struct plan plan = {0};

	pl.plan = &plan;
	for (int roots = 0; roots < 2; roots++) {
		for (size_t i = 0; i < present->n; i++) {
			const struct present_container *c = &present->items[i];

			if (plan_owns(pod, c) && is_root_name(c, pod) == (roots == 1))
				add(&pl, PLAN_REMOVE, is_root_name(c, pod) ? "" : c->part, c,
				    xstrdup("the pod goes"));
		}
	}
	*ret = plan;
}

bool plan_needs_names(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		enum plan_action action = plan->steps[i].action;

		if (action == PLAN_CREATE || action == PLAN_REPLACE || action == PLAN_RENAME)
			return true;
	}
	return false;
}
