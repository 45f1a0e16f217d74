/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/control_budget.h"

#include "netguard/loop.h"

static void renew(struct control_spent *s, uint64_t now)
{
	if (s->since && now - s->since < 1000)
		return;
	s->since = now ? now : 1;
	s->us = 0;
}

/* The account of a user for this second. */
static struct control_spent *spent_of(struct control_budget *b, uid_t uid)
{
	struct control_spent *oldest = &b->users[0], *found = NULL;
	uint64_t now = loop_now_ms();

	for (size_t i = 0; i < CONTROL_SPENDERS && !found; i++) {
		if (b->users[i].since && b->users[i].uid == uid)
			found = &b->users[i];
		if (b->users[i].since < oldest->since)
			oldest = &b->users[i];
	}
	if (!found) {
		found = oldest;
		*found = (struct control_spent){.uid = uid};
	}
	renew(found, now);
	return found;
}

const char *control_budget_refuses(struct control_budget *b, uid_t uid)
{
	renew(&b->all, loop_now_ms());
	if (spent_of(b, uid)->us >= CONTROL_BUDGET_MS * 1000)
		return "this user has asked for too much: try again in a second";
	if (b->all.us >= CONTROL_BUDGET_ALL_MS * 1000)
		return "users have asked for too much: try again in a second";
	return NULL;
}

void control_budget_spend(struct control_budget *b, uid_t uid, uint64_t us)
{
	spent_of(b, uid)->us += us;
	b->all.us += us;
}
