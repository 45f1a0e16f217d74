/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of nft/ share and nobody else includes. */
#pragma once

#include "nft/nft.h"

#include <libnftnl/rule.h>
#include <linux/netlink.h>

/* What nft knows a type by (its numbers are part of a set's description), and its size. */
struct nft_type_info {
	const char *name;
	uint8_t id;
	uint8_t size; /* bytes; padded to 4 in a key */
};
extern const struct nft_type_info nft_types[NFT_TYPE_COUNT_];

static inline size_t nft_type_padded(uint8_t type)
{
	return (nft_types[type].size + 3U) & ~3U;
}

size_t nft_set_n_fields(const struct nft_set *s);
size_t nft_set_key_size(const struct nft_set *s); /* padded */
bool nft_set_is_concat(const struct nft_set *s);

/* ---- text ---- */

/* Appends to a text that grows. */
struct nft_text {
	char *text;
	size_t size;
};
void nft_text_add(struct nft_text *t, const char *fmt, ...) _printf_(2, 3);

/* ---- statements ---- */

/*
 * Makes a rule. Anonymous sets are numbered by *set_id, which is raised for each; the caller makes
 * them first with nft_statement_values. 0, or -EINVAL with err. Caller frees with nftnl_rule_free.
 */
int nft_rule_build(const struct nft_table *t, const char *chain, const struct nft_rule *r,
		   uint32_t *set_id, struct nftnl_rule **ret, struct err *err);
/* The values of an ONE_OF statement as keys, in order; returns how many, 0 where one is unknown. */
size_t nft_statement_values(const struct nft_statement *s, struct nft_key keys[NFT_VALUES_MAX]);
uint8_t nft_field_type(uint8_t field); /* enum nft_type; 0: none */

/* ---- messages ---- */

/* What a message of a batch is for: the error's context. All borrowed. */
struct nft_message {
	size_t offset; /* in the buffer */
	uint16_t type; /* NFT_MSG_... */
	const struct nft_table *table;
	const struct nft_set *set;
	const struct nft_chain *chain;
	const struct nft_rule *rule;
	const char *name;
};

struct nft_batch {
	uint8_t *data;
	size_t size, capacity;
	struct nft_message *messages;
	size_t n_messages;
	uint32_t next_set_id;
	struct err poison; /* code 0: sound */
};

#define NFT_NEST_MAX 60000U /* bytes of one list of elements; an attribute can't exceed 65535 */

/* Begins a message; what follows is put into it. table's name is put first unless NULL. */
struct nft_message *nft_batch_begin(struct nft_batch *b, uint16_t type, uint16_t flags,
				    const struct nft_table *t);
void nft_batch_put(struct nft_batch *b, uint16_t type, const void *data, size_t size);
void nft_batch_put_str(struct nft_batch *b, uint16_t type, const char *s);
void nft_batch_put_u32(struct nft_batch *b, uint16_t type, uint32_t value); /* network order */
void nft_batch_put_u64(struct nft_batch *b, uint16_t type, uint64_t value);
size_t nft_batch_nest(struct nft_batch *b, uint16_t type); /* returns what nft_batch_end takes */
void nft_batch_end(struct nft_batch *b, size_t nest);
/* User data: attributes of one byte type and one byte length. */
struct nft_udata {
	uint8_t data[256];
	size_t size;
};
void nft_udata_put(struct nft_udata *u, uint8_t type, const void *data, size_t size);
/* What is there under type, or NULL. */
const uint8_t *nft_udata_find(const uint8_t *data, size_t size, uint8_t type, size_t *ret_size);

/* The sentence for an error in a message: "add element inet netguard members4 { ... }". */
char *nft_message_text(const struct nft_batch *b, const struct nft_message *m, size_t offset);

/* Turns uids between our order and the kernel's, which is the host's in all but interval sets. */
void nft_turn_uids(const struct nft_set *s, struct nft_key *k);
/* The first key behind e, in an interval set of one field; false: there is none. */
bool nft_key_behind(const struct nft_element *e, struct nft_key *ret);

