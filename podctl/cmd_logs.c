/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * podctl logs [-f] [-n N] [-t] [CONTAINER] NAME|FILE: what the pod's containers wrote, in the order
 * of time.
 *
 * Each container's log comes over a connection of its own, which is read only while nothing of it
 * waits to be printed: so memory stays bounded, and the engine waits for a slow reader.
 */
#include "podctl/cmd.h"
#include "podctl/logs.h"
#include "podctl/look.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define GRACE_MS 100 /* how long a line waits for earlier ones of silent containers, with -f */

struct queued {
	struct queued *next;
	int stream;
	char stamp[LOGS_STAMP_MAX];
	bool goes_on;
	size_t size;
	char text[];
};

/* A container's log; kept when it ended, for the color and the last time that was seen. */
struct source {
	struct engine *engine;
	struct logs logs;
	char *id, *part;
	size_t color;
	struct queued *first, **last;
	char seen[LOGS_STAMP_MAX];  /* the last time that was queued */
	char after[LOGS_STAMP_MAX]; /* what is not later was printed before a restart */
	time_t opened;		    /* first; 0: not yet */
	bool open, quiet, failed, follow;
	struct err err;
};

struct show {
	struct cmd_context *ctx;
	const char *pod, *part; /* part NULL: all */
	struct engine *engine;	/* for questions, which are waited for */
	struct engine *events;	/* with -f */
	struct source **sources;
	size_t n, width;
	bool follow, look, terminals[3]; /* by stream */
	int unfinished;			 /* stream of a line that goes on, 0: none */
	const struct source *unfinished_of;
	int result;
};

/* ---- a source ---- */

static void queue_line(void *userdata, const struct logs_line *line)
{
	struct source *s = userdata;
	struct queued *q;

	/* asked for again after a restart; times of one form and zone compare as text */
	if (s->after[0] && line->stamp[0] && strcmp(line->stamp, s->after) <= 0)
		return;
	q = xmalloc(sizeof(*q) + line->size + 1);
	*q = (struct queued){.stream = line->stream, .goes_on = line->goes_on, .size = line->size};
	memcpy(q->stamp, line->stamp, strlen(line->stamp) + 1);
	memcpy(q->text, line->text, line->size);
	q->text[line->size] = '\0';
	*s->last = q;
	s->last = &q->next;
	s->quiet = false;
	if (line->stamp[0])
		memcpy(s->seen, q->stamp, sizeof(s->seen));
}

static int on_data(void *userdata, const void *data, size_t size)
{
	struct source *s = userdata;

	return logs_feed(&s->logs, data, size);
}

static void on_end(void *userdata, const struct engine_reply *reply)
{
	struct source *s = userdata;
	int r;

	logs_end(&s->logs);
	logs_done(&s->logs);
	s->open = false;
	r = engine_reply_check(reply, &s->err);
	/* one that is going just now is none that fails */
	s->failed = r < 0 && !(s->follow && (r == -ENOENT || r == -EEXIST));
}

/* "2026-11-23T01:39:37.123456789Z" as the engine takes it: 1795397977.123456789. */
static char *since(const char *stamp)
{
	struct tm tm = {0};
	const char *rest = strptime(stamp, "%Y-%m-%dT%H:%M:%S", &tm);

	return rest ? xasprintf("%lld%.10s", (long long)timegm(&tm), *rest == '.' ? rest : "")
		    : NULL;
}

/* Whether the container writes to a terminal, so that its log has no frames. */
static int has_terminal(struct engine *e, const char *id, bool *ret, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/containers/%s/json", id);
	json_auto_t *json = NULL;
	int r = engine_do(e, &(struct engine_call){.method = "GET", .path = path}, &json, err);

	if (r == 0)
		*ret = json_is_true(json_object_get(json_object_get(json, "Config"), "Tty"));
	return r;
}

/* tail: not for one that came later, all of which is new. */
static int source_open(struct show *w, struct source *s, const char *tail, struct err *err)
{
	_cleanup_free_ char *path = NULL, *from = NULL;
	bool again = s->seen[0] != '\0', tty = false;
	int r = s->engine ? 0 : cmd_connect(w->ctx, &s->engine);

	if (r < 0)
		return r;
	r = has_terminal(s->engine, s->id, &tty, err);
	if (r < 0)
		return r;
	memcpy(s->after, s->seen, sizeof(s->after));
	if (again)
		from = since(s->seen);
	else if (s->opened) /* nothing was wanted or said until then */
		from = xasprintf("%lld", (long long)s->opened);
	else
		s->opened = time(NULL);
	path = xasprintf("/containers/%s/logs?stdout=1&stderr=1&timestamps=1&follow=%d&tail=%s%s%s",
			 s->id, w->follow, from ? "all" : tail, from ? "&since=" : "",
			 from ? from : "");
	logs_init(&s->logs, tty, queue_line, s);
	s->open = true;
	s->quiet = false;
	s->follow = w->follow;
	engine_start(s->engine, &(struct engine_call){.method = "GET",
						      .path = path,
						      .timeout_ms = -1,
						      .on_data = on_data,
						      .done = on_end,
						      .userdata = s});
	return 0;
}

