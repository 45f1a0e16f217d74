/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Findings to alerts. Pure: the clock comes in as a number.
 *
 * An alert is the same when container (by name), kind and text are; none is ever dropped for want
 * of room: what goes beyond the limits is counted in an alert that says so, and whose it is.
 */
#include "podctl/scan_room.h"

#include <errno.h>

#define TEXT_MANY "findings beyond the limit of one container's alerts"

void scan_alert_done(struct scan_alert *alert)
{
	free(alert->container);
	free(alert->container_id);
	free(alert->pod);
	free(alert->what);
}

void scan_alerts_done(struct scan_alerts *a)
{
	for (size_t i = 0; i < a->n; i++)
		scan_alert_done(&a->items[i]);
	free(a->items);
	*a = (struct scan_alerts){0};
}

static int compare_keys(const char *container, enum scan_kind kind, const char *what,
			const struct scan_alert *alert)
{
	int r = strcmp(container, alert->container);

	if (r == 0)
		r = (int)kind - (int)alert->kind;
	return r ? r : strcmp(what, alert->what);
}

static int compare_alerts(const void *a, const void *b)
{
	const struct scan_alert *x = a;

	return compare_keys(x->container, x->kind, x->what, b);
}

static int compare_ids(const void *a, const void *b)
{
	const struct scan_alert *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static void sort(struct scan_alerts *a, int (*compare)(const void *, const void *))
{
	if (a->n > 0)
		qsort(a->items, a->n, sizeof(*a->items), compare);
}

static int compare_findings(const void *a, const void *b)
{
	const struct scan_finding *x = a, *y = b;
	int r = (int)x->kind - (int)y->kind;

	return r ? r : strcmp(x->what, y->what);
}

/* One of the first n, which are sorted by their keys. */
static struct scan_alert *look_up(struct scan_alerts *a, size_t n, const char *container,
				  const struct scan_finding *f)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int r = compare_keys(container, f->kind, f->what, &a->items[middle]);

		if (r == 0)
			return &a->items[middle];
		if (r < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

struct merging {
	struct scan_alerts *alerts;
	size_t known; /* so many are sorted: those from before */
	int64_t now;
	bool for_root;
};

static void see_again(const struct merging *m, struct scan_alert *alert,
		      const struct scan_target *t, const struct scan_finding *f)
{
	/* acknowledged was what another container of this name had, or less than it is now */
	if (alert->acknowledged && (!streq(alert->container_id, t->id) || f->more > alert->more)) {
		alert->acknowledged = false;
		alert->fresh = true;
		alert->untold = !m->for_root;
	}
	if (!streq(alert->container_id, t->id)) {
		free(alert->container_id);
		alert->container_id = xstrdup(t->id);
	}
	if (!streq(alert->pod, t->pod)) {
		free(alert->pod);
		alert->pod = xstrdup(t->pod);
	}
	alert->present = true;
	alert->last = m->now;
	alert->count++;
	alert->more = f->more;
}

static void add(const struct merging *m, const struct scan_target *t, const struct scan_finding *f)
{
	struct scan_alerts *a = m->alerts;

	ARRAY_PUSH(a->items, a->n) = (struct scan_alert){
		.id = a->next++,
		.kind = f->kind,
		.container = xstrdup(t->name),
		.container_id = xstrdup(t->id),
		.pod = xstrdup(t->pod),
		.what = xstrdup(f->what),
		.first = m->now,
		.last = m->now,
		.count = 1,
		.more = f->more,
		.present = true,
		.fresh = true,
		.untold = !m->for_root,
	};
}

/* How many of the first n (sorted) are of this container. */
static size_t count_of(const struct scan_alerts *a, size_t n, const char *container)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += streq(a->items[i].container, container);
	return count;
}

/* The alert that counts what has none of its own. known: as of struct merging. */
static void count_more(struct merging *m, const struct scan_target *t, const char *text,
		       uint64_t more)
{
	char *what = scan_escape(text);
	struct scan_finding f = {.kind = SCAN_MORE, .what = what, .more = more};
	struct scan_alert *alert = look_up(m->alerts, m->known, t->name, &f);

	if (more > 0 && alert)
		see_again(m, alert, t, &f);
	else if (more > 0)
		add(m, t, &f);
	free(what);
}

static void merge_target(struct merging *m, struct scan_target *t)
{
	size_t room = SCAN_CONTAINER_ALERTS_MAX, taken = count_of(m->alerts, m->known, t->name);
	uint64_t more = 0;

	room -= taken < room ? taken : room;
	if (t->n_findings > 0)
		qsort(t->findings, t->n_findings, sizeof(*t->findings), compare_findings);
	for (size_t i = 0; i < t->n_findings; i++) {
		struct scan_finding *f = &t->findings[i];
		struct scan_alert *alert;

		if (i > 0 && compare_findings(f, f - 1) == 0)
			continue;
		alert = look_up(m->alerts, m->known, t->name, f);
		if (alert) {
			see_again(m, alert, t, f);
		} else if (room > 0) {
			add(m, t, f);
			room--;
		} else {
			more++;
		}
	}
	count_more(m, t, TEXT_MANY, more);
}

/* Whether this scan has looked for what the alert says and would have found it. */
static bool was_looked_for(const struct scan_targets *t, const struct scan_alert *alert)
{
	for (size_t i = 0; i < t->n; i++) {
		if (streq(t->items[i].name, alert->container))
			return !t->items[i].err.code;
	}
	return t->whole;
}

/* What was acknowledged and is over. sums: those too, which are known last. */
static void drop(struct scan_alerts *a, const struct scan_targets *t, bool sums)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->n; i++) {
		struct scan_alert *alert = &a->items[i];

		if (alert->acknowledged && !alert->present && was_looked_for(t, alert) &&
		    (sums || !scan_alert_is_sum(alert)))
			scan_alert_done(alert);
		else
			a->items[kept++] = *alert;
	}
	a->n = kept;
}

