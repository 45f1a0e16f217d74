/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * See model_delta.h. The index maps hashes to the beginnings of ids: where two things have the same
 * hash, or two ids the same beginning, more members are looked at than needed, which is no harm.
 */
#include "netguard/model_delta.h"

#define PREFIX	  16
/* So many members are computed for a change; with more, all are. */
#define REACH_MAX 1024

struct entry {
	struct entry *next;
	uint64_t hash;
	char prefix[PREFIX]; /* of an id, filled with zeros */
};

struct model_index {
	struct entry **buckets; /* a power of two */
	size_t n_buckets, n;
	struct strv ports; /* of the model when it was settled */
};

#define BUCKETS_FIRST 64

struct model_index *model_index_new(void)
{
	struct model_index *x = xcalloc(1, sizeof(*x));

	x->n_buckets = BUCKETS_FIRST;
	x->buckets = xcalloc(x->n_buckets, sizeof(struct entry *));
	return x;
}

static void empty(struct model_index *x)
{
	for (size_t i = 0; i < x->n_buckets; i++) {
		while (x->buckets[i]) {
			struct entry *next = x->buckets[i]->next;

			free(x->buckets[i]);
			x->buckets[i] = next;
		}
	}
	x->n = 0;
	strv_done(&x->ports);
}

void model_index_free(struct model_index *x)
{
	if (!x)
		return;
	empty(x);
	free(x->buckets);
	free(x);
}

/* ---- what members share ---- */

/* FNV-1a */
static uint64_t hash(char kind, const void *data, size_t size)
{
	const uint8_t *p = data;
	uint64_t h = (14695981039346656037U ^ (uint8_t)kind) * 1099511628211U;

	for (size_t i = 0; i < size; i++)
		h = (h ^ p[i]) * 1099511628211U;
	return h;
}

static uint64_t hash_pod(const char *pod)
{
	return hash('p', pod, strlen(pod));
}

static uint64_t hash_addr(const struct addr *a)
{
	return hash(a->family == AF_INET6 ? '6' : '4', a->bytes, addr_size(a));
}

static uint64_t hash_veth(const char *veth)
{
	return hash('v', veth, strlen(veth));
}

static uint64_t hash_port(const struct member_port *p)
{
	uint8_t data[3] = {p->proto, (uint8_t)(p->host_port >> 8), (uint8_t)p->host_port};

	return hash('t', data, sizeof(data));
}

typedef void shared_fn(void *userdata, uint64_t hash, const struct member *m);

static void each_addr(const struct member *m, shared_fn *fn, void *userdata)
{
	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct member_address *a = &m->addresses[i];

		if (a->ip4.family != AF_UNSPEC)
			fn(userdata, hash_addr(&a->ip4), m);
		if (a->ip6.family != AF_UNSPEC)
			fn(userdata, hash_addr(&a->ip6), m);
	}
}

static void each_port(const struct member *m, shared_fn *fn, void *userdata)
{
	for (size_t i = 0; i < m->n_ports; i++)
		fn(userdata, hash_port(&m->ports[i]), m);
}

static void each_veth(const struct member *m, shared_fn *fn, void *userdata)
{
	for (size_t i = 0; i < m->n_addresses; i++)
		if (m->addresses[i].veth[0])
			fn(userdata, hash_veth(m->addresses[i].veth), m);
}

static void each(const struct member *m, shared_fn *fn, void *userdata)
{
	if (m->pod)
		fn(userdata, hash_pod(m->pod), m);
	each_addr(m, fn, userdata);
	each_port(m, fn, userdata);
	each_veth(m, fn, userdata);
}

/* ---- the index ---- */

static void grow(struct model_index *x)
{
	size_t n = x->n_buckets * 2;
	struct entry **buckets = xcalloc(n, sizeof(struct entry *));

	for (size_t i = 0; i < x->n_buckets; i++) {
		while (x->buckets[i]) {
			struct entry *e = x->buckets[i];

			x->buckets[i] = e->next;
			e->next = buckets[e->hash & (n - 1)];
			buckets[e->hash & (n - 1)] = e;
		}
	}
	free(x->buckets);
	x->buckets = buckets;
	x->n_buckets = n;
}

