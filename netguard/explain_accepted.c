/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a packet was let through: from the set that the deciding rule looked it up in. */
#include "netguard/explain_words.h"

#include "netguard/ruleset.h"

/* Of a list of users: the entry by name or number, else the list (a group stands in it). */
static void place_user(struct words *w, const char *a, const char *b, const char *d)
{
	char number[16];
	struct explain_key item = {.item = ITEM_TEXT, .text = words_user_of(w->f->from, number)};

	words_place(w, a, b, d, item);
}

static void allowed_user(struct words *w)
{
	const struct settings_guard *g = &w->x->settings->guard;
	char number[16];
	const char *user = words_user_of(w->f->from, number);
	bool named = strv_has(&g->allowed_users, user);

	if (!named && g->allowed_groups.n > 0)
		words_place(w, "guard", "allowed_groups", NULL,
			    (struct explain_key){.item = ITEM_NONE});
	else
		place_user(w, "guard", "allowed_users", NULL);
	REASON("user %s may reach every container", user);
}

static void pod_user(struct words *w, const char *pod)
{
	char number[16];

	place_user(w, "pods", pod, "users");
	REASON("user %s is one of the users of pod %s", words_user_of(w->f->from, number), pod);
}

static void whitelisted(struct words *w)
{
	char text[PORTS_TEXT_MAX];
	struct ports port = words_port_of(w);

	words_place(w, "port_whitelist", NULL, NULL, (struct explain_key){.item = ITEM_PORT});
	REASON("the whitelist gives host port %s to pod %s%s", ports_format(&port, text),
	       words_owner_of_port(w), w->f->publisher ? "" : ", and nobody publishes it now");
}

static void linked(struct words *w, bool any)
{
	const char *a = words_pod_of(w->f->from), *b = words_pod_of(w->f->to);
	const struct settings_pod *p = a ? settings_find_pod(w->x->settings, a) : NULL;

	if (a && b && streq(a, b)) {
		REASON("containers of one pod reach each other");
		return;
	}
	for (size_t i = 0; p && b && i < p->n_connect_to; i++) {
		if (!streq(p->connect_to[i].pod, b))
			continue;
		words_place(w, "pods", a, "connect_to",
			    (struct explain_key){.item = ITEM_KEY, .text = b});
		REASON("pod %s may connect to pod %s%s", a, b, any ? ", on any port" : "");
		return;
	}
	words_place(w, "guard", "pod_to_pod", NULL, (struct explain_key){.item = ITEM_NONE});
	REASON("pods may reach each other");
}

static void egress_entry(struct words *w)
{
	const char *pod = words_pod_of(w->f->from);
	const struct settings_pod *p = pod ? settings_find_pod(w->x->settings, pod) : NULL;
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; p && i < p->n_egress; i++) {
		const struct settings_egress *e = &p->egress[i];

		if (!prefix_contains(&e->to, &w->f->to->addr) ||
		    !ports_contain(&e->ports, w->f->proto, w->f->port))
			continue;
		words_place(w, "pods", pod, "egress",
			    (struct explain_key){.item = ITEM_INDEX, .index = i});
		REASON("pod %s may reach %s outside on this port", pod,
		       prefix_format(&e->to, text));
		return;
	}
	REASON("the egress list has it");
}

/* By the policy: no rule refused it. */
static void accepted_by_policy(struct words *w)
{
	const struct explain_flow *f = w->f;
	const char *pod = words_pod_of(f->from);
	char text[PORTS_TEXT_MAX];
	struct ports port = words_port_of(w);

	if (f->from->process) {
		REASON("a container in the host's network is a process of the host: not guarded");
	} else if (f->from->side == SIDE_CONTAINER && f->to->side == SIDE_WORLD && pod) {
		words_place(w, "pods", pod, "egress", (struct explain_key){.item = ITEM_NONE});
		REASON("pod %s has no egress list, so it reaches everything outside", pod);
	} else if (f->from->side == SIDE_USER && f->publisher) {
		words_place(w, "port_whitelist", NULL, NULL,
			    (struct explain_key){.item = ITEM_PORT});
		REASON("host port %s is published and not private: every user of the host reaches "
		       "it",
		       ports_format(&port, text));
	} else {
		REASON("no rule of the table is about this: what the host serves, and what does "
		       "not touch a container, is left as it is");
	}
}

void words_accepted(struct words *w)
{
	enum set_id set =
		w->step && w->step->set ? (enum set_id)(w->step->set - ruleset_set(0)) : SET_COUNT_;
	const char *from = words_pod_of(w->f->from), *to = words_pod_of(w->f->to);

	switch (set) {
	case SET_ALLOWED_UIDS:
		allowed_user(w);
		break;
	case SET_POD_UIDS4:
	case SET_POD_UIDS6:
		pod_user(w, to ? to : "?");
		break;
	case SET_PORT_UIDS:
		pod_user(w, words_owner_of_port(w));
		break;
	case SET_HOST_PORTS:
		words_place(w, "guard", "host_ports", NULL,
			    (struct explain_key){.item = ITEM_PORT});
		REASON("every container may reach this port of the host");
		break;
	case SET_POD_HOST_PORTS4:
	case SET_POD_HOST_PORTS6:
		words_place(w, "pods", from, "host_ports", (struct explain_key){.item = ITEM_PORT});
		REASON("pod %s may reach this port of the host", from ? from : "?");
		break;
	case SET_PORT_WHITELIST:
	case SET_PORT_WHITELIST_FROM4:
	case SET_PORT_WHITELIST_FROM6:
	case SET_PROXIED_PORTS:
	case SET_PUBLISHED4:
	case SET_PUBLISHED6:
		whitelisted(w);
		break;
	case SET_OPEN4:
	case SET_OPEN6:
	case SET_LINKS4:
	case SET_LINKS6:
	case SET_LINKS_ANY4:
	case SET_LINKS_ANY6:
		linked(w, set != SET_LINKS4 && set != SET_LINKS6);
		break;
	case SET_DIRECT4:
	case SET_DIRECT6:
		words_place(w, "pods", to, "direct_ports", (struct explain_key){.item = ITEM_PORT});
		REASON("this port of pod %s is open at the container's own address", to ? to : "?");
		break;
	case SET_EGRESS4:
	case SET_EGRESS6:
		egress_entry(w);
		break;
	default:
		accepted_by_policy(w);
	}
}
