/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/watch_members.h"

#include "netguard/watch_events.h"

/* ports of one container that are guessed; whoever opens more at a time is no proxy */
#define GUESS_MAX 1024

void watch_networks_done(struct watch_networks *n)
{
	while (n->n > 0)
		watch_networks_remove(n, n->items[n->n - 1].id);
	free(n->items);
	*n = (struct watch_networks){0};
}

static struct watch_network *find_network(const struct watch_networks *n, const char *id)
{
	for (size_t i = 0; i < n->n; i++) {
		if (streq(n->items[i].id, id))
			return &n->items[i];
	}
	return NULL;
}

const struct watch_network *watch_networks_find(const struct watch_networks *n, const char *id)
{
	return find_network(n, id);
}

void watch_networks_put(struct watch_networks *n, const struct engine_network *network)
{
	watch_networks_remove(n, network->id);
	ARRAY_PUSH(n->items, n->n) = (struct watch_network){
		.id = xstrdup(network->id),
		.name = xstrdup(network->name),
		.driver = xstrdup(network->driver),
		.bridge = xstrdup(network->bridge),
	};
}

void watch_networks_remove(struct watch_networks *n, const char *id)
{
	struct watch_network *w = find_network(n, id);

	if (!w)
		return;
	free(w->id);
	free(w->name);
	free(w->driver);
	free(w->bridge);
	*w = n->items[--n->n];
}

bool watch_networks_set_bridge(const struct watch_networks *n, struct engine_network *network)
{
	const struct watch_network *known = watch_networks_find(n, network->id);

	if (!known)
		return false;
	free(network->bridge);
	network->bridge = xstrdup(known->bridge);
	return true;
}

static const char *get_attribute(void *userdata, const char *label)
{
	return json_string_value(json_object_get(userdata, label));
}

static void name_pod(const struct settings *s,
		     const char *(*get)(void *userdata, const char *label), void *userdata,
		     struct member *m)
{
	m->pod = model_pod_name(s, m->name, get, userdata, &m->ours);
	/* where the configuration speaks of a pod, it is the admin who mixes its containers */
	m->yields = m->pod && !m->ours && !settings_names_pod(s, m->pod);
}

void member_from_event(const struct settings *s, const char *id, const char *name,
		       const json_t *attributes, struct member *ret)
{
	struct member m = {.id = xstrdup(id), .name = xstrdup(name)};

	/* only read, but jansson's getter wants it without const in a void pointer */
	name_pod(s, get_attribute, (void *)(uintptr_t)attributes, &m);
	*ret = m;
}

/* "172.17.0.2" or "172.17.0.2/16"; false for anything else, also "". */
static bool parse_address(const char *text, int family, struct addr *ret)
{
	char buf[ADDR_TEXT_MAX];
	size_t n = text ? strcspn(text, "/") : 0;
	struct addr a;

	if (n == 0 || n >= sizeof(buf))
		return false;
	memcpy(buf, text, n);
	buf[n] = '\0';
	if (!addr_parse(buf, &a) || a.family != family)
		return false;
	*ret = a;
	return true;
}

static bool make_address(const char *bridge, const char *ip4, const char *ip6, const char *mac,
			 struct member_address *ret)
{
	struct member_address a = {0};

	if (!bridge || !bridge[0] || strlen(bridge) >= sizeof(a.bridge))
		return false;
	memcpy(a.bridge, bridge, strlen(bridge));
	parse_address(ip4, AF_INET, &a.ip4);
	parse_address(ip6, AF_INET6, &a.ip6);
	if (a.ip4.family == AF_UNSPEC && a.ip6.family == AF_UNSPEC)
		return false;
	a.has_mac = mac && mac_parse(mac, a.mac);
	*ret = a;
	return true;
}

