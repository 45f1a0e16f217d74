/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose a port is: see links.h for why. Pure. */
#include "netguard/links.h"

#include "netguard/rtnl_parse.h"

#include <limits.h>
#include <linux/rtnetlink.h>

/* ---- the list ---- */

static void port_done(struct links_port *p)
{
	free(p->addresses);
	*p = (struct links_port){0};
}

void links_list_done(struct links_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		port_done(&l->items[i]);
	free(l->items);
	*l = (struct links_list){0};
}

static int compare_index(const void *key, const void *item)
{
	int x = *(const int *)key, y = ((const struct links_port *)item)->index;

	return (x > y) - (x < y);
}

static size_t place_of(const struct links_list *l, int index)
{
	return array_place(&index, l->items, l->n, sizeof(*l->items), compare_index);
}

const struct links_port *links_list_find(const struct links_list *l, int index)
{
	size_t i = place_of(l, index);

	return i < l->n && l->items[i].index == index ? &l->items[i] : NULL;
}

struct links_port *links_list_put(struct links_list *l, const struct links_port *port)
{
	size_t i = place_of(l, port->index);
	struct links_port *p;

	if (i == l->n || l->items[i].index != port->index) {
		size_t behind = l->n - i;

		ARRAY_PUSH(l->items, l->n) = (struct links_port){0};
		memmove(&l->items[i + 1], &l->items[i], behind * sizeof(*l->items));
		l->items[i] = *port;
		return &l->items[i];
	}
	p = &l->items[i];
	/*
	 * One look for the life of a port: an end that moves on (NET_ADMIN may put it into
	 * another namespace) must not be looked at as if the engine had just made it.
	 */
	if (p->looked && (p->nsid != port->nsid || p->peer != port->peer)) {
		free(take_ptr(p->addresses));
		p->n_addresses = 0;
		p->has_mac = false;
	}
	p->master = port->master;
	p->peer = port->peer;
	p->nsid = port->nsid;
	p->up = port->up;
	p->of_bridge = port->of_bridge;
	p->groups = port->groups;
	memcpy(p->name, port->name, sizeof(p->name));
	return p;
}

void links_list_remove(struct links_list *l, int index)
{
	size_t i = place_of(l, index);

	if (i == l->n || l->items[i].index != index)
		return;
	port_done(&l->items[i]);
	memmove(&l->items[i], &l->items[i + 1], (l->n - i - 1) * sizeof(*l->items));
	l->n--;
}

/* What a bridge itself tells of a port: only of one that is known by its own message. */
static void take_port(struct links_list *l, const struct rtnl_link *port)
{
	size_t i = place_of(l, port->index);

	if (i == l->n || l->items[i].index != port->index || l->items[i].master != port->master)
		return;
	l->items[i].of_bridge = true;
	l->items[i].groups = port->group_mask;
}

bool links_list_take(struct links_list *l, const struct nlmsghdr *nlh, bool looked)
{
	const struct links_port *old;
	struct rtnl_link link;
	struct links_port new;
	bool same, changes;

	if (rtnl_parse_port(nlh, &link)) {
		take_port(l, &link);
		return false;
	}
	if (!rtnl_parse_link(nlh, &link))
		return false;
	old = links_list_find(l, link.index);
	if (nlh->nlmsg_type == RTM_DELLINK) {
		links_list_remove(l, link.index);
		return old != NULL;
	}
	new = (struct links_port){.index = link.index,
				  .master = link.master,
				  .peer = link.peer,
				  .nsid = link.nsid,
				  .up = link.up,
				  .of_bridge = link.is_port,
				  .groups = link.group_mask,
				  .looked = looked};
	memcpy(new.name, link.name, sizeof(new.name));
	same = old && old->master == new.master && old->peer == new.peer && old->nsid == new.nsid &&
	       old->up == new.up &&streq(old->name, new.name);
	/* also where it was a port, or is a bridge that has another name now */
	changes = new.master > 0 || (old && (old->master > 0 || !streq(old->name, new.name)));
	links_list_put(l, &new);
	return changes && !same;
}

