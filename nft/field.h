/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside nft: what rules load, how, and the words for its values. */
#pragma once

#include "nft/nft.h"

/* What must have matched before a field can be loaded. */
enum nft_need {
	NFT_NEED_NOTHING,
	NFT_NEED_IP,
	NFT_NEED_IP6,
	NFT_NEED_ARP,
	NFT_NEED_EXTHDR6,
	NFT_NEED_ICMPV6
};

enum nft_source {
	NFT_SOURCE_META,    /* a: key */
	NFT_SOURCE_PAYLOAD, /* a: base, b: offset */
	NFT_SOURCE_FIB,	    /* a: result, b: flags */
	NFT_SOURCE_CT,	    /* a: key */
	NFT_SOURCE_CT_ASKED /* a: key, of the connection as it was asked for */
};

struct nft_field_load {
	const char *text;
	enum nft_type type;
	enum nft_source source;
	uint32_t a, b;
	enum nft_need need;
};
extern const struct nft_field_load nft_fields[NFT_FIELD_COUNT_]; /* by enum nft_field */

/* Values of fields without a general form. */
enum nft_words {
	NFT_WORDS_ICMPV6_TYPES,
	NFT_WORDS_CT_STATES,
	NFT_WORDS_CT_STATUSES,
	NFT_WORDS_CT_DIRECTIONS,
	NFT_WORDS_FIB_TYPES,
	NFT_WORDS_ETHER_TYPES,
	NFT_WORDS_PKTTYPES,
	NFT_WORDS_PROTOCOLS,
	NFT_WORDS_COUNT_
};
/* The number of a word; false: it is not known. */
bool nft_word(enum nft_words list, const char *text, uint32_t *ret);
