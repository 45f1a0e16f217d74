/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a packet was refused, and what would let it through: from the chain of the deciding rule. */
#include "netguard/explain_words.h"

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

	change_list(w, key, words_place(w, "pods", pod, key, list), item);
}

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
		words_place(w, "other_containers", "guard", NULL,
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
	const char *pod = words_pod_of(w->f->to);
	char number[16];
	const char *user = words_user_of(w->f->from, number);

	if (w->f->second) {
		change_list(w, "allowed_users",
			    words_place(w, "guard", "allowed_users", NULL,
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
	const char *pod = words_owner_of_port(w);
	const struct settings_grant *g =
		settings_find_grant(w->x->settings, w->f->proto, w->f->port);
	char text[PORTS_TEXT_MAX], number[16];
	struct ports port = words_port_of(w);
	const char *user = words_user_of(w->f->from, number);

	add_to_pod(w, pod, "users", user);
	REASON("host port %s is private to the users of pod %s (%s), and %s is none of them",
	       ports_format(&port, text), pod,
	       g && g->pod_users_only ? "host_users: pod" : "published on a loopback address",
	       user);
}

static void denied_host_port(struct words *w)
{
	const char *pod = words_pod_of(w->f->from);
	const struct settings_pod *p = pod ? settings_find_pod(w->x->settings, pod) : NULL;
	struct ports port = words_port_of(w);
	char text[PORTS_TEXT_MAX];

	if (stranger(w, w->f->from) || !pod)
		return;
	if (w->step && w->step->found) {
		if (p && p->host_rate.rate)
			words_place(w, "pods", pod, "host_rate",
				    (struct explain_key){.item = ITEM_NONE});
		else
			words_place(w, "guard", "host_rate", NULL,
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
	struct ports port = words_port_of(w);
	char text[PORTS_TEXT_MAX], from[ADDR_TEXT_MAX];

	words_place(w, "port_whitelist", NULL, NULL, (struct explain_key){.item = ITEM_PORT});
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
	const char *pod = words_pod_of(w->f->to);
	struct ports port = words_port_of(w);
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
	const char *a = words_pod_of(w->f->from), *b = words_pod_of(w->f->to);
	struct ports port = words_port_of(w);
	char text[PORTS_TEXT_MAX];
	bool there;

	if (stranger(w, w->f->from) || stranger(w, w->f->to) || !a || !b)
		return;
	there = words_place(w, "pods", a, "connect_to",
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
	const char *pod = words_pod_of(w->f->from);
	struct ports port = words_port_of(w);
	char text[PORTS_TEXT_MAX], to[ADDR_TEXT_MAX];
	bool six = w->f->to->addr.family == AF_INET6;

	if (!pod)
		return;
	words_place(w, "pods", pod, "egress", (struct explain_key){.item = ITEM_NONE});
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

void words_denied(struct words *w)
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
