/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the watch: shared by watch.c and watch_sync.c. */
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
	struct engine_request *request;
};

struct watch {
	struct watch_ops ops;
	struct engine *engine;
	struct source engine_source, retry;
	enum watch_state state;
	struct model *model;
	struct watch_networks networks;
	uint64_t number; /* of the last question or event */
	struct ask **asks;
	size_t n_asks;
	unsigned backoff_ms;
	char *looked_for; /* id behind which processes are still to be asked for; NULL: all are
			     known */
	bool podman;	  /* the engine is podman's service: only its own list has the bridges */
	bool failed;	  /* a new attempt is due: ignore what still comes of the old one */

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
/* Asks for containers that run and whose process is not known for certain, some at a time. */
void watch_look_for_processes(struct watch *w);
/* The link is of no use any more: says why and tries again later. */
void watch_fail(struct watch *w, const char *why);
