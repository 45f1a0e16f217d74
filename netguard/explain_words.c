/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a person reads about one way of one packet: the rule that decided, why, and what in the
 * configuration says so or would have to. Found from the chain and the set of the rule, never
 * decided anew here: where a chain is not known by name, the words are general, the verdict stands.
 */
#include "netguard/explain_private.h"

#include "netguard/ruleset.h"

#include <stdio.h>

struct words {
	const struct explain_run *run;
	const struct explain_context *x;
	const struct explain_flow *f;
	const struct explain_trace *t;
	const struct explain_step *step; /* that decided, or NULL: the policy */
	struct explain_case *c;
};

static const char *pod_of(const struct explain_end *e)
{
	return e->root && e->root->pod ? e->root->pod : NULL;
}

static const char *user_of(const struct explain_end *e, char buf[static 16])
{
	if (e->user)
		return e->user;
	snprintf(buf, 16, "%u", (unsigned)e->uid);
	return buf;
}

static struct ports port_of(const struct words *w)
{
	return (struct ports){w->f->proto, w->f->port, w->f->port};
}

/* Sets key and mark by path; the item by kind. */
static bool place(struct words *w, const char *a, const char *b, const char *d,
		  struct explain_key item)
{
	item.path[0] = a;
	item.path[1] = b;
	item.path[2] = d;
	item.proto = w->f->proto;
	item.port = w->f->port;
	return explain_place(w->run, &item, w->c);
}

#define REASON(...) (w->c->reason = xasprintf(__VA_ARGS__))
#define CHANGE(...) (w->c->change = xasprintf(__VA_ARGS__))

/* "add X to the list", or the whole key where it is not there. */
static void change_list(struct words *w, const char *key, bool there, const char *item)
{
	if (there)
		CHANGE("add %s", item);
	else
		CHANGE("write %s: [%s]", key, item);
}

/* Adds to a list below pods.POD. */
static void add_to_pod(struct words *w, const char *pod, const char *key, const char *item)
{
	struct explain_key list = {.item = ITEM_NONE};

	change_list(w, key, place(w, "pods", pod, key, list), item);
}

/* ---- accepted ---- */

/* Of a list of users: the entry by name or number, else the list (a group stands in it). */
static void place_user(struct words *w, const char *a, const char *b, const char *d)
{
	char number[16];
	struct explain_key item = {.item = ITEM_TEXT, .text = user_of(w->f->from, number)};

	place(w, a, b, d, item);
}

static void allowed_user(struct words *w)
{
	const struct settings_guard *g = &w->x->settings->guard;
	char number[16];
	const char *user = user_of(w->f->from, number);
	bool named = strv_has(&g->allowed_users, user);

	if (!named && g->allowed_groups.n > 0)
		place(w, "guard", "allowed_groups", NULL, (struct explain_key){.item = ITEM_NONE});
	else
		place_user(w, "guard", "allowed_users", NULL);
	REASON("user %s may reach every container", user);
}

static void pod_user(struct words *w, const char *pod)
{
	char number[16];

	place_user(w, "pods", pod, "users");
	REASON("user %s is one of the users of pod %s", user_of(w->f->from, number), pod);
}

static const char *owner_of_port(const struct words *w)
{
	const struct settings_grant *g =
		settings_find_grant(w->x->settings, w->f->proto, w->f->port);

	if (g)
		return g->pod;
	return w->f->publisher && w->f->publisher->pod ? w->f->publisher->pod : "?";
}

static void whitelisted(struct words *w)
{
	char text[PORTS_TEXT_MAX];
	struct ports port = port_of(w);

	place(w, "port_whitelist", NULL, NULL, (struct explain_key){.item = ITEM_PORT});
	REASON("the whitelist gives host port %s to pod %s%s", ports_format(&port, text),
	       owner_of_port(w), w->f->publisher ? "" : ", and nobody publishes it now");
}

