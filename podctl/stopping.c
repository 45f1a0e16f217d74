/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One that got its stop signal and has not ended since is being stopped, until its time is over:
 * then it is killed, or it was no stop but somebody's signal.
 */
#include "podctl/stopping.h"

#include "common/clock.h"
#include "common/text.h"
#include "podctl/inspect.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define GRACE_S	    10 /* the engine's, where a container says nothing */
#define GRACE_MAX_S 3600
#define KILL_MS	    1000 /* to end in, once it is killed */
#define EVENTS_MS   2000
#define NS_IN_MS    1000000
#define MS_IN_S	    1000
#define SIGNALS_MAX 64

struct stopping {
	struct present_container *container;
	int signal;	 /* the last that it got and did not end by; 0: none */
	int64_t sent_ms; /* since the epoch */
	int64_t left_ms; /* until it has ended; 0: it is not being stopped */
};

struct search {
	struct stopping *items;
	size_t n;
};

/* 0 where it is no number of a signal. */
static int to_signal(const char *digits)
{
	uint64_t number = 0;

	text_digits(digits, strlen(digits), (uint64_t)SIGRTMAX, &number);
	return (int)number;
}

/* ---- the engine's events ---- */

static void note(struct stopping *s, const struct engine_event *event)
{
	const char *signal = json_string_value(json_object_get(event->attributes, "signal"));

	if (streq(event->action, "kill") && signal) {
		s->signal = to_signal(signal);
		s->sent_ms = event->time_nano / NS_IN_MS;
	} else if (streq(event->action, "die")) {
		s->signal = 0;
	}
}

static int on_event(void *userdata, const char *line, size_t size)
{
	const struct search *search = userdata;
	struct engine_event event = {0};
	struct err ignored;

	if (engine_event_parse(line, size, &event, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < search->n; i++) {
		if (streq(search->items[i].container->id, event.id))
			note(&search->items[i], &event);
	}
	engine_event_done(&event);
	return 0;
}

static void ignore(void *userdata _unused_, const struct engine_reply *reply _unused_)
{
}

static void ask_events(struct engine *e, const char *pod, struct search *search)
{
	_cleanup_free_ char *label = xasprintf("%s=%s", POD_LABEL_POD, pod), *text = NULL,
			    *escaped = NULL, *path = NULL;
	json_auto_t *filters = json_pack("{s:[s], s:[s], s:[s, s]}", "type", "container", "label",
					 label, "event", "kill", "die");
	int64_t now = clock_real_ms();

	text = json_dumps(filters, JSON_COMPACT);
	escaped = engine_escape(text ? text : "");
	path = xasprintf("/events?since=%lld&until=%lld.%03lld&filters=%s",
			 (long long)(now / MS_IN_S - GRACE_MAX_S), (long long)(now / MS_IN_S),
			 (long long)(now % MS_IN_S), escaped);
	engine_start(e, &(struct engine_call){.method = "GET",
					      .path = path,
					      .timeout_ms = EVENTS_MS,
					      .on_line = on_event,
					      .done = ignore,
					      .userdata = search});
	engine_wait(e);
}

/* ---- which signal stops it, and how long that may take ---- */

/* "SIGTERM", "term" or "15", as the engine has it; 0 where it is none of those. */
static int signal_number(const char *text)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text, *offset;
	const char *abbreviated;

	if (*text >= '0' && *text <= '9')
		return to_signal(text);
	offset = startswith(name, "RTMIN+");
	if (offset)
		return SIGRTMIN + to_signal(offset);
	for (int i = 1; i < SIGNALS_MAX; i++) {
		abbreviated = sigabbrev_np(i);
		if (abbreviated && strcasecmp(abbreviated, name) == 0)
			return i;
	}
	return 0;
}

static void inspected(void *userdata, const struct engine_reply *reply)
{
	struct stopping *s = userdata;
	json_t *config = json_object_get(reply->json, "Config"),
	       *timeout = json_object_get(config, "StopTimeout");
	const char *signal = json_string_value(json_object_get(config, "StopSignal"));
	int64_t grace = json_is_integer(timeout) ? json_integer_value(timeout) : GRACE_S;
	struct err ignored;

	if (engine_reply_check(reply, &ignored) < 0 ||
	    signal_number(signal && *signal ? signal : "TERM") != s->signal)
		return;
	if (grace < 0 || grace > GRACE_MAX_S)
		grace = GRACE_MAX_S;
	s->left_ms = s->sent_ms + grace * MS_IN_S + KILL_MS - clock_real_ms();
	if (s->left_ms < 0)
		s->left_ms = 0;
}

static void inspect(struct engine *e, struct search *search)
{
	_cleanup_free_ struct inspect_item *items = xcalloc(search->n + 1, sizeof(*items));
	size_t n = 0;

	for (size_t i = 0; i < search->n; i++) {
		struct stopping *s = &search->items[i];

		if (s->signal)
			items[n++] = (struct inspect_item){s->container->id, inspected, s};
	}
	inspect_containers(e, items, n, INSPECT_PATIENCE_MS);
}

/* ---- all of it ---- */

static struct search find(struct engine *e, const char *pod, struct present *present)
{
	struct search search = {.items = xcalloc(present->n + 1, sizeof(*search.items))};

	for (size_t i = 0; i < present->n; i++) {
		struct present_container *c = &present->items[i];

		if (plan_owns(pod, c) && streq(c->state, "running"))
			search.items[search.n++] = (struct stopping){.container = c};
	}
	if (search.n > 0)
		ask_events(e, pod, &search);
	inspect(e, &search);
	for (size_t i = 0; i < search.n; i++) {
		if (!search.items[i].left_ms)
			continue;
		free(search.items[i].container->state);
		search.items[i].container->state = xstrdup("exited");
	}
	return search;
}

void stopping_mark(struct engine *e, const char *pod, struct present *present)
{
	struct search search = find(e, pod, present);

	free(search.items);
}

void stopping_wait(struct engine *e, const struct ui *ui, const char *pod, struct present *present)
{
	struct search search = find(e, pod, present);

	for (size_t i = 0; i < search.n; i++) {
		const struct stopping *s = &search.items[i];
		const char *part = s->container->part;
		_cleanup_free_ char *path = xasprintf("/containers/%s/wait", s->container->id);

		if (!s->left_ms)
			continue;
		ui_say(ui, "waiting: %s is being stopped", *part ? part : "root container");
		engine_start(e, &(struct engine_call){.method = "POST",
						      .path = path,
						      .timeout_ms = (int)s->left_ms,
						      .done = ignore});
	}
	engine_wait(e);
	free(search.items);
}
