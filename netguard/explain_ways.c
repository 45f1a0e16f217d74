/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a pair of ends to cases: which hooks a packet passes, and as what.
 *
 * Docker rewrites a packet to a published port at prerouting (and output) to the container's
 * address, so that it goes on by forward, where its connection tells what it was; where it does not
 * (from a container, to a loopback address, to a container without an address of that family),
 * docker-proxy takes it at input and connects as root. Whether docker-proxy runs can't be known, so
 * both ways are cases.
 */
#include "netguard/explain_private.h"

#include <stdio.h>

/* ---- words for the ends ---- */

static const char *proto_word(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6 ? "icmp" : proto_name(proto);
}

static void put_addr(FILE *out, const struct addr *a, bool brackets)
{
	char text[ADDR_TEXT_MAX];
	bool six = brackets && a->family == AF_INET6;

	if (a->family != AF_UNSPEC)
		fprintf(out, " %s%s%s", six ? "[" : "", addr_format(a, text), six ? "]" : "");
}

static char *end_text(const struct explain_end *e, const char *note, const struct explain_flow *to)
{
	_cleanup_free_ char *text = NULL;
	char printable[256];
	size_t size;
	FILE *out = xopen_memstream(&text, &size);

	if (e->side == SIDE_USER && e->user)
		fprintf(out, "user %s (%u)", e->user, (unsigned)e->uid);
	else if (e->side == SIDE_USER)
		fprintf(out, "user %u", (unsigned)e->uid);
	else if (e->side == SIDE_HOST)
		fputs("host", out);
	else if (e->side == SIDE_WORLD)
		fputs("world", out);
	else if (e->root && e->root->pod)
		fprintf(out, "pod %s (%s)", e->root->pod, e->member->name);
	else
		fprintf(out, "container %s", e->member ? e->member->name : "unknown");
	if (note)
		fprintf(out, " %s", note);
	else
		put_addr(out, &e->addr, to && to->port);
	if (to && to->port)
		fprintf(out, ":%u", (unsigned)to->port);
	if (to)
		fprintf(out, "/%s", proto_word(to->proto));
	xclose_memstream(out, &text);
	return xstrdup(text_printable(printable, sizeof(printable), text));
}

/* ---- cases ---- */

/* Who the process of a container in the host's network is, the engine does not tell. Caller frees.
 */
static char *condition_text(const struct explain_end *from, const char *condition)
{
	if (!from->process)
		return xstrdup(condition);
	return xasprintf("%s%swhere its user is root", condition ? condition : "",
			 condition ? ", " : "");
}

static void add_case(const struct explain_run *run, const struct explain_question *q,
		     const struct explain_trace *t, const char *condition, bool conditional)
{
	struct explain_case *c;

	if (run->out->n == EXPLAIN_CASES_MAX) {
		run->out->cut = true;
		return;
	}
	c = &ARRAY_PUSH(run->out->cases, run->out->n);
	*c = (struct explain_case){
		.from = end_text(q->flow.from, q->from_note, NULL),
		.to = end_text(q->flow.to, q->to_note, &q->flow),
		.condition = condition_text(q->flow.from, condition),
		.conditional = conditional,
		.accept = !t->denied,
		.how = t->denied ? t->how : "accept",
		.counter = t->denied ? t->counter : NULL,
	};
	explain_words(run, &q->flow, t, c);
}

/* ---- the path ---- */

/* One way: the hooks in order, each with the packet as it is there. */
struct hop {
	enum nft_family family;
	const char *hook;
	struct explain_packet packet;
};

#define HOPS_MAX 4

struct way {
	struct hop hops[HOPS_MAX];
	size_t n;
};

static struct explain_packet *add_hop(struct way *w, enum nft_family family, const char *hook,
				      const struct explain_packet *p)
{
	struct hop *h = &w->hops[w->n++];

	*h = (struct hop){family, hook, *p};
	return &h->packet;
}

