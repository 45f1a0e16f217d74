/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/explain_rules.h"

#include "netguard/ruleset.h"

#include <errno.h>

/* How a chain was left. */
enum left { LEFT_END, LEFT_ACCEPT, LEFT_DENY };

struct walk {
	const struct elements *e;
	const struct nft_table *table;
	const struct explain_packet *p;
	struct explain_trace *t;
	int depth;
};

#define DEPTH_MAX 8

/* ---- fields ---- */

static bool is_family(const struct walk *w, int family)
{
	return w->p->from.family == family;
}

/* Appends a field as the kernel loads it. False where it can't be loaded: then the rule breaks. */
static bool load(struct walk *w, uint8_t field, struct nft_key *k)
{
	const struct explain_packet *p = w->p;

	switch ((enum nft_field)field) {
	case NFT_FIELD_IIFNAME:
		nft_key_ifname(k, p->iif);
		return true;
	case NFT_FIELD_OIFNAME:
		nft_key_ifname(k, p->oif);
		return true;
	case NFT_FIELD_L4PROTO:
		nft_key_proto(k, p->proto);
		return true;
	case NFT_FIELD_SKUID:
		nft_key_uid(k, p->uid);
		return p->has_uid;
	case NFT_FIELD_TH_DPORT:
		nft_key_port(k, p->port);
		return p->has_port;
	case NFT_FIELD_CT_ASKED_DPORT:
		nft_key_port(k, p->dnat ? p->asked_port : p->port);
		return p->has_port;
	case NFT_FIELD_IP_SADDR:
	case NFT_FIELD_IP6_SADDR:
		nft_key_addr(k, &p->from);
		return is_family(w, field == NFT_FIELD_IP_SADDR ? AF_INET : AF_INET6);
	case NFT_FIELD_IP_DADDR:
	case NFT_FIELD_IP6_DADDR:
		nft_key_addr(k, &p->to);
		return is_family(w, field == NFT_FIELD_IP_DADDR ? AF_INET : AF_INET6);
	case NFT_FIELD_ETHER_SADDR:
		if (p->mac)
			nft_key_ether(k, p->mac);
		return p->mac != NULL;
	case NFT_FIELD_TH_SPORT: /* of replies only, and a new connection is asked about */
	case NFT_FIELD_ARP_SADDR_ETHER:
	case NFT_FIELD_ARP_SADDR_IP:
	case NFT_FIELD_ICMPV6_TYPE:
	case NFT_FIELD_ND_TARGET:
		/* neither ARP nor what belongs to being a neighbour is asked about */
		return false;
	default:
		w->t->lost = true;
		return false;
	}
}

/* ---- sets ---- */

/* Whether each field lies in the element's range of it. parts: the key's fields, one each. */
static bool in_element(const struct nft_element *el, const struct nft_key *parts, size_t n)
{
	size_t at = 0;

	if (el->wildcard)
		return strncmp((const char *)parts[0].data, (const char *)el->key.data,
			       strnlen((const char *)el->key.data, IF_NAMESIZE)) == 0;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *last = el->end.size ? el->end.data : el->key.data;

		if (memcmp(parts[i].data, el->key.data + at, parts[i].size) < 0 ||
		    memcmp(parts[i].data, last + at, parts[i].size) > 0)
			return false;
		at += parts[i].size;
	}
	return at == el->key.size;
}

static int compare_key(const void *key, const void *element)
{
	return nft_key_compare(key, &((const struct nft_element *)element)->key);
}

/* The element that the fields are in, or NULL. *ret_set: the set. *broke: a field is not there. */
static const struct nft_element *look_up(struct walk *w, const struct nft_statement *s,
					 const struct nft_set **ret_set, bool *broke)
{
	struct nft_key parts[NFT_FIELDS_MAX] = {0}, whole = {0};
	const struct nft_set *in = nft_table_find_set(w->table, s->name);
	enum set_id set;
	size_t n = 0;

	*broke = true;
	if (!in) {
		w->t->lost = true;
		return NULL;
	}
	set = (enum set_id)(in - ruleset_set(0));
	for (; n < NFT_FIELDS_MAX && s->fields[n]; n++) {
		if (!load(w, s->fields[n], &parts[n]))
			return NULL;
		if (whole.size + parts[n].size > NFT_KEY_MAX) {
			w->t->lost = true;
			return NULL;
		}
		memcpy(whole.data + whole.size, parts[n].data, parts[n].size);
		whole.size = (uint8_t)(whole.size + parts[n].size);
	}
	*broke = false;
	*ret_set = in;
	if (w->e->n[set] == 0)
		return NULL;
	if (!in->interval)
		return bsearch(&whole, w->e->sets[set], w->e->n[set], sizeof(struct nft_element),
			       compare_key);
	for (size_t i = 0; i < w->e->n[set]; i++) {
		if (in_element(&w->e->sets[set][i], parts, n))
			return &w->e->sets[set][i];
	}
	return NULL;
}

