/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each reply starts the job's next call; engine_wait returns when no job has one left. Undoing is
 * a shorter chain of the same kind: the new container goes, the old one is started again.
 */
#include "podctl/jobs.h"

#include <errno.h>

static void next(struct job *j);

struct job *jobs_add(struct jobs *jobs, const enum job_op *ops)
{
	struct job *j = xcalloc(1, sizeof(*j));

	for (size_t i = 0; i < JOB_OPS_MAX - 1 && ops[i] != JOB_END; i++)
		j->ops[i] = ops[i];
	ARRAY_PUSH(jobs->items, jobs->n) = j;
	return j;
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
		json_decref(j->body);
		free(j);
	}
	free(jobs->items);
	*jobs = (struct jobs){0};
}

static const char *op_name(enum job_op op)
{
	static const char *const names[] = {
		[JOB_END] = "end",	     [JOB_CREATE] = "create",
		[JOB_CHECK] = "check",	     [JOB_STOP_OLD] = "stop",
		[JOB_START] = "start",	     [JOB_START_OLD] = "restart",
		[JOB_REMOVE_OLD] = "remove", [JOB_REMOVE_NEW] = "remove",
		[JOB_RENAME] = "rename",
	};

	return names[op];
}

/* Whether what was wanted is so, although the call was refused. */
static bool is_fine_anyway(const struct job *j, int r)
{
	switch (j->ops[j->at]) {
	case JOB_STOP_OLD:
	case JOB_REMOVE_OLD:
	case JOB_REMOVE_NEW:
		return r == -ENOENT;
	default:
		return false;
	}
}

/* Takes up the way back. What fails there is told too, and does not stop the rest of it. */
static void undo(struct job *j)
{
	size_t n = 0;

	j->undoing = true;
	j->at = 0;
	memset(j->ops, 0, sizeof(j->ops));
	if (j->new_id)
		j->ops[n++] = JOB_REMOVE_NEW;
	if (j->stopped_old && j->restart_old)
		j->ops[n++] = JOB_START_OLD;
	next(j);
}

static int take_new_id(struct job *j, const struct engine_reply *reply, struct err *err)
{
	const char *id = json_string_value(json_object_get(reply->json, "Id"));

	if (!id)
		return err_set(err, EPROTO, "the engine's reply has no Id");
	j->new_id = xstrdup(id);
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
	if (r < 0 && !is_fine_anyway(j, r)) {
		err_wrap(&err, "%s: cannot %s it", j->title, op_name(op));
		ui_error(j->ui, "%s", err.text);
		if (!j->undoing) {
			j->err = err;
			/* past the start, the new one works: it stays, for the next apply */
			if (op == JOB_CREATE || op == JOB_CHECK || op == JOB_STOP_OLD ||
			    op == JOB_START)
				undo(j);
			return;
		}
	} else if (op == JOB_STOP_OLD && reply->status != 304) {
		j->stopped_old = true; /* 304: it did not run */
	} else if (op == JOB_REMOVE_NEW) {
		freep(&j->new_id);
	} else if (op == JOB_START_OLD) {
		ui_say(j->ui, "%s: the old one is back", j->title);
	}
	j->at++;
	next(j);
}

static void call(struct job *j, const char *method, const char *path, json_t *body)
{
	engine_start(j->engine, &(struct engine_call){.method = method,
						      .path = path,
						      .json = body,
						      .timeout_ms = -1,
						      .done = op_done,
						      .userdata = j});
}

static void next(struct job *j)
{
	const char *id = j->new_id ? j->new_id : j->old_id;
	_cleanup_free_ char *name = NULL, *path = NULL;

	switch (j->ops[j->at]) {
	case JOB_END:
		if (!j->undoing && j->done_text)
			ui_say(j->ui, "%s", j->done_text);
		return;
	case JOB_CREATE:
		name = engine_escape(j->create_name);
		path = xasprintf("/containers/create?name=%s", name);
		call(j, "POST", path, j->body);
		return;
	case JOB_CHECK:
		if (!j->image_id) {
			j->at++;
			next(j);
			return;
		}
		path = xasprintf("/containers/%s/json", j->new_id);
		call(j, "GET", path, NULL);
		return;
	case JOB_STOP_OLD:
		path = xasprintf("/containers/%s/stop", j->old_id);
		call(j, "POST", path, NULL);
		return;
	case JOB_START:
	case JOB_START_OLD:
		path = xasprintf("/containers/%s/start",
				 j->ops[j->at] == JOB_START ? id : j->old_id);
		call(j, "POST", path, NULL);
		return;
	case JOB_REMOVE_OLD:
	case JOB_REMOVE_NEW:
		path = xasprintf("/containers/%s?force=1&v=1",
				 j->ops[j->at] == JOB_REMOVE_OLD ? j->old_id : j->new_id);
		call(j, "DELETE", path, NULL);
		return;
	case JOB_RENAME:
		name = engine_escape(j->final_name);
		path = xasprintf("/containers/%s/rename?name=%s", id, name);
		call(j, "POST", path, NULL);
		return;
	}
}

int jobs_run(struct jobs *jobs, struct engine *e, const struct ui *ui, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < jobs->n; i++) {
		jobs->items[i]->engine = e;
		jobs->items[i]->ui = ui;
		next(jobs->items[i]);
	}
	engine_wait(e);
	for (size_t i = 0; i < jobs->n; i++) {
		if (jobs->items[i]->err.code && r == 0) {
			*err = jobs->items[i]->err;
			r = -err->code;
		}
	}
	return r;
}
