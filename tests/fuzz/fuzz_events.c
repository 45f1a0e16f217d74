/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of GET /events, one event each. */
#include "engine/engine.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(const char *line, size_t size)
{
	/* a block of exactly its size, so that a read behind it is seen */
	_cleanup_free_ char *copy = xmemdup(line, size);
	_cleanup_free_ char *shortened = engine_event_shorten(copy, size);
	struct engine_event ev, brief = {0};
	struct err err = {0};
	const char *key;
	json_t *value;

	if (shortened && engine_event_parse(shortened, strlen(shortened), &brief, &err) == 0)
		assert(json_object_size(brief.attributes) == 0);
	if (engine_event_parse(copy, size, &ev, &err) < 0) {
		assert(err.code > 0 && err.text[0]);
		engine_event_done(&brief);
		return;
	}
	/* it says the same of what has an id, or nothing; with NULs keys may be there twice */
	if (brief.type && brief.id[0] && !memmem(copy, size, "\\u0000", 6))
		assert(streq(brief.type, ev.type) && streq(brief.action, ev.action) &&
		       streq(brief.id, ev.id));
	engine_event_done(&brief);
	assert(ev.type[0] && ev.action[0] && ev.id && ev.time_nano >= 0);
	if (streq(ev.type, "container") || streq(ev.type, "network"))
		assert(ev.id[0] && !strpbrk(ev.id, "/ \n?#%"));
	json_object_foreach (ev.attributes, key, value)
		assert(json_is_string(value));
	engine_event_done(&ev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size, *newline;

	while ((newline = memchr(text, '\n', (size_t)(end - text)))) {
		parse(text, (size_t)(newline - text));
		text = newline + 1;
	}
	parse(text, (size_t)(end - text));
	return 0;
}
