/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connecting, asking for everything, replaying what happened meanwhile. */
#include "netguard/watch_private.h"

#include "common/authz_token.h"
#include "common/log.h"
#include "netguard/relay_request.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/epoll.h>
#include <time.h>

#define BACKOFF_MIN_MS	50
#define BACKOFF_MAX_MS	5000
/* who has followed so long may begin anew at once: one answer that never comes makes nobody deaf */
#define FOLLOWED_MS	1000
/* events while asking for everything: how many, and their bytes (they carry all labels) */
#define QUEUE_MAX	20000
#define QUEUE_BYTES_MAX ((size_t)32 * 1024 * 1024)
/* of a longer event only the beginning counts: an image may bring labels of any length */
#define EVENT_MAX	((size_t)64 * 1024)

/* {"type":["container","network"]}, escaped */
#define FILTERS "%7B%22type%22%3A%5B%22container%22%2C%22network%22%5D%7D"

static void set_state(struct watch *w, enum watch_state state, const char *why)
{
	w->state = state;
	w->ops.state(w->ops.userdata, state, why);
}

/* May be called from an answer's callback: the requests are cancelled later, by the timer. */
void watch_fail(struct watch *w, const char *why)
{
	if (w->failed)
		return;
	w->failed = true;
	if (w->state == WATCH_UP && loop_now_ms() - w->up_since >= FOLLOWED_MS)
		w->backoff_ms = 0;
	w->backoff_ms = timer_longer(w->backoff_ms, BACKOFF_MIN_MS, BACKOFF_MAX_MS);
	timer_set(&w->retry, w->backoff_ms, 0);
	set_state(w, WATCH_DOWN, why);
}

static void forget_list(struct watch *w)
{
	engine_items_done(&w->list);
	for (size_t i = 0; i < w->n_listed; i++)
		member_done(&w->listed[i]);
	free(take_ptr(w->listed));
	w->n_listed = 0;
}

static void cancel_all(struct watch *w)
{
	watch_cancel_asks(w);
	if (w->events)
		engine_cancel(w->engine, take_ptr(w->events));
	if (w->step)
		engine_cancel(w->engine, take_ptr(w->step));
	model_free(take_ptr(w->fresh));
	forget_list(w);
	watch_networks_done(&w->fresh_networks);
	strv_done(&w->queue);
	w->queued = 0;
}

static void next_step(struct watch *w, const char *path, engine_done_fn *done)
{
	w->step_number = ++w->number;
	w->step = engine_start(
		w->engine,
		&(struct engine_call){.method = "GET", .path = path, .done = done, .userdata = w});
}

/* True where the answer can be used; the step is over either way. */
static bool step_ok(struct watch *w, const struct engine_reply *reply)
{
	struct err err;

	w->step = NULL;
	if (engine_reply_check(reply, &err) < 0) {
		watch_fail(w, err.text);
		return false;
	}
	return !w->failed;
}

/* ---- events ---- */

static int take_line(struct watch *w, const char *line, size_t size)
{
	struct engine_event ev = {0};
	struct err err;

	if (engine_event_parse(line, size, &ev, &err) < 0) {
		watch_fail(w, err.text);
		return -EPROTO;
	}
	watch_event(w, &ev);
	engine_event_done(&ev);
	return 0;
}

/*
 * Asking for everything may take long, and what a container had may be another's before that is
 * over: it is taken from the old model, which is in force. What the line is to the new one is seen
 * when it is replayed; so is whether it can be read.
 */
static void take_away_at_once(struct watch *w, const char *line, size_t size)
{
	struct engine_event ev = {0};
	struct err err;

	if (engine_event_parse(line, size, &ev, &err) < 0)
		return;
	watch_event_takes(w, &ev);
	engine_event_done(&ev);
}

static int take_event(struct watch *w, const char *line, size_t size)
{
	if (w->state == WATCH_UP)
		return take_line(w, line, size);
	take_away_at_once(w, line, size);
	w->queued += size;
	if (w->queue.n >= QUEUE_MAX || w->queued > QUEUE_BYTES_MAX) {
		watch_fail(w, "too many events while asking for everything");
		return -E2BIG;
	}
	strv_take(&w->queue, xstrndup(line, size));
	return 0;
}

/* Its labels are left out: what they say, the container's own answer does. */
static int on_long_event(void *userdata, const char *line, size_t size)
{
	struct watch *w = userdata;
	_cleanup_free_ char *shortened = NULL;

	if (w->failed)
		return 0;
	shortened = engine_event_shorten(line, size);
	if (!shortened) {
		watch_fail(w, "an event that is too long");
		return -EMSGSIZE;
	}
	return take_event(w, shortened, strlen(shortened));
}

