/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sets and their elements, to the kernel and back.
 *
 * In an interval set of one field the kernel keeps where an interval begins and the first value
 * behind its end as two elements; each of ours always has both (but for an end behind the last
 * value), so that one can be added or taken away without looking at its neighbours. In concatenated
 * interval sets an element has its first and last key.
 */
#include "nft/private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/*
 * How nft describes a field in what it keeps of a typeof (the same from 1.0.6 to 1.1.7): the kind
 * of its expression, and that expression's numbers.
 */
struct description {
	uint32_t kind;
	uint32_t numbers[5];
	uint8_t n; /* 0: not described here */
};
enum { KIND_PAYLOAD = 7, KIND_META = 9, KIND_CONCAT = 13 };

static const struct description descriptions[NFT_FIELD_COUNT_] = {
	[NFT_FIELD_IIFNAME] = {KIND_META, {NFT_META_IIFNAME}, 1},
	/* header and field */
	[NFT_FIELD_ETHER_SADDR] = {KIND_PAYLOAD, {17, 2}, 2},
	/* neither has a name: base, offset and size */
	[NFT_FIELD_ND_TARGET] = {KIND_PAYLOAD, {0, 0, 3, 64, 128}, 5},
};

static void put_nested(struct nft_udata *u, uint8_t type, const struct nft_udata *nested)
{
	nft_udata_put(u, type, nested->data, nested->size);
}

static void describe(struct nft_udata *u, uint8_t type, uint32_t kind, const struct nft_udata *what)
{
	struct nft_udata expr = {.size = 0};

	nft_udata_put(&expr, NFTNL_UDATA_SET_TYPEOF_EXPR, &kind, sizeof(kind));
	put_nested(&expr, NFTNL_UDATA_SET_TYPEOF_DATA, what);
	put_nested(u, type, &expr);
}

/* False: a field that is not described. */
static bool put_typeof(struct nft_udata *u, const struct nft_set *s)
{
	struct nft_udata all = {.size = 0};

	for (size_t i = 0; i < nft_set_n_fields(s); i++) {
		const struct description *d = &descriptions[s->fields[i]];
		struct nft_udata one = {.size = 0};

		if (d->n == 0)
			return false;
		for (uint8_t j = 0; j < d->n; j++)
			nft_udata_put(&one, j, &d->numbers[j], sizeof(d->numbers[j]));
		describe(&all, (uint8_t)i, d->kind, &one);
	}
	describe(u, NFTNL_UDATA_SET_KEY_TYPEOF, KIND_CONCAT, &all);
	return true;
}

void nft_batch_add_set(struct nft_batch *b, const struct nft_table *t, const struct nft_set *s)
{
	bool concat = nft_set_is_concat(s);
	/* as nft: 1 host order, 2 network order, 0 in concatenations */
	uint32_t order = 2, id = 0, flags = 0, no_order = 0;
	struct nft_udata u = {.size = 0};
	size_t nest, fields, field;

	if (concat)
		order = 0;
	else if (s->types[0] == NFT_TYPE_IFNAME || s->types[0] == NFT_TYPE_UID)
		order = 1;
	for (size_t i = 0; i < nft_set_n_fields(s); i++)
		id = id << 6 | nft_types[s->types[i]].id;
	if (s->interval)
		flags |= NFT_SET_INTERVAL | (concat ? NFT_SET_CONCAT : 0U);
	if (s->limits)
		flags |= NFT_SET_OBJECT;

	nft_batch_begin(b, NFT_MSG_NEWSET, NLM_F_CREATE, t)->set = s;
	nft_batch_put_str(b, NFTA_SET_NAME, s->name);
	nft_batch_put_u32(b, NFTA_SET_FLAGS, flags);
	nft_batch_put_u32(b, NFTA_SET_KEY_TYPE, id);
	nft_batch_put_u32(b, NFTA_SET_KEY_LEN,
			  concat ? (uint32_t)nft_set_key_size(s) : nft_types[s->types[0]].size);
	if (s->limits)
		nft_batch_put_u32(b, NFTA_SET_OBJ_TYPE, NFT_OBJECT_LIMIT);
	nft_batch_put_u32(b, NFTA_SET_ID, b->next_set_id++);
	if (s->size) {
		nest = nft_batch_nest(b, NFTA_SET_DESC);
		nft_batch_put_u32(b, NFTA_SET_DESC_SIZE, s->size);
		nft_batch_end(b, nest);
	} else if (s->interval && concat) {
		nest = nft_batch_nest(b, NFTA_SET_DESC);
		fields = nft_batch_nest(b, NFTA_SET_DESC_CONCAT);
		for (size_t i = 0; i < nft_set_n_fields(s); i++) {
			field = nft_batch_nest(b, NFTA_LIST_ELEM);
			nft_batch_put_u32(b, NFTA_SET_FIELD_LEN, nft_types[s->types[i]].size);
			nft_batch_end(b, field);
		}
		nft_batch_end(b, fields);
		nft_batch_end(b, nest);
	}
	nft_udata_put(&u, NFTNL_UDATA_SET_KEYBYTEORDER, &order, sizeof(order));
	if (s->fields[0] && !(concat && put_typeof(&u, s)) && b->poison.code == 0)
		err_set(&b->poison, EINVAL, "set %s: what it is of can't be described", s->name);
	if (s->limits)
		nft_udata_put(&u, NFTNL_UDATA_SET_DATA_INTERVAL, &no_order, sizeof(no_order));
	nft_batch_put(b, NFTA_SET_USERDATA, u.data, u.size);
}