/* ---- statements ---- */

static bool matches_set(struct walk *w, const struct nft_statement *s, struct explain_step *step)
{
	const struct nft_set *set = NULL;
	bool broke;
	const struct nft_element *found = look_up(w, s, &set, &broke);

	if (broke || (found != NULL) == s->negated)
		return false;
	if (!s->negated) {
		step->set = set;
		step->found = found;
	}
	return true;
}

static const struct addr *address_of(const struct explain_packet *p, enum nft_field field)
{
	if (field == NFT_FIELD_IP_SADDR || field == NFT_FIELD_IP6_SADDR)
		return &p->from;
	return field == NFT_FIELD_CT_ASKED_DADDR && p->dnat ? &p->asked : &p->to;
}

static bool matches_is(struct walk *w, const struct nft_statement *s)
{
	const struct explain_packet *p = w->p;
	const char *value = s->values[0];
	struct prefix prefix;
	const struct addr *a;
	uint8_t proto;
	bool is;

	switch ((enum nft_field)s->fields[0]) {
	case NFT_FIELD_IIFNAME:
		is = streq(p->iif, value);
		break;
	case NFT_FIELD_OIFNAME:
		is = streq(p->oif, value);
		break;
	case NFT_FIELD_ICMPV6_TYPE:
		/* of ICMPv6 about none of the types that have a name here */
		if (p->proto != IPPROTO_ICMPV6)
			return false;
		is = false;
		break;
	case NFT_FIELD_L4PROTO:
		if (streq(value, "ipv6-icmp")) {
			is = p->proto == IPPROTO_ICMPV6;
			break;
		}
		/* nobody asks about IGMP */
		is = proto_parse(value, &proto) && p->proto == proto;
		w->t->lost |= !proto_parse(value, &proto) && !streq(value, "igmp");
		break;
	case NFT_FIELD_CT_DIRECTION:
		/* about what begins a connection alone */
		is = streq(value, "original");
		break;
	case NFT_FIELD_ETHER_TYPE:
		/* neither about ARP nor about frames with a tag */
		is = streq(value, is_family(w, AF_INET6) ? "ip6" : "ip");
		break;
	case NFT_FIELD_PKTTYPE:
		is = streq(value, p->to_port ? "other" : "host");
		break;
	case NFT_FIELD_FIB_SADDR_TYPE:
		/* nobody asks about what is sent in another's name: it is the host's own where the
		 * host sends it */
		is = p->has_uid && streq(value, "local");
		w->t->lost |= !streq(value, "local") && !streq(value, "anycast");
		break;
	case NFT_FIELD_FIB_DADDR_TYPE:
		is = streq(value, "unicast") ? p->to_unicast : p->to_local;
		w->t->lost |= !streq(value, "local") && !streq(value, "unicast");
		break;
	case NFT_FIELD_CT_ASKED_DADDR:
	case NFT_FIELD_IP_SADDR:
	case NFT_FIELD_IP_DADDR:
	case NFT_FIELD_IP6_SADDR:
	case NFT_FIELD_IP6_DADDR:
		a = address_of(p, (enum nft_field)s->fields[0]);
		if (!prefix_parse(value, &prefix)) {
			w->t->lost = true;
			return false;
		}
		/* of the other family there is no such field: the rule breaks, negated or not */
		if (a->family != prefix.addr.family)
			return false;
		is = prefix_contains(&prefix, a);
		break;
	default:
		w->t->lost = true;
		return false;
	}
	return is != s->negated;
}

/* A new connection is asked about: neither established nor related. */
static bool matches_ct(struct walk *w, const struct nft_statement *s)
{
	bool status = streq(s->name, "status");

	for (size_t i = 0; i < NFT_VALUES_MAX && s->values[i]; i++) {
		if (status ? !streq(s->values[i], "dnat")
			   : !streq(s->values[i], "established") && !streq(s->values[i], "related"))
			w->t->lost = true;
	}
	return status && w->p->dnat;
}

static bool matches_rate(struct walk *w, const struct nft_statement *s, struct explain_step *step)
{
	bool broke;
	const struct nft_element *found = look_up(w, s, &step->set, &broke);

	if (broke || !found)
		return false;
	step->found = found;
	w->t->met_rate = true;
	return w->p->over_rate;
}

