/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See watch.h for how it works. Here: events, questions and answers; watch_sync.c connects. */
#include "netguard/watch_private.h"

#include <errno.h>

/* of those that nobody waits for */
#define ASKS_AT_ONCE 8

void watch_changed(struct watch *w)
{
	watch_look_soon(w);
	w->ops.changed(w->ops.userdata);
}

/* ---- questions about one container or network ---- */

static struct ask *find_ask(const struct watch *w, enum ask_kind kind, const char *id)
{
	for (size_t i = 0; i < w->n_asks; i++) {
		if (w->asks[i]->kind == kind && streq(w->asks[i]->id, id))
			return w->asks[i];
	}
	return NULL;
}

static void forget_ask(struct watch *w, struct ask *a)
{
	for (size_t i = 0; i < w->n_asks; i++) {
		if (w->asks[i] == a) {
			w->asks[i] = w->asks[--w->n_asks];
			break;
		}
	}
	listeners_free(a->before);
	free(a->id);
	free(a);
}

void watch_cancel_asks(struct watch *w)
{
	while (w->n_asks > 0) {
		engine_cancel(w->engine, w->asks[0]->request);
		forget_ask(w, w->asks[0]);
	}
}

static void take_container(struct watch *w, const struct ask *a, const struct engine_reply *reply,
			   bool *ret_again)
{
	_cleanup_(listeners_freep)
	struct listeners *others = NULL;
	struct engine_container c = {0};
	struct err err;
	bool stale = false, changed;

	if (engine_container_from_inspect(reply->json, &c, &err) < 0) {
		watch_fail(w, err.text);
		return;
	}
	others = watch_others(w, a->before, &c);
	if (!a->gone && streq(c.id, a->id)) {
		changed = member_from_container(w->model, w->ops.settings(w->ops.userdata),
						&w->networks, &c, a->number, others, &stale);
		*ret_again |= stale;
		if (changed)
			watch_changed(w);
	}
	/* a network that came up since the last look: its answer has the addresses, too */
	for (size_t i = 0; c.running && i < c.n_endpoints; i++) {
		const char *network = c.endpoints[i].network_id;

		if (watch_network_id_valid(network) && !watch_networks_find(&w->networks, network))
			watch_question(w, ASK_NETWORK, network);
	}
	engine_container_done(&c);
}

static void take_network(struct watch *w, const struct ask *a, const struct engine_reply *reply,
			 bool *ret_again)
{
	_cleanup_(strv_done)
	struct strv unknown = {0};
	struct engine_network n = {0};
	struct err err;

	if (engine_network_from_json(reply->json, &n, &err) < 0) {
		watch_fail(w, err.text);
		return;
	}
	if (w->podman && !watch_networks_set_bridge(&w->networks, &n)) {
		engine_network_done(&n);
		watch_fail(w, "a network that is new");
		return;
	}
	if (streq(n.id, a->id)) {
		bool first = !watch_networks_find(&w->networks, n.id);

		watch_networks_put(&w->networks, &n);
		if (members_from_network(w->model, &n, a->number, &unknown, ret_again))
			watch_changed(w);
		/* members of a network without a bridge are to be marked as not guarded */
		for (size_t i = 0; first && !n.bridge && i < n.n_members; i++) {
			if (watch_id_valid(n.members[i].id))
				strv_add(&unknown, n.members[i].id);
		}
	}
	for (size_t i = 0; i < unknown.n; i++)
		watch_question(w, ASK_CONTAINER, unknown.items[i]);
	engine_network_done(&n);
}

static void on_answer(void *userdata, const struct engine_reply *reply)
{
	struct ask *a = userdata;
	struct watch *w = a->watch;
	_cleanup_free_ char *id = xstrdup(a->id);
	enum ask_kind kind = a->kind;
	bool again = a->again;
	struct err err;
	int r = engine_reply_check(reply, &err);

	if (w->failed) {
		forget_ask(w, a);
		return;
	}
	if (r == -ENOENT && kind == ASK_CONTAINER) {
		bool known = model_find(w->model, id) != NULL;

		model_remove(w->model, id);
		if (known)
			watch_changed(w);
	} else if (r == -ENOENT) {
		watch_networks_remove(&w->networks, id);
	} else if (r < 0) {
		watch_fail(w, err.text);
		again = false;
	} else if (kind == ASK_CONTAINER) {
		take_container(w, a, reply, &again);
	} else {
		take_network(w, a, reply, &again);
	}
	forget_ask(w, a);
	if (again && w->state == WATCH_UP)
		watch_question(w, kind, id);
	watch_look_for_the_rest(w);
	w->ops.answered(w->ops.userdata);
}

void watch_question(struct watch *w, enum ask_kind kind, const char *id)
{
	const struct member *m = kind == ASK_CONTAINER ? model_find(w->model, id) : NULL;
	_cleanup_free_ char *path = NULL;
	struct ask *a = find_ask(w, kind, id);

	if (a) {
		a->again = true;
		return;
	}
	a = xcalloc(1, sizeof(*a));
	*a = (struct ask){.watch = w, .kind = kind, .id = xstrdup(id), .number = ++w->number};
	if (kind == ASK_CONTAINER && (!m || !member_is_up(m)))
		a->before = watch_listeners(w);
	if (a->before && m && !m->own_ports)
		watch_look_while_asking(w);
	ARRAY_PUSH(w->asks, w->n_asks) = a;
	path = kind == ASK_CONTAINER ? xasprintf("/containers/%s/json", id)
				     : xasprintf("/networks/%s", id);
	a->request = engine_start(w->engine, &(struct engine_call){.method = "GET",
								   .path = path,
								   .done = on_answer,
								   .userdata = a});
}

