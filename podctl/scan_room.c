/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/scan_room.h"

struct share {
	size_t first, n; /* in the order of owners */
};

struct shares {
	struct share *items;
	size_t n;
};

void scan_owners_done(struct scan_owners *o)
{
	for (size_t i = 0; i < o->n; i++) {
		free(o->items[i].pod);
		free(o->items[i].name);
	}
	free(o->items);
	*o = (struct scan_owners){0};
}

bool scan_alert_is_sum(const struct scan_alert *alert)
{
	return alert->kind == SCAN_MORE &&
	       (streq(alert->what, SCAN_SUM) || streq(alert->what, SCAN_SUM_OF_POD));
}

static const char *owner_of(const struct scan_alert *alert)
{
	return *alert->pod ? alert->pod : alert->container;
}

static int compare_owners(const struct scan_alert *x, const struct scan_alert *y)
{
	int r = (*x->pod != '\0') - (*y->pod != '\0');

	return r ? r : strcmp(owner_of(x), owner_of(y));
}

/* Sums first, then owner by owner, of each the oldest first. */
static int compare(const void *a, const void *b)
{
	const struct scan_alert *x = a, *y = b;
	int r = (int)scan_alert_is_sum(y) - (int)scan_alert_is_sum(x);

	if (r == 0)
		r = compare_owners(x, y);
	return r ? r : (x->id > y->id) - (x->id < y->id);
}

static void find_shares(const struct scan_alerts *a, size_t sums, struct shares *ret)
{
	for (size_t i = sums; i < a->n; i++) {
		if (i == sums || compare_owners(&a->items[i], &a->items[i - 1]) != 0)
			ARRAY_PUSH(ret->items, ret->n) = (struct share){.first = i};
		ret->items[ret->n - 1].n++;
	}
}

/* The most that each may have so that all have room. */
static size_t fair_share(const struct shares *s)
{
	size_t low = 0, high = SCAN_ALERTS_MAX;

	while (low < high) {
		size_t middle = low + (high - low + 1) / 2, total = 0;

		for (size_t i = 0; i < s->n; i++)
			total += s->items[i].n < middle ? s->items[i].n : middle;
		if (total <= SCAN_ALERTS_MAX)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static void give_way(struct scan_alerts *a, const struct share *s, size_t most,
		     struct scan_owners *ret)
{
	const struct scan_alert *first = &a->items[s->first];
	struct scan_owner *owner;

	if (s->n <= most)
		return;
	owner = &ARRAY_PUSH(ret->items, ret->n);
	*owner = (struct scan_owner){.pod = xstrdup(first->pod), .name = xstrdup(owner_of(first))};
	for (size_t i = s->first + most; i < s->first + s->n; i++) {
		struct scan_alert *alert = &a->items[i];

		owner->more += alert->kind == SCAN_MORE ? alert->more : 1;
		scan_alert_done(alert);
		*alert = (struct scan_alert){0};
	}
}

void scan_alerts_make_room(struct scan_alerts *a, struct scan_owners *ret)
{
	struct shares shares = {0};
	size_t sums = 0, kept = 0, most;

	for (size_t i = 0; i < a->n; i++)
		sums += scan_alert_is_sum(&a->items[i]);
	if (a->n - sums <= SCAN_ALERTS_MAX)
		return;
	qsort(a->items, a->n, sizeof(*a->items), compare);
	find_shares(a, sums, &shares);
	most = fair_share(&shares);
	for (size_t i = 0; i < shares.n; i++)
		give_way(a, &shares.items[i], most, ret);
	for (size_t i = 0; i < a->n; i++) {
		if (a->items[i].what)
			a->items[kept++] = a->items[i];
	}
	a->n = kept;
	free(shares.items);
}