static bool same_address(const struct member_address *a, const struct member_address *b)
{
	return streq(a->bridge, b->bridge) && addr_compare(&a->ip4, &b->ip4) == 0 &&
	       addr_compare(&a->ip6, &b->ip6) == 0 && a->has_mac == b->has_mac &&
	       memcmp(a->mac, b->mac, sizeof(a->mac)) == 0;
}

static struct member_address *find_address(const struct member *m, const char *bridge)
{
	for (size_t i = 0; i < m->n_addresses; i++) {
		if (streq(m->addresses[i].bridge, bridge))
			return &m->addresses[i];
	}
	return NULL;
}

/* True where that is new. */
static bool set_address(struct member *m, const struct member_address *a)
{
	struct member_address *old = find_address(m, a->bridge);

	if (old && same_address(old, a))
		return false;
	if (old)
		*old = *a;
	else
		ARRAY_PUSH(m->addresses, m->n_addresses) = *a;
	return true;
}

static const char *get_label(void *userdata, const char *label)
{
	return engine_container_label(userdata, label);
}

/* The engine keeps bindings in mind that it never makes: of what has no network of its own. */
static bool has_network(const struct engine_container *c)
{
	const char *mode = c->network_mode ? c->network_mode : "";

	return !streq(mode, "host") && !streq(mode, "none") && !startswith(mode, "container:");
}

static bool was_taken(const struct member *old, const struct member_port *p)
{
	for (size_t i = 0; old && !member_is_up(old) && i < old->n_ports; i++) {
		const struct member_port *q = &old->ports[i];

		if (q->taken && q->proto == p->proto && q->host_port == p->host_port &&
		    addr_compare(&q->host_ip, &p->host_ip) == 0)
			return true;
	}
	return false;
}

/*
 * Whether a service of the host has the port; where a container has it, that is who listens. What
 * listens for the host only loses nothing where a port is closed to the world.
 */
static bool is_taken(const struct model *m, const char *id, const struct listeners *l,
		     const struct member_port *p)
{
	return listeners_on(l, p->proto, p->host_port, addr_is_loopback(&p->host_ip)) &&
	       !model_publishes(m, id, p->proto, p->host_port);
}

static void take_ports(const struct engine_container *c, const struct model *model,
		       const struct listeners *others, struct member *m)
{
	const struct member *old = model_find(model, c->id);

	if (!c->running && !has_network(c))
		return;
	for (size_t i = 0; i < c->n_ports; i++) {
		struct member_port p = {.host_port = c->ports[i].host_port,
					.port = c->ports[i].port,
					.proto = c->ports[i].proto};

		/* what can't be read stays "any", which is the widest and so the most closed */
		if (c->ports[i].host_ip)
			addr_parse(c->ports[i].host_ip, &p.host_ip);
		/*
		 * Once taken it stays so until the container runs: connections to a service that is
		 * being restarted must not be ended for a container that may never run.
		 */
		p.taken = !c->running && (was_taken(old, &p) || is_taken(model, c->id, others, &p));
		/* a container's port 0, which the engine takes, too, is as one that is not known */
		if (p.host_port)
			ARRAY_PUSH(m->ports, m->n_ports) = p;
	}
}

/* Why what is on a network without a bridge can't be guarded. Caller frees. */
static char *why_unguarded(const struct watch_network *n)
{
	if (streq(n->driver, "bridge"))
		return xasprintf("network %s has a bridge whose name the host's table does not "
				 "take",
				 n->name);
	return xasprintf("network %s is of driver %s, which the host's table does not see", n->name,
			 n->driver);
}