static int on_event_line(void *userdata, const char *line, size_t size)
{
	struct watch *w = userdata;

	if (w->failed || size == 0)
		return 0;
	return size > EVENT_MAX ? on_long_event(w, line, size) : take_event(w, line, size);
}

static void on_events_end(void *userdata, const struct engine_reply *reply)
{
	struct watch *w = userdata;
	struct err err;

	w->events = NULL;
	watch_fail(w,
		   engine_reply_check(reply, &err) < 0 ? err.text : "the stream of events ended");
}

static void start_events(struct watch *w)
{
	_cleanup_free_ char *path = NULL;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	path = xasprintf("/events?since=%" PRId64 ".%09ld&filters=%s", (int64_t)now.tv_sec,
			 now.tv_nsec, FILTERS);
	w->events = engine_start(w->engine, &(struct engine_call){.method = "GET",
								  .path = path,
								  .timeout_ms = -1,
								  .on_line = on_event_line,
								  .on_long_line = on_long_event,
								  .done = on_events_end,
								  .userdata = w});
}

/* ---- everything, step by step ---- */

/*
 * The list says neither which process a container has, nor its interface, nor the ports of one that
 * does not run: that stays as it was. A container that was started again while nobody heard of it
 * has another process now, so each is asked for.
 */
static void keep_what_no_list_tells(struct model *old, struct model *m)
{
	m->ports = old->ports;
	old->ports = (struct strv){0};
	for (size_t i = 0; i < m->n_members; i++)
		member_keep(&m->members[i], model_find(old, m->members[i].id));
}

static void commit(struct watch *w)
{
	keep_what_no_list_tells(w->model, w->fresh);
	model_free(w->model);
	w->model = take_ptr(w->fresh);
	watch_networks_done(&w->networks);
	w->networks = w->fresh_networks;
	w->fresh_networks = (struct watch_networks){0};
	w->up_since = loop_now_ms();
	set_state(w, WATCH_UP, NULL);
	for (size_t i = 0; i < w->queue.n && !w->failed; i++)
		take_line(w, w->queue.items[i], strlen(w->queue.items[i]));
	strv_done(&w->queue);
	free(w->looked_for);
	w->looked_for = xstrdup("");
	watch_look_for_the_rest(w);
	watch_changed(w);
	w->ops.answered(w->ops.userdata);
}

static void ask_members(struct watch *w);

static void on_members(void *userdata, const struct engine_reply *reply)
{
	_cleanup_(strv_done)
	struct strv unknown = {0};
	struct watch *w = userdata;
	struct engine_network n = {0};
	struct err err;
	bool stale;

	if (reply->result == 0 && reply->status == 404) {
		w->step = NULL; /* gone since; the queue has its event */
		if (!w->failed)
			ask_members(w);
		return;
	}
	if (!step_ok(w, reply))
		return;
	if (engine_network_from_json(reply->json, &n, &err) < 0) {
		watch_fail(w, err.text);
		return;
	}
	/* of one that came since the list was made, the queue has its event */
	if (w->podman && !watch_networks_set_bridge(&w->fresh_networks, &n))
		free(take_ptr(n.bridge));
	/* containers that came since the list was made have their own event in the queue */
	members_from_network(w->fresh, &n, w->step_number, &unknown, &stale);
	engine_network_done(&n);
	ask_members(w);
}

/* The members of the next bridge: a container that is just being started is in no list. */
static void ask_members(struct watch *w)
{
	while (w->next_network < w->fresh_networks.n) {
		const struct watch_network *n = &w->fresh_networks.items[w->next_network++];
		_cleanup_free_ char *path = NULL;

		if (!n->bridge || !watch_id_valid(n->id))
			continue;
		path = xasprintf("/networks/%s", n->id);
		next_step(w, path, on_members);
		return;
	}
	commit(w);
}

static int take_listed(void *userdata, json_t *item, struct err *err)
{
	struct watch *w = userdata;
	const struct settings *s = w->ops.settings(w->ops.userdata);
	struct engine_container c = {0};
	/* one of its own: putting thousands into the right places of a model takes its time */
	struct model one = {.all = true};
	bool stale;
	int r = engine_container_from_list(item, &c, err);

	if (r < 0)
		return r;
	if (watch_id_valid(c.id)) {
		member_from_container(&one, s, &w->fresh_networks, &c, w->step_number, NULL,
				      &stale);
		one.members[0].own_ports = c.running;
		ARRAY_PUSH(w->listed, w->n_listed) = one.members[0];
		free(one.members);
	}
	engine_container_done(&c);
	return 0;
}