/* ---- elements ---- */

/* Turns uids between our order and the one that the kernel compares in: its own, but in intervals.
 */
void nft_turn_uids(const struct nft_set *s, struct nft_key *k)
{
	size_t at = 0;

	for (size_t i = 0; !s->interval && i < nft_set_n_fields(s); i++) {
		uint32_t uid;

		if (s->types[i] == NFT_TYPE_UID && at + sizeof(uid) <= k->size) {
			memcpy(&uid, k->data + at, sizeof(uid));
			uid = ntohl(uid);
			memcpy(k->data + at, &uid, sizeof(uid));
		}
		at += nft_type_padded(s->types[i]);
	}
}

/* Adds one to the number in the first size bytes; false where there is no greater one. */
static bool next_value(uint8_t *data, size_t size)
{
	for (size_t i = size; i-- > 0;)
		if (++data[i] != 0)
			return true;
	return false;
}

bool nft_key_behind(const struct nft_element *e, struct nft_key *ret)
{
	size_t size = e->key.size;

	*ret = e->end.size ? e->end : e->key;
	if (e->wildcard)
		size = strnlen((const char *)ret->data, size);
	return next_value(ret->data, size);
}

static void put_key(struct nft_batch *b, const struct nft_set *s, uint16_t type,
		    const struct nft_key *key)
{
	struct nft_key turned = *key;
	size_t nest = nft_batch_nest(b, type);

	nft_turn_uids(s, &turned);
	nft_batch_put(b, NFTA_DATA_VALUE, turned.data,
		      nft_set_is_concat(s) ? turned.size : nft_types[s->types[0]].size);
	nft_batch_end(b, nest);
}

static void put_element(struct nft_batch *b, const struct nft_set *s, const struct nft_element *e,
			bool whole)
{
	size_t nest = nft_batch_nest(b, NFTA_LIST_ELEM);
	bool concat = nft_set_is_concat(s);
	struct nft_udata u = {.size = 0};
	struct nft_key behind;

	put_key(b, s, NFTA_SET_ELEM_KEY, &e->key);
	if (s->interval && concat)
		put_key(b, s, NFTA_SET_ELEM_KEY_END, e->end.size ? &e->end : &e->key);
	if (whole && e->comment) {
		nft_udata_put(&u, NFTNL_UDATA_SET_ELEM_COMMENT, e->comment, strlen(e->comment) + 1);
		nft_batch_put(b, NFTA_SET_ELEM_USERDATA, u.data, u.size);
	}
	if (whole && e->object)
		nft_batch_put_str(b, NFTA_SET_ELEM_OBJREF, e->object);
	nft_batch_end(b, nest);
	if (s->interval && !concat && nft_key_behind(e, &behind)) {
		nest = nft_batch_nest(b, NFTA_LIST_ELEM);
		nft_batch_put_u32(b, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
		put_key(b, s, NFTA_SET_ELEM_KEY, &behind);
		nft_batch_end(b, nest);
	}
}

static bool element_fits(const struct nft_set *s, const struct nft_element *e)
{
	size_t size = nft_set_key_size(s);

	return e->key.size == size && (e->end.size == 0 || (e->end.size == size && s->interval)) &&
	       (!e->object || s->limits) && (!s->limits || e->object) &&
	       (!e->comment || strlen(e->comment) <= NFT_COMMENT_MAX) &&
	       (!e->wildcard || (s->interval && !s->types[1] && s->types[0] == NFT_TYPE_IFNAME));
}

static void put_elements(struct nft_batch *b, uint16_t type, const struct nft_table *t,
			 const struct nft_set *s, const struct nft_element *list, size_t n)
{
	bool add = type == NFT_MSG_NEWSETELEM;
	size_t i = 0;

	while (i < n) {
		size_t nest;

		nft_batch_begin(b, type, add ? NLM_F_CREATE | NLM_F_EXCL : 0, t)->set = s;
		nft_batch_put_str(b, NFTA_SET_ELEM_LIST_SET, s->name);
		nest = nft_batch_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
		for (; i < n && b->size - nest < NFT_NEST_MAX; i++) {
			if (!element_fits(s, &list[i]) && b->poison.code == 0) {
				err_set(&b->poison, EINVAL, "set %s: element %zu does not fit",
					s->name, i);
				return;
			}
			put_element(b, s, &list[i], add);
		}
		nft_batch_end(b, nest);
	}
}

void nft_batch_add_elements(struct nft_batch *b, const struct nft_table *t, const struct nft_set *s,
			    const struct nft_element *list, size_t n)
{
	put_elements(b, NFT_MSG_NEWSETELEM, t, s, list, n);
}

void nft_batch_delete_elements(struct nft_batch *b, const struct nft_table *t,
			       const struct nft_set *s, const struct nft_element *list, size_t n)
{
	put_elements(b, NFT_MSG_DELSETELEM, t, s, list, n);
}
