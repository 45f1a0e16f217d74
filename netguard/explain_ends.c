/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What FROM and TO stand for: users, addresses of containers, of the host, of the world. */
#include "netguard/explain_private.h"

#include "netguard/model_places.h"

#include <errno.h>

static bool add_end(struct explain_ends *ends, const struct explain_end *end)
{
	if (ends->n == EXPLAIN_CASES_MAX) {
		ends->cut = true;
		return false;
	}
	ARRAY_PUSH(ends->items, ends->n) = *end;
	return true;
}

/* ---- users ---- */

static const struct account *find_account(const struct accounts *a, const char *name, int64_t uid)
{
	for (size_t i = 0; i < a->n; i++) {
		if (uid >= 0 ? a->items[i].uid == (uid_t)uid : streq(a->items[i].name, name))
			return &a->items[i];
	}
	return NULL;
}

/* Among the users that the configuration names. */
static const struct account *find_user(const struct people *p, const char *name, int64_t uid)
{
	const struct account *found = find_account(&p->allowed, name, uid);

	for (size_t i = 0; !found && i < p->n_pods; i++)
		found = find_account(&p->pod_users[i], name, uid);
	return found;
}

/* A uid in plain decimal, or -1. */
static int64_t number_of(const char *text)
{
	uint32_t id;

	return text_id(text, &id) ? (int64_t)id : -1;
}

static int add_user(const struct explain_context *x, const struct explain_spec *spec, int64_t uid,
		    struct explain_ends *ret, struct err *err)
{
	struct explain_end end = {.side = SIDE_USER};
	const struct account *a;
	char printable[80];

	if (spec->kind == SPEC_HOST) {
		end.user = "root";
		add_end(ret, &end);
		return 0;
	}
	if (uid < 0)
		uid = number_of(spec->name);
	if (uid < 0 && streq(spec->name, "root"))
		uid = 0;
	a = find_user(x->people, spec->name, uid);
	if (uid < 0 && !a)
		return err_set(err, ENOENT, "user %s: not known; give the uid",
			       text_printable(printable, sizeof(printable), spec->name));
	end.uid = a ? a->uid : (uid_t)uid;
	end.user = number_of(spec->name) < 0 ? spec->name : a ? a->name : NULL;
	add_end(ret, &end);
	return 0;
}

/* ---- containers ---- */

static void add_address(const struct member *m, const struct member *root,
			const struct member_address *a, const struct addr *addr,
			struct explain_ends *ret)
{
	struct explain_end end = {
		.side = SIDE_CONTAINER, .addr = *addr, .member = m, .root = root, .address = a};

	memcpy(end.iface, a->bridge, sizeof(end.iface));
	if (addr->family != AF_UNSPEC)
		add_end(ret, &end);
}

static const struct member *root_of(const struct model *m, const struct member *member)
{
	const struct member *root =
		member->joined_id ? model_find_joined(m, member->joined_id) : NULL;

	return root ? root : member;
}

static void add_pretended(const struct member *m, const struct member *root,
			  const struct addr *addr, struct explain_ends *ret)
{
	for (size_t i = 0; i < root->n_addresses; i++) {
		const struct member_address *a = &root->addresses[i];
		struct explain_end end = {
			.side = SIDE_CONTAINER,
			.addr = *addr,
			.member = m,
			.root = root,
			.address = a,
			.forged = addr_compare(addr, &a->ip4) && addr_compare(addr, &a->ip6),
		};

		memcpy(end.iface, a->bridge, sizeof(end.iface));
		add_end(ret, &end);
	}
}

static void add_hosts(const struct explain_context *x, const struct addr *addr,
		      struct explain_ends *ret);

