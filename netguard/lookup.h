/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Questions to the name service, one at a time, in a thread: however long it takes to answer, or
 * whether it ever does, the loop goes on.
 *
 * The thread has nothing of the loop's: it gets a copy of what is asked, and leaves the answers
 * where the loop takes them. It has all of the process's filters where it is started behind them,
 * so none is started before the loop runs.
 */
#pragma once

#include "common/accounts.h"
#include "netguard/loop.h"

struct lookup;

/* Called from the loop, or from lookup_wait: the answers are the callee's now. */
typedef void lookup_fn(void *userdata, struct account_answers *answers);

int lookup_new(struct loop *l, lookup_fn *answered, void *userdata, struct lookup **ret,
	       struct err *err);
/* A question that is under way ends by itself, and nobody hears of it. */
void lookup_free(struct lookup *l);
DEFINE_CLEANUP(struct lookup, lookup_free);

/* Asks for entries, as accounts_ask; takes them over. -EBUSY while a question is under way. */
int lookup_start(struct lookup *l, struct strv *entries, struct err *err);
bool lookup_under_way(const struct lookup *l);
/* Waits for the answers, ms at most, and hands them over at once when they come. */
void lookup_wait(struct lookup *l, int ms);