static void source_free(struct source *s)
{
	engine_free(s->engine);
	logs_done(&s->logs);
	while (s->first) {
		struct queued *q = s->first;

		s->first = q->next;
		free(q);
	}
	free(s->id);
	free(s->part);
	free(s);
}

static void show_done(struct show *w)
{
	for (size_t i = 0; i < w->n; i++)
		source_free(w->sources[i]);
	free(w->sources);
	engine_free(w->events);
}

/* ---- which containers ---- */

static struct source *source_of(struct show *w, const char *id, const char *part)
{
	struct source *s;

	for (size_t i = 0; i < w->n; i++) {
		if (streq(w->sources[i]->id, id))
			return w->sources[i];
	}
	s = xcalloc(1, sizeof(*s));
	s->id = xstrdup(id);
	s->part = xstrdup(part);
	s->last = &s->first;
	s->color = w->n;
	for (size_t i = 0; i < w->n; i++) {
		if (streq(w->sources[i]->part, part))
			s->color = w->sources[i]->color;
	}
	if (strlen(part) > w->width)
		w->width = strlen(part);
	ARRAY_PUSH(w->sources, w->n) = s;
	return s;
}

static bool is_wanted(const struct show *w, const struct present_container *c)
{
	/* the root container's process says nothing */
	return plan_owns(w->pod, c) && *c->part && (!w->part || streq(w->part, c->part));
}

/* Opens what is not open; later only what runs, since the rest was shown. Returns how many. */
static int look_for_containers(struct show *w, bool first, struct err *err)
{
	struct present present = {0};
	int r = look(w->engine, w->pod, NULL, &present, err), n = 0;

	for (size_t i = 0; r == 0 && i < present.n; i++) {
		const struct present_container *c = &present.items[i];
		struct source *s;

		if (!is_wanted(w, c))
			continue;
		n++;
		s = source_of(w, c->id, c->part);
		if (!s->open && !s->failed && (first || streq(c->state, "running")))
			r = source_open(w, s, first && w->ctx->tail ? w->ctx->tail : "all", err);
		if (r == -ENOENT) /* it went meanwhile */
			r = 0;
	}
	present_done(&present);
	return r < 0 ? r : n;
}

static int on_event(void *userdata, const char *line, size_t size)
{
	struct show *w = userdata;
	struct engine_event event = {0};
	struct err err = {0};

	/* an event that can't be read may be one that matters */
	if (engine_event_parse(line, size, &event, &err) < 0 || streq(event.action, "start") ||
	    streq(event.action, "destroy"))
		w->look = true;
	engine_event_done(&event);
	return 0;
}

static void on_events_end(void *userdata, const struct engine_reply *reply)
{
	struct show *w = userdata;
	struct err err = {0};

	if (engine_reply_check(reply, &err) == 0)
		err_set(&err, ECONNRESET, "the engine ended its events");
	w->follow = false;
	w->result = cmd_fail(w->ctx, &err);
}

static void watch(struct show *w)
{
	json_auto_t *filters = NULL;
	_cleanup_free_ char *label = xasprintf("%s=%s", POD_LABEL_POD, w->pod), *text = NULL,
			    *escaped = NULL, *path = NULL;

	filters = json_pack("{s:[s], s:[s]}", "type", "container", "label", label);
	text = json_dumps(filters, JSON_COMPACT);
	escaped = engine_escape(text ? text : "");
	path = xasprintf("/events?filters=%s", escaped);
	engine_start(w->events, &(struct engine_call){.method = "GET",
						      .path = path,
						      .timeout_ms = -1,
						      .on_line = on_event,
						      .on_long_line = on_event,
						      .done = on_events_end,
						      .userdata = w});
}

/* ---- printing ---- */

static void print(struct show *w, const struct source *s, const struct queued *q)
{
	static const char *const colors[] = {"36", "33", "32", "35", "34", "96", "93", "92", "95"};
	FILE *to = q->stream == 2 ? stderr : stdout, *other = q->stream == 2 ? stdout : stderr;
	bool terminal = w->terminals[q->stream];
	bool color = terminal && !w->ctx->environment.no_color;
	bool continued = w->unfinished == q->stream && w->unfinished_of == s;
	_cleanup_free_ char *visible = NULL;

	fflush(other);
	if (w->unfinished && !continued)
		putc('\n', w->unfinished == 2 ? stderr : stdout);
	if (!continued && !w->part) {
		if (color)
			fprintf(to, "\033[%sm%-*s |\033[0m ", colors[s->color % ARRAY_SIZE(colors)],
				(int)w->width, s->part);
		else
			fprintf(to, "%-*s | ", (int)w->width, s->part);
	}
	if (!continued && w->ctx->options & CMD_OPT_TIMESTAMPS)
		fprintf(to, "%s ", q->stamp[0] ? q->stamp : "-");
	if (terminal) {
		visible = logs_visible(q->text, q->size, color);
		fputs(visible, to);
	} else {
		fwrite(q->text, 1, q->size, to);
	}
	if (!q->goes_on)
		putc('\n', to);
	w->unfinished = q->goes_on ? q->stream : 0;
	w->unfinished_of = s;
}