static int add_member(const struct explain_context *x, const struct explain_spec *spec,
		      const struct member *m, bool from, struct explain_ends *ret, struct err *err)
{
	const struct member *root = root_of(x->model, m);
	size_t before = ret->n;

	if (root->host_network && from) {
		struct explain_end end = {.side = SIDE_USER, .user = "root", .process = true};

		add_end(ret, &end);
		return 0;
	}
	if (root->host_network)
		add_hosts(x, &spec->addr, ret);
	else if (spec->addr.family != AF_UNSPEC)
		add_pretended(m, root, &spec->addr, ret);
	for (size_t i = 0; spec->addr.family == AF_UNSPEC && i < root->n_addresses; i++) {
		add_address(m, root, &root->addresses[i], &root->addresses[i].ip4, ret);
		add_address(m, root, &root->addresses[i], &root->addresses[i].ip6, ret);
	}
	if (ret->n > before || ret->cut)
		return 0;
	if (root->unguarded)
		return err_set(err, ENOENT, "%s is not guarded: %s", m->name, root->unguarded);
	return err_set(err, ENOENT, "%s has no address: is it running?", m->name);
}

static int add_pod(const struct explain_context *x, const struct explain_spec *spec, bool from,
		   struct explain_ends *ret, struct err *err)
{
	char printable[80];
	bool any = false;

	text_printable(printable, sizeof(printable), spec->name);
	for (size_t i = 0; i < x->model->n_members && !ret->cut; i++) {
		const struct member *m = &x->model->members[i];
		const struct member *root;
		struct err why;

		if (!m->pod || !streq(m->pod, spec->name))
			continue;
		any = true;
		root = root_of(x->model, m);
		/* who shares another's addresses is asked for with that one */
		if (root != m && root->pod && streq(root->pod, spec->name))
			continue;
		add_member(x, spec, m, from, ret, &why); /* some may be stopped */
	}
	if (!any)
		return err_set(err, ENOENT, "pod %s has no container that netguard knows",
			       printable);
	if (ret->n == 0)
		return err_set(err, ENOENT, "pod %s has no container with an address", printable);
	return 0;
}

static int add_container(const struct explain_context *x, const struct explain_spec *spec,
			 bool from, struct explain_ends *ret, struct err *err)
{
	const struct member *m = model_find_joined(x->model, spec->name);
	char printable[80];

	if (!m)
		return err_set(err, ENOENT, "container %s is not known",
			       text_printable(printable, sizeof(printable), spec->name));
	return add_member(x, spec, m, from, ret, err);
}

/* ---- addresses ---- */

static bool is_group(const struct addr *a)
{
	if (a->family == AF_INET6)
		return a->bytes[0] == 0xff;
	return a->bytes[0] >= 224; /* multicast, and 255.255.255.255 */
}

static bool in_network(const struct explain_local *l, const struct addr *a)
{
	struct prefix p = {.addr = *a, .len = l->len};

	if (l->addr.family != a->family)
		return false;
	for (size_t bit = l->len; bit < addr_size(a) * 8; bit++)
		p.addr.bytes[bit / 8] &= (uint8_t) ~(0x80U >> (bit % 8));
	return prefix_contains(&p, &l->addr);
}

/* The last address of a network of the host. */
static bool is_broadcast(const struct explain_local *l, const struct addr *a)
{
	if (a->family != AF_INET || l->len > 30 || !in_network(l, a))
		return false;
	for (size_t bit = l->len; bit < 32; bit++) {
		if (!(a->bytes[bit / 8] & (0x80U >> (bit % 8))))
			return false;
	}
	return true;
}

static bool is_link_local(const struct addr *a)
{
	return a->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&a->v6);
}

/* All addresses of the host, or the one that is named. */
static void add_hosts(const struct explain_context *x, const struct addr *addr,
		      struct explain_ends *ret)
{
	struct explain_end end = {.side = SIDE_HOST};

	if (addr->family != AF_UNSPEC) {
		end.addr = *addr;
		add_end(ret, &end);
	}
	for (size_t i = 0; addr->family == AF_UNSPEC && i < x->n_locals; i++) {
		end.addr = x->locals[i].addr;
		memcpy(end.iface, x->locals[i].ifname, sizeof(end.iface));
		add_end(ret, &end);
	}
}

