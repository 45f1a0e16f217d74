/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a question in words to cases: ends, pairs of them, and what they come to together. */
#include "netguard/explain_private.h"

#include "netguard/ruleset.h"

#include <errno.h>
#include <stdio.h>

static int compare_key(const void *key, const void *element)
{
	return nft_key_compare(key, &((const struct nft_element *)element)->key);
}

bool explain_is_member(const struct explain_context *x, const char *bridge, const struct addr *addr)
{
	enum set_id set = addr->family == AF_INET6 ? SET_MEMBERS6 : SET_MEMBERS4;
	const struct elements *e = x->elements;
	struct nft_key key = {0};

	nft_key_ifname(&key, bridge);
	nft_key_addr(&key, addr);
	return e->n[set] > 0 &&
	       bsearch(&key, e->sets[set], e->n[set], sizeof(struct nft_element), compare_key);
}

/* ---- cases ---- */

void explanation_done(struct explanation *e)
{
	for (size_t i = 0; i < e->n; i++) {
		struct explain_case *c = &e->cases[i];

		free(c->from);
		free(c->to);
		free(c->condition);
		free(c->rule);
		free(c->element);
		free(c->key);
		free(c->change);
		free(c->reason);
	}
	free(e->cases);
	*e = (struct explanation){0};
}

/* ---- the world without an address ---- */

/* An address of the family that is in none of the prefixes; false: there is none. */
static bool find_outside(const struct prefix *list, size_t n, int family, struct addr *ret)
{
	struct addr a = {.family = family};
	struct prefix last;

	/* from where there are real hosts; only a list of all of it covers that */
	(void)prefix_parse(family == AF_INET ? "1.0.0.0/32" : "2000::/128", &last);
	a = last.addr;
	for (size_t round = 0; round <= n; round++) {
		const struct prefix *hit = NULL;
		size_t at;

		for (size_t i = 0; i < n && !hit; i++) {
			if (prefix_contains(&list[i], &a))
				hit = &list[i];
		}
		if (!hit) {
			*ret = a;
			return true;
		}
		/* the first address behind it */
		at = hit->len;
		for (size_t bit = at; bit < addr_size(&a) * 8; bit++)
			a.bytes[bit / 8] &= (uint8_t) ~(0x80U >> (bit % 8));
		while (at > 0 && (a.bytes[(at - 1) / 8] & (0x80U >> ((at - 1) % 8)))) {
			a.bytes[(at - 1) / 8] &= (uint8_t) ~(0x80U >> ((at - 1) % 8));
			at--;
		}
		if (at == 0)
			return false;
		a.bytes[(at - 1) / 8] |= (uint8_t)(0x80U >> ((at - 1) % 8));
	}
	return false;
}

/* The prefixes that part the world for this question: sources of the port, or egress entries. */
static struct prefix *parting(const struct explain_run *run, const struct explain_flow *f,
			      size_t *ret_n)
{
	const struct settings *s = run->x->settings;
	const struct settings_grant *g = settings_find_grant(s, f->proto, f->port);
	const char *pod = f->from->root ? f->from->root->pod : NULL;
	const struct settings_pod *p = pod ? settings_find_pod(s, pod) : NULL;
	struct prefix *list = NULL;
	size_t n = 0;

	if (f->from->side == SIDE_WORLD && f->to->side == SIDE_HOST) {
		for (size_t i = 0; g && i < g->n_from; i++)
			ARRAY_PUSH(list, n) = g->from[i];
	} else if (f->from->side == SIDE_CONTAINER && f->to->side == SIDE_WORLD) {
		for (size_t i = 0; p && i < p->n_egress; i++) {
			if (ports_contain(&p->egress[i].ports, f->proto, f->port))
				ARRAY_PUSH(list, n) = p->egress[i].to;
		}
	}
	*ret_n = n;
	return list;
}

/* any: the end without an address; family: the other end's. */
static int take_any(const struct explain_run *run, struct explain_question *q,
		    struct explain_end *any, int family, struct err *err)
{
	const char **note = any == q->flow.from ? &q->from_note : &q->to_note;
	size_t n;
	_cleanup_free_ struct prefix *list = parting(run, &q->flow, &n);
	char text[ADDR_TEXT_MAX];
	bool parted = false;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (list[i].addr.family != family)
			continue;
		parted = true;
		any->addr = list[i].addr;
		*note = prefix_format(&list[i], text);
		r = explain_take_pair(run, q, err);
	}
	if (r == 0 && find_outside(list, n, family, &any->addr)) {
		*note = parted ? "elsewhere" : family == AF_INET ? "(IPv4)" : "(IPv6)";
		r = explain_take_pair(run, q, err);
	}
	*note = NULL;
	any->addr = (struct addr){0};
	return r;
}

/* ---- all of it ---- */

