/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Chains of calls on one container each: a job's calls run one after another, jobs run beside
 * each other. A job that fails undoes what it did, as far as that is asked for.
 */
#pragma once

#include "engine/engine.h"
#include "podctl/ui.h"

enum job_op {
	JOB_END,
	JOB_CREATE,   /* new, as create_name, from body */
	JOB_CHECK,    /* that new has image_id, where that is given */
	JOB_STOP_OLD, /* old; fine where it does not run, or is gone */
	JOB_START,    /* new, or old where nothing was created */
	JOB_START_OLD,
	JOB_REMOVE_OLD, /* fine where it is gone */
	JOB_REMOVE_NEW,
	JOB_RENAME, /* new, or old where nothing was created, to final_name */
};

#define JOB_OPS_MAX 7

struct job {
	enum job_op ops[JOB_OPS_MAX]; /* ended by JOB_END */
	char *old_id;		      /* NULL: none */
	char *new_id;		      /* set by JOB_CREATE */
	char *create_name, *final_name;
	json_t *body;
	char *image_id;	  /* what its image was when it was looked at; NULL: any */
	char *title;	  /* the container, for messages */
	char *done_text;  /* said when the job is done; NULL: nothing */
	bool restart_old; /* on failure, start the old one again if this job stopped it */

	/* private */
	struct engine *engine;
	const struct ui *ui;
	size_t at;
	bool undoing;
	bool stopped_old;
	struct err err; /* code 0: none */
};

struct jobs {
	struct job **items;
	size_t n;
};

/* A new job of the list, to be filled in. ops: ended by JOB_END. */
struct job *jobs_add(struct jobs *jobs, const enum job_op *ops);
void jobs_done(struct jobs *jobs);

/*
 * Runs all of them to their ends. Each failure is told; -EIO where there was one, err with the
 * first.
 */
int jobs_run(struct jobs *jobs, struct engine *e, const struct ui *ui, struct err *err);