static int on_list(void *userdata, const void *data, size_t size)
{
	struct watch *w = userdata;
	struct err err;
	int r;

	if (w->failed)
		return -ECANCELED;
	r = engine_items_feed(&w->list, data, size, take_listed, w, &err);
	if (r < 0)
		watch_fail(w, err.text);
	return r;
}

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static void on_containers(void *userdata, const struct engine_reply *reply)
{
	struct watch *w = userdata;

	if (!step_ok(w, reply))
		return;
	if (!engine_items_whole(&w->list)) {
		watch_fail(w, "the list of containers is cut short");
		return;
	}
	if (w->list.left_out > 0)
		log_warning("%zu container%s left out, so closed: more than 4 MiB of labels, or "
			    "all together more than 256",
			    w->list.left_out, w->list.left_out == 1 ? " is" : "s are");
	w->fresh = model_new();
	if (w->n_listed > 0)
		qsort(w->listed, w->n_listed, sizeof(*w->listed), compare_members);
	for (size_t i = 0; i < w->n_listed; i++)
		model_put(w->fresh, &w->listed[i]);
	forget_list(w);
	w->next_network = 0;
	ask_members(w);
}

static void on_networks(void *userdata, const struct engine_reply *reply)
{
	struct watch *w = userdata;
	struct err err;
	json_t *item;
	size_t i;

	if (!step_ok(w, reply))
		return;
	if (!json_is_array(reply->json)) {
		watch_fail(w, "the list of networks is no list");
		return;
	}
	json_array_foreach (reply->json, i, item) {
		struct engine_network n = {0};

		if ((w->podman ? engine_network_from_libpod(item, &n, &err)
			       : engine_network_from_json(item, &n, &err)) < 0) {
			watch_fail(w, err.text);
			return;
		}
		watch_networks_put(&w->fresh_networks, &n);
		engine_network_done(&n);
	}
	forget_list(w);
	w->step_number = ++w->number;
	w->step = engine_start(w->engine, &(struct engine_call){.method = "GET",
								.path = "/containers/json?all=1",
								.on_data = on_list,
								.done = on_containers,
								.userdata = w});
}

static void on_version(void *userdata, const struct engine_reply *reply)
{
	struct watch *w = userdata;
	struct err err;

	if (!step_ok(w, reply))
		return;
	if (engine_use_version(w->engine, reply->json, &err) < 0) {
		watch_fail(w, err.text);
		return;
	}
	set_state(w, WATCH_SYNCING, NULL);
	start_events(w);
	w->podman = engine_version_is_podman(reply->json);
	w->step_number = ++w->number;
	w->step = engine_start(
		w->engine,
		&(struct engine_call){.method = "GET",
				      .path = w->podman ? RELAY_LIBPOD_NETWORKS : "/networks",
				      .unversioned = w->podman,
				      .done = on_networks,
				      .userdata = w});
}

static void connect_engine(struct watch *w)
{
	cancel_all(w);
	w->failed = false;
	w->step = engine_start(w->engine, &(struct engine_call){.method = "GET",
								.path = "/version",
								.unversioned = true,
								.done = on_version,
								.userdata = w});
}

static void on_retry(struct source *s, uint32_t events _unused_)
{
	if (timer_read(s))
		connect_engine(s->userdata);
}

static void on_engine(struct source *s, uint32_t events _unused_)
{
	struct watch *w = s->userdata;

	engine_dispatch(w->engine);
}

void watch_start(struct watch *w)
{
	timer_set(&w->retry, 1, 0);
}

void watch_resync(struct watch *w)
{
	if (w->state == WATCH_DOWN)
		return; /* the next attempt asks for everything anyway */
	w->failed = true;
	w->state = WATCH_SYNCING;
	timer_set(&w->retry, 1, 0);
}

int watch_new(struct loop *l, const char *host, struct model *model, const struct watch_ops *ops,
	      struct watch **ret, struct err *err)
{
	_cleanup_(watch_freep)
	struct watch *w = xcalloc(1, sizeof(*w));
	int r;

	w->ops = *ops;
	w->model = model;
	w->engine_source = w->retry = w->look = w->start = SOURCE_NONE;
	r = engine_new(host, &w->engine, err);
	if (r < 0)
		return r;
	engine_set_token_file(w->engine, AUTHZ_LOOK_PATH);
	r = source_add(l, &w->engine_source, engine_fd(w->engine), EPOLLIN, on_engine, w, err);
	if (r < 0)
		return r;
	r = timer_add(l, &w->retry, on_retry, w, err);
	if (r == 0)
		r = timer_add(l, &w->look, watch_on_look, w, err);
	if (r == 0)
		r = timer_add(l, &w->start, watch_on_start, w, err);
	if (r < 0)
		return r;
	*ret = take_ptr(w);
	return 0;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	source_remove(&w->engine_source);
	source_remove(&w->retry);
	source_remove(&w->look);
	source_remove(&w->start);
	if (w->engine)
		cancel_all(w);
	engine_free(w->engine);
	model_free(w->model);
	watch_networks_done(&w->networks);
	listeners_free(w->listeners);
	free(w->asks);
	free(w->looked_for);
	free(w);
}
