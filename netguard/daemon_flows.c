/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ends what a change of the table no longer allows. */
#include "netguard/daemon_private.h"

#include "common/log.h"
#include "netguard/flows.h"

#include <errno.h>
#include <ifaddrs.h>

struct addresses {
	struct addr *items;
	size_t n;
};

static bool is_local(void *userdata, const struct addr *a)
{
	const struct addresses *list = userdata;

	if (a->family == AF_INET && a->bytes[0] == 127)
		return true;
	for (size_t i = 0; i < list->n; i++) {
		if (addr_compare(&list->items[i], a) == 0)
			return true;
	}
	return false;
}

static int read_addresses(struct addresses *ret, struct err *err)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) < 0)
		return err_os(err, errno, "the host's addresses");
	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		int family = i->ifa_addr ? i->ifa_addr->sa_family : AF_UNSPEC;
		struct addr a = {.family = family};

		if (family == AF_INET)
			memcpy(a.bytes, &((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr, 4);
		else if (family == AF_INET6)
			memcpy(a.bytes, &((struct sockaddr_in6 *)(void *)i->ifa_addr)->sin6_addr,
			       16);
		else
			continue;
		ARRAY_PUSH(ret->items, ret->n) = a;
	}
	freeifaddrs(list);
	return 0;
}

static int end_flows(struct daemon *d, const struct flows_change *c, struct err *err)
{
	struct addresses list = {0};
	int r = read_addresses(&list, err);

	if (r == 0 && !d->flows)
		r = flows_new(&d->flows, err);
	if (r == 0)
		r = flows_end(d->flows, c, is_local, &list, err);
	free(list.items);
	return r;
}

/* What is owed already stays: what was allowed since and is not now, the table's rules tell. */
static void owe(struct daemon *d, const struct elements *before, const struct err *err)
{
	if (!d->owed_ms)
		log_warning("flows that are allowed no more go on: %s; that is tried again",
			    err->text);
	if (d->owed)
		d->sweep = true;
	else
		d->owed = elements_copy(before);
	d->owed_ms = timer_longer(d->owed_ms, DAEMON_RETRY_MIN_MS, DAEMON_RETRY_MAX_MS);
}

void daemon_end_flows(struct daemon *d, const struct elements *before, const struct elements *after)
{
	_cleanup_(flows_change_freep)
	struct flows_change *c = flows_change_new(before, after);
	struct err err;
	int r;

	if (!c)
		return;
	r = end_flows(d, c, &err);
	if (r < 0)
		owe(d, before, &err);
	else if (r > 0)
		log_info("%d flow%s ended that %s no more", r, r == 1 ? "" : "s",
			 r == 1 ? "is allowed" : "are allowed");
}

void daemon_end_owed_flows(struct daemon *d)
{
	_cleanup_(elements_freep)
	struct elements *owed = take_ptr(d->owed);

	if (owed)
		daemon_end_flows(d, owed, keeper_holds(d->keeper));
	if (!d->owed)
		d->owed_ms = 0;
	else if (d->retry.fd >= 0)
		timer_set(&d->retry, d->owed_ms, 0);
}

/* What was found, less the members that are none now. */
static struct elements *without_lost_members(const struct elements *found,
					     const struct elements *now)
{
	struct elements *ret = elements_new();

	for (unsigned set = 0; set < SET_COUNT_; set++) {
		bool members = set == SET_MEMBERS4 || set == SET_MEMBERS6;

		for (size_t i = 0; i < found->n[set]; i++) {
			const struct nft_element *e = &found->sets[set][i];

			if (!members || elements_find(now, set, e))
				elements_add_copy(ret, set, e);
		}
	}
	elements_normalize(ret);
	return ret;
}

void daemon_end_found_flows(struct daemon *d)
{
	_cleanup_(elements_freep)
	struct elements *known = NULL;

	if (!d->found)
		return;
	/* a file that is broken at the start denies what is new, but revokes nothing; once mended
	 */
	if (config_closed(d->config)) {
		d->sweep = true;
	} else {
		/*
		 * The engine has not told of all yet: a container of the last moments, which only
		 * the table knows of, goes on.
		 */
		if (!d->watch || watch_get_state(d->watch) != WATCH_UP)
			known = without_lost_members(d->found, keeper_holds(d->keeper));
		daemon_end_flows(d, known ? known : d->found, keeper_holds(d->keeper));
	}
	if (d->watch && watch_get_state(d->watch) == WATCH_UP)
		elements_free(take_ptr(d->found));
}
