/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of rtnetlink: see rtnl_parse.h. An attribute of the wrong size is as none. */
#include "netguard/rtnl_parse.h"

#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

/* linux/if.h has it, which can't stand beside net/if.h */
#define LINK_LOWER_UP (1U << 16)

static bool get_int(const struct nlattr *attr, int *ret)
{
	uint32_t value;

	if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return false;
	value = mnl_attr_get_u32(attr);
	memcpy(ret, &value, sizeof(*ret));
	return true;
}

/* Older kernels tell nothing of it, and can't be asked for it. */
static bool learns_groups(const struct nlattr *attr)
{
	struct br_boolopt_multi options;

	if (mnl_attr_get_payload_len(attr) < sizeof(options))
		return false;
	memcpy(&options, mnl_attr_get_payload(attr), sizeof(options));
	return (options.optmask & ~options.optval & (1U << BR_BOOLOPT_NO_LL_LEARN)) != 0;
}

static int take_bridge(const struct nlattr *attr, void *data)
{
	struct rtnl_link *l = data;

	if (mnl_attr_get_payload_len(attr) < 1)
		return MNL_CB_OK;
	if (mnl_attr_get_type(attr) == IFLA_BR_NF_CALL_IPTABLES)
		l->on4 = mnl_attr_get_u8(attr) != 0;
	else if (mnl_attr_get_type(attr) == IFLA_BR_NF_CALL_IP6TABLES)
		l->on6 = mnl_attr_get_u8(attr) != 0;
	else if (mnl_attr_get_type(attr) == IFLA_BR_MCAST_SNOOPING)
		l->snoops = mnl_attr_get_u8(attr) != 0;
	else if (mnl_attr_get_type(attr) == IFLA_BR_GROUP_FWD_MASK &&
		 mnl_attr_validate(attr, MNL_TYPE_U16) == 0)
		l->group_mask = mnl_attr_get_u16(attr);
	else if (mnl_attr_get_type(attr) == IFLA_BR_MULTI_BOOLOPT)
		l->learns_groups = learns_groups(attr);
	return MNL_CB_OK;
}

static int take_port(const struct nlattr *attr, void *data)
{
	struct rtnl_link *l = data;

	if (mnl_attr_get_type(attr) == IFLA_BRPORT_GROUP_FWD_MASK &&
	    mnl_attr_validate(attr, MNL_TYPE_U16) == 0) {
		l->group_mask = mnl_attr_get_u16(attr);
		l->is_port = true;
	}
	return MNL_CB_OK;
}

static bool says_bridge(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0 &&
	       streq(mnl_attr_get_str(attr), "bridge");
}

/* The kinds stand before what depends on them. */
struct info {
	struct rtnl_link *link;
	bool of_bridge; /* what it is a port of */
};

static int take_info(const struct nlattr *attr, void *data)
{
	struct info *info = data;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
		info->link->is_bridge = says_bridge(attr);
	else if (mnl_attr_get_type(attr) == IFLA_INFO_DATA && info->link->is_bridge)
		mnl_attr_parse_nested(attr, take_bridge, info->link);
	else if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_KIND)
		info->of_bridge = says_bridge(attr);
	else if (mnl_attr_get_type(attr) == IFLA_INFO_SLAVE_DATA && info->of_bridge)
		mnl_attr_parse_nested(attr, take_port, info->link);
	return MNL_CB_OK;
}

/* The kernel's structure grows at its end, and lies at any multiple of 4. */
static void take_stats(const struct nlattr *attr, struct rtnl_link *l)
{
	struct rtnl_link_stats64 s = {0};

	if (mnl_attr_get_payload_len(attr) < offsetof(struct rtnl_link_stats64, rx_errors))
		return;
	memcpy(&s, mnl_attr_get_payload(attr), offsetof(struct rtnl_link_stats64, rx_errors));
	l->has_stats = true;
	l->stats = (struct rtnl_stats){.rx_packets = s.rx_packets,
				       .rx_bytes = s.rx_bytes,
				       .tx_packets = s.tx_packets,
				       .tx_bytes = s.tx_bytes};
}