static void linked(struct words *w, bool any)
{
	const char *a = pod_of(w->f->from), *b = pod_of(w->f->to);
	const struct settings_pod *p = a ? settings_find_pod(w->x->settings, a) : NULL;

	if (a && b && streq(a, b)) {
		REASON("containers of one pod reach each other");
		return;
	}
	for (size_t i = 0; p && b && i < p->n_connect_to; i++) {
		if (!streq(p->connect_to[i].pod, b))
			continue;
		place(w, "pods", a, "connect_to",
		      (struct explain_key){.item = ITEM_KEY, .text = b});
		REASON("pod %s may connect to pod %s%s", a, b, any ? ", on any port" : "");
		return;
	}
	place(w, "guard", "pod_to_pod", NULL, (struct explain_key){.item = ITEM_NONE});
	REASON("pods may reach each other");
}

static void egress_entry(struct words *w)
{
	const char *pod = pod_of(w->f->from);
	const struct settings_pod *p = pod ? settings_find_pod(w->x->settings, pod) : NULL;
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; p && i < p->n_egress; i++) {
		const struct settings_egress *e = &p->egress[i];

		if (!prefix_contains(&e->to, &w->f->to->addr) ||
		    !ports_contain(&e->ports, w->f->proto, w->f->port))
			continue;
		place(w, "pods", pod, "egress",
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
	const char *pod = pod_of(f->from);
	char text[PORTS_TEXT_MAX];
	struct ports port = port_of(w);

	if (f->from->process) {
		REASON("a container in the host's network is a process of the host: not guarded");
	} else if (f->from->side == SIDE_CONTAINER && f->to->side == SIDE_WORLD && pod) {
		place(w, "pods", pod, "egress", (struct explain_key){.item = ITEM_NONE});
		REASON("pod %s has no egress list, so it reaches everything outside", pod);
	} else if (f->from->side == SIDE_USER && f->publisher) {
		place(w, "port_whitelist", NULL, NULL, (struct explain_key){.item = ITEM_PORT});
		REASON("host port %s is published and not private: every user of the host reaches "
		       "it",
		       ports_format(&port, text));
	} else {
		REASON("no rule of the table is about this: what the host serves, and what does "
		       "not touch a container, is left as it is");
	}
}

static void accepted(struct words *w)
{
	enum set_id set =
		w->step && w->step->set ? (enum set_id)(w->step->set - ruleset_set(0)) : SET_COUNT_;
	const char *from = pod_of(w->f->from), *to = pod_of(w->f->to);

	switch (set) {
	case SET_ALLOWED_UIDS:
		allowed_user(w);
		break;
	case SET_POD_UIDS4:
	case SET_POD_UIDS6:
		pod_user(w, to ? to : "?");
		break;
	case SET_PORT_UIDS:
		pod_user(w, owner_of_port(w));
		break;
	case SET_HOST_PORTS:
		place(w, "guard", "host_ports", NULL, (struct explain_key){.item = ITEM_PORT});
		REASON("every container may reach this port of the host");
		break;
	case SET_POD_HOST_PORTS4:
	case SET_POD_HOST_PORTS6:
		place(w, "pods", from, "host_ports", (struct explain_key){.item = ITEM_PORT});
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
		place(w, "pods", to, "direct_ports", (struct explain_key){.item = ITEM_PORT});
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

/* ---- denied ---- */

/* Whether an end is a container that the table does not know; then that is the reason. */
static bool stranger(struct words *w, const struct explain_end *e)
{
	const struct member *m = e->root;
	char text[ADDR_TEXT_MAX];

	if (e->side != SIDE_CONTAINER ||
	    (!e->forged && explain_is_member(w->x, e->iface, &e->addr)))
		return false;
	addr_format(&e->addr, text);
	if (e->forged) {
		REASON("%s is not an address of %s: a container sends only from its own", text,
		       m->name);
	} else if (!m) {
		REASON("%s is on a container's bridge, and no container that netguard knows has it",
		       text);
	} else if (!m->pod) {
		place(w, "other_containers", "guard", NULL,
		      (struct explain_key){.item = ITEM_NONE});
		CHANGE("write guard: true");
		REASON("%s is not guarded as a pod, and its bridge is: closed", m->name);
	} else {
		REASON("%s of %s is not in the table: claimed by several containers, or not put in "
		       "yet (see netguard status)",
		       text, m->name);
	}
	return true;
}

static void denied_user(struct words *w)
{
	const char *pod = pod_of(w->f->to);
	char number[16];
	const char *user = user_of(w->f->from, number);

	if (w->f->second) {
		change_list(w, "allowed_users",
			    place(w, "guard", "allowed_users", NULL,
				  (struct explain_key){.item = ITEM_NONE}),
			    "root");
		REASON("docker-proxy carries it and connects as root, who may not reach "
		       "containers");
		return;
	}
	if (stranger(w, w->f->to) || !pod)
		return;
	add_to_pod(w, pod, "users", user);
	REASON("user %s is neither a user of pod %s nor among those who may reach every container",
	       user, pod);
}

static void denied_private_port(struct words *w)
{
	const char *pod = owner_of_port(w);
	const struct settings_grant *g =
		settings_find_grant(w->x->settings, w->f->proto, w->f->port);
	char text[PORTS_TEXT_MAX], number[16];
	struct ports port = port_of(w);
	const char *user = user_of(w->f->from, number);

	add_to_pod(w, pod, "users", user);
	REASON("host port %s is private to the users of pod %s (%s), and %s is none of them",
	       ports_format(&port, text), pod,
	       g && g->pod_users_only ? "host_users: pod" : "published on a loopback address",
	       user);
}

static void denied_host_port(struct words *w)
{
	const char *pod = pod_of(w->f->from);
	const struct settings_pod *p = pod ? settings_find_pod(w->x->settings, pod) : NULL;
	struct ports port = port_of(w);
	char text[PORTS_TEXT_MAX];

	if (stranger(w, w->f->from) || !pod)
		return;
	if (w->step && w->step->found) {
		if (p && p->host_rate.rate)
			place(w, "pods", pod, "host_rate", (struct explain_key){.item = ITEM_NONE});
		else
			place(w, "guard", "host_rate", NULL,
			      (struct explain_key){.item = ITEM_NONE});
		CHANGE("write a higher rate");
		REASON("pod %s made new connections to the host faster than its rate", pod);
		return;
	}
	if (w->f->proto == IPPROTO_ICMP) {
		REASON("containers reach only ports of the host, over TCP and UDP; no key allows "
		       "ICMP");
		return;
	}
	add_to_pod(w, pod, "host_ports", ports_format(&port, text));
	REASON("this port of the host is neither open to every container nor to pod %s", pod);
}

static void not_whitelisted(struct words *w)
{
	const struct settings_grant *g =
		settings_find_grant(w->x->settings, w->f->proto, w->f->port);
	const struct member *m = w->f->publisher;
	const char *pod = m && m->pod ? m->pod : "POD";
	struct ports port = port_of(w);
	char text[PORTS_TEXT_MAX], from[ADDR_TEXT_MAX];

	place(w, "port_whitelist", NULL, NULL, (struct explain_key){.item = ITEM_PORT});
	ports_format(&port, text);
	if (!g) {
		CHANGE("write %s: %s", text, pod);
		REASON("host port %s is published by %s, and the whitelist does not have it", text,
		       m ? m->name : "a container");
	} else if (m && (!m->pod || !streq(m->pod, g->pod))) {
		CHANGE("give it to pod %s", pod);
		REASON("the whitelist gives host port %s to pod %s, but %s publishes it", text,
		       g->pod, m->name);
	} else if (g->n_from > 0) {
		addr_format(&w->f->from->addr, from);
		CHANGE("add %s to from", from);
		REASON("the whitelist lets only some sources reach host port %s of pod %s", text,
		       g->pod);
	} else {
		REASON("another container publishes host port %s too: closed until it goes", text);
	}
}

static void denied_direct(struct words *w)
{
	const char *pod = pod_of(w->f->to);
	struct ports port = port_of(w);
	char text[PORTS_TEXT_MAX];

	if (w->f->publisher) {
		not_whitelisted(w);
		return;
	}
	if (stranger(w, w->f->to) || !pod)
		return;
	if (w->f->proto == IPPROTO_ICMP) {
		REASON("from outside, only ports of a container's own address can be opened, "
		       "over TCP and UDP");
		return;
	}
	add_to_pod(w, pod, "direct_ports", ports_format(&port, text));
	REASON("from outside, a container is reached by whitelisted published ports and "
	       "direct_ports only");
}

static void denied_link(struct words *w)
{
	const char *a = pod_of(w->f->from), *b = pod_of(w->f->to);
	struct ports port = port_of(w);
	char text[PORTS_TEXT_MAX];
	bool there;

	if (stranger(w, w->f->from) || stranger(w, w->f->to) || !a || !b)
		return;
	there = place(w, "pods", a, "connect_to",
		      (struct explain_key){.item = ITEM_KEY, .text = b});
	/* links with ports know TCP and UDP only */
	if (w->f->proto == IPPROTO_ICMP)
		CHANGE(there ? "add %s: any" : "write connect_to: { %s: any }", b);
	else if (there)
		CHANGE("add %s: [%s]", b, ports_format(&port, text));
	else
		CHANGE("write connect_to: { %s: [%s] }", b, ports_format(&port, text));
	REASON("pod %s may not connect to pod %s on this port", a, b);
}

static void denied_egress(struct words *w)
{
	const char *pod = pod_of(w->f->from);
	struct ports port = port_of(w);
	char text[PORTS_TEXT_MAX], to[ADDR_TEXT_MAX];
	bool six = w->f->to->addr.family == AF_INET6;

	if (!pod)
		return;
	place(w, "pods", pod, "egress", (struct explain_key){.item = ITEM_NONE});
	addr_format(&w->f->to->addr, to);
	if (w->f->proto == IPPROTO_ICMP)
		CHANGE("take the list away: it knows TCP and UDP only");
	else
		CHANGE("add \"%s%s%s:%s\"", six ? "[" : "", to, six ? "]" : "",
		       ports_format(&port, text));
	REASON("pod %s has an egress list, and this is not in it", pod);
}

static void denied_loopback(struct words *w)
{
	REASON("127.0.0.0/8 is the host's own: nothing from outside reaches it, whatever is "
	       "published there");
}

static void denied_forged(struct words *w)
{
	if (!stranger(w, w->f->from))
		REASON("the sender's address or MAC is not that of its interface");
}

static void denied(struct words *w)
{
	static const struct {
		const char *chain;
		void (*say)(struct words *w);
	} chains[] = {
		{"from_container", denied_forged},
		{"own_ip", denied_forged},
		{"own_ip6", denied_forged},
		{"input", denied_loopback},
		{"host_to_container", denied_user},
		{"host_to_private_port", denied_private_port},
		{"container_to_host", denied_host_port},
		{"to_published_port", not_whitelisted},
		{"to_rewritten_port", not_whitelisted},
		{"to_container", denied_direct},
		{"container_to_container", denied_link},
		{"limited_egress", denied_egress},
	};

	for (size_t i = 0; w->step && i < ARRAY_SIZE(chains); i++) {
		if (streq(w->step->chain->name, chains[i].chain))
			chains[i].say(w);
	}
	if (!w->c->reason)
		REASON("the table refuses it as %s", w->t->counter ? w->t->counter : "not allowed");
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
		denied(&words);
	else
		accepted(&words);
	forget_unwritable(c, pod_of(f->from));
	forget_unwritable(c, pod_of(f->to));
}
