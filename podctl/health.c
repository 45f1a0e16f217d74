/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An attempt is three calls: make the exec, start it and read what it prints to its end, ask what
 * it ended with. Whatever of that fails, the container itself is looked at: one that has ended
 * passes no check any more, and its last words say more than the engine's refusal.
 */
#include "podctl/health.h"

#include "common/clock.h"
#include "common/json_build.h"

#include <errno.h>

static void call(struct health *h, const char *method, const char *path, json_t *body,
		 engine_done_fn *done)
{
	engine_start(
		h->engine,
		&(struct engine_call){
			.method = method, .path = path, .json = body, .done = done, .userdata = h});
}

/* ---- the last words ---- */

static int keep_tail(void *userdata, int stream _unused_, const void *data, size_t size)
{
	struct health *h = userdata;
	const char *at = data;

	if (size > sizeof(h->tail)) {
		at += size - sizeof(h->tail);
		size = sizeof(h->tail);
		h->cut = true;
	}
	if (h->size + size > sizeof(h->tail)) {
		size_t drop = h->size + size - sizeof(h->tail);

		memmove(h->tail, h->tail + drop, h->size - drop);
		h->size -= drop;
		h->cut = true;
	}
	memcpy(h->tail + h->size, at, size);
	h->size += size;
	return 0;
}

static int on_output(void *userdata, const void *data, size_t size)
{
	struct health *h = userdata;

	return engine_frames_feed(&h->frames, data, size, keep_tail, h);
}

static void forget_output(struct health *h)
{
	h->frames = (struct engine_frames){0};
	h->size = 0;
	h->cut = false;
}

/* The last lines, each for itself. */
static void tell_output(const struct health *h)
{
	size_t end = h->size, from, lines = 0;

	while (end > 0 && h->tail[end - 1] == '\n')
		end--;
	for (from = end; from > 0; from--) {
		if (h->tail[from - 1] == '\n' && ++lines == HEALTH_TAIL_LINES)
			break;
	}
	while (from < end) {
		const char *line = h->tail + from, *stop = memchr(line, '\n', end - from);
		size_t n = stop ? (size_t)(stop - line) : end - from;
		_cleanup_free_ char *text = xstrndup(line, n);

		/* a NUL would hide what is behind it */
		ui_error(h->ui, "%s: | %s%s", h->title, text, strlen(text) < n ? "..." : "");
		from += n + 1;
	}
}

/* ---- how it ends ---- */

static void fail(struct health *h)
{
	tell_output(h);
	h->done(h, &h->err);
}

static void logs_done(void *userdata, const struct engine_reply *reply _unused_)
{
	/* where there are none to be had, the exit status has to do */
	fail(userdata);
}

static void attempt_failed(struct health *h)
{
	if (h->attempts < h->check->attempts) {
		h->due = clock_ms() + (int64_t)(h->check->interval * 1000);
		return;
	}
	err_wrap(&h->err, "its health check failed %lld time%s", (long long)h->attempts,
		 h->attempts == 1 ? "" : "s");
	fail(h);
}

/* Whether the container is still there to be checked; h->err holds what the attempt came to. */
static void state_done(void *userdata, const struct engine_reply *reply)
{
	struct health *h = userdata;
	struct engine_container c = {0};
	_cleanup_free_ char *path = NULL;
	struct err err = {0};
	bool alive;
	int r = engine_reply_check(reply, &err);

	if (r == 0)
		r = engine_container_from_inspect(reply->json, &c, &err);
	if (r < 0 || !c.state) {
		h->err = err;
		fail(h);
		return;
	}
	alive = c.running || streq(c.state, "restarting");
	if (!alive)
		err_set(&h->err, EIO, "it ended with exit status %d while its health was checked",
			c.exit_code);
	engine_container_done(&c);
	if (alive) {
		attempt_failed(h);
		return;
	}
	forget_output(h);
	path = xasprintf("/containers/%s/logs?stdout=1&stderr=1&tail=%d", h->id, HEALTH_TAIL_LINES);
	engine_start(h->engine, &(struct engine_call){.method = "GET",
						      .path = path,
						      .timeout_ms = HEALTH_ATTEMPT_MS,
						      .on_data = on_output,
						      .done = logs_done,
						      .userdata = h});
}

static void look_at_container(struct health *h)
{
	_cleanup_free_ char *path = xasprintf("/containers/%s/json", h->id);

	call(h, "GET", path, NULL, state_done);
}

static void result_done(void *userdata, const struct engine_reply *reply)
{
	struct health *h = userdata;
	json_t *code = json_object_get(reply->json, "ExitCode");

	if (engine_reply_check(reply, &h->err) == 0) {
		if (json_is_integer(code) && json_integer_value(code) == 0 &&
		    json_is_false(json_object_get(reply->json, "Running"))) {
			h->done(h, NULL);
			return;
		}
		err_set(&h->err, EIO, "exit status %lld",
			json_is_integer(code) ? (long long)json_integer_value(code) : -1);
	}
	look_at_container(h);
}

static void output_done(void *userdata, const struct engine_reply *reply)
{
	struct health *h = userdata;
	_cleanup_free_ char *path = NULL;

	if (engine_reply_check(reply, &h->err) < 0) {
		if (h->err.code == ETIMEDOUT)
			err_set(&h->err, ETIMEDOUT, "it took longer than %d seconds",
				(h->attempt_ms ? h->attempt_ms : HEALTH_ATTEMPT_MS) / 1000);
		look_at_container(h);
		return;
	}
	path = xasprintf("/exec/%s/json", h->exec_id);
	call(h, "GET", path, NULL, result_done);
}

static void made(void *userdata, const struct engine_reply *reply)
{
	struct health *h = userdata;
	const char *id = json_string_value(json_object_get(reply->json, "Id"));
	json_auto_t *body = json_pack("{s:b, s:b}", "Detach", 0, "Tty", 0);
	_cleanup_free_ char *path = NULL;

	if (engine_reply_check(reply, &h->err) == 0 && !engine_id_valid(id))
		err_set(&h->err, EPROTO, "the engine's reply has no Id");
	if (h->err.code) {
		look_at_container(h);
		return;
	}
	freep(&h->exec_id);
	h->exec_id = xstrdup(id);
	path = xasprintf("/exec/%s/start", id);
	engine_start(h->engine,
		     &(struct engine_call){.method = "POST",
					   .path = path,
					   .json = body,
					   .timeout_ms = h->attempt_ms ? h->attempt_ms
								       : HEALTH_ATTEMPT_MS,
					   .on_data = on_output,
					   .done = output_done,
					   .userdata = h});
}

static void attempt(struct health *h)
{
	json_auto_t *command = json_array(), *body = NULL;
	_cleanup_free_ char *path = xasprintf("/containers/%s/exec", h->id);

	h->attempts++;
	h->due = 0;
	h->err = (struct err){0};
	forget_output(h);
	for (size_t i = 0; i < h->check->command.n; i++)
		json_push(command, json_string(h->check->command.items[i]));
	body = json_pack("{s:O, s:b, s:b}", "Cmd", command, "AttachStdout", 1, "AttachStderr", 1);
	call(h, "POST", path, body, made);
}

void health_begin(struct health *h)
{
	attempt(h);
}

void health_tick(struct health *h)
{
	if (h->due && clock_ms() >= h->due)
		attempt(h);
}

void health_free(struct health *h)
{
	freep(&h->exec_id);
}
