/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line of GET /events. Pure. API 1.52 leaves out status, id and from: Type, Action, Actor stay.
 */
#include "engine/json.h"

#include <errno.h>

void engine_event_done(struct engine_event *ev)
{
	free(ev->type);
	free(ev->action);
	free(ev->id);
	json_decref(ev->attributes);
	*ev = (struct engine_event){0};
}

/* Fills in ev, whose owner frees it also after a failure. */
static int decode(json_t *json, struct engine_event *ev, struct err *err)
{
	json_t *actor = NULL;
	int r;

	r = json_need_object(json, "event", err);
	if (r < 0)
		return r;
	r = json_get_string(json, "", "Type", &ev->type, err);
	if (r < 0)
		return r;
	r = json_get_string(json, "", "Action", &ev->action, err);
	if (r < 0)
		return r;
	if (!ev->type[0] || !ev->action[0])
		return err_set(err, EPROTO, "event of the engine without Type or Action");
	r = json_get_int(json, "", "timeNano", 0, INT64_MAX, &ev->time_nano, err);
	if (r < 0)
		return r;
	r = json_get_object(json, "", "Actor", &actor, err);
	if (r < 0)
		return r;
	/* those of other types are names (images, volumes) or nothing at all */
	if (streq(ev->type, "container") || streq(ev->type, "network"))
		r = json_get_id(actor, "Actor", "ID", &ev->id, err);
	else
		r = json_get_string(actor, "Actor", "ID", &ev->id, err);
	if (r < 0)
		return r;
	return json_get_strings(actor, "Actor", "Attributes", &ev->attributes, err);
}

int engine_event_parse(const char *line, size_t size, struct engine_event *ret, struct err *err)
{
	_cleanup_(engine_event_done)
	struct engine_event ev = {0};
	json_auto_t *json = NULL;
	int r;

	r = engine_json_parse(line, size, &json, err);
	if (r < 0)
		return r;
	r = decode(json, &ev, err);
	if (r < 0)
		return r;
	*ret = ev;
	ev = (struct engine_event){0};
	return 0;
}

/* what stands before the attributes: numbers, ids, an image's name */
#define BEGINNING_MAX ((size_t)64 * 1024)

char *engine_event_shorten(const char *line, size_t size)
{
	bool in_string = false, escaped = false;
	size_t depth = 0, n;

	/* {"Type":...,"Actor":{"ID":...,"Attributes":{ */
	for (n = 0; n < size && n < BEGINNING_MAX && depth < 3; n++) {
		if (escaped)
			escaped = false;
		else if (in_string && line[n] == '\\')
			escaped = true;
		else if (line[n] == '"')
			in_string = !in_string;
		else if (!in_string && line[n] == '{')
			depth++;
		else if (!in_string && line[n] == '}')
			return NULL;
	}
	return depth == 3 ? xasprintf("%.*s}}}", (int)n, line) : NULL;
}
