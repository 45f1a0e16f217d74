/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One table: type and action of an event to what is to be done. */
#include "netguard/watch_events.h"

#define SWARM_ID_LENGTH 25

static const struct rule {
	const char *type, *action;
	enum watch_kind kind;
} rules[] = {
	{"container", "create", WATCH_CREATED},
	{"container", "rename", WATCH_RENAMED},
	{"container", "start", WATCH_STARTED},
	{"container", "die", WATCH_STOPPED},
	{"container", "destroy", WATCH_DESTROYED},
	/* podman's word for it */
	{"container", "remove", WATCH_DESTROYED},
	{"network", "connect", WATCH_CONNECTED},
	{"network", "disconnect", WATCH_DISCONNECTED},
	{"network", "destroy", WATCH_NETWORK_GONE},
	{"network", "remove", WATCH_NETWORK_GONE},
};

bool watch_id_valid(const char *id)
{
	return id && strlen(id) == ENGINE_ID_LENGTH &&
	       strspn(id, "0123456789abcdef") == ENGINE_ID_LENGTH;
}

bool watch_network_id_valid(const char *id)
{
	return watch_id_valid(id) ||
	       (id && strlen(id) == SWARM_ID_LENGTH &&
		strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz") == SWARM_ID_LENGTH);
}

static const char *attribute(const struct engine_event *ev, const char *key)
{
	return json_string_value(json_object_get(ev->attributes, key));
}

void watch_decide(const struct engine_event *ev, struct watch_action *ret)
{
	struct watch_action a = {.kind = WATCH_IGNORE};
	bool network = streq(ev->type, "network");

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (streq(rules[i].type, ev->type) && streq(rules[i].action, ev->action))
			a.kind = rules[i].kind;
	}
	if (network)
		a.network = ev->id;
	else
		a.container = ev->id;
	if (a.kind == WATCH_CONNECTED || a.kind == WATCH_DISCONNECTED)
		a.container = attribute(ev, "container");
	if (a.kind == WATCH_CREATED || a.kind == WATCH_RENAMED)
		a.name = attribute(ev, "name");
	/* an event without its attributes, for they were too long: its own answer has the name */
	if ((a.kind == WATCH_CREATED || a.kind == WATCH_RENAMED) && !a.name)
		a.kind = WATCH_STARTED;

	if (a.kind != WATCH_IGNORE &&
	    ((network && !watch_network_id_valid(a.network)) ||
	     (a.kind != WATCH_NETWORK_GONE && !watch_id_valid(a.container))))
		a = (struct watch_action){.kind = WATCH_RESYNC};
	*ret = a;
}