static int take_link(const struct nlattr *attr, void *data)
{
	struct rtnl_link *l = data;
	struct info info = {.link = l};

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0 &&
		    strlen(mnl_attr_get_str(attr)) < sizeof(l->name))
			memcpy(l->name, mnl_attr_get_str(attr), strlen(mnl_attr_get_str(attr)) + 1);
		break;
	case IFLA_MASTER:
		get_int(attr, &l->master);
		break;
	case IFLA_LINK:
		get_int(attr, &l->peer);
		break;
	case IFLA_LINK_NETNSID:
		get_int(attr, &l->nsid);
		break;
	case IFLA_ADDRESS:
		l->has_mac = mnl_attr_get_payload_len(attr) == sizeof(l->mac);
		if (l->has_mac)
			memcpy(l->mac, mnl_attr_get_payload(attr), sizeof(l->mac));
		break;
	case IFLA_LINKINFO:
		mnl_attr_parse_nested(attr, take_info, &info);
		break;
	case IFLA_STATS64:
		take_stats(attr, l);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

bool rtnl_parse_link(const struct nlmsghdr *nlh, struct rtnl_link *ret)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct rtnl_link l = {.nsid = -1};

	if ((nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK) ||
	    nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*ifi)) ||
	    /* of AF_BRIDGE there are others, about the same ports */
	    ifi->ifi_family != AF_UNSPEC)
		return false;
	l.index = ifi->ifi_index;
	l.up = (ifi->ifi_flags & LINK_LOWER_UP) != 0;
	mnl_attr_parse(nlh, sizeof(*ifi), take_link, &l);
	if (l.index <= 0 || (!l.name[0] && nlh->nlmsg_type == RTM_NEWLINK))
		return false;
	*ret = l;
	return true;
}

static int take_bridge_link(const struct nlattr *attr, void *data)
{
	struct rtnl_link *l = data;

	if (mnl_attr_get_type(attr) == IFLA_MASTER)
		get_int(attr, &l->master);
	else if (mnl_attr_get_type(attr) == IFLA_PROTINFO)
		mnl_attr_parse_nested(attr, take_port, l);
	return MNL_CB_OK;
}

bool rtnl_parse_port(const struct nlmsghdr *nlh, struct rtnl_link *ret)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct rtnl_link l = {.nsid = -1};

	if (nlh->nlmsg_type != RTM_NEWLINK || nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*ifi)) ||
	    ifi->ifi_family != AF_BRIDGE)
		return false;
	l.index = ifi->ifi_index;
	mnl_attr_parse(nlh, sizeof(*ifi), take_bridge_link, &l);
	if (l.index <= 0 || l.master <= 0 || !l.is_port)
		return false;
	*ret = l;
	return true;
}

static int take_address(const struct nlattr *attr, void *data)
{
	struct addr *a = data;

	/* IFA_LOCAL is the own one of IPv4; IPv6 has only IFA_ADDRESS */
	if (mnl_attr_get_type(attr) == (a->family == AF_INET ? IFA_LOCAL : IFA_ADDRESS) &&
	    mnl_attr_get_payload_len(attr) == addr_size(a))
		memcpy(a->bytes, mnl_attr_get_payload(attr), addr_size(a));
	return MNL_CB_OK;
}

bool rtnl_parse_address(const struct nlmsghdr *nlh, uint32_t *index, struct addr *ret)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct addr a = {0};

	if (nlh->nlmsg_type != RTM_NEWADDR || nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*ifa)) ||
	    (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return false;
	a.family = ifa->ifa_family;
	mnl_attr_parse(nlh, sizeof(*ifa), take_address, &a);
	*index = ifa->ifa_index;
	*ret = a;
	return true;
}

static int take_nsid(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NETNSA_NSID)
		get_int(attr, data);
	return MNL_CB_OK;
}

int rtnl_parse_nsid(const struct nlmsghdr *nlh)
{
	int nsid = -1;

	if ((nlh->nlmsg_type != RTM_NEWNSID && nlh->nlmsg_type != RTM_DELNSID) ||
	    nlh->nlmsg_len < NLMSG_LENGTH(sizeof(struct rtgenmsg)))
		return -1;
	mnl_attr_parse(nlh, NLMSG_ALIGN(sizeof(struct rtgenmsg)), take_nsid, &nsid);
	return nsid < 0 ? -1 : nsid;
}

static int take_oif(const struct nlattr *attr, void *data)
{
	uint32_t *oif = data;

	if (mnl_attr_get_type(attr) == RTA_OIF && mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
		*oif = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

bool rtnl_parse_route(const struct nlmsghdr *nlh, uint8_t *type, uint32_t *oif)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != RTM_NEWROUTE || nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return false;
	*type = m->rtm_type;
	*oif = 0;
	mnl_attr_parse(nlh, sizeof(*m), take_oif, oif);
	return true;
}