static int walk(const struct explain_run *run, const struct way *w, bool over,
		struct explain_trace *t, struct err *err)
{
	*t = (struct explain_trace){0};
	for (size_t i = 0; i < w->n && !t->denied; i++) {
		struct explain_packet p = w->hops[i].packet;
		int r;

		p.over_rate = over;
		r = explain_hook(run->x->elements, w->hops[i].family, w->hops[i].hook, &p, t, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Walks the way, and where a rate is on it once more as a packet over that. */
static int take_way(const struct explain_run *run, const struct explain_question *q,
		    const struct way *w, const char *condition, struct err *err)
{
	struct explain_trace t, over;
	int r = walk(run, w, false, &t, err);

	if (r < 0)
		return r;
	add_case(run, q, &t, condition, false);
	if (!t.met_rate || t.denied)
		return 0;
	r = walk(run, w, true, &over, err);
	if (r < 0)
		return r;
	if (over.denied)
		add_case(run, q, &over, "faster than its rate", true);
	return 0;
}

static struct explain_packet packet_of(const struct explain_flow *f)
{
	struct explain_packet p = {.from = f->from->addr,
				   .to = f->to->addr,
				   .proto = f->proto,
				   .has_port = f->port != 0,
				   .port = f->port};

	/* a source of the family of the target, where it matters to no rule */
	if (p.from.family != p.to.family)
		p.from = (struct addr){.family = p.to.family};
	if (p.proto == IPPROTO_ICMP && p.to.family == AF_INET6)
		p.proto = IPPROTO_ICMPV6;
	return p;
}

/* How a packet from the end comes in; a bridge's port is seen by table bridge first. */
static void add_incoming(struct way *w, const struct explain_end *from,
			 const struct explain_end *to, struct explain_packet *p)
{
	memcpy(p->iif, from->iface, sizeof(p->iif));
	if (from->side == SIDE_CONTAINER && from->address && from->address->veth[0]) {
		struct explain_packet *b = add_hop(w, NFT_FAMILY_BRIDGE, "prerouting", p);

		memcpy(b->iif, from->address->veth, sizeof(b->iif));
		b->mac = from->address->has_mac ? from->address->mac : NULL;
		b->to_port = to->side == SIDE_CONTAINER && streq(from->iface, to->iface);
	}
}

/* ---- published ports ---- */

static bool binding_covers(const struct member_port *b, const struct explain_flow *f)
{
	if (b->proto != f->proto || b->host_port != f->port || f->port == 0)
		return false;
	if (b->host_ip.family == AF_UNSPEC)
		return true;
	return b->host_ip.family == f->to->addr.family &&
	       (addr_is_any(&b->host_ip) || addr_compare(&b->host_ip, &f->to->addr) == 0);
}

/* The container's address of this family (any: AF_UNSPEC), on its first network that has one. */
static const struct member_address *target_of(const struct member *m, int family, struct addr *ret)
{
	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct member_address *a = &m->addresses[i];

		*ret = family != AF_INET6 && a->ip4.family ? a->ip4 : a->ip6;
		if (ret->family != AF_UNSPEC && (family == AF_UNSPEC || ret->family == family))
			return a;
	}
	return NULL;
}

/* docker-proxy takes the connection at input and makes one of its own, as root. */
static int take_proxy(const struct explain_run *run, const struct explain_question *q,
		      const struct way *to_input, const struct member *m, uint16_t port,
		      const char *condition, struct err *err)
{
	struct explain_packet p = {
		.proto = q->flow.proto, .has_port = true, .port = port, .has_uid = true};
	struct explain_question second = *q;
	struct explain_trace t;
	struct way w = {0};
	const struct member_address *a = target_of(m, AF_UNSPEC, &p.to);
	int r;

	r = walk(run, to_input, false, &t, err);
	if (r == 0 && !t.denied && a) {
		p.from.family = p.to.family;
		memcpy(p.oif, a->bridge, sizeof(p.oif));
		add_hop(&w, NFT_FAMILY_INET, "output", &p);
		r = walk(run, &w, false, &t, err);
		if (r == 0 && t.denied) {
			second.flow.second = true;
			second.flow.publisher = m;
			add_case(run, &second, &t, "through docker-proxy", false);
			return 0;
		}
	}
	return r < 0 ? r : take_way(run, q, to_input, condition, err);
}

/* ---- ways to an address of the host ---- */

/* before: what the packet has passed; behind it the ways part. */
static int take_published(const struct explain_run *run, struct explain_question *q,
			  const struct way *before, const struct explain_packet *p,
			  const struct member *m, const struct member_port *b, struct err *err)
{
	const struct explain_end *from = q->flow.from, *to = q->flow.to;
	bool user = from->side == SIDE_USER, container = from->side == SIDE_CONTAINER;
	struct explain_packet dnat = *p;
	const struct member_address *a = target_of(m, p->to.family, &dnat.to);
	bool rewritten = a && !addr_is_loopback(&to->addr);
	struct way proxied = *before, forwarded = *before;
	int r = 0;

	q->flow.publisher = m;
	if (!user)
		add_hop(&proxied, NFT_FAMILY_INET, "input", p);
	if (!rewritten || container) {
		q->flow.proxy = true;
		r = take_proxy(run, q, &proxied, m, b->port, "through docker-proxy", err);
		q->flow.proxy = false;
	}
	if (r < 0 || !rewritten)
		return r;
	dnat.dnat = true;
	dnat.asked = p->to;
	dnat.asked_port = p->port;
	dnat.to_local = false;
	dnat.port = b->port;
	memcpy(dnat.oif, a->bridge, sizeof(dnat.oif));
	/* what a user sends was judged at output, before it was rewritten */
	if (!user)
		add_hop(&forwarded, NFT_FAMILY_INET, "forward", &dnat);
	return take_way(run, q, &forwarded, container ? "where docker-proxy is off" : NULL, err);
}

static int take_host(const struct explain_run *run, struct explain_question *q, struct way *before,
		     const struct explain_packet *p, struct err *err)
{
	const struct model *model = run->x->model;
	size_t n = 0;

	for (size_t i = 0; i < model->n_members; i++) {
		const struct member *m = &model->members[i];
		const struct member_port *found = NULL;
		int r;

		if (!m->running && m->n_addresses == 0)
			continue;
		/* 0.0.0.0 and [::] are two bindings of one port */
		for (size_t j = 0; j < m->n_ports && !found; j++) {
			if (m->ports[j].port && binding_covers(&m->ports[j], &q->flow))
				found = &m->ports[j];
		}
		if (!found)
			continue;
		n++;
		r = take_published(run, q, before, p, m, found, err);
		if (r < 0)
			return r;
	}
	q->flow.publisher = NULL;
	if (n)
		return 0;
	if (q->flow.from->side != SIDE_USER)
		add_hop(before, NFT_FAMILY_INET, "input", p);
	return take_way(run, q, before, NULL, err);
}

/* ---- each pair ---- */

static int from_user(const struct explain_run *run, struct explain_question *q, struct err *err)
{
	const struct explain_end *from = q->flow.from, *to = q->flow.to;
	struct explain_packet p = packet_of(&q->flow);
	bool local = to->side == SIDE_HOST && !to->broadcast;
	struct way w = {0};

	p.has_uid = true;
	p.uid = from->uid;
	p.to_local = local;
	p.to_unicast = to->side != SIDE_HOST;
	if (local)
		memcpy(p.oif, "lo", sizeof("lo"));
	else
		memcpy(p.oif, to->iface, sizeof(p.oif));
	add_hop(&w, NFT_FAMILY_INET, "output", &p);
	return local ? take_host(run, q, &w, &p, err) : take_way(run, q, &w, NULL, err);
}

/* Whether both ends are the same network namespace: the packet meets no hook of the host. */
static bool is_self(const struct explain_flow *f)
{
	return f->from->root && f->from->root == f->to->root && !f->from->forged;
}

static void add_outside_rules(const struct explain_run *run, const struct explain_question *q,
			      const char *reason)
{
	struct explain_trace t = {0};
	struct explain_case *c;

	add_case(run, q, &t, NULL, false);
	c = &run->out->cases[run->out->n - 1];
	free(c->reason);
	c->reason = xstrdup(reason);
}

static int from_network(const struct explain_run *run, struct explain_question *q, struct err *err)
{
	const struct explain_end *from = q->flow.from, *to = q->flow.to;
	struct explain_packet p = packet_of(&q->flow);
	struct way w = {0};

	if (is_self(&q->flow)) {
		add_outside_rules(run, q, "it never leaves the container");
		return 0;
	}
	p.to_local = to->side == SIDE_HOST && !to->broadcast;
	p.to_unicast = to->side != SIDE_HOST;
	add_incoming(&w, from, to, &p);
	if (to->side == SIDE_HOST && !to->broadcast)
		return take_host(run, q, &w, &p, err);
	if (to->side == SIDE_HOST) {
		add_hop(&w, NFT_FAMILY_INET, "input", &p);
		return take_way(run, q, &w, NULL, err);
	}
	memcpy(p.oif, to->iface, sizeof(p.oif));
	add_hop(&w, NFT_FAMILY_INET, "forward", &p);
	return take_way(run, q, &w, NULL, err);
}

int explain_take_pair(const struct explain_run *run, struct explain_question *q, struct err *err)
{
	q->flow.publisher = NULL;
	return q->flow.from->side == SIDE_USER ? from_user(run, q, err) : from_network(run, q, err);
}
