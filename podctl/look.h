/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking at what the engine has: containers and images, as the planner wants them. */
#pragma once

#include "engine/engine.h"
#include "podctl/plan.h"

/*
 * Starts one list request and one per image (images may be NULL), then waits for all of them.
 * What the engine has goes to *ret and into the images' ids (NULL: not here). The version of the
 * API is agreed on with that.
 */
int look(struct engine *e, const char *pod, struct plan_images *images, struct present *ret,
	 struct err *err);

/* Takes the id, the labels and the health check from the engine's reply about an image. */
int look_at_image(json_t *json, struct plan_image *image, struct err *err);

/* The pod that made the container, see plan_owner; lives as long as c does. */
const char *look_owner(const struct engine_container *c);

/* The raw list of all containers with our label (pod NULL) or the pod's; new reference. */
int look_list(struct engine *e, const char *pod, json_t **ret, struct err *err);

/*
 * -EEXIST where a container on the network, running or not, that is not the pod's answers to one of
 * its names there.
 */
int look_names(struct engine *e, const struct pod *pod, const char *network, struct err *err);

/*
 * What must be so before a pod is touched. -EEXIST names a container that bears a name which the
 * pod wants and is not its own; it is left alone. With network (may be NULL), *ret is filled, to be
 * emptied by the caller: -EPERM unless it is there and is a bridge. On one of its own -EEXIST also
 * names a container that answers to the pod's name or host name there.
 */
int look_before(struct engine *e, const struct pod *pod, const char *network,
		struct create_network *ret, struct err *err);