/* ---- the socket ---- */

struct nft_socket {
	int fd;
	uint32_t portid;
	uint32_t seq;	  /* of the next message */
	uint8_t *buffer;  /* NFT_RECV_SIZE */
	size_t send_room; /* of its send buffer, as far as is known */
};
/* as much as the kernel puts into one part of a dump */
#define NFT_RECV_SIZE ((size_t)32 * 1024)

/*
 * Sends the one request in b (flags NLM_F_DUMP or none) and gives each message of the answer to fn,
 * until it returns < 0, which is returned. -EAGAIN: the answer was changed while it was read.
 */
typedef int nft_answer_fn(void *userdata, const struct nlmsghdr *nlh);
int nft_ask(struct nft_socket *s, struct nft_batch *b, nft_answer_fn *fn, void *userdata,
	    struct err *err);
/* Walks over the messages in what was received; false at the end or where one is cut off. */
bool nft_next_message(const void *data, size_t size, size_t *at, const struct nlmsghdr **ret);

/* ---- reading ---- */

#define NFT_ATTR_HEADER sizeof(struct nlattr)

static inline size_t nft_align(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* Attributes by type below n, others skipped; all of them NULL at first. 0 or -EBADMSG. */
int nft_attributes(const void *data, size_t size, const struct nlattr **table, size_t n);
/* The attribute in `in` behind prev (NULL: the first), whole within it; NULL: there is none. */
const struct nlattr *nft_next_nested(const struct nlattr *in, const struct nlattr *prev);
int nft_nested(const struct nlattr *a, const struct nlattr **table, size_t n);
int nft_message_attributes(const struct nlmsghdr *nlh, const struct nlattr **table, size_t n);
const char *nft_attr_str(const struct nlattr *a);	  /* NULL: not there, or not ended by NUL */
bool nft_attr_u32(const struct nlattr *a, uint32_t *ret); /* false: not there, or another size */

/* All messages of the same table of a dump: what nft_shape_add makes of them. */
struct nft_shape;
struct nft_shape *nft_shape_new(void);
void nft_shape_free(struct nft_shape *s);
DEFINE_CLEANUP(struct nft_shape, nft_shape_free);
/* 0, or -EBADMSG where the message makes no sense. Messages of other tables are skipped. */
int nft_shape_add(struct nft_shape *s, const struct nft_table *t, const struct nlmsghdr *nlh);
/* Names of anonymous sets, whose elements belong to the shape. */
const struct strv *nft_shape_anonymous(const struct nft_shape *s);
void nft_shape_finish(struct nft_shape *s, struct strv *ret);

/* An element as it stands in the message: in interval sets of one field, an end is one too. */
struct nft_raw_element {
	struct nft_element element;
	bool is_end;
};
struct nft_raw_elements {
	struct nft_raw_element *items;
	size_t n;
};
void nft_raw_elements_done(struct nft_raw_elements *r);
/* 0 or -EBADMSG. Messages of other tables and sets are skipped. */
int nft_elements_parse(const struct nft_table *t, const struct nft_set *s,
		       const struct nlmsghdr *nlh, struct nft_raw_elements *ret);
/* Joins ends to their beginnings, sorts. Takes the contents of r. */
void nft_elements_join(const struct nft_set *s, struct nft_raw_elements *r,
		       struct nft_element **ret, size_t *ret_n);
/* One NFTA_LIST_ELEM (not more than size bytes): 0 or -EBADMSG. */
int nft_element_parse(const struct nft_set *s, const struct nlattr *nested, size_t size,
		      struct nft_raw_element *ret);

/* ---- notifications ---- */

/* One message. touched: whether the transaction it belongs to has touched the table so far. */
bool nft_monitor_take(bool *touched, const char *table, const struct nlmsghdr *nlh,
		      struct nft_change *c);
