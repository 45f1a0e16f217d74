/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/denials_early.h"

static bool has_address(const struct member_address *a, const char *bridge, const struct addr *addr)
{
	struct addr local;

	if (!streq(a->bridge, bridge))
		return false;
	if (addr_compare(&a->ip4, addr) == 0 || addr_compare(&a->ip6, addr) == 0)
		return true;
	addr_link_local(a->mac, &local);
	return a->has_mac && addr_compare(&local, addr) == 0;
}

static bool is_own(const struct model *m, const struct denial_seen *seen)
{
	for (size_t i = 0; i < m->n_members; i++) {
		const struct member *member = &m->members[i];

		for (size_t j = 0; j < member->n_addresses; j++) {
			if (has_address(&member->addresses[j], seen->in, &seen->denial.from))
				return true;
		}
	}
	return false;
}

bool denials_early_take(struct denials_early *e, const struct model *m,
			const struct denial_seen *seen)
{
	if (e->n == DENIALS_EARLY || !streq(seen->denial.reason, "forged") || is_own(m, seen))
		return false;
	e->items[e->n++] = *seen;
	return true;
}

size_t denials_early_forget(struct denials_early *e, const struct model *m)
{
	size_t kept = 0, n = e->n;

	for (size_t i = 0; i < n; i++) {
		if (!is_own(m, &e->items[i]))
			e->items[kept++] = e->items[i];
	}
	e->n = kept;
	return n - kept;
}

bool denials_early_due(struct denials_early *e, uint64_t now_ms, struct denial_seen *ret)
{
	if (e->n == 0 || now_ms - e->items[0].at_ms < DENIALS_EARLY_MS)
		return false;
	*ret = e->items[0];
	e->n--;
	memmove(e->items, e->items + 1, e->n * sizeof(e->items[0]));
	return true;
}
