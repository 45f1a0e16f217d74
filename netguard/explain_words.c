/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a person reads about one way of one packet: the rule that decided, why, and what in the
 * configuration says so or would have to. Found from the chain and the set of the rule, never
 * decided anew here: where a chain is not known by name, the words are general, the verdict stands.
 * What was let through is for explain_accepted.c to word, what was refused for explain_denied.c.
 */
#include "netguard/explain_words.h"

#include "netguard/ruleset.h"

#include <stdio.h>

const char *words_pod_of(const struct explain_end *e)
{
	return e->root && e->root->pod ? e->root->pod : NULL;
}

const char *words_user_of(const struct explain_end *e, char buf[static 16])
{
	if (e->user)
		return e->user;
	snprintf(buf, 16, "%u", (unsigned)e->uid);
	return buf;
}

struct ports words_port_of(const struct words *w)
{
	return (struct ports){w->f->proto, w->f->port, w->f->port};
}

bool words_place(struct words *w, const char *a, const char *b, const char *d,
		 struct explain_key item)
{
	item.path[0] = a;
	item.path[1] = b;
	item.path[2] = d;
	item.proto = w->f->proto;
	item.port = w->f->port;
	return explain_place(w->run, &item, w->c);
}

const char *words_owner_of_port(const struct words *w)
{
	const struct settings_grant *g =
		settings_find_grant(w->x->settings, w->f->proto, w->f->port);

	if (g)
		return g->pod;
	return w->f->publisher && w->f->publisher->pod ? w->f->publisher->pod : "?";
}

/* ---- the rule ---- */

static bool is_membership(const struct explain_step *s)
{
	return s->set == ruleset_set(SET_MEMBERS4) || s->set == ruleset_set(SET_MEMBERS6) ||
	       s->table->family == NFT_FAMILY_BRIDGE;
}

/* The step that decided, NULL where only policies let it pass. */
static const struct explain_step *decisive(const struct explain_trace *t)
{
	const struct explain_step *best = NULL;

	if (t->denied) {
		for (size_t i = t->n; i-- > 0;) {
			if (!startswith(t->steps[i].chain->name, "deny_"))
				return &t->steps[i];
		}
		return NULL;
	}
	/* an accept says more than a return, and the last look more than the first */
	for (size_t i = 0; i < t->n; i++) {
		const struct explain_step *s = &t->steps[i];
		bool accept = streq(s->verdict, "accept");

		if (is_membership(s) || (!accept && !streq(s->verdict, "return")))
			continue;
		if (accept || !best || !streq(best->verdict, "accept"))
			best = s;
	}
	return best;
}

static void put_rule(struct words *w)
{
	const struct explain_step *s = w->step;

	if (!s) {
		w->c->chain = w->t->base ? w->t->base->name : NULL;
		w->c->rule = xstrdup(w->t->base ? "policy accept" : NULL);
		return;
	}
	w->c->chain = s->chain->name;
	w->c->rule = nft_rule_text(s->rule);
	if (s->found)
		w->c->element = nft_element_text(s->set, s->found);
}

/* Of NAME/others nothing can be written: the configuration has no name for it. */
static void forget_unwritable(struct explain_case *c, const char *pod)
{
	if (!pod || !model_pod_apart(pod) ||
	    !((c->key && strstr(c->key, pod)) || (c->change && strstr(c->change, pod))))
		return;
	free(take_ptr(c->key));
	free(take_ptr(c->change));
	c->mark = (struct mark){0};
}

void explain_words(const struct explain_run *run, const struct explain_flow *f,
		   const struct explain_trace *t, struct explain_case *c)
{
	struct words words = {.run = run, .x = run->x, .f = f, .t = t, .step = decisive(t), .c = c};

	put_rule(&words);
	if (t->denied)
		words_denied(&words);
	else
		words_accepted(&words);
	forget_unwritable(c, words_pod_of(f->from));
	forget_unwritable(c, words_pod_of(f->to));
}