static void look_for_some(struct watch *w)
{
	const struct model *m = w->model;

	for (size_t i = model_place_behind(m, w->looked_for);
	     i < m->n_members && w->n_asks < ASKS_AT_ONCE; i++) {
		const struct member *member = &m->members[i];

		free(w->looked_for);
		w->looked_for = xstrdup(member->id);
		if (member->running
			    ? (member->unsure || member->pid == 0) && member->n_addresses > 0
			    : !member->own_ports)
			watch_question(w, ASK_CONTAINER, member->id);
	}
	if (w->n_asks < ASKS_AT_ONCE)
		free(take_ptr(w->looked_for));
}

void watch_look_for_the_rest(struct watch *w)
{
	if (w->looked_for && w->state == WATCH_UP)
		look_for_some(w);
	/* not before: one answer that can't be used would have all asked for over and over */
	if (watch_settled(w))
		w->backoff_ms = 0;
}

/* ---- events ---- */

static void take_created(struct watch *w, const struct engine_event *ev,
			 const struct watch_action *a)
{
	struct member m = {0};

	if (!model_find(w->model, a->container)) {
		member_from_event(w->ops.settings(w->ops.userdata), a->container, a->name,
				  ev->attributes, &m);
		model_put(w->model, &m);
	}
	watch_question(w, ASK_CONTAINER, a->container);
}

static void take_connected(struct watch *w, const struct watch_action *a)
{
	const struct watch_network *n = watch_networks_find(&w->networks, a->network);

	/* its answer has the address within a millisecond; the container's only after the start */
	if (!n || n->bridge)
		watch_question(w, ASK_NETWORK, a->network);
	/* from now on it is not guarded on that network: its own answer tells so */
	if (!model_find(w->model, a->container) || (n && !n->bridge))
		watch_question(w, ASK_CONTAINER, a->container);
}

/* Takes addresses away: at once, whatever is being asked just now. */
static void take_away(struct watch *w, const struct watch_action *a)
{
	struct member *m = model_find(w->model, a->container);
	const struct watch_network *n =
		a->network ? watch_networks_find(&w->networks, a->network) : NULL;
	bool changed = false;

	if (a->kind == WATCH_DESTROYED) {
		changed = m != NULL;
		model_remove(w->model, a->container);
	} else if (m && a->kind == WATCH_STOPPED) {
		model_touch(w->model, m->id);
		changed = member_clear(m, NULL, ++w->number);
	} else if (m && n && n->bridge) {
		model_touch(w->model, m->id);
		changed = member_clear(m, n->bridge, ++w->number);
	}
	if (changed)
		watch_changed(w);
}

void watch_event_takes(struct watch *w, const struct engine_event *ev)
{
	struct watch_action a;

	watch_decide(ev, &a);
	if (a.kind == WATCH_STOPPED || a.kind == WATCH_DESTROYED || a.kind == WATCH_DISCONNECTED)
		take_away(w, &a);
}

static void take_gone(struct watch *w, const struct watch_action *a)
{
	bool known = model_find(w->model, a->container) != NULL;
	struct ask *ask = find_ask(w, ASK_CONTAINER, a->container);

	if (known && a->kind == WATCH_DISCONNECTED &&
	    !watch_networks_find(&w->networks, a->network))
		watch_fail(w, "an event about a network that is not known");
	take_away(w, a);
	/* an answer that was made before this event must not be the last word, and where nothing
	 * else is known of the container, none at all */
	if (ask) {
		ask->again = true;
		ask->gone |= a->kind == WATCH_DESTROYED || !known;
	}
}

void watch_event(struct watch *w, const struct engine_event *ev)
{
	struct watch_action a;

	watch_decide(ev, &a);
	switch (a.kind) {
	case WATCH_IGNORE:
		break;
	case WATCH_CREATED:
		take_created(w, ev, &a);
		break;
	case WATCH_RENAMED:
	case WATCH_STARTED:
		watch_question(w, ASK_CONTAINER, a.container);
		break;
	case WATCH_CONNECTED:
		take_connected(w, &a);
		break;
	case WATCH_STOPPED:
	case WATCH_DESTROYED:
	case WATCH_DISCONNECTED:
		take_gone(w, &a);
		break;
	case WATCH_NETWORK_GONE:
		watch_networks_remove(&w->networks, a.network);
		break;
	case WATCH_RESYNC:
		watch_fail(w, "an event that makes no sense");
		break;
	}
}

/* ---- for the owner ---- */

const struct model *watch_model(const struct watch *w)
{
	return w->model;
}

struct model *watch_edit_model(struct watch *w)
{
	return w->model;
}

enum watch_state watch_get_state(const struct watch *w)
{
	return w->state;
}

const char *watch_api_version(const struct watch *w)
{
	return engine_api_version(w->engine);
}

uint64_t watch_ask(struct watch *w, const char *id)
{
	uint64_t number = w->number;

	if (w->state == WATCH_UP)
		watch_question(w, ASK_CONTAINER, id);
	return number;
}

bool watch_settled(const struct watch *w)
{
	return w->state == WATCH_UP && !w->looked_for && w->n_asks == 0;
}

bool watch_asking(const struct watch *w, const char *id)
{
	return w->state != WATCH_UP || find_ask(w, ASK_CONTAINER, id) != NULL;
}