/* The name of the guarded bridge that it is a port of; NULL: of none. */
static const char *guarded_bridge(const struct links_list *l, const struct settings *s,
				  const struct links_port *p)
{
	const struct links_port *master = p->master ? links_list_find(l, p->master) : NULL;

	return master && settings_guards_interface(s, master->name) ? master->name : NULL;
}

bool links_lacks_groups(const struct links_list *l, const struct settings *s,
			const struct links_port *p)
{
	return p->of_bridge && p->groups != LINKS_GROUPS && guarded_bridge(l, s, p);
}

static bool same_names(const struct strv *a, const struct strv *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++) {
		if (!streq(a->items[i], b->items[i]))
			return false;
	}
	return a->n == b->n;
}

/*
 * Ports of other bridges, that table bridge takes for neither a container's nor a new one. Those of
 * virtual machines and network cards have other names.
 */
static void find_other_ports(const struct links_list *l, const struct settings *s, struct strv *ret)
{
	*ret = (struct strv){0};
	for (size_t i = 0; i < l->n; i++) {
		const struct links_port *p = &l->items[i];

		if (p->master && startswith(p->name, "veth") && !guarded_bridge(l, s, p))
			strv_add(ret, p->name);
	}
	strv_sort(ret);
}

/* ---- whose is it? ---- */

struct candidate {
	const struct links_port *port;
	const char *bridge;
};

/* What one decision works with. */
struct work {
	struct candidate *ports; /* on guarded bridges, by namespace, then index */
	size_t n_ports;
	struct links_owner *owners; /* by namespace */
	size_t n_owners;
	struct candidate *looked; /* of namespaces of no known process, by MAC, then bridge */
	size_t n_looked;
};

static int compare_ports(const void *a, const void *b)
{
	const struct links_port *x = ((const struct candidate *)a)->port;
	const struct links_port *y = ((const struct candidate *)b)->port;
	int r = (x->nsid > y->nsid) - (x->nsid < y->nsid);

	return r != 0 ? r : (x->index > y->index) - (x->index < y->index);
}

static int compare_owners(const void *a, const void *b)
{
	const struct links_owner *x = a, *y = b;

	return (x->nsid > y->nsid) - (x->nsid < y->nsid);
}

/* How many containers have this namespace. */
static size_t owners_of(const struct work *w, int nsid)
{
	const struct links_owner key = {.nsid = nsid};
	size_t i = array_place(&key, w->owners, w->n_owners, sizeof(key), compare_owners), n = 0;

	while (i + n < w->n_owners && w->owners[i + n].nsid == nsid)
		n++;
	return n;
}

static int compare_looked(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int r = memcmp(x->port->mac, y->port->mac, sizeof(x->port->mac));

	return r != 0 ? r : strcmp(x->bridge, y->bridge);
}

static bool has_address(const struct links_port *p, const struct addr *a)
{
	if (a->family == AF_UNSPEC)
		return true;
	for (size_t i = 0; i < p->n_addresses; i++) {
		if (addr_compare(&p->addresses[i], a) == 0)
			return true;
	}
	return false;
}

/* The first port of a namespace, and how many there are. */
static size_t ports_of(const struct work *w, int nsid, const struct candidate **ret)
{
	const struct links_port first = {.nsid = nsid, .index = INT_MIN};
	const struct candidate key = {.port = &first};
	size_t i = array_place(&key, w->ports, w->n_ports, sizeof(key), compare_ports), n = 0;

	while (i + n < w->n_ports && w->ports[i + n].port->nsid == nsid)
		n++;
	*ret = n ? w->ports + i : NULL;
	return n;
}