static void take_endpoints(const struct engine_container *c, const struct watch_networks *networks,
			   struct member *m)
{
	/* podman says of it what it says of the one that it joined: the address is that one's */
	if (m->joined_id)
		return;
	for (size_t i = 0; i < c->n_endpoints; i++) {
		const struct engine_endpoint *ep = &c->endpoints[i];
		const struct watch_network *n =
			ep->network_id ? watch_networks_find(networks, ep->network_id) : NULL;
		struct member_address a;

		if (n && n->bridge) {
			if (c->running && make_address(n->bridge, ep->ip4, ep->ip6, ep->mac, &a))
				set_address(m, &a);
			else
				m->incomplete |= c->running;
		} else if (!n && ep->network_id && ep->network_id[0]) {
			m->incomplete |= c->running;
		} else if (n && n->driver && !streq(n->driver, "host") &&
			   !streq(n->driver, "null") && !m->unguarded) {
			m->unguarded = why_unguarded(n);
		}
	}
}

static bool same_member(const struct member *a, const struct member *b)
{
	if (!streq_null(a->name, b->name) || !streq_null(a->pod, b->pod) || a->ours != b->ours ||
	    !streq_null(a->joined_id, b->joined_id) || !streq_null(a->unguarded, b->unguarded) ||
	    a->running != b->running || a->own_ports != b->own_ports || a->pid != b->pid ||
	    a->host_network != b->host_network || a->n_addresses != b->n_addresses ||
	    a->n_ports != b->n_ports)
		return false;
	for (size_t i = 0; i < a->n_addresses; i++) {
		const struct member_address *other = find_address(b, a->addresses[i].bridge);

		if (!other || !same_address(&a->addresses[i], other))
			return false;
	}
	for (size_t i = 0; i < a->n_ports; i++) {
		const struct member_port *p = &a->ports[i], *q = &b->ports[i];

		if (p->host_port != q->host_port || p->port != q->port || p->proto != q->proto ||
		    p->taken != q->taken || addr_compare(&p->host_ip, &q->host_ip) != 0)
			return false;
	}
	return true;
}

/* What the host's interfaces are, no answer says. */
static void keep_interfaces(struct member *m, const struct member *before)
{
	for (size_t i = 0; i < m->n_addresses; i++) {
		const struct member_address *a = find_address(before, m->addresses[i].bridge);

		if (a)
			memcpy(m->addresses[i].veth, a->veth, sizeof(a->veth));
	}
}

bool member_from_container(struct model *model, const struct settings *s,
			   const struct watch_networks *networks, const struct engine_container *c,
			   uint64_t number, const struct listeners *others, bool *ret_stale)
{
	struct member *old = model_find(model, c->id);
	struct member m = {.id = xstrdup(c->id),
			   .name = xstrdup(c->name),
			   .running = c->running,
			   .own_ports = true};
	const char *joined = c->network_mode ? startswith(c->network_mode, "container:") : NULL;
	bool changed;

	*ret_stale = old && number < old->seen;
	if (*ret_stale) {
		member_done(&m);
		return false;
	}
	/* get_label only reads; the pointer goes through a void pointer without const */
	name_pod(s, get_label, (void *)(uintptr_t)c, &m);
	m.joined_id = xstrdup(joined);
	/* a list does not say */
	m.pid = c->pid || !c->running || !old || !old->running ? c->pid : old->pid;
	m.host_network = c->network_mode && streq(c->network_mode, "host");
	take_ports(c, model, others, &m);
	take_endpoints(c, networks, &m);
	m.seen = number;
	if (old && !c->running) {
		/* being started: what the network said of its addresses stays, and its number */
		m.seen = old->seen;
		for (size_t i = 0; i < old->n_addresses; i++)
			set_address(&m, &old->addresses[i]);
	}
	if (old)
		keep_interfaces(&m, old);
	changed = !old || !same_member(old, &m);
	model_put(model, &m);
	return changed;
}

void member_keep(struct member *m, const struct member *before)
{
	if (!before)
		return;
	keep_interfaces(m, before);
	if (m->running && before->running && !m->pid) {
		m->pid = before->pid;
		m->unsure = true;
	}
	if (m->running || m->own_ports || m->n_ports > 0)
		return;
	m->own_ports = before->own_ports;
	for (size_t i = 0; i < before->n_ports; i++)
		ARRAY_PUSH(m->ports, m->n_ports) = before->ports[i];
}

