/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nft/expr.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>

struct nftnl_expr *nft_expr_new(struct nft_build *b, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (!e)
		b->failed = true;
	else
		nftnl_rule_add_expr(b->rule, e);
	return e;
}

void nft_expr_set(struct nft_build *b, struct nftnl_expr *e, uint16_t attr, const void *data,
		  size_t size)
{
	if (!e || nftnl_expr_set(e, attr, data, (uint32_t)size) < 0)
		b->failed = true;
}

void nft_expr_set_u32(struct nft_build *b, struct nftnl_expr *e, uint16_t attr, uint32_t value)
{
	nft_expr_set(b, e, attr, &value, sizeof(value));
}

void nft_expr_set_str(struct nft_build *b, struct nftnl_expr *e, uint16_t attr, const char *s)
{
	nft_expr_set(b, e, attr, s, strlen(s) + 1);
}

/* The register that begins with this word of 4 bytes, numbered as the kernel lists it. */
static uint32_t reg_of(size_t word)
{
	return (uint32_t)(word % 4 == 0 ? NFT_REG_1 + word / 4 : NFT_REG32_00 + word);
}

void nft_add_meta(struct nft_build *b, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *e = nft_expr_new(b, "meta");

	nft_expr_set_u32(b, e, NFTNL_EXPR_META_KEY, key);
	nft_expr_set_u32(b, e, NFTNL_EXPR_META_DREG, reg);
}