/* A container uses its address on the bridge of the other, where it has one. */
static bool better_elsewhere(const struct explain_end *from, const struct explain_end *to)
{
	const struct member *m = from->root;

	if (from->side != SIDE_CONTAINER || to->side != SIDE_CONTAINER || !m ||
	    streq(from->iface, to->iface) || from->forged)
		return false;
	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct member_address *a = &m->addresses[i];

		if (streq(a->bridge, to->iface) &&
		    (from->addr.family == AF_INET ? a->ip4 : a->ip6).family != AF_UNSPEC)
			return true;
	}
	return false;
}

/* Pairs that are never seen: between families, and to loopback or another link from outside. */
static bool is_pair(const struct explain_end *from, const struct explain_end *to, bool all_hosts)
{
	const struct addr *a = &to->addr;

	if (from->addr.family && a->family && from->addr.family != a->family)
		return false;
	if (all_hosts && from->side != SIDE_USER && addr_is_loopback(a))
		return false;
	if (all_hosts && a->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&a->v6) &&
	    (from->side != SIDE_CONTAINER || !streq(from->iface, to->iface)))
		return false;
	return !better_elsewhere(from, to);
}

static int take_ends(const struct explain_run *run, struct explain_end *from,
		     struct explain_end *to, const struct explain_spec *spec, struct err *err)
{
	struct explain_question q = {
		.flow = {.from = from, .to = to, .proto = spec->proto, .port = spec->port}};
	bool any = to->addr.family == AF_UNSPEC && to->side == SIDE_WORLD;
	int r = 0;

	/* an address of the host sends as a process of it */
	if (from->side == SIDE_HOST)
		*from = (struct explain_end){.side = SIDE_USER, .user = "root"};
	if (from->side == SIDE_WORLD && from->addr.family == AF_UNSPEC) {
		if (!any)
			return take_any(run, &q, from, to->addr.family, err);
		return err_set(err, EINVAL, "from the world to the world nothing is decided here");
	}
	if (!any)
		return explain_take_pair(run, &q, err);
	for (int i = 0; i < 2 && r == 0; i++) {
		int family = i ? AF_INET6 : AF_INET;

		if (from->addr.family == AF_UNSPEC || from->addr.family == family)
			r = take_any(run, &q, to, family, err);
	}
	return r;
}

static void sum_up(struct explanation *e)
{
	e->accept = true;
	for (size_t i = 0; i < e->n; i++) {
		if (e->cases[i].conditional || e->cases[i].accept || !e->accept)
			continue;
		e->accept = false;
		e->decisive = i;
	}
}

static int take_all(const struct explain_run *run, struct explain_ends *from,
		    struct explain_ends *to, const struct explain_spec *spec, struct err *err)
{
	/* of the host, or of a container in its network */
	bool all_hosts = spec->addr.family == AF_UNSPEC;
	bool within = spec->kind == SPEC_POD;
	int r = 0;

	for (size_t i = 0; i < from->n; i++) {
		for (size_t j = 0; j < to->n && r == 0 && !run->out->cut; j++) {
			struct explain_end *a = &from->items[i], *b = &to->items[j];

			if (!is_pair(a, b, all_hosts))
				continue;
			/* to its own pod: to the others of it, where there are any */
			if (within && to->n > 2 && a->root && a->root == b->root)
				continue;
			r = take_ends(run, a, b, spec, err);
		}
	}
	if (r == 0 && run->out->n == 0)
		r = err_set(err, ENOENT,
			    "there is no way between the two: they have no address of "
			    "the same family");
	return r;
}

int explain(const struct explain_context *x, const char *from, const char *to, int64_t uid,
	    struct explanation *ret, struct err *err)
{
	struct explain_spec from_spec, to_spec;
	struct explain_ends froms = {0}, tos = {0};
	struct explanation out = {0};
	struct explain_run run = {.x = x, .out = &out};
	struct problems problems = {0};
	int r;

	if (explain_parse_from(from, &from_spec, err) < 0)
		return err_wrap(err, "FROM");
	if (explain_parse_to(to, &to_spec, err) < 0)
		return err_wrap(err, "TO");
	if ((r = explain_find_ends(x, &from_spec, uid, &froms, err)) == 0 &&
	    (r = explain_find_ends(x, &to_spec, -1, &tos, err)) == 0) {
		if (x->settings->text)
			yaml_parse(x->settings->text, strlen(x->settings->text), &problems,
				   &run.config);
		r = take_all(&run, &froms, &tos, &to_spec, err);
	}
	out.cut |= froms.cut || tos.cut;
	problems_done(&problems);
	yaml_node_free(run.config);
	free(froms.items);
	free(tos.items);
	if (r < 0) {
		explanation_done(&out);
		return r;
	}
	sum_up(&out);
	*ret = out;
	return 0;
}
