/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each reply starts the job's next call. Undoing is a shorter chain of the same kind. */
#include "podctl/jobs_private.h"

#include "common/clock.h"
#include "podctl/clear.h"
#include "podctl/guard.h"
#include "podctl/layers.h"

#include <errno.h>

/* The guard says itself when its time is over; this is for one that hangs. */
#define GUARD_SILENCE_MS (GUARD_WAIT_MS + 1000)

#define RETRY_MS    50
#define RETRIES_MAX 200

struct job *jobs_add(struct jobs *jobs, const enum job_op *ops)
{
	struct job *j = xcalloc(1, sizeof(*j));

	for (size_t i = 0; i < JOB_OPS_MAX - 1 && ops[i] != JOB_END; i++)
		j->ops[i] = ops[i];
	j->guard_fd = -1;
	ARRAY_PUSH(jobs->items, jobs->n) = j;
	return j;
}

void jobs_need(struct job *j, const struct job *need)
{
	ARRAY_PUSH(j->needs, j->n_needs) = need;
}

void jobs_done(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		struct job *j = jobs->items[i];

		free(j->old_id);
		free(j->new_id);
		free(j->create_name);
		free(j->final_name);
		free(j->image_id);
		free(j->title);
		free(j->done_text);
		free(j->needs);
		json_decref(j->body);
		closep(&j->guard_fd);
		health_free(&j->health);
		free(j);
	}
	free(jobs->items);
	*jobs = (struct jobs){0};
}

static const char *op_name(enum job_op op)
{
	static const char *const names[] = {
		[JOB_END] = "end",	     [JOB_CREATE] = "create",
		[JOB_CHECK] = "check",	     [JOB_AWAIT] = "start",
		[JOB_STOP_OLD] = "stop",     [JOB_SETTLE] = "look at",
		[JOB_START] = "start",	     [JOB_GUARD] = "guard",
		[JOB_HEALTH] = "use",	     [JOB_READY] = "use",
		[JOB_REMOVE_OLD] = "remove", [JOB_RENAME] = "rename",
		[JOB_STOP_NEW] = "stop",     [JOB_STOP_ROOT] = "stop",
		[JOB_START_OLD] = "restart", [JOB_REMOVE_NEW] = "remove",
	};

	return names[op];
}

static const char *id_of(const struct job *j)
{
	return j->new_id ? j->new_id : j->old_id;
}

/* Whether what was wanted is so, although the call was refused. */
static bool is_fine_anyway(const struct job *j, int r, const struct err *err)
{
	switch (j->ops[j->at]) {
	case JOB_STOP_OLD:
	case JOB_SETTLE:
	case JOB_STOP_NEW:
	case JOB_REMOVE_OLD:
	case JOB_REMOVE_NEW:
		return r == -ENOENT;
	case JOB_RENAME:
		/* asked for by a podctl that was killed, and carried out since we looked */
		return strstr(err->text, "same name as its current name") != NULL;
	default:
		return false;
	}
}

/* ---- the way back ---- */

/*
 * What fails there is told too, and does not stop the rest of it. The new container goes last:
 * while it is there, the next plan knows that the old one was stopped by us.
 */
static void undo(struct job *j)
{
	bool guard = j->ops[j->at] == JOB_GUARD, back = j->stopped_old && j->restart_old;
	size_t n = 0;

	j->undoing = true;
	j->unguarded = guard;
	j->at = 0;
	memset(j->ops, 0, sizeof(j->ops));
	if (guard) {
		j->ops[n++] = JOB_STOP_ROOT;
	} else {
		if (back && j->started_new)
			j->ops[n++] = JOB_STOP_NEW;
		if (back)
			j->ops[n++] = JOB_START_OLD;
		if (j->new_id && j->remove_new)
			j->ops[n++] = JOB_REMOVE_NEW;
	}
	job_next(j);
}

/* Up to being ready the old one can come back; later the new one works, and stays. */
static bool can_undo(const struct job *j)
{
	return !j->undoing && !j->ready && j->ops[j->at] != JOB_REMOVE_OLD &&
	       j->ops[j->at] != JOB_RENAME;
}

