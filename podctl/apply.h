/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Carries a plan out: leftovers go, the root container comes, the guard is waited for, stale
 * containers go, and the others are made, started and replaced beside each other.
 *
 * Where one fails, the others still run to their ends, and what it replaced is put back. Where the
 * guard fails, the root container is stopped: no pod runs on unguarded.
 */
#pragma once

#include "engine/engine.h"
#include "podctl/plan.h"
#include "podctl/ui.h"

struct apply {
	struct engine *engine;
	const struct create *create;	  /* may be NULL for apply_down */
	const struct plan_images *images; /* as they were looked at */
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
