/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files that word an explanation share: see explain_words.c. */
#pragma once

#include "netguard/explain_private.h"

struct words {
	const struct explain_run *run;
	const struct explain_context *x;
	const struct explain_flow *f;
	const struct explain_trace *t;
	const struct explain_step *step; /* that decided, or NULL: the policy */
	struct explain_case *c;
};

/* The reason and what to change, of the case that w is about: set once each. */
#define REASON(...) (w->c->reason = xasprintf(__VA_ARGS__))
#define CHANGE(...) (w->c->change = xasprintf(__VA_ARGS__))

/* Of an end: its pod, or NULL; its user, by name or number. */
const char *words_pod_of(const struct explain_end *e);
const char *words_user_of(const struct explain_end *e, char buf[static 16]);
/* The packet's port, and whose a published one of the host is: the whitelist's, or "?". */
struct ports words_port_of(const struct words *w);
const char *words_owner_of_port(const struct words *w);

/* Sets key and mark of the case by path; the item by kind. Whether the key is there. */
bool words_place(struct words *w, const char *a, const char *b, const char *d,
		 struct explain_key item);

void words_accepted(struct words *w);
void words_denied(struct words *w);