/* The earliest line, where no container that may have an earlier one is waited for. */
static bool print_next(struct show *w)
{
	struct source *next = NULL;
	struct queued *q;

	for (size_t i = 0; i < w->n; i++) {
		struct source *s = w->sources[i];

		if (!s->first && s->open && !s->quiet)
			return false;
		if (s->first && (!next || strcmp(s->first->stamp, next->first->stamp) < 0))
			next = s;
	}
	/* pieces of a line stay together where the rest is there already */
	if (w->unfinished && w->unfinished_of->first)
		next = source_of(w, w->unfinished_of->id, w->unfinished_of->part);
	if (!next)
		return false;
	q = next->first;
	next->first = q->next;
	if (!next->first)
		next->last = &next->first;
	print(w, next, q);
	free(q);
	return true;
}

/* ---- the loop ---- */

/* Waits until one of the containers whose next line is wanted says something. */
static void wait_for_more(struct show *w)
{
	_cleanup_free_ struct pollfd *fds = xcalloc(w->n + 1, sizeof(*fds));
	bool waiting = false;
	int n;

	for (size_t i = 0; i < w->n; i++) {
		struct source *s = w->sources[i];

		fds[i] = (struct pollfd){.fd = s->open && !s->first ? engine_fd(s->engine) : -1,
					 .events = POLLIN};
		waiting |= s->first != NULL;
	}
	fds[w->n] = (struct pollfd){.fd = w->follow ? engine_fd(w->events) : -1, .events = POLLIN};
	fflush(stdout);
	n = poll(fds, w->n + 1, w->follow && waiting ? GRACE_MS : -1);
	for (size_t i = 0; i < w->n && n == 0; i++) {
		if (!w->sources[i]->first)
			w->sources[i]->quiet = true;
	}
	for (size_t i = 0; i < w->n && n > 0; i++) {
		struct source *s = w->sources[i];

		if (!fds[i].revents)
			continue;
		engine_dispatch(s->engine);
		if (!s->open)
			w->look = true;
		if (s->failed && s->err.code) {
			ui_error(&w->ctx->ui, "%s: %s", s->part, s->err.text);
			s->err.code = 0;
			w->result = CMD_FAILED;
		}
	}
	if (n > 0 && fds[w->n].revents)
		engine_dispatch(w->events);
}

static bool is_open(const struct show *w)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->sources[i]->open)
			return true;
	}
	return false;
}

static int run(struct show *w, struct err *err)
{
	while (!ferror(stdout) && !ferror(stderr)) {
		if (print_next(w))
			continue;
		if (w->follow && w->look) {
			int n;

			w->look = false;
			n = look_for_containers(w, false, err);
			/* the pod was taken down */
			if (n < 0 || (n == 0 && !is_open(w)))
				return n;
		}
		if (!w->follow && !is_open(w))
			break;
		wait_for_more(w);
	}
	if (w->unfinished)
		putc('\n', w->unfinished == 2 ? stderr : stdout);
	return 0;
}

static int show(struct show *w, struct err *err)
{
	int n;

	w->terminals[1] = isatty(STDOUT_FILENO);
	w->terminals[2] = isatty(STDERR_FILENO);
	if (w->follow) {
		int r = cmd_connect(w->ctx, &w->events);

		if (r < 0)
			return err_set(err, -r, "no events, so nothing can be followed");
		watch(w);
	}
	n = look_for_containers(w, true, err);
	if (n == 0 && w->part)
		return err_set(err, ENOENT, "pod %s has no container %s", w->pod, w->part);
	if (n == 0)
		return err_set(err, ENOENT, "pod %s is not there", w->pod);
	return n < 0 ? n : run(w, err);
}

int cmd_logs(struct cmd_context *ctx, int n, char **args)
{
	_cleanup_(settings_freep)
	struct settings *settings = NULL;
	_cleanup_(engine_freep)
	struct engine *engine = NULL;
	_cleanup_free_ char *pod = NULL;
	struct show w = {.ctx = ctx,
			 .part = n > 1 ? args[0] : NULL,
			 .follow = ctx->options & CMD_OPT_FOLLOW};
	struct err err = {0};

	if (cmd_load_settings(ctx, &settings) < 0 ||
	    cmd_pod_name(ctx, settings, args[n - 1], &pod) < 0 || cmd_connect(ctx, &engine) < 0)
		return CMD_FAILED;
	w.pod = pod;
	w.engine = engine;
	if (show(&w, &err) < 0)
		w.result = cmd_fail(ctx, &err);
	show_done(&w);
	return w.result;
}
