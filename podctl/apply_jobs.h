/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps of a plan as jobs: what apply.c and apply_swap.c share. */
#pragma once

#include "podctl/apply.h"
#include "podctl/jobs.h"

/* The container, for messages. */
const char *apply_title(const struct plan_step *s);
bool apply_is_root(const struct plan_step *s);
/* The root's step of an action, or NULL. */
const struct plan_step *apply_root_step(const struct plan *plan, enum plan_action action);

/*
 * A job for a step: its ids, names and, with done ("created"), what is said when it is through. The
 * container that is made is named as the one beside the old one where there is an old one or a
 * check that it must pass.
 */
struct job *apply_add_job(const struct apply *a, struct jobs *jobs, const enum job_op *ops,
			  const struct plan_step *s, const char *done);

/* What a member's job makes: body, check and image. */
void apply_set_body(const struct apply *a, struct job *j, const struct plan_step *s,
		    const char *root_id);

/* Members wait for those that they depend on. members: jobs whose steps are the array's. */
void apply_add_needs(struct job **members, const struct plan_step **steps, size_t n);

/* Runs and empties the list. */
int apply_run(const struct apply *a, struct jobs *jobs, struct err *err);

/* Containers that are beside what they were to replace, but for those that other steps take. */
int apply_remove_leftovers(const struct apply *a, const struct plan *plan, struct err *err);

/* Once more, with a root container that is made and not started. Failures are told. */
int apply_check_names(const struct apply *a, struct err *err);

/* apply_swap.c: PLAN_REPLACE of the root. */
int apply_swap(const struct apply *a, const struct present *present, const struct plan *plan,
	       struct err *err);
