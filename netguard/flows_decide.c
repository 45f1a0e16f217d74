/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges connections as the table judges their first packets: see flows.h. Pure. */
#include "netguard/flows.h"

#include "netguard/ruleset.h"

/* A member's address and its pod. */
struct who {
	struct addr addr;
	const char *pod;
};

struct state {
	const struct elements *e;
	struct who *members; /* sorted by address */
	size_t n_members;
};

struct flows_change {
	struct state before, after;
	bool users; /* what users may do has changed */
};

/* ---- elements ---- */

static int compare_who(const void *a, const void *b)
{
	return addr_compare(&((const struct who *)a)->addr, &((const struct who *)b)->addr);
}

static void take_members(struct state *s, enum set_id set, int family)
{
	for (size_t i = 0; i < s->e->n[set]; i++) {
		const struct nft_element *e = &s->e->sets[set][i];
		struct who w = {.addr.family = family, .pod = e->comment ? e->comment : ""};

		memcpy(w.addr.bytes, e->key.data + IF_NAMESIZE, addr_size(&w.addr));
		ARRAY_PUSH(s->members, s->n_members) = w;
	}
}

static void state_init(struct state *s, const struct elements *e)
{
	s->e = e;
	take_members(s, SET_MEMBERS4, AF_INET);
	take_members(s, SET_MEMBERS6, AF_INET6);
	if (s->n_members > 0)
		qsort(s->members, s->n_members, sizeof(*s->members), compare_who);
}

static const char *pod_of(const struct state *s, const struct addr *a)
{
	const struct who w = {.addr = *a};
	const struct who *found =
		s->n_members == 0 ? NULL
				  : bsearch(&w, s->members, s->n_members, sizeof(w), compare_who);

	return found ? found->pod : NULL;
}

/* Of the fields of sets with ranges that are asked here. */
static size_t field_size(uint8_t type)
{
	return type == NFT_TYPE_IPV6 ? 16 : 4;
}

/* Each field within its own range. */
static bool in_range(const struct nft_set *set, const struct nft_element *e,
		     const struct nft_key *k)
{
	const struct nft_key *end = e->end.size ? &e->end : &e->key;

	for (size_t i = 0, at = 0; at < k->size; i++) {
		size_t n = field_size(set->types[i]);

		if (memcmp(k->data + at, e->key.data + at, n) < 0 ||
		    memcmp(k->data + at, end->data + at, n) > 0)
			return false;
		at += n;
	}
	return true;
}

/*
 * The first element whose first field is not less than the key's. That field is never a range
 * (see model_elements), so a key is in none but those that have its own: a container's egress is
 * found without a look at that of all others.
 */
