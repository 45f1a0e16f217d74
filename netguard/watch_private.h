/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the watch: shared by watch.c, watch_ports.c and watch_sync.c. */
#pragma once

#include "engine/engine.h"
#include "netguard/watch.h"
#include "netguard/watch_events.h"

enum ask_kind { ASK_CONTAINER, ASK_NETWORK };

/* A question that is not answered yet. At most one of a kind and id. */
struct ask {
	struct watch *watch;
	enum ask_kind kind;
	char *id;
	uint64_t number;
	bool again; /* something happened since: ask once more */
	bool gone;  /* destroyed since: the answer is worth nothing */
	struct listeners
		*before; /* who listened when it was asked; NULL: not known, or no matter */
	struct engine_request *request;
};

struct watch {
	struct watch_ops ops;
	struct engine *engine;
	struct source engine_source, retry, look, start;
	enum watch_state state;
	struct model *model;
	struct watch_networks networks;
	uint64_t number; /* of the last question or event */
	struct ask **asks;
	size_t n_asks;
	unsigned backoff_ms;
	uint64_t up_since; /* loop_now_ms */
	char *looked_for;  /* id behind which processes are still to be asked for; NULL: all are
			      known */
	struct listeners *listeners; /* as of listed_at, loop_now_ms; NULL: not known */
	uint64_t listed_at;
	bool look_due, start_due; /* the timer runs */
	bool podman; /* the engine is podman's service: only its own list has the bridges */
	bool failed; /* a new attempt is due: ignore what still comes of the old one */

	/* while connecting */
	struct engine_request *events, *step;
	struct model *fresh;
	struct engine_items list; /* of containers, as it comes */
	struct member *listed;	  /* what it had, in the engine's order */
	size_t n_listed;
	struct watch_networks fresh_networks;
	size_t next_network; /* of fresh_networks, whose members are asked for */
	uint64_t step_number;
	struct strv queue; /* event lines to replay */
	size_t queued;	   /* bytes of them */
};

void watch_changed(struct watch *w);
void watch_question(struct watch *w, enum ask_kind kind, const char *id);
void watch_cancel_asks(struct watch *w);
void watch_event(struct watch *w, const struct engine_event *ev);
/* Only what it takes away, and asks for nothing. */
void watch_event_takes(struct watch *w, const struct engine_event *ev);
/* Asks for what no list tells, some at a time: processes, and ports of what does not run. */
void watch_look_for_the_rest(struct watch *w);
/* watch_ports.c: who listens now, or a moment ago. Caller frees. */
struct listeners *watch_listeners(struct watch *w);
/*
 * Sockets that are not this container's, for member_from_container. before: those that were there
 * when it was asked for (may be NULL). Caller frees.
 */
struct listeners *watch_others(struct watch *w, const struct listeners *before,
			       const struct engine_container *c);
/* Looks for services on ports of containers that do not run, as long as there are any. */
void watch_look_soon(struct watch *w);
void watch_on_look(struct source *s, uint32_t events);
/* Looks who begins to listen while an answer about a container's ports is missing. */
void watch_look_while_asking(struct watch *w);
void watch_on_start(struct source *s, uint32_t events);
/* The link is of no use any more: says why and tries again later. */
void watch_fail(struct watch *w, const char *why);
