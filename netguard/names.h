/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who the people of the configuration are, as they are known now: looked up again each minute, and
 * where the configuration changes.
 *
 * The name service may answer late, or never. Nobody waits for it: who is known stays known, who is
 * not known yet is left out, until it answers. There is never more than one question to it.
 */
#pragma once

#include "common/accounts.h"
#include "netguard/loop.h"

struct names;

/* Asks at once, however long that takes: for a start, and for programs that only print. */
struct names *names_ask_now(const struct settings *settings);
void names_free(struct names *n);
DEFINE_CLEANUP(struct names, names_free);

/* changed(userdata): called from the loop when the people are others. */
typedef void names_fn(void *userdata);
int names_watch(struct names *n, struct loop *l, names_fn *changed, void *userdata,
		struct err *err);

/*
 * The people of these settings from now on, which stay the caller's; behind names_watch only. Waits
 * a moment for the answer, for each question once; what is known then is in names_people, and is
 * not told by changed.
 */
void names_follow(struct names *n, const struct settings *settings);

const struct people *names_people(const struct names *n);
/* Whether a thread asks: within libraries that should not be taken down under it. */
bool names_asking(const struct names *n);
/* Why they are not as they are now, or NULL. */
const char *names_problem(const struct names *n);