static size_t first_with(const struct state *s, enum set_id id, const struct nft_key *k, size_t n)
{
	size_t low = 0, high = s->e->n[id];

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(s->e->sets[id][middle].key.data, k->data, n) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int compare_element(const void *a, const void *b)
{
	return nft_element_compare(a, b);
}

static bool has(const struct state *s, enum set_id id, const struct nft_key *k)
{
	const struct nft_set *set = ruleset_set(id);
	const struct nft_element wanted = {.key = *k};
	size_t n;

	if (s->e->n[id] == 0)
		return false;
	if (!set->interval)
		return bsearch(&wanted, s->e->sets[id], s->e->n[id], sizeof(wanted),
			       compare_element) != NULL;
	n = field_size(set->types[0]);
	for (size_t i = first_with(s, id, k, n); i < s->e->n[id]; i++) {
		const struct nft_element *e = &s->e->sets[id][i];

		if (memcmp(e->key.data, k->data, n) != 0)
			return false;
		if (in_range(set, e, k))
			return true;
	}
	return false;
}

/* SET_X4 or the set beside it */
static enum set_id of_family(enum set_id set4, const struct addr *a)
{
	return a->family == AF_INET6 ? set4 + 1 : set4;
}

/* ---- as the chains do ---- */

static bool has_port(const struct state *s, enum set_id set, uint8_t proto, uint16_t port)
{
	struct nft_key k = {0};

	nft_key_proto(&k, proto);
	nft_key_port(&k, port);
	return has(s, set, &k);
}

static bool has_addr_port(const struct state *s, enum set_id set4, const struct addr *a,
			  const struct addr *b, uint8_t proto, uint16_t port)
{
	struct nft_key k = {0};

	nft_key_addr(&k, a);
	if (b)
		nft_key_addr(&k, b);
	nft_key_proto(&k, proto);
	nft_key_port(&k, port);
	return has(s, of_family(set4, a), &k);
}

static bool has_addrs(const struct state *s, enum set_id set4, const struct addr *a,
		      const struct addr *b)
{
	struct nft_key k = {0};

	nft_key_addr(&k, a);
	if (b)
		nft_key_addr(&k, b);
	return has(s, of_family(set4, a), &k);
}

static bool has_port_addr(const struct state *s, enum set_id set4, uint8_t proto, uint16_t port,
			  const struct addr *a)
{
	struct nft_key k = {0};

	nft_key_proto(&k, proto);
	nft_key_port(&k, port);
	nft_key_addr(&k, a);
	return has(s, of_family(set4, a), &k);
}

/* For this end elsewhere. */
static bool whitelisted(const struct state *s, uint8_t proto, uint16_t port, const struct addr *a)
{
	return has_port(s, SET_PORT_WHITELIST, proto, port) ||
	       has_port_addr(s, SET_PORT_WHITELIST_FROM4, proto, port, a);
}

static bool asked_whitelisted(const struct state *s, const struct flow *f)
{
	return whitelisted(s, f->proto, f->to_port, &f->from);
}

static bool redirected(const struct flow *f)
{
	return addr_compare(&f->to, &f->at) != 0 || f->to_port != f->at_port;
}

static bool is_private(const struct state *s, const struct flow *f)
{
	return has_port(s, SET_PRIVATE_PORTS, f->proto, f->to_port);
}

/* Who sent it is not known: as long as nothing changed for users, they have what they had. */
static bool user_may(const struct flows_change *c, const struct state *s, const struct flow *f,
		     bool private)
{
	struct nft_key uid = {0}, k = {0};

	if (!f->has_uid)
		return s == &c->before || !c->users;
	nft_key_uid(&uid, f->uid);
	if (has(s, SET_ALLOWED_UIDS, &uid))
		return true;
	if (private) {
		nft_key_proto(&k, f->proto);
		nft_key_port(&k, f->to_port);
	} else {
		nft_key_addr(&k, &f->at);
	}
	nft_key_uid(&k, f->uid);
	return has(s, private ? SET_PORT_UIDS : of_family(SET_POD_UIDS4, &f->at), &k);
}

static bool container_may(const struct state *s, const struct flow *f, bool to_member,
			  bool published)
{
	if (to_member && redirected(f))
		return asked_whitelisted(s, f) &&
		       has_addr_port(s, SET_PUBLISHED4, &f->at, NULL, f->proto, f->at_port);
	if (to_member)
		return has_addr_port(s, SET_LINKS4, &f->from, &f->at, f->proto, f->at_port) ||
		       has_addrs(s, SET_LINKS_ANY4, &f->from, &f->at) ||
		       has_addrs(s, SET_OPEN4, &f->at, NULL);
	/* the whitelist is asked first */
	if (f->at_local && published && !asked_whitelisted(s, f))
		return false;
	if (f->at_local)
		return has_port(s, SET_HOST_PORTS, f->proto, f->to_port) ||
		       has_addr_port(s, SET_POD_HOST_PORTS4, &f->from, NULL, f->proto,
				     f->to_port) ||
		       has_port(s, SET_PROXIED_PORTS, f->proto, f->to_port) ||
		       has_port_addr(s, SET_PROXIED4, f->proto, f->to_port, &f->to);
	return !has_addrs(s, SET_EGRESS_LIMITED4, &f->from, NULL) ||
	       has_addr_port(s, SET_EGRESS4, &f->from, &f->at, f->proto, f->at_port);
}

/*
 * A datagram that a program of this host has sent from a port that is published now: the table
 * sends no more of them, and what came back would go to docker-proxy, past the whitelist. On the
 * loopback docker-proxy's answers would be of that flow, and not be sent. (Of TCP the table sees
 * who begins anew.)
 */
static bool sent_from_published(const struct state *s, const struct flow *f)
{
	if (!f->from_local || f->proto != IPPROTO_UDP || redirected(f))
		return false;
	if (f->at_local)
		return has_port(s, SET_PRIVATE_PORTS, f->proto, f->from_port);
	return has_port(s, SET_PUBLISHED_PORTS, f->proto, f->from_port) &&
	       !whitelisted(s, f->proto, f->from_port, &f->to);
}

static bool may(const struct flows_change *c, const struct state *s, const struct flow *f)
{
	bool to_member = pod_of(&c->before, &f->at) != NULL;
	/* in s, too: what it passed by before it was known to be published was no right */
	bool published = has_port(&c->before, SET_PUBLISHED_PORTS, f->proto, f->to_port) ||
			 has_port(s, SET_PUBLISHED_PORTS, f->proto, f->to_port);

	if (pod_of(&c->before, &f->from))
		return container_may(s, f, to_member, published);
	if (sent_from_published(s, f))
		return false;
	if (f->from_local && to_member && !redirected(f))
		return user_may(c, s, f, false);
	if (f->from_local)
		return (!to_member && !f->at_local) || !is_private(s, f) || user_may(c, s, f, true);
	if (to_member && !redirected(f))
		return has_addr_port(s, SET_DIRECT4, &f->at, NULL, f->proto, f->at_port);
	if (to_member)
		return asked_whitelisted(s, f) &&
		       has_addr_port(s, SET_PUBLISHED4, &f->at, NULL, f->proto, f->at_port);
	/* docker-proxy has it */
	return !f->at_local || !published || asked_whitelisted(s, f);
}

/* A container that is gone, or another's that has its address now. */
static bool left(const struct flows_change *c, const struct addr *a)
{
	const char *before = pod_of(&c->before, a), *after = pod_of(&c->after, a);

	return before && (!after || !streq(before, after));
}

bool flows_ends(const struct flows_change *c, const struct flow *f)
{
	if (left(c, &f->from) || left(c, &f->at))
		return true;
	/* of other protocols without ports nothing is known but their addresses */
	if (!proto_has_ports(f->proto) &&
	    !(pod_of(&c->before, &f->from) || pod_of(&c->before, &f->at)))
		return false;
	return may(c, &c->before, f) && !may(c, &c->after, f);
}

bool flows_asks_uid(const struct flows_change *c, const struct flow *f)
{
	return c->users && f->from_local &&
	       (pod_of(&c->before, &f->at) || is_private(&c->before, f) ||
		is_private(&c->after, f));
}

/* ---- the change ---- */

bool flows_restricted_by(enum set_id set)
{
	return set == SET_EGRESS_LIMITED4 || set == SET_EGRESS_LIMITED6 ||
	       set == SET_PRIVATE_PORTS || set == SET_PUBLISHED_PORTS;
}

struct flows_change *flows_change_new(const struct elements *before, const struct elements *after)
{
	_cleanup_(elements_change_done)
	struct elements_change change;
	struct flows_change *c;
	size_t n = 0;

	elements_difference(after, before, &change);
	for (unsigned set = 0; set < SET_PORTS; set++) {
		n += set == SET_POD_RATE4 || set == SET_POD_RATE6 ? 0 : change.del->n[set];
		n += flows_restricted_by(set) ? change.add->n[set] : 0;
	}
	if (n == 0)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	state_init(&c->before, before);
	state_init(&c->after, after);
	c->users = change.del->n[SET_ALLOWED_UIDS] + change.del->n[SET_POD_UIDS4] +
			   change.del->n[SET_POD_UIDS6] + change.del->n[SET_PORT_UIDS] +
			   change.add->n[SET_PRIVATE_PORTS] >
		   0;
	return c;
}

void flows_change_free(struct flows_change *c)
{
	if (!c)
		return;
	free(c->before.members);
	free(c->after.members);
	free(c);
}