static void make_prefix(const char *id, char ret[static PREFIX])
{
	memset(ret, 0, PREFIX);
	memcpy(ret, id, strnlen(id, PREFIX));
}

static void index_add(void *userdata, uint64_t h, const struct member *m)
{
	struct model_index *x = userdata;
	struct entry *e = xmalloc(sizeof(*e));

	if (x->n >= x->n_buckets)
		grow(x);
	*e = (struct entry){.next = x->buckets[h & (x->n_buckets - 1)], .hash = h};
	make_prefix(m->id, e->prefix);
	x->buckets[h & (x->n_buckets - 1)] = e;
	x->n++;
}

static void index_remove(void *userdata, uint64_t h, const struct member *m)
{
	struct model_index *x = userdata;
	char prefix[PREFIX];

	make_prefix(m->id, prefix);
	for (struct entry **e = &x->buckets[h & (x->n_buckets - 1)]; *e; e = &(*e)->next) {
		if ((*e)->hash == h && memcmp((*e)->prefix, prefix, PREFIX) == 0) {
			struct entry *gone = *e;

			*e = gone->next;
			free(gone);
			x->n--;
			return;
		}
	}
}

static void sort_ports(const struct model *m, struct strv *ret)
{
	*ret = (struct strv){0};
	for (size_t i = 0; i < m->ports.n; i++)
		strv_add(ret, m->ports.items[i]);
	strv_sort(ret);
}

static void settle(struct model_index *x, struct model *m)
{
	strv_done(&x->ports);
	sort_ports(m, &x->ports);
	model_settle(m);
}

void model_index_fill(struct model_index *x, struct model *m)
{
	empty(x);
	for (size_t i = 0; i < m->n_members; i++)
		each(&m->members[i], index_add, x);
	settle(x, m);
}

/* ---- what a change reaches ---- */

struct reach {
	const struct model_index *x;
	const struct settings *s;
	const struct model *m;
	struct strv ports; /* of m, sorted */
	/* members of m and of its changes' before */
	const struct member **members;
	size_t n;
	bool too_far;
	/* pods that were taken in whole */
	const char **pods;
	size_t n_pods;
};

static void reach_member(struct reach *r, const struct member *member)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->members[i] == member)
			return;
	if (r->n == REACH_MAX)
		r->too_far = true;
	else
		ARRAY_PUSH(r->members, r->n) = member;
}

static int compare_prefix(const void *prefix, const void *member)
{
	return strncmp(prefix, ((const struct member *)member)->id, PREFIX);
}

static void reach_hash(void *userdata, uint64_t h, const struct member *of _unused_)
{
	struct reach *r = userdata;
	const struct entry *e = r->x->buckets[h & (r->x->n_buckets - 1)];

	for (; e && !r->too_far; e = e->next) {
		if (e->hash != h)
			continue;
		for (size_t i = array_place(e->prefix, r->m->members, r->m->n_members,
					    sizeof(*r->m->members), compare_prefix);
		     i < r->m->n_members && strncmp(r->m->members[i].id, e->prefix, PREFIX) == 0;
		     i++)
			reach_member(r, &r->m->members[i]);
	}
}

static void reach_pod(struct reach *r, const char *pod)
{
	for (size_t i = 0; i < r->n_pods; i++)
		if (streq(r->pods[i], pod))
			return;
	ARRAY_PUSH(r->pods, r->n_pods) = pod;
	reach_hash(r, hash_pod(pod), NULL);
}

/* A pod and those that the configuration links with it. */
static void reach_links(struct reach *r, const char *pod)
{
	const struct settings_pod *own = settings_find_pod(r->s, pod);

	reach_pod(r, pod);
	for (size_t i = 0; own && i < own->n_connect_to; i++)
		reach_pod(r, own->connect_to[i].pod);
	for (size_t i = 0; i < settings_n_pods(r->s); i++) {
		const struct settings_pod *p = settings_pod_at(r->s, i);

		for (size_t j = 0; j < p->n_connect_to; j++)
			if (streq(p->connect_to[j].pod, pod))
				reach_pod(r, p->entry.key);
	}
}

/*
 * Members with an address of a changed one are as good as changed: whether the address is theirs
 * may be another now. For all others, who else claims their addresses is only to be known.
 */
