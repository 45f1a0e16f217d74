/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ends what began while the table was not there, or not as it should be: after somebody took it
 * away, and where a daemon finds none. Established flows pass, so a connection that used the moment
 * would live on.
 *
 * What was in force before is no help here. Each connection is taken for a new one, and the table's
 * own rules are read for it (explain_rules.h), with the interfaces that the host's routes name.
 * Where one thing about it is not known, it goes on: this ends what is denied for certain.
 */
#include "netguard/daemon_private.h"

#include "common/log.h"
#include "netguard/explain_rules.h"
#include "netguard/flows.h"
#include "netguard/rtnl.h"
#include "netguard/rtnl_parse.h"

#include <linux/rtnetlink.h>
#include <net/if.h>

/* How this host sends to an address, and so where its packets come from. */
struct route {
	unsigned char type; /* RTN_UNICAST, RTN_LOCAL, ...; RTN_UNSPEC: not known */
	char iface[IF_NAMESIZE];
};

/* Most connections are of few addresses, or of each only some: the last answers are kept. */
#define ANSWERS 4096

struct answer {
	struct addr addr;
	struct route route;
};

struct sweep {
	const struct elements *elements;
	struct rtnl *routes;
	struct answer *answers; /* ANSWERS of them, each address in its own place */
};

static int take_route(const struct nlmsghdr *nlh, void *data)
{
	struct route *ret = data;
	uint32_t oif;

	if (rtnl_parse_route(nlh, &ret->type, &oif) && (!oif || !if_indextoname(oif, ret->iface)))
		ret->iface[0] = '\0';
	return MNL_CB_OK;
}

static void ask_route(const struct sweep *s, const struct addr *a, struct route *ret)
{
	uint8_t request[256] = {0};
	struct rtmsg *m;
	struct nlmsghdr *nlh = rtnl_put(request, RTM_GETROUTE, NLM_F_ACK, sizeof(*m));

	*ret = (struct route){0};
	m = mnl_nlmsg_get_payload(nlh);
	m->rtm_family = (unsigned char)a->family;
	m->rtm_dst_len = (unsigned char)(addr_size(a) * 8);
	mnl_attr_put(nlh, RTA_DST, addr_size(a), a->bytes);
	if (rtnl_talk(s->routes, nlh, take_route, ret) < 0 || !ret->iface[0])
		ret->type = RTN_UNSPEC;
}

/* False where it is not known, or it is no address of one. */
static bool find_route(const struct sweep *s, const struct addr *a, struct route *ret)
{
	uint32_t place = (uint32_t)a->family;
	struct answer *kept;

	for (size_t i = 0; i < addr_size(a); i++)
		place = place * 31 + a->bytes[i];
	kept = &s->answers[place % ANSWERS];
	if (addr_compare(&kept->addr, a) != 0) {
		kept->addr = *a;
		ask_route(s, a, &kept->route);
	}
	*ret = kept->route;
	return ret->type == RTN_UNICAST || ret->type == RTN_LOCAL;
}

/* Whether the hook lets it through; what can't be read does. */
static bool passes(const struct sweep *s, const char *hook, const struct explain_packet *p)
{
	struct explain_trace t = {0};
	struct err err;

	return explain_hook(s->elements, NFT_FAMILY_INET, hook, p, &t, &err) != 0;
}

static bool sent_here_passes(const struct sweep *s, const struct flow *f, const struct route *to)
{
	struct explain_packet p = {.from = f->from,
				   .to = f->to,
				   .proto = f->proto,
				   .has_port = true,
				   .port = f->to_port,
				   .has_uid = f->has_uid,
				   .uid = f->uid,
				   .to_local = to->type == RTN_LOCAL,
				   .to_unicast = to->type == RTN_UNICAST};

	/* its socket is gone, or another namespace's */
	if (!f->has_uid)
		return true;
	memcpy(p.oif, to->iface, sizeof(p.oif));
	return passes(s, "output", &p);
}

static bool received_passes(const struct sweep *s, const struct flow *f, const struct route *from,
			    const struct route *at)
{
	struct explain_packet p = {.from = f->from,
				   .to = f->at,
				   .proto = f->proto,
				   .has_port = true,
				   .port = f->at_port,
				   .to_local = at->type == RTN_LOCAL,
				   .dnat = addr_compare(&f->to, &f->at) != 0 ||
					   f->to_port != f->at_port,
				   .asked = f->to,
				   .asked_port = f->to_port};

	memcpy(p.iif, from->iface, sizeof(p.iif));
	if (p.to_local)
		return passes(s, "input", &p);
	memcpy(p.oif, at->iface, sizeof(p.oif));
	return passes(s, "forward", &p);
}

static bool ends(void *userdata, const struct flow *f)
{
	const struct sweep *s = userdata;
	struct route from, to, at;

	if (!proto_has_ports(f->proto) || !find_route(s, &f->from, &from) ||
	    !find_route(s, &f->to, &to) || !find_route(s, &f->at, &at))
		return false;
	return from.type == RTN_LOCAL ? !sent_here_passes(s, f, &to)
				      : !received_passes(s, f, &from, &at);
}

static bool asks_uid(void *userdata _unused_, const struct flow *f)
{
	return f->from_local;
}

static bool is_local(void *userdata, const struct addr *a)
{
	struct route route;

	return find_route(userdata, a, &route) && route.type == RTN_LOCAL;
}

/* All containers are known, and the rules are those of a file. */
static bool may_judge(const struct daemon *d)
{
	return d->watch && watch_get_state(d->watch) == WATCH_UP && !d->due && !d->table_error &&
	       !config_closed(d->config) && keeper_holds(d->keeper);
}

void daemon_sweep_flows(struct daemon *d)
{
	struct sweep s = {0};
	const struct flows_judge judge = {ends, asks_uid, is_local, &s};
	struct err err;
	int r;

	if (!d->sweep || !may_judge(d))
		return;
	s.elements = keeper_holds(d->keeper);
	s.routes = xcalloc(1, sizeof(*s.routes));
	s.answers = xcalloc(ANSWERS, sizeof(*s.answers));
	r = rtnl_init(s.routes, NETLINK_ROUTE, &err);
	if (r == 0 && !d->flows)
		r = flows_new(&d->flows, &err);
	if (r == 0)
		r = flows_end_judged(d->flows, &judge, &err);
	rtnl_done(s.routes);
	free(s.routes);
	free(s.answers);
	d->sweep = r < 0; /* at the next change */
	if (r < 0 && !d->sweep_failed)
		log_warning("flows that are not allowed go on: %s; that is tried again", err.text);
	d->sweep_failed = r < 0;
	if (r > 0)
		log_warning("%d flow%s ended that began past the table", r, r == 1 ? "" : "s");
}
