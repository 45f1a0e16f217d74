/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Follows the engine and keeps the model true.
 *
 * Theory of operation. On connecting: version, then the event stream (since now, by the clock,
 * so that what happens while it is being opened is delivered too), then the networks, then all
 * containers, then each bridge network with its members. All that goes into a fresh model which
 * replaces the old one at once; events that came meanwhile are replayed on it. So nothing falls
 * between, and the old members stay untouched until the new ones are known.
 *
 * Then each event is turned into an action (watch_events.h): taking away is done at once, giving
 * is a question to the engine whose answer is put in (watch_members.h). Questions are numbered,
 * so a late answer never undoes what a later event said. When the stream ends or a question
 * fails, everything is kept, and a new start is made after 50 ms, doubled up to 5 s.
 */
#pragma once

#include "netguard/loop.h"
#include "netguard/model.h"
#include "netguard/watch_members.h"

struct watch;

enum watch_state {
	WATCH_DOWN,    /* no engine: waiting for the next attempt */
	WATCH_SYNCING, /* connected, asking for everything */
	WATCH_UP
};

struct watch_ops {
	/* the model changed */
	void (*changed)(void *userdata);
	/* the link's state changed; why: only for WATCH_DOWN */
	void (*state)(void *userdata, enum watch_state state, const char *why);
	/* an answer about this container has been put in (or there is no such container) */
	void (*answered)(void *userdata);
	const struct settings *(*settings)(void *userdata);
	/* who listens on ports of the host, for the caller to free; NULL: the kernel can't tell */
	struct listeners *(*listeners)(void *userdata);
	void *userdata;
};

/* host: as $DOCKER_HOST, NULL: the default. model: what was known before, taken over. */
int watch_new(struct loop *l, const char *host, struct model *model, const struct watch_ops *ops,
	      struct watch **ret, struct err *err);
void watch_free(struct watch *w);
DEFINE_CLEANUP(struct watch, watch_free);

void watch_start(struct watch *w);  /* the first attempt, from the loop */
void watch_resync(struct watch *w); /* ask for everything again (the settings changed) */

const struct model *watch_model(const struct watch *w);
/* To fill in what others know: the host's interfaces (links.h). */
struct model *watch_edit_model(struct watch *w);
enum watch_state watch_get_state(const struct watch *w);
const char *watch_api_version(const struct watch *w);

/*
 * Asks for one container now. Returns a number: a member whose `seen` is greater was learned
 * later than this call.
 */
uint64_t watch_ask(struct watch *w, const char *id);
/* Everything that can be known is: also the processes and ports of all containers. */
bool watch_settled(const struct watch *w);
bool watch_asking(const struct watch *w, const char *id); /* no answer yet */