static void reach_all(struct reach *r)
{
	size_t changed;

	for (size_t i = 0; i < r->n; i++)
		each_addr(r->members[i], reach_hash, r);
	changed = r->n;
	for (size_t i = 0; i < changed && !r->too_far; i++) {
		each_port(r->members[i], reach_hash, r);
		each_veth(r->members[i], reach_hash, r);
		if (r->members[i]->pod)
			reach_links(r, r->members[i]->pod);
	}
	for (size_t i = 0; i < r->n && !r->too_far; i++)
		each_addr(r->members[i], reach_hash, r);
}

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static const struct model_change *change_of(const struct model *m, const char *id)
{
	for (size_t i = 0; i < m->n_changes; i++)
		if (streq(m->changes[i].id, id))
			return &m->changes[i];
	return NULL;
}

static bool is_before(const struct model *m, const struct member *member)
{
	for (size_t i = 0; i < m->n_changes; i++)
		if (member == &m->changes[i].before)
			return true;
	return false;
}

/* What is in a and not in b, both sorted; borrowed. */
static void lacking(const struct strv *a, const struct strv *b, struct strv *ret)
{
	for (size_t i = 0, j = 0; i < a->n; i++) {
		while (j < b->n && strcmp(b->items[j], a->items[i]) < 0)
			j++;
		if (j == b->n || !streq(b->items[j], a->items[i]))
			ARRAY_PUSH(ret->items, ret->n) = a->items[i];
	}
}

/* A port is in the table for its own sake, too, when it is the member's no more. Borrowed. */
static void add_known_ports(const struct member *m, const struct strv *ports, struct strv *ret)
{
	for (size_t i = 0; i < m->n_addresses; i++) {
		char *found = strv_find(ports, m->addresses[i].veth);

		if (found)
			ARRAY_PUSH(ret->items, ret->n) = found;
	}
}

/* A model of what was reached, as it was or is; what is in it is borrowed. */
static struct elements *make(const struct reach *r, const struct people *people, bool before)
{
	struct model part = {.members = xcalloc(r->n, sizeof(*part.members))};
	const struct strv *ports = before ? &r->x->ports : &r->ports;
	struct elements *ret;

	for (size_t i = 0; i < r->n; i++) {
		bool was = is_before(r->m, r->members[i]);
		bool changed = was || change_of(r->m, r->members[i]->id);

		if (!changed || was == before)
			part.members[part.n_members++] = *r->members[i];
	}
	if (part.n_members > 0)
		qsort(part.members, part.n_members, sizeof(*part.members), compare_members);
	lacking(ports, before ? &r->ports : &r->x->ports, &part.ports);
	for (size_t i = 0; i < r->n; i++)
		add_known_ports(r->members[i], ports, &part.ports);
	ret = model_elements(r->s, people, &part);
	free(part.members);
	free(part.ports.items);
	return ret;
}

/* Those whose interface is a port that came or went. */
static void reach_ports(struct reach *r)
{
	struct strv changed = {0};

	lacking(&r->x->ports, &r->ports, &changed);
	lacking(&r->ports, &r->x->ports, &changed);
	for (size_t i = 0; i < changed.n; i++)
		reach_hash(r, hash_veth(changed.items[i]), NULL);
	free(changed.items);
}

bool model_delta(struct model_index *x, const struct settings *s, const struct people *people,
		 struct model *m, struct elements **ret_before, struct elements **ret_after)
{
	struct reach r = {.x = x, .s = s, .m = m};

	if (m->all)
		return false;
	sort_ports(m, &r.ports);
	for (size_t i = 0; i < m->n_changes; i++) {
		const struct model_change *c = &m->changes[i];
		const struct member *now = model_find(m, c->id);

		if (c->there) {
			each(&c->before, index_remove, x);
			reach_member(&r, &c->before);
		}
		if (now) {
			each(now, index_add, x);
			reach_member(&r, now);
		}
	}
	reach_ports(&r);
	reach_all(&r);
	if (!r.too_far) {
		*ret_before = make(&r, people, true);
		*ret_after = make(&r, people, false);
		settle(x, m);
	}
	free(r.members);
	free(r.pods);
	strv_done(&r.ports);
	return !r.too_far;
}