/* By the namespace of the container's process. Of several (one is going) the newest. */
static const struct links_port *by_process(const struct work *w, int nsid,
					   const struct member_address *a)
{
	const struct links_port *found = NULL;
	const struct candidate *ports;
	size_t n;

	if (nsid < 0 || owners_of(w, nsid) != 1)
		return NULL;
	n = ports_of(w, nsid, &ports);
	for (size_t i = 0; i < n; i++) {
		if (streq(ports[i].bridge, a->bridge))
			found = ports[i].port;
	}
	return found;
}

/* By what the engine gave the other end, before anything of the container ran. */
static const struct links_port *by_look(const struct work *w, const struct member_address *a)
{
	const struct links_port *found = NULL;
	struct links_port same = {0};
	const struct candidate key = {.port = &same, .bridge = a->bridge};

	if (!a->has_mac)
		return NULL;
	memcpy(same.mac, a->mac, sizeof(same.mac));
	for (size_t i = array_place(&key, w->looked, w->n_looked, sizeof(key), compare_looked);
	     i < w->n_looked && compare_looked(&key, &w->looked[i]) == 0; i++) {
		const struct links_port *p = w->looked[i].port;

		if (!has_address(p, &a->ip4) || !has_address(p, &a->ip6))
			continue;
		if (found)
			return NULL;
		found = p;
	}
	return found;
}

static void start(const struct links_list *l, const struct settings *s,
		  const struct links_owner *owners, size_t n_owners, struct model *m,
		  struct work *w)
{
	*w = (struct work){.n_owners = n_owners};
	for (size_t i = 0; i < l->n; i++) {
		const struct links_port *p = &l->items[i];
		const char *bridge = guarded_bridge(l, s, p);

		if (!bridge)
			continue;
		ARRAY_PUSH(w->ports, w->n_ports) = (struct candidate){p, bridge};
		strv_add(&m->ports, p->name);
	}
	if (w->n_ports > 0)
		qsort(w->ports, w->n_ports, sizeof(*w->ports), compare_ports);
	if (n_owners > 0) {
		w->owners = xmemdup(owners, n_owners * sizeof(*owners));
		qsort(w->owners, n_owners, sizeof(*w->owners), compare_owners);
	}
	/* both are sorted by namespace */
	for (size_t i = 0, o = 0; i < w->n_ports; i++) {
		const struct links_port *p = w->ports[i].port;

		while (o < n_owners && w->owners[o].nsid < p->nsid)
			o++;
		if (p->nsid >= 0 && p->has_mac && (o == n_owners || w->owners[o].nsid != p->nsid))
			ARRAY_PUSH(w->looked, w->n_looked) = w->ports[i];
	}
	if (w->n_looked > 0)
		qsort(w->looked, w->n_looked, sizeof(*w->looked), compare_looked);
}

void links_decide(const struct links_list *l, const struct settings *s,
		  const struct links_owner *owners, size_t n_owners, struct model *m)
{
	struct work w;
	struct strv others;

	find_other_ports(l, s, &others);
	if (!same_names(&others, &m->other_ports))
		model_touch_all(m);
	strv_done(&m->other_ports);
	m->other_ports = others;
	strv_done(&m->ports);
	start(l, s, owners, n_owners, m, &w);
	for (size_t i = 0, o = 0; i < m->n_members; i++) {
		struct member *member = &m->members[i];
		const struct links_owner *owner;

		/* both lists are sorted by id */
		while (o < n_owners && strcmp(owners[o].id, member->id) < 0)
			o++;
		owner = o < n_owners && streq(owners[o].id, member->id) ? &owners[o] : NULL;
		for (size_t j = 0; j < member->n_addresses; j++) {
			struct member_address *a = &member->addresses[j];
			const struct links_port *p = NULL;

			if (owner)
				p = by_process(&w, owner->nsid, a);
			else if (member->pid <= 0)
				p = by_look(&w, a);
			if (streq(a->veth, p ? p->name : ""))
				continue;
			model_touch(m, member->id);
			memset(a->veth, 0, sizeof(a->veth));
			if (p)
				memcpy(a->veth, p->name, sizeof(a->veth));
		}
	}
	free(w.ports);
	free(w.owners);
	free(w.looked);
}
