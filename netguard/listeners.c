/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/listeners.h"

struct listeners *listeners_new(void)
{
	return xcalloc(1, sizeof(struct listeners));
}

struct listeners *listeners_hold(struct listeners *l)
{
	if (l)
		l->holders++;
	return l;
}

void listeners_free(struct listeners *l)
{
	if (!l)
		return;
	if (l->holders > 0) {
		l->holders--;
		return;
	}
	free(l->items);
	free(l);
}

void listeners_add(struct listeners *l, const struct listener *item)
{
	ARRAY_PUSH(l->items, l->n) = *item;
}

static int compare_ports(const void *a, const void *b)
{
	const struct listener *x = a, *y = b;

	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	return (x->port > y->port) - (x->port < y->port);
}

static int compare(const void *a, const void *b)
{
	const struct listener *x = a, *y = b;
	int r = compare_ports(x, y);

	return r ? r : memcmp(x->cookie, y->cookie, sizeof(x->cookie));
}

void listeners_settle(struct listeners *l)
{
	if (l->n > 0)
		qsort(l->items, l->n, sizeof(*l->items), compare);
}

bool listeners_on(const struct listeners *l, uint8_t proto, uint16_t port, bool loopback)
{
	const struct listener key = {.proto = proto, .port = port};
	size_t i;

	if (!l)
		return false;
	i = array_place(&key, l->items, l->n, sizeof(key), compare_ports);
	for (; i < l->n && compare_ports(&key, &l->items[i]) == 0; i++) {
		if (loopback || !l->items[i].loopback)
			return true;
	}
	return false;
}

static struct listeners *pick(const struct listeners *before, const struct listeners *now,
			      bool were)
{
	struct listeners *picked = listeners_new();

	for (size_t i = 0, j = 0; i < now->n; i++) {
		while (j < before->n && compare(&before->items[j], &now->items[i]) < 0)
			j++;
		if ((j < before->n && compare(&before->items[j], &now->items[i]) == 0) == were)
			listeners_add(picked, &now->items[i]);
	}
	return picked;
}

struct listeners *listeners_still(const struct listeners *before, const struct listeners *now)
{
	return pick(before, now, true);
}

struct listeners *listeners_since(const struct listeners *before, const struct listeners *now)
{
	return pick(before, now, false);
}