/* Before anything is found: what was there, and what root has not looked at. */
static void begin(struct scan_alerts *a, const struct scan_targets *t, bool for_root)
{
	for (size_t i = 0; i < a->n; i++) {
		struct scan_alert *alert = &a->items[i];
		bool looked = was_looked_for(t, alert);

		/* of what was not looked for nothing new is known */
		if (looked)
			alert->present = false;
		alert->fresh = alert->untold;
		if (looked && for_root)
			alert->untold = false;
	}
}

/* Not even for a sum: a scan of this owner has failed. */
static void fail_owner(struct scan_targets *t, const struct scan_owner *owner)
{
	for (size_t i = 0; i < t->n; i++) {
		struct scan_target *target = &t->items[i];

		if (streq(target->pod, owner->pod) &&
		    (*owner->pod || streq(target->name, owner->name)))
			err_set(&target->err, ENOSPC,
				"there is no room for its alerts: acknowledge others");
	}
}

/* What has no room is counted under the name of who had most, and of nobody else. */
static void make_room(struct merging *m, struct scan_targets *t)
{
	static char none[] = "";
	struct scan_target host = {.id = none, .name = none, .pod = none};
	struct scan_alerts *a = m->alerts;
	struct scan_owners owners = {0};
	size_t sums = 0;
	uint64_t beyond = 0;

	scan_alerts_make_room(a, &owners);
	sort(a, compare_alerts);
	m->known = a->n;
	for (size_t i = 0; i < a->n; i++)
		sums += scan_alert_is_sum(&a->items[i]);
	for (size_t i = 0; i < owners.n; i++) {
		const struct scan_owner *o = &owners.items[i];
		const struct scan_target target = {.id = none, .name = o->name, .pod = o->pod};
		size_t before = a->n;

		count_more(m, &target, *o->pod ? SCAN_SUM_OF_POD : SCAN_SUM, o->more);
		sums += a->n - before;
		if (sums <= SCAN_ALERTS_MAX)
			continue;
		/* as many pods as that are somebody's who makes pods to hide one */
		scan_alert_done(&a->items[--a->n]);
		sums--;
		beyond += o->more;
		fail_owner(t, o);
	}
	count_more(m, &host, SCAN_SUM, beyond);
	scan_owners_done(&owners);
}

void scan_alerts_merge(struct scan_alerts *a, struct scan_targets *t, int64_t now, bool for_root)
{
	struct merging m = {.alerts = a, .known = a->n, .now = now, .for_root = for_root};

	sort(a, compare_alerts);
	begin(a, t, for_root);
	if (a->next == 0)
		a->next = 1;
	for (size_t i = 0; i < t->n; i++)
		merge_target(&m, &t->items[i]);
	drop(a, t, false);
	make_room(&m, t);
	drop(a, t, true);
	sort(a, compare_ids);
}

bool scan_alert_of(const struct scan_alert *alert, const char *pod)
{
	return !pod || streq(alert->pod, pod);
}

int scan_alerts_acknowledge(struct scan_alerts *a, uint64_t id, const char *pod)
{
	int r = id == SCAN_ALL ? 0 : -ENOENT;

	for (size_t i = 0; i < a->n; i++) {
		struct scan_alert *alert = &a->items[i];

		if (scan_alert_of(alert, pod) && (id == SCAN_ALL || alert->id == id)) {
			alert->acknowledged = true;
			r = 0;
		}
	}
	return r;
}

size_t scan_alerts_standing(const struct scan_alerts *a, const char *pod)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += scan_alert_of(&a->items[i], pod) && !a->items[i].acknowledged;
	return n;
}

void scan_alerts_keep(struct scan_alerts *a, scan_wants *wants, void *userdata)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->n; i++) {
		if (wants(userdata, a->items[i].pod))
			a->items[kept++] = a->items[i];
		else
			scan_alert_done(&a->items[i]);
	}
	a->n = kept;
}

bool scan_id_parse(const char *text, uint64_t *ret)
{
	return *text == '@' && text[1] != '0' && text_number(text + 1, UINT64_MAX, ret);
}
