/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A container's startup health check: its command is run inside, by the engine's exec, until it
 * ends with 0, as often and as far apart as the pod file says.
 *
 * An attempt that takes longer than HEALTH_ATTEMPT_MS has failed; what it started goes on in the
 * container, for the engine has no way to end it. What the command prints is hostile: only its last
 * HEALTH_TAIL_SIZE bytes are kept, and shown when the last attempt failed.
 */
#pragma once

#include "engine/engine.h"
#include "podctl/pod.h"
#include "podctl/ui.h"

#define HEALTH_ATTEMPT_MS 30000
#define HEALTH_TAIL_SIZE  2048
#define HEALTH_TAIL_LINES 10

struct health;

/* err NULL: it passed. */
typedef void health_done_fn(struct health *h, const struct err *err);

struct health {
	/* to be given */
	struct engine *engine;
	const struct ui *ui;
	const char *id;	   /* the container's */
	const char *title; /* the container, for messages */
	const struct pod_health *check;
	int attempt_ms; /* 0: HEALTH_ATTEMPT_MS */
	health_done_fn *done;
	void *userdata;

	/* when health_tick is to be called, monotonic ms; 0: not */
	int64_t due;

	/* private */
	int64_t attempts; /* made so far */
	char *exec_id;
	struct engine_frames frames;
	char tail[HEALTH_TAIL_SIZE];
	size_t size;
	bool cut;	/* there was more in front */
	struct err err; /* of the last attempt, or why the container ended */
};

/* Makes the first attempt. done comes from the engine's dispatch, never from here. */
void health_begin(struct health *h);
void health_tick(struct health *h);
void health_free(struct health *h); /* what is inside of it; nothing may be in flight */