/* Whether the rule goes on behind this statement; a verdict is set in step. */
static bool matches(struct walk *w, const struct nft_statement *s, struct explain_step *step)
{
	switch (s->kind) {
	case NFT_STATEMENT_SET:
		return matches_set(w, s, step);
	case NFT_STATEMENT_IS:
		return matches_is(w, s);
	case NFT_STATEMENT_ONE_OF:
		w->t->lost |= s->fields[0] != NFT_FIELD_ICMPV6_TYPE;
		/* none of the types that have a name here */
		return s->negated && w->p->proto == IPPROTO_ICMPV6;
	case NFT_STATEMENT_CT:
		return matches_ct(w, s);
	case NFT_STATEMENT_NO_SYN:
	case NFT_STATEMENT_ACK:
	case NFT_STATEMENT_GROUP:
	case NFT_STATEMENT_ON_LINK:
	case NFT_STATEMENT_FRAGMENT:
		return false; /* what begins a connection is asked about, whole and routed */
	case NFT_STATEMENT_LIMIT_MAP:
		return matches_rate(w, s, step);
	case NFT_STATEMENT_TO_HOST: /* so it is seen by the hooks of inet, which are asked next */
	case NFT_STATEMENT_LIMIT:   /* before log only: it decides nothing */
	case NFT_STATEMENT_LOG:
		return true;
	case NFT_STATEMENT_COUNTER:
		w->t->counter = s->name;
		return true;
	case NFT_STATEMENT_REJECT:
		step->verdict = "reject";
		return true;
	case NFT_STATEMENT_VERDICT:
		step->verdict = s->values[0];
		return true;
	default:
		w->t->lost = true;
		return false;
	}
}

/* ---- chains ---- */

static const struct nft_chain *find_chain(const struct nft_table *t, const char *name)
{
	for (size_t i = 0; i < t->n_chains; i++) {
		if (streq(t->chains[i].name, name))
			return &t->chains[i];
	}
	return NULL;
}

/* The chain that a rule's verdict names, or NULL. */
static const struct nft_chain *target(const struct walk *w, const struct nft_rule *r)
{
	for (const struct nft_statement *s = r->statements; s->kind != NFT_STATEMENT_END; s++) {
		if (s->kind == NFT_STATEMENT_VERDICT && s->name)
			return find_chain(w->table, s->name);
	}
	return NULL;
}

static void add_step(struct walk *w, const struct explain_step *step)
{
	if (w->t->n == EXPLAIN_STEPS_MAX)
		w->t->lost = true;
	else
		w->t->steps[w->t->n++] = *step;
}

static enum left deny(struct walk *w, const char *how)
{
	w->t->denied = true;
	w->t->how = how;
	return LEFT_DENY;
}

static enum left walk_chain(struct walk *w, const struct nft_chain *c);

static enum left enter(struct walk *w, const struct nft_rule *r)
{
	const struct nft_chain *next = target(w, r);
	enum left left;

	if (!next || w->depth == DEPTH_MAX) {
		w->t->lost = true;
		return deny(w, "drop");
	}
	w->depth++;
	left = walk_chain(w, next);
	w->depth--;
	return left;
}

static enum left walk_chain(struct walk *w, const struct nft_chain *c)
{
	for (size_t i = 0; i < c->n_rules; i++) {
		struct explain_step step = {.table = w->table, .chain = c, .rule = &c->rules[i]};
		const struct nft_statement *s = c->rules[i].statements;
		enum left left;

		while (s->kind != NFT_STATEMENT_END && matches(w, s, &step))
			s++;
		if (s->kind != NFT_STATEMENT_END || !step.verdict)
			continue;
		add_step(w, &step);
		if (streq(step.verdict, "accept"))
			return LEFT_ACCEPT;
		if (streq(step.verdict, "return"))
			return LEFT_END;
		if (streq(step.verdict, "drop") || streq(step.verdict, "reject"))
			return deny(w, step.verdict);
		left = enter(w, &c->rules[i]);
		if (left != LEFT_END || streq(step.verdict, "goto"))
			return left;
	}
	return LEFT_END;
}

int explain_hook(const struct elements *e, enum nft_family family, const char *hook,
		 const struct explain_packet *p, struct explain_trace *t, struct err *err)
{
	return explain_table(&ruleset_tables[family == NFT_FAMILY_BRIDGE], e, hook, p, t, err);
}

int explain_table(const struct nft_table *table, const struct elements *e, const char *hook,
		  const struct explain_packet *p, struct explain_trace *t, struct err *err)
{
	struct walk w = {.e = e, .table = table, .p = p, .t = t};

	for (size_t i = 0; i < table->n_chains; i++) {
		const struct nft_chain *c = &table->chains[i];

		if (t->denied || !c->hook || !streq(c->hook, hook))
			continue;
		t->table = table;
		t->base = c;
		walk_chain(&w, c);
	}
	if (t->lost)
		return err_set(err, EINVAL, "a rule of the table is not known to explain");
	return !t->denied;
}