void nft_add_payload(struct nft_build *b, uint32_t base, uint32_t offset, uint32_t size,
		     uint32_t reg)
{
	struct nftnl_expr *e = nft_expr_new(b, "payload");

	nft_expr_set_u32(b, e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nft_expr_set_u32(b, e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nft_expr_set_u32(b, e, NFTNL_EXPR_PAYLOAD_LEN, size);
	nft_expr_set_u32(b, e, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

void nft_add_order(struct nft_build *b, uint32_t op, const void *data, size_t size)
{
	struct nftnl_expr *e = nft_expr_new(b, "cmp");

	nft_expr_set_u32(b, e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nft_expr_set_u32(b, e, NFTNL_EXPR_CMP_OP, op);
	nft_expr_set(b, e, NFTNL_EXPR_CMP_DATA, data, size);
}

void nft_add_cmp(struct nft_build *b, bool negated, const void *data, size_t size)
{
	nft_add_order(b, negated ? NFT_CMP_NEQ : NFT_CMP_EQ, data, size);
}

void nft_add_immediate(struct nft_build *b, const void *data, size_t size)
{
	struct nftnl_expr *e = nft_expr_new(b, "immediate");

	nft_expr_set_u32(b, e, NFTNL_EXPR_IMM_DREG, NFT_REG_1);
	nft_expr_set(b, e, NFTNL_EXPR_IMM_DATA, data, size);
}

void nft_add_mask(struct nft_build *b, const void *mask, uint32_t size)
{
	static const uint8_t zero[4] = {0};
	struct nftnl_expr *e = nft_expr_new(b, "bitwise");

	nft_expr_set_u32(b, e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nft_expr_set_u32(b, e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nft_expr_set_u32(b, e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nft_expr_set_u32(b, e, NFTNL_EXPR_BITWISE_LEN, size);
	nft_expr_set(b, e, NFTNL_EXPR_BITWISE_MASK, mask, size);
	nft_expr_set(b, e, NFTNL_EXPR_BITWISE_XOR, zero, size);
}

/* In inet the hook's family tells, in bridge the frame's protocol. */
static void need_network(struct nft_build *b, bool *met, uint8_t nfproto, uint16_t protocol)
{
	uint16_t be = htons(protocol);

	if (*met)
		return;
	*met = true;
	if (b->table->family == NFT_FAMILY_INET) {
		nft_add_meta(b, NFT_META_NFPROTO, NFT_REG_1);
		nft_add_cmp(b, false, &nfproto, 1);
	} else {
		nft_add_meta(b, NFT_META_PROTOCOL, NFT_REG_1);
		nft_add_cmp(b, false, &be, sizeof(be));
	}
}

void nft_add_need(struct nft_build *b, enum nft_need need)
{
	static const uint8_t icmpv6 = IPPROTO_ICMPV6;
	static const uint8_t arp[] = {0x08, 0x06}, ip6[] = {0x86, 0xdd};

	if (need == NFT_NEED_IP)
		need_network(b, &b->ip, NFPROTO_IPV4, 0x0800);
	if ((need == NFT_NEED_ICMPV6 || need == NFT_NEED_EXTHDR6) && !b->ip6 &&
	    b->table->family == NFT_FAMILY_BRIDGE) {
		b->ip6 = true;
		nft_add_payload(b, NFT_PAYLOAD_LL_HEADER, 12, sizeof(ip6), NFT_REG_1);
		nft_add_cmp(b, false, ip6, sizeof(ip6));
	}
	if (need == NFT_NEED_IP6 || need == NFT_NEED_EXTHDR6 || need == NFT_NEED_ICMPV6)
		need_network(b, &b->ip6, NFPROTO_IPV6, 0x86dd);
	if (need == NFT_NEED_ICMPV6 && !b->icmpv6) {
		b->icmpv6 = true;
		nft_add_meta(b, NFT_META_L4PROTO, NFT_REG_1);
		nft_add_cmp(b, false, &icmpv6, sizeof(icmpv6));
	}
	if (need == NFT_NEED_ARP && !b->arp) {
		b->arp = true;
		b->failed |= b->table->family != NFT_FAMILY_BRIDGE;
		nft_add_payload(b, NFT_PAYLOAD_LL_HEADER, 12, sizeof(arp), NFT_REG_1);
		nft_add_cmp(b, false, arp, sizeof(arp));
	}
}

void nft_add_load(struct nft_build *b, const struct nft_field_load *f, uint32_t size, uint32_t reg)
{
	static const uint8_t original = IP_CT_DIR_ORIGINAL;
	struct nftnl_expr *e;

	switch (f->source) {
	case NFT_SOURCE_META:
		nft_add_meta(b, f->a, reg);
		break;
	case NFT_SOURCE_PAYLOAD:
		nft_add_payload(b, f->a, f->b, size, reg);
		break;
	case NFT_SOURCE_FIB:
		e = nft_expr_new(b, "fib");
		nft_expr_set_u32(b, e, NFTNL_EXPR_FIB_RESULT, f->a);
		nft_expr_set_u32(b, e, NFTNL_EXPR_FIB_FLAGS, f->b);
		nft_expr_set_u32(b, e, NFTNL_EXPR_FIB_DREG, reg);
		break;
	case NFT_SOURCE_CT:
	case NFT_SOURCE_CT_ASKED:
		e = nft_expr_new(b, "ct");
		nft_expr_set_u32(b, e, NFTNL_EXPR_CT_KEY, f->a);
		nft_expr_set_u32(b, e, NFTNL_EXPR_CT_DREG, reg);
		if (f->source == NFT_SOURCE_CT_ASKED)
			nft_expr_set(b, e, NFTNL_EXPR_CT_DIR, &original, sizeof(original));
		break;
	}
}

/* In intervals numbers are compared in network order. */
static void add_to_network_order(struct nft_build *b, uint32_t size, uint32_t reg)
{
	struct nftnl_expr *e = nft_expr_new(b, "byteorder");

	nft_expr_set_u32(b, e, NFTNL_EXPR_BYTEORDER_SREG, reg);
	nft_expr_set_u32(b, e, NFTNL_EXPR_BYTEORDER_DREG, reg);
	nft_expr_set_u32(b, e, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	nft_expr_set_u32(b, e, NFTNL_EXPR_BYTEORDER_LEN, size);
	nft_expr_set_u32(b, e, NFTNL_EXPR_BYTEORDER_SIZE, size == 1 ? 2 : size);
}

void nft_add_loads(struct nft_build *b, const struct nft_statement *s, const uint8_t *types,
		   bool interval)
{
	size_t word = 0;

	for (size_t i = 0; i < NFT_FIELDS_MAX && s->fields[i]; i++)
		nft_add_need(b, nft_fields[s->fields[i]].need);
	for (size_t i = 0; i < NFT_FIELDS_MAX && (s->fields[i] || types[i]); i++) {
		const struct nft_field_load *f = &nft_fields[s->fields[i]];

		if (s->fields[i] == 0 || types[i] == 0 || f->type != types[i]) {
			b->failed = true;
			return;
		}
		nft_add_load(b, f, nft_types[f->type].size, reg_of(word));
		if (interval && (f->type == NFT_TYPE_UID || f->type == NFT_TYPE_PROTO))
			add_to_network_order(b, nft_types[f->type].size, reg_of(word));
		word += nft_type_padded((uint8_t)f->type) / 4;
	}
}
