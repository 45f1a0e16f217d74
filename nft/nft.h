/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nftables by netlink (libnftnl, libmnl). Knows nothing of pods.
 *
 * Rules are data: a rule is an array of statements, each of which has two back-ends made from one
 * table, bytecode for the kernel and text in nft's own syntax. The text is the error's context,
 * the log line and what `netguard table` prints, so it can't drift from what is sent.
 *
 * The first expression that can't be built poisons its transaction: a partial rule is never sent.
 */
#pragma once

#include "common/addr.h"
#include "common/base.h"
#include "common/err.h"

#include <net/if.h>
#include <stdio.h>

/* ---- keys and elements ---- */

enum nft_type {
	NFT_TYPE_IFNAME = 1, /* 16 bytes */
	NFT_TYPE_IPV4,
	NFT_TYPE_IPV6,
	NFT_TYPE_ETHER,
	NFT_TYPE_PROTO, /* inet_proto */
	NFT_TYPE_PORT,	/* inet_service, network order */
	NFT_TYPE_UID,
	NFT_TYPE_ICMPV6, /* icmpv6_type */
	NFT_TYPE_COUNT_
};

#define NFT_KEY_MAX    64 /* as the kernel */
#define NFT_FIELDS_MAX 5

/*
 * A concatenation as it lies in registers: each field padded to 4 bytes, all in network order (so
 * uids too, which the kernel wants in host order in some sets: the batch builder sees to it).
 */
struct nft_key {
	uint8_t data[NFT_KEY_MAX];
	uint8_t size;
};

/* Each appends one field; the caller keeps to the set's types (the batch builder checks). */
void nft_key_ifname(struct nft_key *k, const char *name);
void nft_key_addr(struct nft_key *k, const struct addr *a);
void nft_key_ether(struct nft_key *k, const uint8_t mac[static 6]);
void nft_key_proto(struct nft_key *k, uint8_t proto);
void nft_key_port(struct nft_key *k, uint16_t port); /* host order */
void nft_key_uid(struct nft_key *k, uint32_t uid);

/*
 * One element, with its last key too in interval sets (end.size 0: the single value). A pattern
 * "br-*" in an ifname interval set is the key "br-" with its wildcard flag.
 */
struct nft_element {
	struct nft_key key, end;
	bool wildcard;
	char *comment; /* printable, at most 128 bytes; NULL: none */
	char *object;  /* map value: name of the limit; NULL in sets */
};

#define NFT_COMMENT_MAX 127 /* nft refuses longer ones */

/* Text made fit for a comment: printable, no double quotes, cut at NFT_COMMENT_MAX. Caller frees.
 */
char *nft_comment(const char *text);

int nft_key_compare(const struct nft_key *a, const struct nft_key *b);
/* By key, wildcard and end: what makes an element the same one for the kernel. */
int nft_element_compare(const struct nft_element *a, const struct nft_element *b);
/* The same with comment and object. */
bool nft_element_equal(const struct nft_element *a, const struct nft_element *b);
void nft_element_done(struct nft_element *e); /* frees what it holds, and zeroes it */