bool member_wants_port_of(const struct model *m, const struct member *member,
			  const struct listeners *l)
{
	for (size_t i = 0; i < member->n_ports && !member_is_up(member); i++) {
		const struct member_port *p = &member->ports[i];

		if (p->host_port && !p->taken && is_taken(m, member->id, l, p))
			return true;
	}
	return false;
}

static bool has_host_port(const struct member *m, uint8_t proto, uint16_t port)
{
	for (size_t i = 0; i < m->n_ports; i++)
		if (m->ports[i].proto == proto && m->ports[i].host_port == port)
			return true;
	return false;
}

bool member_guess(struct model *m, struct member *member, const struct listeners *before,
		  const struct listeners *now)
{
	_cleanup_(listeners_freep)
	struct listeners *since = listeners_since(before, now);
	bool changed = false;

	for (size_t i = 0; i < since->n && member->n_ports < GUESS_MAX; i++) {
		const struct listener *l = &since->items[i];
		struct member_port p = {.proto = l->proto, .host_port = l->port};

		if (has_host_port(member, l->proto, l->port))
			continue;
		if (l->loopback)
			addr_parse("127.0.0.1", &p.host_ip);
		if (!changed)
			model_touch(m, member->id);
		changed = true;
		ARRAY_PUSH(member->ports, member->n_ports) = p;
	}
	return changed;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ids that a network has, sorted. Caller frees the list. */
static const char **sorted_ids(const struct engine_network *n, size_t *ret_n)
{
	const char **ids = xcalloc(n->n_members, sizeof(const char *));

	*ret_n = 0;
	for (size_t i = 0; i < n->n_members; i++)
		if (n->members[i].id)
			ids[(*ret_n)++] = n->members[i].id;
	if (*ret_n > 0)
		qsort(ids, *ret_n, sizeof(const char *), compare_ids);
	return ids;
}

/* Addresses that the network no longer tells of. */
static bool clear_others(struct model *model, const struct engine_network *network, uint64_t number)
{
	size_t n;
	_cleanup_free_ const char **ids = sorted_ids(network, &n);
	bool changed = false;

	for (size_t i = 0; i < model->n_members; i++) {
		struct member *m = &model->members[i];
		const char *id = m->id;

		if (number < m->seen || !find_address(m, network->bridge) ||
		    (n > 0 && bsearch(&id, ids, n, sizeof(const char *), compare_ids)))
			continue;
		model_touch(model, m->id);
		changed |= member_clear(m, network->bridge, number);
	}
	return changed;
}

bool members_from_network(struct model *model, const struct engine_network *network,
			  uint64_t number, struct strv *unknown, bool *ret_stale)
{
	bool changed = false;

	*ret_stale = false;
	if (!network->bridge)
		return false;
	for (size_t i = 0; i < network->n_members; i++) {
		const struct engine_network_member *nm = &network->members[i];
		struct member *m = nm->id ? model_find(model, nm->id) : NULL;
		struct member_address a, *old;
		bool known, same;

		if (!m) {
			/* also "ep-ID": an endpoint that the engine has no container for */
			if (watch_id_valid(nm->id))
				strv_add(unknown, nm->id);
			continue;
		}
		if (number < m->seen) {
			*ret_stale = true;
			continue;
		}
		old = find_address(m, network->bridge);
		known = make_address(network->bridge, nm->ip4, nm->ip6, nm->mac, &a);
		same = known && old && same_address(old, &a);
		if (!same && (known || old))
			model_touch(model, m->id);
		if (known)
			changed |= set_address(m, &a);
		else
			changed |= member_clear(m, network->bridge, number);
		m->seen = number;
		/* whether that was all that was missing, its own answer says */
		if (m->incomplete)
			strv_add(unknown, nm->id);
	}
	return clear_others(model, network, number) || changed;
}
