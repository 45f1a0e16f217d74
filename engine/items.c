/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A long array of JSON, value by value: a list of thousands of containers takes no more memory than
 * its longest entry. Pure.
 *
 * Here it is only found out where a value ends: by brackets, and strings in which they don't count.
 * Whether it is JSON is found out when it is parsed, and a value that is none ends all.
 */
#include "engine/engine.h"

#include <errno.h>

/*
 * Who makes a container has its labels in his hand, and an image may bring any. What is too big is
 * left out, one by one, and nothing makes the list as a whole fail: how long it may take is the
 * request's timeout.
 */
#define ITEM_MAX  ((size_t)4 * 1024 * 1024)
/* of those over SMALL_MAX so much is parsed, all together; then they are left out, too */
#define LARGE_MAX ((size_t)256 * 1024 * 1024)
#define SMALL_MAX ((size_t)64 * 1024)

enum { BEFORE, INSIDE, BEHIND };

void engine_items_done(struct engine_items *s)
{
	free(s->item);
	*s = (struct engine_items){0};
}

bool engine_items_whole(const struct engine_items *s)
{
	return s->place == BEHIND;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_blank(const char *text, size_t n)
{
	while (n > 0 && is_space(text[n - 1]))
		n--;
	return n == 0;
}

/* Of an entry that is too big nothing is kept. */
static void keep(struct engine_items *s, const char *data, size_t n)
{
	size_t most = s->large < LARGE_MAX ? ITEM_MAX : SMALL_MAX;

	if (s->over || n > most - s->size) {
		s->over = true;
		s->size = 0;
		return;
	}
	if (s->size + n > s->room) {
		if (s->room == 0)
			s->room = 4096;
		while (s->room < s->size + n)
			s->room *= 2;
		s->item = xreallocarray(s->item, s->room, 1);
	}
	if (n > 0)
		memcpy(s->item + s->size, data, n);
	s->size += n;
}

/* What was kept is a value, or the array is empty; last: its bracket has come. */
static int give(struct engine_items *s, bool last, engine_item_fn *fn, void *userdata,
		struct err *err)
{
	json_auto_t *json = NULL;
	int r;

	if (last && !s->any && !s->over && is_blank(s->item, s->size))
		return 0;
	s->any = true;
	if (s->over) {
		s->over = false;
		s->left_out++;
		return 0;
	}
	/* of an empty one nothing was kept, perhaps not even a place for it */
	r = engine_json_parse(s->size > 0 ? s->item : "", s->size, &json, err);
	s->large += s->size > SMALL_MAX ? s->size : 0;
	s->size = 0;
	return r < 0 ? r : fn(userdata, json, err);
}

/* Whether the value ends at c, of which what is between brackets and strings is a part. */
static bool ends_value(struct engine_items *s, char c)
{
	if (s->in_string) {
		if (s->escaped)
			s->escaped = false;
		else if (c == '\\')
			s->escaped = true;
		else if (c == '"')
			s->in_string = false;
		return false;
	}
	if (s->depth == 0 && (c == ',' || c == ']'))
		return true;
	if (c == '"')
		s->in_string = true;
	else if (c == '{' || c == '[')
		s->depth++;
	else if ((c == '}' || c == ']') && s->depth > 0)
		s->depth--;
	return false;
}

static int feed_inside(struct engine_items *s, const char *data, size_t size, size_t *ret_used,
		       engine_item_fn *fn, void *userdata, struct err *err)
{
	size_t n = 0;
	bool last;

	while (n < size && !ends_value(s, data[n]))
		n++;
	keep(s, data, n);
	*ret_used = n;
	if (n == size)
		return 0;
	last = data[n] == ']';
	*ret_used = n + 1;
	if (last)
		s->place = BEHIND;
	return give(s, last, fn, userdata, err);
}

int engine_items_feed(struct engine_items *s, const char *data, size_t size, engine_item_fn *fn,
		      void *userdata, struct err *err)
{
	for (size_t at = 0, used; at < size; at += used) {
		int r = 0;

		if (s->place == INSIDE) {
			r = feed_inside(s, data + at, size - at, &used, fn, userdata, err);
		} else {
			used = 1;
			if (s->place == BEFORE && data[at] == '[')
				s->place = INSIDE;
			else if (!is_space(data[at]))
				r = err_set(err, EPROTO, "bad JSON from the engine: no list");
		}
		if (r < 0)
			return r;
	}
	return 0;
}
