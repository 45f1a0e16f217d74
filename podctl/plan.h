/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is to be done so that what is there becomes what a pod file says: a list of steps, each
 * with its reason. Pure: nothing of the engine in here, and nothing is done.
 *
 * Always true: a step touches only containers that plan_owns, by their ids. The same file applied
 * again to what the steps make gives no steps. Whatever part of the steps was carried out when an
 * apply was interrupted, the next plan leads to the same end.
 *
 * A container that replaces another is made beside it as NAME.new (the root's: POD..new) and gets
 * its name when the old one is gone; no container of a file can have such a name. So is one with a
 * health check, also where it replaces none: whatever has its own name has passed its check.
 * A NAME.new beside its NAME is the sign that an apply stopped NAME and was interrupted.
 */
#pragma once

#include "podctl/create.h"

/* A container as the engine's list shows it. */
struct present_container {
	char *id, *name;
	char *image;				    /* as the list shows it */
	char *image_id;				    /* "sha256:..." */
	char *state;				    /* "created", "running", "exited", ... */
	char *pod, *part, *hash, *root_id, *config; /* our labels; NULL where absent */
};

struct present {
	struct present_container *items;
	size_t n;
};
void present_done(struct present *p);

/* The images of a pod, each once, and what the engine has under that name. */
struct plan_image {
	const struct image_ref *ref; /* of the pod */
	bool update;		     /* a container wants it pulled also where it is here */
	char *id;		     /* NULL: not here */
	struct strv labels;	     /* names of those that it gives to its containers */
	struct strv volumes;	     /* where it has volumes of its own, as it says that */
	json_t *health;		     /* of the body of its containers, see create.h; NULL: none */
	size_t size;		     /* bytes of what it gives to each of them */
	size_t uses;		     /* containers of the pod */
};

struct plan_images {
	struct plan_image *items;
	size_t n;
};
void plan_images_collect(const struct pod *pod, struct plan_images *ret); /* without ids */
void plan_images_done(struct plan_images *images);

/*
 * -EPERM where one that is here brings a label that policy reserves: what a pod file may not say
 * its image may not say for it. Nor may it bring so much that lists of containers, which the guard
 * and other pods read, get too long.
 */
int plan_images_check(const struct plan_images *images, const struct settings *settings,
		      struct err *err);
/* -EINVAL where an image of a container's has a volume inside of a mount of the container's. */
int plan_volumes_check(const struct pod *pod, const struct plan_images *images, struct err *err);
/* The one of a reference, or NULL. */
const struct plan_image *plan_images_find(const struct plan_images *images,
					  const struct image_ref *ref);

enum plan_action {
	PLAN_PULL,
	PLAN_REMOVE,
	PLAN_CREATE,
	PLAN_REPLACE,
	PLAN_START,
	PLAN_RENAME, /* an interrupted replacement: start and check it, give it its name */
};

struct plan_step {
	enum plan_action action;
	const char *part;		       /* container in the pod; "" the root; PULL: NULL */
	const char *image;		       /* PULL: which */
	const struct pod_container *container; /* of a member, but for REMOVE; else NULL */
	const struct present_container *old;   /* all but PULL and CREATE */
	/*
	 * RENAME: what has the name yet; START: what took its place. It goes. REPLACE, CREATE: what
	 * an interrupted apply left beside, which a step of its own removes. Or NULL.
	 */
	const struct present_container *other;
	char *reason;
};

struct plan {
	struct plan_step *steps; /* in the order to be carried out */
	size_t n;
	const struct present_container *root; /* that stays (perhaps to be started); or NULL */
};
void plan_done(struct plan *plan);

/*
 * The pod that made the container of that name with these labels (NULL: it has none such): pod, or
 * NULL where no pod did.
 */
const char *plan_owner(const char *name, const char *pod, const char *part, const char *hash);

/* Whether a container is this pod's: labelled so by us, under a name that is the pod's. */
bool plan_owns(const char *pod, const struct present_container *c);

/*
 * Plans. present: may hold anything, what is not owned is passed over. Pointers in *ret go into
 * pod, present and images, which must stay.
 */
void plan_make(const struct create *create, const struct present *present,
	       const struct plan_images *images, struct plan *ret);

/* Steps that take a whole pod away: members first, the root last. */
void plan_make_down(const char *pod, const struct present *present, struct plan *ret);

/* Whether any step makes or names a container, so that names must be free. */
bool plan_needs_names(const struct plan *plan);

/* "web.app" and the temporary name beside it; part "": the root. Caller frees. */
char *plan_name(const char *pod, const char *part);
char *plan_temporary_name(const char *pod, const char *part);

/* "replace", "start", ... and a past form for reports: "replaced". */
const char *plan_action_name(enum plan_action action);
