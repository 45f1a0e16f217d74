/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an event of the engine means for the model. Pure.
 *
 * Ids become parts of request paths and keys of the model, so only those of 64 hex digits count;
 * an event whose ids are something else asks for a resync instead of being half understood.
 */
#pragma once

#include "engine/engine.h" /* lint: types only */

#define ENGINE_ID_LENGTH 64

enum watch_kind {
	WATCH_IGNORE,
	WATCH_CREATED,	 /* container: name and labels are in the attributes */
	WATCH_RENAMED,	 /* container; attributes as above */
	WATCH_STARTED,	 /* container: ask for it (also one created or renamed to nobody knows what)
			  */
	WATCH_STOPPED,	 /* container: has no address and no port any more */
	WATCH_DESTROYED, /* container: forget it */
	WATCH_CONNECTED, /* container, network: ask for the network, it has the address now */
	WATCH_DISCONNECTED, /* container, network: takes back the address at once */
	WATCH_NETWORK_GONE, /* network */
	WATCH_RESYNC,	    /* something is not understood: ask for everything */
};

struct watch_action {
	enum watch_kind kind;
	const char *container, *network; /* ids, borrowed from the event; NULL where none */
	const char *name;		 /* container's, CREATED and RENAMED */
};

void watch_decide(const struct engine_event *ev, struct watch_action *ret);

bool watch_id_valid(const char *id); /* 64 lower-case hex digits */
/* The same of a network, or what swarm calls one: 25 digits and lower-case letters. */
bool watch_network_id_valid(const char *id);
