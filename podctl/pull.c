/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/pull.h"

#include <errno.h>
#include <jansson.h>

#define SIZE_MAX_SANE ((int64_t)1 << 50) /* so that sums of PULL_LAYERS_MAX can't overflow */

void pull_done(struct pull *p)
{
	free(p->layers);
	*p = (struct pull){0};
}

/* "4f4fb700ef54": other lines have a tag or nothing there. */
static bool is_layer_id(const char *id)
{
	return id && strlen(id) == 12 && strspn(id, "0123456789abcdef") == 12;
}

static struct pull_layer *layer_of(struct pull *p, const char *id)
{
	struct pull_layer *l;

	for (size_t i = 0; i < p->n; i++) {
		if (streq(p->layers[i].id, id))
			return &p->layers[i];
	}
	if (p->n >= PULL_LAYERS_MAX)
		return NULL;
	l = &ARRAY_PUSH(p->layers, p->n);
	*l = (struct pull_layer){0};
	memcpy(l->id, id, 12);
	return l;
}

static int64_t size_of(json_t *detail, const char *key)
{
	int64_t n = json_integer_value(json_object_get(detail, key));

	return n < 0 ? 0 : n > SIZE_MAX_SANE ? SIZE_MAX_SANE : n;
}

static void take_status(struct pull_layer *l, const char *status, json_t *detail)
{
	static const struct {
		const char *text;
		enum pull_state state;
	} states[] = {
		{"Pulling fs layer", PULL_WAITING},	 {"Waiting", PULL_WAITING},
		{"Retrying in", PULL_WAITING},		 {"Downloading", PULL_DOWNLOADING},
		{"Verifying Checksum", PULL_DOWNLOADED}, {"Download complete", PULL_DOWNLOADED},
		{"Extracting", PULL_EXTRACTING},	 {"Pull complete", PULL_DONE},
		{"Already exists", PULL_DONE},
	};
	int64_t total = size_of(detail, "total"), loaded = size_of(detail, "current");
	size_t i = 0;

	while (i < ARRAY_SIZE(states) && !startswith(status, states[i].text))
		i++;
	if (i == ARRAY_SIZE(states))
		return;
	l->state = states[i].state;
	if (streq(status, "Already exists"))
		l->was_here = true;
	/* what Extracting counts are bytes of another kind on some engines */
	if (l->state == PULL_DOWNLOADING) {
		l->total = total > l->total ? total : l->total;
		l->loaded = loaded > l->total ? l->total : loaded;
	} else if (l->state == PULL_WAITING) {
		l->loaded = 0;
	} else {
		l->loaded = l->total;
	}
}

/* What the line says went wrong, or NULL. */
static const char *failure(json_t *json)
{
	json_t *detail = json_object_get(json, "errorDetail");
	const char *text = json_string_value(json_object_get(detail, "message"));

	if (!text)
		text = json_string_value(json_object_get(json, "error"));
	if (!text && (detail || json_object_get(json, "error")))
		text = "the engine says that it failed, and not why";
	return text;
}

int pull_line(struct pull *p, const char *line, size_t size, struct err *err)
{
	json_auto_t *json = NULL;
	const char *text, *id, *status;
	struct pull_layer *l;

	if (size == 0 || (size == 1 && *line == '\r'))
		return 0;
	json = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(json))
		return err_set(err, EPROTO, "the engine's pull stream is not JSON");
	text = failure(json);
	if (text) {
		char shown[ERR_TEXT_MAX];

		return err_set(err, EIO, "%s", text_printable(shown, sizeof(shown), text));
	}
	id = json_string_value(json_object_get(json, "id"));
	status = json_string_value(json_object_get(json, "status"));
	if (!status || !is_layer_id(id) || startswith(status, "Pulling from "))
		return 0;
	l = layer_of(p, id);
	if (l)
		take_status(l, status, json_object_get(json, "progressDetail"));
	return 0;
}

void pull_sum(const struct pull *p, struct pull_sum *ret)
{
	struct pull_sum sum = {.state = p->n > 0 ? PULL_DONE : PULL_WAITING};
	bool loading = false;

	for (size_t i = 0; i < p->n; i++) {
		const struct pull_layer *l = &p->layers[i];

		if (l->was_here)
			continue;
		sum.layers++;
		sum.fetched += l->state == PULL_DONE;
		sum.loaded += l->loaded;
		sum.total += l->total;
		loading |= l->state == PULL_DOWNLOADING;
		if (l->state < sum.state)
			sum.state = l->state;
	}
	/* layers that wait for others that are on their way are no news */
	if (loading)
		sum.state = PULL_DOWNLOADING;
	*ret = sum;
}

bool pull_is_refusal(const char *text)
{
	static const char *const signs[] = {
		"unauthorized",	    "access denied",
		"denied:",	    "no basic auth credentials",
		"forbidden",	    "authentication required",
		"401 Unauthorized",
	};

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (strcasestr(text, signs[i]))
			return true;
	}
	return false;
}
