/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alerts as they are stored. Pure. What is not whole is refused: alerts that can't be read are
 * not alerts that there are none of.
 */
#include "podctl/scan.h"

#include <errno.h>

#define STATE_VERSION 1

/* "untold" only where it is so: a version from before it reads all others. */
static json_t *alert_json(const struct scan_alert *x)
{
	json_t *json =
		json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:b}", "id",
			  (json_int_t)x->id, "kind", scan_kind_name(x->kind), "container",
			  x->container, "container_id", x->container_id, "pod", x->pod, "what",
			  x->what, "first", (json_int_t)x->first, "last", (json_int_t)x->last,
			  "count", (json_int_t)x->count, "more", (json_int_t)x->more,
			  "acknowledged", (int)x->acknowledged, "present", (int)x->present);

	if (json && x->untold && json_object_set_new(json, "untold", json_true()) < 0) {
		json_decref(json);
		return NULL;
	}
	return json;
}

char *scan_alerts_format(const struct scan_alerts *a)
{
	json_auto_t *list = json_array(), *root = NULL;

	if (!list)
		return NULL;
	for (size_t i = 0; i < a->n; i++) {
		/* an alert is not to be lost for want of memory */
		if (json_array_append_new(list, alert_json(&a->items[i])) < 0)
			return NULL;
	}
	root = json_pack("{s:i, s:I, s:O}", "version", STATE_VERSION, "next", (json_int_t)a->next,
			 "alerts", list);
	/* a line each would be easier to read, but nobody is to edit it */
	return json_dumps(root, JSON_COMPACT | JSON_ENSURE_ASCII);
}

static int read_kind(const char *name, enum scan_kind *ret)
{
	for (int k = 0; k < SCAN_KINDS; k++) {
		if (streq(scan_kind_name((enum scan_kind)k), name)) {
			*ret = (enum scan_kind)k;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_alert(json_t *json, uint64_t next, struct scan_alert *ret)
{
	const char *kind, *container, *container_id, *pod, *what;
	json_int_t id, first, last, count, more;
	int acknowledged, present, untold = 0;

	if (json_unpack(json, "{s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:b, s?b !}",
			"id", &id, "kind", &kind, "container", &container, "container_id",
			&container_id, "pod", &pod, "what", &what, "first", &first, "last", &last,
			"count", &count, "more", &more, "acknowledged", &acknowledged, "present",
			&present, "untold", &untold) < 0 ||
	    id <= 0 || (uint64_t)id >= next || count < 1 || more < 0 ||
	    read_kind(kind, &ret->kind) < 0)
		return -EINVAL;
	ret->id = (uint64_t)id;
	ret->container = xstrdup(container);
	ret->container_id = xstrdup(container_id);
	ret->pod = xstrdup(pod);
	ret->what = xstrdup(what);
	ret->first = first;
	ret->last = last;
	ret->count = (uint64_t)count;
	ret->more = (uint64_t)more;
	ret->acknowledged = acknowledged;
	ret->present = present;
	ret->untold = untold;
	return 0;
}

static int read_root(json_t *root, struct scan_alerts *ret)
{
	json_t *list = NULL, *entry;
	json_int_t next = 0;
	int version = 0;
	size_t i;

	if (json_unpack(root, "{s:i, s:I, s:o !}", "version", &version, "next", &next, "alerts",
			&list) < 0 ||
	    version != STATE_VERSION || next < 1 || !json_is_array(list) ||
	    json_array_size(list) > 2 * SCAN_ALERTS_MAX + 1)
		return -EINVAL;
	ret->next = (uint64_t)next;
	json_array_foreach (list, i, entry) {
		struct scan_alert alert = {0};

		if (read_alert(entry, ret->next, &alert) < 0)
			return -EINVAL;
		ARRAY_PUSH(ret->items, ret->n) = alert;
	}
	return 0;
}

int scan_alerts_parse(const char *text, size_t size, struct scan_alerts *ret, struct err *err)
{
	json_error_t error;
	json_auto_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	struct scan_alerts alerts = {0};

	/* nothing is wrong with the text */
	if (!root && json_error_code(&error) == json_error_out_of_memory)
		abort();
	if (read_root(root, &alerts) < 0) {
		scan_alerts_done(&alerts);
		return err_set(err, EINVAL, "is not what podctl scan has written");
	}
	*ret = alerts;
	return 0;
}
