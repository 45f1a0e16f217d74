/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ports of containers that do not run, and services of the host that have these ports.
 *
 * Such a port is closed to the world (model_ports.c), unless a service of the host listens on it.
 * A socket that listens may be the container's own, though: docker-proxy's, of a start that the
 * engine has not told of. So sockets are listed before the engine is asked for the container and
 * again when it has answered. The engine answers while it does not start the container: what it
 * says does not run, and what listened all the time, have nothing to do with each other.
 *
 * Whoever starts a container right after its creation may be faster than our question: the engine
 * answers when the start is over then, and the proxy listens all the while. So as long as there is
 * no answer, who begins to listen is looked for all the time, and such a port is closed until it is
 * known whose it is.
 *
 * The kernel tells nobody when a service begins to listen, so it is asked each second while there
 * are such ports: a service that comes later is closed for that long.
 */
#include "netguard/watch_private.h"

#define LOOK_MS	 1000
/* while an answer about a new container is missing; it comes sooner where nothing is started */
#define START_MS 2
/* A list that is a little older than the question is as good; a burst of questions shares one. */
#define LIST_MS	 10

struct listeners *watch_listeners(struct watch *w)
{
	uint64_t now = loop_now_ms();

	if (!w->listeners || now - w->listed_at >= LIST_MS) {
		listeners_free(w->listeners);
		w->listeners = w->ops.listeners(w->ops.userdata);
		w->listed_at = now;
	}
	return listeners_hold(w->listeners);
}

struct listeners *watch_others(struct watch *w, const struct listeners *before,
			       const struct engine_container *c)
{
	_cleanup_(listeners_freep)
	struct listeners *now = NULL;
	bool any = false;

	for (size_t i = 0; !c->running && i < c->n_ports; i++)
		any |= listeners_on(before, c->ports[i].proto, c->ports[i].host_port, true);
	if (any)
		now = w->ops.listeners(w->ops.userdata);
	return now ? listeners_still(before, now) : NULL;
}

void watch_look_while_asking(struct watch *w)
{
	if (w->start_due)
		return;
	w->start_due = true;
	timer_set(&w->start, START_MS, 0);
}

void watch_on_start(struct source *s, uint32_t events _unused_)
{
	_cleanup_(listeners_freep)
	struct listeners *now = NULL;
	struct watch *w = s->userdata;
	uint64_t began = loop_now_ms();
	bool any = false, changed = false;

	if (!timer_read(s))
		return;
	w->start_due = false;
	for (size_t i = 0; i < w->n_asks && !w->failed; i++) {
		const struct ask *a = w->asks[i];
		struct member *m = a->before ? model_find(w->model, a->id) : NULL;

		if (!m || m->own_ports)
			continue;
		if (!any)
			now = w->ops.listeners(w->ops.userdata);
		any = true;
		changed |= now && member_guess(w->model, m, a->before, now);
	}
	if (any) {
		/* where there are many sockets it takes its time: not most of ours */
		w->start_due = true;
		timer_set(&w->start, START_MS + 10 * (loop_now_ms() - began), 0);
	}
	if (changed)
		watch_changed(w);
}

void watch_look_soon(struct watch *w)
{
	if (w->look_due || w->state != WATCH_UP)
		return;
	w->look_due = true;
	timer_set(&w->look, LOOK_MS, 0);
}

static bool may_be_taken(const struct member *m)
{
	for (size_t i = 0; i < m->n_ports && !member_is_up(m); i++)
		if (!m->ports[i].taken)
			return true;
	return false;
}

void watch_on_look(struct source *s, uint32_t events _unused_)
{
	_cleanup_(listeners_freep)
	struct listeners *l = NULL;
	struct watch *w = s->userdata;
	bool any = false;

	if (!timer_read(s))
		return;
	w->look_due = false;
	if (w->state != WATCH_UP)
		return;
	for (size_t i = 0; i < w->model->n_members; i++) {
		const struct member *m = &w->model->members[i];

		if (!may_be_taken(m))
			continue;
		if (!any)
			l = watch_listeners(w);
		any = true;
		if (member_wants_port_of(w->model, m, l))
			watch_question(w, ASK_CONTAINER, m->id);
	}
	if (any)
		watch_look_soon(w);
}