/* Whoever has the address: a container, the host, somebody on a container's bridge, the world. */
static void add_addr(const struct explain_context *x, const struct addr *addr,
		     struct explain_ends *ret)
{
	struct explain_end end = {.side = SIDE_WORLD, .addr = *addr};

	for (size_t i = 0; i < x->model->n_members; i++) {
		const struct member *m = &x->model->members[i];

		for (size_t j = 0; j < m->n_addresses; j++) {
			if (addr_compare(&m->addresses[j].ip4, addr) == 0 ||
			    addr_compare(&m->addresses[j].ip6, addr) == 0)
				add_address(m, m, &m->addresses[j], addr, ret);
		}
	}
	if (ret->n)
		return;
	if (addr_is_loopback(addr) || is_group(addr)) {
		end.side = SIDE_HOST;
		end.broadcast = is_group(addr);
	}
	for (size_t i = 0; i < x->n_locals && end.side == SIDE_WORLD; i++) {
		const struct explain_local *l = &x->locals[i];

		if (addr_compare(&l->addr, addr) == 0) {
			end.side = SIDE_HOST;
			memcpy(end.iface, l->ifname, sizeof(end.iface));
		} else if (is_broadcast(l, addr)) {
			end.side = SIDE_HOST;
			end.broadcast = true;
		}
	}
	for (size_t i = 0; i < x->n_locals && end.side == SIDE_WORLD && !is_link_local(addr); i++) {
		const struct explain_local *l = &x->locals[i];

		if (!in_network(l, addr) || l->len == 0)
			continue;
		memcpy(end.iface, l->ifname, sizeof(end.iface));
		if (settings_guards_interface(x->settings, l->ifname))
			end.side = SIDE_CONTAINER;
	}
	add_end(ret, &end);
}

/* What is said to be the host's, or outside, and is another's, would be answered for nobody. */
static int check_place(const struct explain_context *x, const struct explain_spec *spec,
		       struct err *err)
{
	bool host = spec->kind == SPEC_HOST, right;
	struct explain_ends ends = {0};
	char buf[ADDR_TEXT_MAX];

	if (spec->addr.family == AF_UNSPEC)
		return 0;
	add_addr(x, &spec->addr, &ends);
	right = ends.items[0].side == (host ? SIDE_HOST : SIDE_WORLD);
	free(ends.items);
	if (right)
		return 0;
	return err_set(err, EINVAL, "%s is %s: ask for the address alone",
		       addr_format(&spec->addr, buf),
		       host ? "no address of the host" : "not outside");
}

int explain_find_ends(const struct explain_context *x, const struct explain_spec *spec, int64_t uid,
		      struct explain_ends *ret, struct err *err)
{
	bool from = spec->proto == 0;
	struct explain_end world = {.side = SIDE_WORLD, .addr = spec->addr};

	*ret = (struct explain_ends){0};
	switch (spec->kind) {
	case SPEC_USER:
		return add_user(x, spec, uid, ret, err);
	case SPEC_HOST:
		if (from)
			return add_user(x, spec, uid, ret, err);
		if (check_place(x, spec, err) < 0)
			return -EINVAL;
		add_hosts(x, &spec->addr, ret);
		if (ret->n == 0)
			return err_set(err, ENOENT, "the host's addresses are not known");
		return 0;
	case SPEC_POD:
		return add_pod(x, spec, from, ret, err);
	case SPEC_CONTAINER:
		return add_container(x, spec, from, ret, err);
	case SPEC_WORLD:
		/* who sends may pretend to be anybody */
		if (!from && check_place(x, spec, err) < 0)
			return -EINVAL;
		add_end(ret, &world);
		return 0;
	default: /* SPEC_ADDR */
		add_addr(x, &spec->addr, ret);
		return 0;
	}
}
