/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Chains of calls to the engine, any number of them beside each other. A chain that fails takes its
 * own steps back; the others run to their ends, but for those that need it.
 *
 * Always true: what a chain replaces still has its name and its files until the new container is
 * ready, and is removed only then. A container that is not in place yet is taken away last, so
 * that whoever is interrupted leaves a sign of it.
 */
#pragma once

#include "common/settings.h"
#include "engine/engine.h"
#include "podctl/health.h"
#include "podctl/ui.h"

enum job_op {
	JOB_END,
	JOB_CREATE,   /* new, as create_name, from body */
	JOB_CHECK,    /* that new has image_id, where that is given */
	JOB_AWAIT,    /* until all that it needs are ready, and the configuration is still valid */
	JOB_STOP_OLD, /* old; fine where it does not run, or is gone */
	JOB_SETTLE, /* until the engine's list has the old one as stopped; fine where it is gone */
	JOB_START,  /* new, or old where there is no new one */
	JOB_GUARD,  /* until the guard has it, where settings are given */
	JOB_HEALTH, /* until its check passes, where it has one */
	JOB_READY,  /* those that need it may go on */
	JOB_REMOVE_OLD, /* fine where it is gone */
	JOB_RENAME,	/* new, or old where there is no new one, to final_name */
	/* the way back */
	JOB_STOP_NEW,
	JOB_STOP_ROOT, /* what JOB_GUARD waited for in vain */
	JOB_START_OLD,
	JOB_REMOVE_NEW,
};

#define JOB_OPS_MAX 12

struct jobs;

struct job {
	enum job_op ops[JOB_OPS_MAX]; /* ended by JOB_END */
	char *old_id;		      /* NULL: none */
	char *new_id;		      /* set by JOB_CREATE, or given */
	char *create_name, *final_name;
	json_t *body;
	char *image_id;	  /* what its image was when it was looked at; NULL: any */
	char *title;	  /* the container, for messages */
	const char *pod;  /* its own leftovers may be cleared from create_name; NULL: not */
	char *done_text;  /* said when the job is done; NULL: nothing */
	bool restart_old; /* on failure, start the old one again if this job stopped it */
	bool remove_new;  /* on failure, remove the new one; set by JOB_CREATE */
	bool soft;	  /* who needs it goes on also where it fails */
	const struct pod_health *check; /* NULL: none */
	const struct job **needs;	/* of the same list */
	size_t n_needs;

	/* private */
	struct jobs *jobs;
	size_t at;
	bool awaits, undoing, ready, ended;
	bool unguarded; /* JOB_GUARD failed */
	bool stopped_old, started_new;
	int guard_fd;
	int64_t guard_due; /* when our patience ends */
	int64_t retry_due; /* when a call is tried again; 0: not */
	int retries;
	struct health health;
	struct err err; /* code 0: none */
};

struct jobs {
	struct job **items;
	size_t n;

	/* private */
	struct engine *engine;
	const struct settings *settings;
	const struct ui *ui;
	int64_t began_ms;
};

/* A new job of the list, to be filled in. ops: ended by JOB_END. */
struct job *jobs_add(struct jobs *jobs, const enum job_op *ops);
/* j goes on behind its JOB_AWAIT when need is ready. No circles. */
void jobs_need(struct job *j, const struct job *need);
void jobs_done(struct jobs *jobs);

/*
 * Runs all of them to their ends. Each failure is told; -errno where there was one, err with the
 * first. settings: for JOB_GUARD and JOB_AWAIT; may be NULL.
 */
int jobs_run(struct jobs *jobs, struct engine *e, const struct settings *settings,
	     const struct ui *ui, struct err *err);

/* What job i is at, or NULL where it has ended: a live_line_fn of struct jobs. */
char *jobs_live_line(void *userdata, size_t i, size_t columns);
