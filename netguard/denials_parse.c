/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NFLOG record -> struct denial -> text. Pure. Nothing in a record is trusted: every length is
 * checked against what is there, and a record without addresses is no record.
 */
#include "netguard/denials.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <stdio.h>

struct attributes {
	const struct nlattr *table[NFULA_MAX + 1];
};

static int collect(const struct nlattr *attr, void *data)
{
	struct attributes *a = data;

	if (mnl_attr_type_valid(attr, NFULA_MAX) > 0)
		a->table[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

static bool get_u32(const struct nlattr *attr, uint32_t *ret)
{
	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(uint32_t))
		return false;
	*ret = ntohl(mnl_attr_get_u32(attr));
	return true;
}

/* The prefix that the table gives is "REASON "; nothing else is taken. */
static bool parse_reason(const struct nlattr *attr, struct denial *d)
{
	const char *text;
	size_t max, n = 0;

	if (!attr)
		return false;
	text = mnl_attr_get_payload(attr);
	max = mnl_attr_get_payload_len(attr);
	while (n < max && ((text[n] >= 'a' && text[n] <= 'z') || text[n] == '_'))
		n++;
	if (n == 0 || n >= sizeof(d->reason))
		return false;
	memcpy(d->reason, text, n);
	d->reason[n] = '\0';
	return true;
}

static void parse_transport(const uint8_t *p, size_t size, struct denial *d)
{
	if (!proto_has_ports(d->proto) || size < 4)
		return;
	d->from_port = (uint16_t)(p[0] << 8 | p[1]);
	d->to_port = (uint16_t)(p[2] << 8 | p[3]);
	d->has_ports = true;
}

static bool parse_ip4(const uint8_t *p, size_t size, struct denial *d)
{
	size_t header;

	if (size < 20)
		return false;
	header = (size_t)(p[0] & 0xf) * 4;
	if (header < 20 || header > size)
		return false;
	d->from.family = d->to.family = AF_INET;
	memcpy(d->from.bytes, p + 12, 4);
	memcpy(d->to.bytes, p + 16, 4);
	d->proto = p[9];
	/* only a first fragment has ports */
	if (((p[6] & 0x1f) << 8 | p[7]) == 0)
		parse_transport(p + header, size - header, d);
	return true;
}

/*
 * Of the extension headers only the first hop-by-hop header is stepped over, which MLD has; a
 * packet with others is reported without ports.
 */
static bool parse_ip6(const uint8_t *p, size_t size, struct denial *d)
{
	size_t header = 40;

	if (size < 40)
		return false;
	d->from.family = d->to.family = AF_INET6;
	memcpy(d->from.bytes, p + 8, 16);
	memcpy(d->to.bytes, p + 24, 16);
	d->proto = p[6];
	if (d->proto == IPPROTO_HOPOPTS && size >= 48) {
		d->proto = p[40];
		header += 8 + (size_t)p[41] * 8;
	}
	if (header <= size)
		parse_transport(p + header, size - header, d);
	return true;
}

bool denial_parse(const struct nlmsghdr *nlh, struct denial *ret)
{
	struct attributes a = {0};
	struct denial d = {0};
	const uint8_t *p;
	size_t size;
	bool known;

	if (nlh->nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) ||
	    nlh->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)))
		return false;
	/* by its exact length: mnl_attr_parse would round it up */
	mnl_attr_parse_payload(mnl_nlmsg_get_payload_offset(nlh, sizeof(struct nfgenmsg)),
			       nlh->nlmsg_len - NLMSG_LENGTH(sizeof(struct nfgenmsg)), collect, &a);
	if (!parse_reason(a.table[NFULA_PREFIX], &d) || !a.table[NFULA_PAYLOAD])
		return false;
	get_u32(a.table[NFULA_IFINDEX_INDEV], &d.in);
	get_u32(a.table[NFULA_IFINDEX_OUTDEV], &d.out);
	d.has_uid = get_u32(a.table[NFULA_UID], &d.uid);
	p = mnl_attr_get_payload(a.table[NFULA_PAYLOAD]);
	size = mnl_attr_get_payload_len(a.table[NFULA_PAYLOAD]);
	if (size == 0)
		return false;
	known = p[0] >> 4 == 4 ? parse_ip4(p, size, &d) : p[0] >> 4 == 6 && parse_ip6(p, size, &d);
	if (!known)
		return false;
	*ret = d;
	return true;
}

const struct member *denial_member(const struct model *m, const struct addr *a)
{
	for (size_t i = 0; i < m->n_members; i++) {
		const struct member *member = &m->members[i];

		for (size_t j = 0; j < member->n_addresses; j++) {
			if (addr_compare(&member->addresses[j].ip4, a) == 0 ||
			    addr_compare(&member->addresses[j].ip6, a) == 0)
				return member;
		}
	}
	return NULL;
}

size_t denial_host_ports(const struct model *m, const struct denial *d,
			 uint16_t ret[static DENIAL_HOST_PORTS])
{
	const struct member *to = denial_member(m, &d->to);
	size_t n = 0;

	/* what the host itself sends is seen before it is rewritten */
	for (size_t i = 0; to && d->has_ports && !d->has_uid && i < to->n_ports; i++) {
		const struct member_port *p = &to->ports[i];
		bool there = p->host_port == 0 || p->port != d->to_port || p->proto != d->proto;

		for (size_t j = 0; j < n && !there; j++)
			there = ret[j] == p->host_port;
		if (!there && n < DENIAL_HOST_PORTS)
			ret[n++] = p->host_port;
	}
	return n;
}

static void write_host_ports(FILE *out, const struct model *m, const struct denial *d)
{
	uint16_t ports[DENIAL_HOST_PORTS];
	size_t n = denial_host_ports(m, d, ports);

	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%u", i ? ", " : ", published as host port ", ports[i]);
}

static void write_end(FILE *out, const struct model *m, const struct addr *a, bool has_port,
		      uint16_t port)
{
	const struct member *member = denial_member(m, a);
	char text[ADDR_TEXT_MAX];

	if (member && member->pod)
		fprintf(out, "pod %s (%s) ", member->pod, member->name);
	addr_format(a, text);
	if (!has_port)
		fputs(text, out);
	else
		fprintf(out, a->family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, port);
}

const char *denial_proto(uint8_t proto, char buf[static 8])
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		return proto_name(proto);
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmpv6";
	case IPPROTO_IGMP:
		return "igmp";
	default:
		snprintf(buf, 8, "%u", proto);
		return buf;
	}
}

const char *denial_format(const struct denial *d, const struct model *m, const char *user,
			  char buf[static DENIAL_TEXT_MAX])
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	char number[8];
	FILE *out = xopen_memstream(&text, &size);

	fprintf(out, "%s: ", d->reason);
	if (d->has_uid && user)
		fprintf(out, "user %s ", user);
	else if (d->has_uid)
		fprintf(out, "uid %u ", d->uid);
	write_end(out, m, &d->from, d->has_ports, d->from_port);
	fputs(" -> ", out);
	write_end(out, m, &d->to, d->has_ports, d->to_port);
	fprintf(out, "/%s", denial_proto(d->proto, number));
	write_host_ports(out, m, d);
	xclose_memstream(out, &text);
	return text_printable(buf, DENIAL_TEXT_MAX, text);
}