void job_failed(struct job *j, struct err *err)
{
	enum job_op op = j->ops[j->at];

	if (op == JOB_HEALTH || op == JOB_AWAIT || op == JOB_GUARD)
		err_wrap(err, "%s", j->title);
	else
		err_wrap(err, "%s: cannot %s it", j->title, op_name(op));
	ui_error(j->jobs->ui, "%s", err->text);
	if (!j->undoing)
		j->err = *err;
	if (can_undo(j)) {
		undo(j);
	} else if (j->undoing) {
		j->at++;
		job_next(j);
	} else {
		j->ended = true;
	}
}

/* ---- calls ---- */

static int take_new_id(struct job *j, const struct engine_reply *reply, struct err *err)
{
	const char *id = json_string_value(json_object_get(reply->json, "Id"));

	if (!engine_id_valid(id))
		return err_set(err, EPROTO, "the engine's reply has no Id");
	j->new_id = xstrdup(id);
	j->remove_new = true;
	return 0;
}

/* Names of images move: somebody may have pulled another since policy was asked about this one. */
static int check_image(const struct job *j, const struct engine_reply *reply, struct err *err)
{
	const char *id = json_string_value(json_object_get(reply->json, "Image"));

	if (id && streq(id, j->image_id))
		return 0;
	return err_set(err, ESTALE, "its image is another one than before: run it again");
}

static void name_cleared(void *userdata, const struct err *err)
{
	struct job *j = userdata;
	struct err copy;

	if (!err) {
		j->retry_due = clock_ms() + RETRY_MS;
		return;
	}
	copy = *err;
	job_failed(j, &copy);
}

/*
 * Requests of a podctl that was killed are carried out all the same, while we work already: it may
 * have made what we want to make, and be removing what we want to remove.
 */
static bool try_again(struct job *j, int r)
{
	enum job_op op = j->ops[j->at];

	if (r != -EEXIST || j->retries >= RETRIES_MAX)
		return false;
	if (op == JOB_CREATE && j->pod) {
		j->retries++;
		clear_name(j->jobs->engine, j->pod, j->create_name, name_cleared, j);
		return true;
	}
	if (op == JOB_REMOVE_OLD || op == JOB_REMOVE_NEW) {
		j->retries++;
		j->retry_due = clock_ms() + RETRY_MS;
		return true;
	}
	return false;
}

static void op_done(void *userdata, const struct engine_reply *reply)
{
	struct job *j = userdata;
	enum job_op op = j->ops[j->at];
	struct err err = {0};
	int r = engine_reply_check(reply, &err);

	if (r == 0 && op == JOB_CREATE)
		r = take_new_id(j, reply, &err);
	else if (r == 0 && op == JOB_CHECK)
		r = check_image(j, reply, &err);
	if (r < 0 && try_again(j, r))
		return;
	if (r < 0 && !is_fine_anyway(j, r, &err)) {
		job_failed(j, &err);
		return;
	}
	if (op == JOB_STOP_OLD && reply->status != 304)
		j->stopped_old = true; /* 304: it did not run */
	else if (op == JOB_REMOVE_NEW)
		freep(&j->new_id);
	else if (op == JOB_START_OLD)
		ui_say(j->jobs->ui, "%s: the old one is back", j->title);
	else if (op == JOB_STOP_ROOT)
		ui_error(j->jobs->ui, "the root container was stopped again");
	j->at++;
	job_next(j);
}

static void call(struct job *j, const char *method, const char *path, json_t *body)
{
	engine_start(j->jobs->engine, &(struct engine_call){.method = method,
							    .path = path,
							    .json = body,
							    .timeout_ms = -1,
							    .done = op_done,
							    .userdata = j});
}

static void call_container(struct job *j, const char *method, const char *fmt, const char *id)
{
	_cleanup_free_ char *path = xasprintf("/containers/%s%s", id, fmt);

	call(j, method, path, NULL);
}

/* What the engine would wait for, for good: not asked to start it. */
static void start_it(struct job *j, const char *id)
{
	struct err err = {0};

	if (layers_check(id, &err) < 0)
		job_failed(j, &err);
	else
		call_container(j, "POST", "/start", id);
}

