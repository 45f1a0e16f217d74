/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the elements of a set have counted. As in parse.c, every length is checked. */
#include "nft/private.h"

#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>

static uint64_t get_u64(const struct nlattr *a)
{
	uint64_t be = 0;

	if (a && mnl_attr_get_payload_len(a) == sizeof(be))
		memcpy(&be, mnl_attr_get_payload(a), sizeof(be));
	return be64toh(be);
}

/* One expression: false where it is no counter. */
static bool read_expr(const struct nlattr *expr, uint64_t *ret_packets, uint64_t *ret_bytes)
{
	const struct nlattr *e[NFTA_EXPR_MAX + 1], *c[NFTA_COUNTER_MAX + 1];
	const char *name;

	if (nft_nested(expr, e, ARRAY_SIZE(e)) < 0)
		return false;
	name = nft_attr_str(e[NFTA_EXPR_NAME]);
	if (!name || !streq(name, "counter") || !e[NFTA_EXPR_DATA] ||
	    nft_nested(e[NFTA_EXPR_DATA], c, ARRAY_SIZE(c)) < 0)
		return false;
	*ret_packets = get_u64(c[NFTA_COUNTER_PACKETS]);
	*ret_bytes = get_u64(c[NFTA_COUNTER_BYTES]);
	return true;
}

/* The counter of an element: alone, or in a list of expressions. */
static bool read_counter(const struct nlattr *element, uint64_t *ret_packets, uint64_t *ret_bytes)
{
	const struct nlattr *a[NFTA_SET_ELEM_MAX + 1], *e = NULL;

	if (nft_nested(element, a, ARRAY_SIZE(a)) < 0)
		return false;
	if (a[NFTA_SET_ELEM_EXPR])
		return read_expr(a[NFTA_SET_ELEM_EXPR], ret_packets, ret_bytes);
	while (a[NFTA_SET_ELEM_EXPRESSIONS] &&
	       (e = nft_next_nested(a[NFTA_SET_ELEM_EXPRESSIONS], e))) {
		if (read_expr(e, ret_packets, ret_bytes))
			return true;
	}
	return false;
}

int nft_traffic_parse(const struct nft_table *t, const struct nft_set *s,
		      const struct nlmsghdr *nlh, nft_traffic_fn *fn, void *userdata)
{
	const struct nlattr *a[NFTA_SET_ELEM_LIST_MAX + 1], *e = NULL;
	const char *table, *set;

	if (nft_message_attributes(nlh, a, ARRAY_SIZE(a)) < 0)
		return -EBADMSG;
	table = nft_attr_str(a[NFTA_SET_ELEM_LIST_TABLE]);
	set = nft_attr_str(a[NFTA_SET_ELEM_LIST_SET]);
	if (!table || !set)
		return -EBADMSG;
	if (!streq(table, t->name) || !streq(set, s->name) || !a[NFTA_SET_ELEM_LIST_ELEMENTS])
		return 0;
	while ((e = nft_next_nested(a[NFTA_SET_ELEM_LIST_ELEMENTS], e))) {
		struct nft_raw_element raw;
		uint64_t packets, bytes;

		if (nft_element_parse(s, e, e->nla_len, &raw) < 0)
			return -EBADMSG;
		if (read_counter(e, &packets, &bytes))
			fn(userdata, &raw.element, packets, bytes);
		nft_element_done(&raw.element);
	}
	return 0;
}

struct reading {
	const struct nft_table *table;
	const struct nft_set *set;
	nft_traffic_fn *fn;
	void *userdata;
};

static int read_message(void *userdata, const struct nlmsghdr *nlh)
{
	const struct reading *r = userdata;

	return nft_traffic_parse(r->table, r->set, nlh, r->fn, r->userdata);
}

int nft_dump_traffic(struct nft_socket *s, const struct nft_table *t, const struct nft_set *set,
		     nft_traffic_fn *fn, void *userdata, struct err *err)
{
	struct reading reading = {t, set, fn, userdata};
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = nft_batch_new();
	int r;

	nft_batch_begin(b, NFT_MSG_GETSETELEM, NLM_F_DUMP, t);
	nft_batch_put_str(b, NFTA_SET_ELEM_LIST_SET, set->name);
	r = nft_ask(s, b, read_message, &reading, err);
	return r < 0 ? err_wrap(err, "set %s", set->name) : 0;
}
