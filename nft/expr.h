/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What statements are made of: expressions of the kernel's, put behind each other into a rule. The
 * first that can't be made fails the rule.
 */
#pragma once

#include "nft/field.h"
#include "nft/private.h"

#include <libnftnl/expr.h>

struct nft_build {
	const struct nft_table *table;
	struct nftnl_rule *rule;
	uint32_t *set_id;
	bool ip, ip6, arp, icmpv6; /* needs that are met */
	bool failed;
};

/* The rule's own; NULL, and failed, without memory. The setters take NULL, too. */
struct nftnl_expr *nft_expr_new(struct nft_build *b, const char *name);
void nft_expr_set(struct nft_build *b, struct nftnl_expr *e, uint16_t attr, const void *data,
		  size_t size);
void nft_expr_set_u32(struct nft_build *b, struct nftnl_expr *e, uint16_t attr, uint32_t value);
void nft_expr_set_str(struct nft_build *b, struct nftnl_expr *e, uint16_t attr, const char *s);

/* Into a register. key: NFT_META_..., base: NFT_PAYLOAD_..._HEADER, offset and size in bytes. */
void nft_add_meta(struct nft_build *b, uint32_t key, uint32_t reg);
void nft_add_payload(struct nft_build *b, uint32_t base, uint32_t offset, uint32_t size,
		     uint32_t reg);
void nft_add_load(struct nft_build *b, const struct nft_field_load *f, uint32_t size, uint32_t reg);

/* With register 1: compare (op: NFT_CMP_...), load a constant, keep the bits of a mask. */
void nft_add_order(struct nft_build *b, uint32_t op, const void *data, size_t size);
void nft_add_cmp(struct nft_build *b, bool negated, const void *data, size_t size);
void nft_add_immediate(struct nft_build *b, const void *data, size_t size);
void nft_add_mask(struct nft_build *b, const void *mask, uint32_t size);

/* What a field depends on (nfproto, l4proto), unless the rule has it already. */
void nft_add_need(struct nft_build *b, enum nft_need need);

/* Loads the fields of a statement from register 1 on. types: of the set, which they must have. */
void nft_add_loads(struct nft_build *b, const struct nft_statement *s, const uint8_t *types,
		   bool interval);
