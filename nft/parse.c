/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Elements out of the kernel's messages. Every length is checked before it is believed; a message
 * that makes no sense is -EBADMSG and nothing of it is kept.
 */
#include "nft/private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

void nft_raw_elements_done(struct nft_raw_elements *r)
{
	for (size_t i = 0; i < r->n; i++)
		nft_element_done(&r->items[i].element);
	free(r->items);
	*r = (struct nft_raw_elements){0};
}

int nft_attributes(const void *data, size_t size, const struct nlattr **table, size_t n)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < n; i++)
		table[i] = NULL;
	while (size >= NFT_ATTR_HEADER) {
		const void *here = at;
		const struct nlattr *a = here;
		size_t whole = nft_align((size_t)a->nla_len);

		if (a->nla_len < NFT_ATTR_HEADER || a->nla_len > size)
			return -EBADMSG;
		if (mnl_attr_get_type(a) < n)
			table[mnl_attr_get_type(a)] = a;
		if (whole >= size)
			return 0;
		at += whole;
		size -= whole;
	}
	return size == 0 ? 0 : -EBADMSG;
}

const struct nlattr *nft_next_nested(const struct nlattr *in, const struct nlattr *prev)
{
	const uint8_t *from = mnl_attr_get_payload(in);
	size_t size = mnl_attr_get_payload_len(in), at = 0;
	const struct nlattr *a;
	const void *here;

	if (prev)
		at = (size_t)((const uint8_t *)prev - from) + nft_align(prev->nla_len);
	if (at > size || size - at < NFT_ATTR_HEADER)
		return NULL;
	here = from + at;
	a = here;
	return a->nla_len >= NFT_ATTR_HEADER && a->nla_len <= size - at ? a : NULL;
}

int nft_nested(const struct nlattr *a, const struct nlattr **table, size_t n)
{
	return nft_attributes(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a), table, n);
}

const char *nft_attr_str(const struct nlattr *a)
{
	const char *s = a ? mnl_attr_get_payload(a) : NULL;

	return s && memchr(s, '\0', mnl_attr_get_payload_len(a)) ? s : NULL;
}

bool nft_attr_u32(const struct nlattr *a, uint32_t *ret)
{
	uint32_t be;

	if (!a || mnl_attr_get_payload_len(a) != sizeof(be))
		return false;
	memcpy(&be, mnl_attr_get_payload(a), sizeof(be));
	*ret = ntohl(be);
	return true;
}

int nft_message_attributes(const struct nlmsghdr *nlh, const struct nlattr **table, size_t n)
{
	size_t skip = nft_align(sizeof(struct nlmsghdr)) + nft_align(sizeof(struct nfgenmsg));

	if (nlh->nlmsg_len < skip)
		return -EBADMSG;
	return nft_attributes((const uint8_t *)nlh + skip, nlh->nlmsg_len - skip, table, n);
}

/* A key of this set, in our order; a set of one field has its type's size, others the padded. */
static int parse_key(const struct nft_set *s, const struct nlattr *a, struct nft_key *ret)
{
	const struct nlattr *data[NFTA_DATA_MAX + 1];
	size_t size = nft_set_is_concat(s) ? nft_set_key_size(s) : nft_types[s->types[0]].size;

	if (nft_nested(a, data, ARRAY_SIZE(data)) < 0 || !data[NFTA_DATA_VALUE] ||
	    mnl_attr_get_payload_len(data[NFTA_DATA_VALUE]) != size || size > NFT_KEY_MAX)
		return -EBADMSG;
	*ret = (struct nft_key){.size = (uint8_t)nft_set_key_size(s)};
	memcpy(ret->data, mnl_attr_get_payload(data[NFTA_DATA_VALUE]), size);
	nft_turn_uids(s, ret);
	return 0;
}

static const char *parse_comment(const struct nlattr *a)
{
	const uint8_t *found;
	size_t size = 0;

	if (!a)
		return NULL;
	found = nft_udata_find(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a),
			       NFTNL_UDATA_SET_ELEM_COMMENT, &size);
	/* not made printable: what differs from ours by a byte is another element */
	return found ? nft_share((const char *)found, strnlen((const char *)found, size)) : NULL;
}

int nft_element_parse(const struct nft_set *s, const struct nlattr *nested, size_t size,
		      struct nft_raw_element *ret)
{
	const struct nlattr *a[NFTA_SET_ELEM_MAX + 1];
	struct nft_raw_element raw = {.is_end = false};
	uint32_t flags = 0;
	const char *object;

