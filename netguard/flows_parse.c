/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of ctnetlink and sock_diag: see flows_parse.h. An attribute of the wrong size is as
 * none. */
#include "netguard/flows_parse.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

struct tuple {
	struct addr from, to;
	uint16_t from_port, to_port; /* host order */
	uint8_t proto;
};

static void take_address(const struct nlattr *attr, struct addr *a)
{
	size_t n = mnl_attr_get_payload_len(attr);

	if (n != 4 && n != 16)
		return;
	a->family = n == 4 ? AF_INET : AF_INET6;
	memcpy(a->bytes, mnl_attr_get_payload(attr), n);
}

static int take_ip(const struct nlattr *attr, void *data)
{
	struct tuple *t = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type == CTA_IP_V4_SRC || type == CTA_IP_V6_SRC)
		take_address(attr, &t->from);
	else if (type == CTA_IP_V4_DST || type == CTA_IP_V6_DST)
		take_address(attr, &t->to);
	return MNL_CB_OK;
}

static int take_proto(const struct nlattr *attr, void *data)
{
	struct tuple *t = data;
	uint16_t type = mnl_attr_get_type(attr);

	if (type == CTA_PROTO_NUM && mnl_attr_validate(attr, MNL_TYPE_U8) == 0)
		t->proto = mnl_attr_get_u8(attr);
	else if (type == CTA_PROTO_SRC_PORT && mnl_attr_validate(attr, MNL_TYPE_U16) == 0)
		t->from_port = ntohs(mnl_attr_get_u16(attr));
	else if (type == CTA_PROTO_DST_PORT && mnl_attr_validate(attr, MNL_TYPE_U16) == 0)
		t->to_port = ntohs(mnl_attr_get_u16(attr));
	return MNL_CB_OK;
}

static int take_tuple(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTA_TUPLE_IP)
		mnl_attr_parse_nested(attr, take_ip, data);
	else if (mnl_attr_get_type(attr) == CTA_TUPLE_PROTO)
		mnl_attr_parse_nested(attr, take_proto, data);
	return MNL_CB_OK;
}

struct parsed {
	struct flows_entry *entry;
	struct tuple orig, reply;
};

static int take_attribute(const struct nlattr *attr, void *data)
{
	struct parsed *p = data;
	struct flows_entry *e = p->entry;
	uint16_t size = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case CTA_TUPLE_ORIG:
		mnl_attr_parse_nested(attr, take_tuple, &p->orig);
		if (size > sizeof(e->tuple))
			break;
		e->tuple_size = size;
		memcpy(e->tuple, mnl_attr_get_payload(attr), size);
		break;
	case CTA_TUPLE_REPLY:
		mnl_attr_parse_nested(attr, take_tuple, &p->reply);
		break;
	case CTA_ID:
		e->has_id = mnl_attr_validate(attr, MNL_TYPE_U32) == 0;
		e->id = e->has_id ? mnl_attr_get_u32(attr) : 0;
		break;
	case CTA_ZONE:
		e->has_zone = mnl_attr_validate(attr, MNL_TYPE_U16) == 0;
		e->zone = e->has_zone ? mnl_attr_get_u16(attr) : 0;
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

bool flows_parse_entry(const struct nlmsghdr *nlh, struct flows_entry *e)
{
	struct parsed p = {.entry = e};

	if (nlh->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) ||
	    nlh->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)))
		return false;
	*e = (struct flows_entry){0};
	mnl_attr_parse(nlh, sizeof(struct nfgenmsg), take_attribute, &p);
	e->flow = (struct flow){.from = p.orig.from,
				.to = p.orig.to,
				.from_port = p.orig.from_port,
				.to_port = p.orig.to_port,
				.at = p.reply.from,
				.at_port = p.reply.from_port,
				.proto = p.orig.proto};
	return p.orig.from.family && p.orig.to.family == p.orig.from.family &&
	       p.reply.from.family == p.orig.from.family && e->tuple_size;
}

bool flows_parse_socket(const struct nlmsghdr *nlh, struct flows_socket *ret)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) || nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false;
	*ret = (struct flows_socket){.own_port = ntohs(m->id.idiag_sport),
				     .peer_port = ntohs(m->id.idiag_dport),
				     .uid = m->idiag_uid,
				     .listens = m->idiag_state == TCP_LISTEN};
	if (m->idiag_family == AF_INET || m->idiag_family == AF_INET6) {
		ret->own.family = m->idiag_family;
		memcpy(ret->own.bytes, m->id.idiag_src, addr_size(&ret->own));
	}
	memcpy(ret->cookie, m->id.idiag_cookie, sizeof(ret->cookie));
	return true;
}