static void call_named(struct job *j, const char *fmt, const char *name, json_t *body)
{
	_cleanup_free_ char *escaped = engine_escape(name);
	_cleanup_free_ char *path = xasprintf("/containers/%s?name=%s", fmt, escaped);

	call(j, "POST", path, body);
}

static void rename_it(struct job *j)
{
	_cleanup_free_ char *what = xasprintf("%s/rename", id_of(j));

	call_named(j, what, j->final_name, NULL);
}

/* ---- what is no call ---- */

static void health_ended(struct health *h, const struct err *err)
{
	struct job *j = h->userdata;
	struct err copy;

	if (err) {
		copy = *err;
		job_failed(j, &copy);
		return;
	}
	j->at++;
	job_next(j);
}

static void start_health(struct job *j)
{
	j->health = (struct health){.engine = j->jobs->engine,
				    .ui = j->jobs->ui,
				    .id = id_of(j),
				    .title = j->title,
				    .check = j->check,
				    .done = health_ended,
				    .userdata = j};
	health_begin(&j->health);
}

void job_guard_answered(struct job *j, int r, struct err *err)
{
	j->guard_due = 0;
	if (r > 0) {
		ui_error(j->jobs->ui, "warning: runs without a guard: %s", err->text);
		r = 0;
	}
	/* a caller can hold us up anywhere, with what we print or by his cgroup */
	if (r == 0)
		r = settings_check_current(j->jobs->settings, err);
	if (r < 0) {
		job_failed(j, err);
		return;
	}
	j->at++;
	job_next(j);
}

static void ask_guard(struct job *j)
{
	struct err err = {0};
	int r = guard_wait_begin(j->jobs->settings, id_of(j), &j->guard_fd, &err);

	j->guard_due = clock_ms() + GUARD_SILENCE_MS;
	if (r != 0)
		job_guard_answered(j, r, &err);
}

/* Whether there is nothing to do for an operation of this job. */
static bool is_empty_op(struct job *j)
{
	switch (j->ops[j->at]) {
	case JOB_CHECK:
		return !j->image_id;
	case JOB_GUARD:
		return !j->jobs->settings;
	case JOB_HEALTH:
		return !j->check || !j->check->given;
	case JOB_READY:
		j->ready = true;
		return true;
	default:
		return false;
	}
}

void job_next(struct job *j)
{
	while (is_empty_op(j))
		j->at++;
	switch (j->ops[j->at]) {
	case JOB_CREATE:
		call_named(j, "create", j->create_name, j->body);
		break;
	case JOB_CHECK:
		call_container(j, "GET", "/json", j->new_id);
		break;
	case JOB_AWAIT:
		j->awaits = true;
		break;
	case JOB_STOP_OLD:
		call_container(j, "POST", "/stop", j->old_id);
		break;
	case JOB_SETTLE:
		/* inspect waits for what the engine still does with it, the list (26.1) does not */
		call_container(j, "GET", "/json", j->old_id);
		break;
	case JOB_START:
		j->started_new = j->new_id != NULL;
		start_it(j, id_of(j));
		break;
	case JOB_GUARD:
		ask_guard(j);
		break;
	case JOB_HEALTH:
		start_health(j);
		break;
	case JOB_REMOVE_OLD:
		call_container(j, "DELETE", "?force=1&v=1", j->old_id);
		break;
	case JOB_RENAME:
		rename_it(j);
		break;
	case JOB_STOP_NEW:
		call_container(j, "POST", "/stop", j->new_id);
		break;
	case JOB_STOP_ROOT:
		call_container(j, "POST", "/stop", id_of(j));
		break;
	case JOB_START_OLD:
		start_it(j, j->old_id);
		break;
	case JOB_REMOVE_NEW:
		call_container(j, "DELETE", "?force=1&v=1", j->new_id);
		break;
	case JOB_READY:
	case JOB_END:
		j->ended = true;
		if (!j->undoing && j->done_text)
			ui_say(j->jobs->ui, "%s (%.1f s)", j->done_text,
			       (double)(clock_ms() - j->jobs->began_ms) / 1000);
		break;
	}
}
