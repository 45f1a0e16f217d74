/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people should know about the containers that are there. */
#include "netguard/model_places.h"

/* What stands between a port and its publisher. */
static const char *why_closed(const struct settings_grant *g, uint8_t proto)
{
	if (g)
		return "port_whitelist gives it to pod ";
	return proto == IPPROTO_SCTP ? "port_whitelist can't allow SCTP" : "not on port_whitelist";
}

static void warn_ports(const struct settings *s, const struct model *m, struct strv *ret)
{
	size_t n;
	_cleanup_free_ struct published *list = published_list(m, &n);

	for (size_t i = 0; i < n; i++) {
		const struct published *p = &list[i];
		const struct settings_grant *g = settings_find_grant(s, p->proto, p->port);

		if (!p->pod || p->loopback || (g && (p->held || streq(g->pod, p->pod))))
			continue;
		/* once for each pod; of one port those without a pod come last */
		if (i > 0 && list[i - 1].proto == p->proto && list[i - 1].port == p->port &&
		    streq_null(list[i - 1].pod, p->pod))
			continue;
		strv_take(ret, xasprintf("host port %u/%s is published by %s%s, but %s%s: closed%s",
					 (unsigned)p->port, proto_name(p->proto), p->member->name,
					 p->held ? " (not running)" : "", why_closed(g, p->proto),
					 g ? g->pod : "", p->held ? " until it is removed" : ""));
	}
}

static void warn_member(const struct settings *s, const struct member *m, struct strv *ret)
{
	if (!member_is_up(m))
		return;
	if (m->host_network)
		strv_take(ret, xasprintf("%s runs in the host's network: not guarded", m->name));
	else if (m->unguarded)
		strv_take(ret, xasprintf("%s: not guarded: %s", m->name, m->unguarded));
	for (size_t i = 0; i < m->n_addresses; i++) {
		const char *bridge = m->addresses[i].bridge;
		bool guarded = settings_guards_interface(s, bridge);

		if (!guarded)
			strv_take(ret, xasprintf("%s on %s: not guarded: "
						 "guard.container_interfaces leaves it out",
						 m->name, bridge));
		else if (!m->pod)
			strv_take(ret, xasprintf("%s on %s: closed: other_containers.guard is "
						 "false, and the bridge is guarded",
						 m->name, bridge));
	}
}

void model_warnings(const struct settings *s, const struct model *m, struct strv *ret)
{
	struct maker k = {.s = s, .m = m};

	places_make(s, NULL, m, &k.places);
	for (size_t i = 0; i < k.places.contested.n; i++)
		strv_take(ret, xasprintf("%s is claimed by several containers: closed",
					 k.places.contested.items[i]));
	maker_links(&k, ret);
	places_done(&k.places);
	for (size_t i = 0; i < m->n_members; i++)
		warn_member(s, &m->members[i], ret);
	warn_ports(s, m, ret);
}