	if (size < NFT_ATTR_HEADER || nested->nla_len < NFT_ATTR_HEADER || nested->nla_len > size)
		return -EBADMSG;
	if (nft_nested(nested, a, ARRAY_SIZE(a)) < 0 || !a[NFTA_SET_ELEM_KEY] ||
	    parse_key(s, a[NFTA_SET_ELEM_KEY], &raw.element.key) < 0)
		return -EBADMSG;
	if (a[NFTA_SET_ELEM_KEY_END] &&
	    parse_key(s, a[NFTA_SET_ELEM_KEY_END], &raw.element.end) < 0)
		return -EBADMSG;
	if (a[NFTA_SET_ELEM_FLAGS] && !nft_attr_u32(a[NFTA_SET_ELEM_FLAGS], &flags))
		return -EBADMSG;
	if (nft_key_compare(&raw.element.key, &raw.element.end) == 0)
		raw.element.end = (struct nft_key){.size = 0};
	raw.is_end = (flags & NFT_SET_ELEM_INTERVAL_END) != 0;
	object = nft_attr_str(a[NFTA_SET_ELEM_OBJREF]);
	if (a[NFTA_SET_ELEM_OBJREF] && !object)
		return -EBADMSG;
	raw.element.object = nft_share(object, object ? strlen(object) : 0);
	raw.element.comment = parse_comment(a[NFTA_SET_ELEM_USERDATA]);
	/* what would go by itself is not what we have put there: it must differ from all of ours */
	if (a[NFTA_SET_ELEM_TIMEOUT] && !raw.element.comment)
		raw.element.comment = nft_share("timeout", strlen("timeout"));
	*ret = raw;
	return 0;
}

int nft_elements_parse(const struct nft_table *t, const struct nft_set *s,
		       const struct nlmsghdr *nlh, struct nft_raw_elements *ret)
{
	const struct nlattr *a[NFTA_SET_ELEM_LIST_MAX + 1], *e = NULL;
	const char *table, *set;
	size_t before = ret->n;

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

		if (nft_element_parse(s, e, e->nla_len, &raw) < 0) {
			while (ret->n > before)
				nft_element_done(&ret->items[--ret->n].element);
			return -EBADMSG;
		}
		ARRAY_PUSH(ret->items, ret->n) = raw;
	}
	return 0;
}

/* ---- intervals of one field ---- */

static int compare_raw(const void *a, const void *b)
{
	const struct nft_raw_element *x = a, *y = b;
	int r = nft_key_compare(&x->element.key, &y->element.key);

	/* an end before the beginning that is at the same place */
	return r != 0 ? r : y->is_end - x->is_end;
}

static int compare_elements(const void *a, const void *b)
{
	return nft_element_compare(a, b);
}

/* The value before a key: the last of the interval that ends there. */
static void previous_value(struct nft_key *k)
{
	for (size_t i = k->size; i-- > 0;)
		if (k->data[i]-- != 0)
			return;
}

/* Writes what lies between e->key and behind (NULL: to the highest value) as we write it. */
static void set_end(const struct nft_set *s, struct nft_element *e, const struct nft_key *behind)
{
	struct nft_element other = *e;
	struct nft_key next;
	bool has_next = nft_key_behind(e, &next);

	if (has_next == (behind != NULL) && (!behind || nft_key_compare(&next, behind) == 0))
		return; /* one value */
	if (s->types[0] == NFT_TYPE_IFNAME) {
		other.wildcard = true;
		has_next = nft_key_behind(&other, &next);
		if (has_next == (behind != NULL) &&
		    (!behind || nft_key_compare(&next, behind) == 0)) {
			e->wildcard = true;
			return;
		}
	}
	e->end.size = e->key.size;
	memset(e->end.data, 0xff, e->end.size);
	if (behind) {
		e->end = *behind;
		previous_value(&e->end);
	}
}

void nft_elements_join(const struct nft_set *s, struct nft_raw_elements *r,
		       struct nft_element **ret, size_t *ret_n)
{
	bool intervals = s->interval && !nft_set_is_concat(s);
	struct nft_element *list = xreallocarray(NULL, r->n + 1, sizeof(*list));
	size_t n = 0;
	bool open = false; /* the last of list has no end yet */

	if (r->n > 0 && intervals)
		qsort(r->items, r->n, sizeof(*r->items), compare_raw);
	for (size_t i = 0; i < r->n; i++) {
		struct nft_element *e = &r->items[i].element;

		if (intervals && open)
			set_end(s, &list[n - 1], &e->key);
		open = intervals && !r->items[i].is_end;
		if (intervals && r->items[i].is_end) {
			nft_element_done(e);
			continue;
		}
		list[n++] = *e;
	}
	if (open)
		set_end(s, &list[n - 1], NULL);
	if (n > 0)
		qsort(list, n, sizeof(*list), compare_elements);
	free(r->items);
	*r = (struct nft_raw_elements){0};
	*ret = list;
	*ret_n = n;
}
