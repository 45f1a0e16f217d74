/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Carries a plan out. Members are made while the root container starts, and start together when
 * the guard has it, but for those that depend on others.
 *
 * Where one fails, the others still run to their ends, and what it replaced is put back. A new root
 * container replaces the whole pod, so that is one thing: all of the new pod is made before any of
 * the old one stops, and where one of it fails, the whole old pod comes back. Where the guard
 * fails, the root container is stopped: no pod runs on unguarded.
 */
#pragma once

#include "engine/engine.h"
#include "podctl/plan.h"
#include "podctl/ui.h"

struct apply {
	struct engine *engine;
	const struct create *create;	      /* may be NULL for apply_down */
	const struct create_network *network; /* for a new root container; may be NULL */
	const struct plan_images *images;     /* as they were looked at */
	const struct ui *ui;
};

/* Steps of PLAN_PULL must have been done before: plan holds none. Failures are told to ui. */
int apply_plan(const struct apply *a, const struct present *present, const struct plan *plan,
	       struct err *err);

/* Stops and removes what plan_make_down gives. */
int apply_down(const struct apply *a, const struct plan *plan, struct err *err);

/* ---- apply_state.c: what is there, as it is. present: may hold anything; failures are told ----
 */

/* Members beside each other, then the root. */
int apply_stop(const struct apply *a, const char *pod, const struct present *present,
	       struct err *err);

/*
 * The root first; then the guard is waited for, and without its word the root is stopped again;
 * then the members beside each other.
 */
int apply_start(const struct apply *a, const struct settings *settings, const char *pod,
		const struct present *present, struct err *err);
