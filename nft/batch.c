/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Batches: one buffer of messages, and for each what it is for.
 *
 * Message n has sequence number n + 1 of the batch (BATCH_BEGIN is 0), so an error of the kernel
 * leads back to what was asked for. What can't be built poisons the batch; the first reason stays.
 */
#include "nft/private.h"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>

struct nft_batch *nft_batch_new(void)
{
	struct nft_batch *b = xcalloc(1, sizeof(*b));

	b->next_set_id = 1;
	return b;
}

void nft_batch_free(struct nft_batch *b)
{
	if (!b)
		return;
	free(b->data);
	free(b->messages);
	free(b);
}

bool nft_batch_empty(const struct nft_batch *b)
{
	return b->n_messages == 0 && b->poison.code == 0;
}

/* Room for size bytes more, zeroed. Returns where they begin, after which b->size points. */
static uint8_t *grow(struct nft_batch *b, size_t size)
{
	uint8_t *at;

	if (b->capacity - b->size < size) {
		size_t capacity = b->capacity ? b->capacity * 2 : 4096;

		while (capacity - b->size < size)
			capacity *= 2;
		b->data = xreallocarray(b->data, capacity, 1);
		b->capacity = capacity;
	}
	at = b->data + b->size;
	memset(at, 0, size);
	b->size += size;
	return at;
}

static struct nlmsghdr *current(const struct nft_batch *b)
{
	void *at = b->data + b->messages[b->n_messages - 1].offset;

	return at;
}

struct nft_message *nft_batch_begin(struct nft_batch *b, uint16_t type, uint16_t flags,
				    const struct nft_table *t)
{
	struct nft_message m = {.offset = b->size, .type = type, .table = t};
	void *at = grow(b, NLMSG_LENGTH(sizeof(struct nfgenmsg)));
	struct nlmsghdr *nlh = at;
	struct nfgenmsg *nfg = NLMSG_DATA(nlh);

	nlh->nlmsg_len = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	nlh->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nfg->nfgen_family = (uint8_t)t->family;
	nfg->version = NFNETLINK_V0;
	ARRAY_PUSH(b->messages, b->n_messages) = m;
	nlh->nlmsg_seq = (uint32_t)b->n_messages;
	/* NFTA_*_TABLE is 1 in every message but the table's own, where 1 is its name */
	nft_batch_put_str(b, NFTA_TABLE_NAME, t->name);
	return &b->messages[b->n_messages - 1];
}

void nft_batch_put(struct nft_batch *b, uint16_t type, const void *data, size_t size)
{
	size_t length = NFT_ATTR_HEADER + size;
	void *at = grow(b, nft_align(length));
	struct nlattr *attr = at;

	assert(length <= UINT16_MAX);
	attr->nla_len = (uint16_t)length;
	attr->nla_type = type;
	if (size > 0)
		memcpy((uint8_t *)at + NFT_ATTR_HEADER, data, size);
	current(b)->nlmsg_len += (uint32_t)nft_align(length);
}

void nft_batch_put_str(struct nft_batch *b, uint16_t type, const char *s)
{
	nft_batch_put(b, type, s, strlen(s) + 1);
}

void nft_batch_put_u32(struct nft_batch *b, uint16_t type, uint32_t value)
{
	uint32_t be = htonl(value);

	nft_batch_put(b, type, &be, sizeof(be));
}

void nft_batch_put_u64(struct nft_batch *b, uint16_t type, uint64_t value)
{
	uint64_t be = htobe64(value);

	nft_batch_put(b, type, &be, sizeof(be));
}

size_t nft_batch_nest(struct nft_batch *b, uint16_t type)
{
	size_t at = b->size;

	nft_batch_put(b, type | NLA_F_NESTED, NULL, 0);
	return at;
}

void nft_batch_end(struct nft_batch *b, size_t nest)
{
	void *at = b->data + nest;
	struct nlattr *attr = at;

	assert(b->size - nest <= UINT16_MAX);
	attr->nla_len = (uint16_t)(b->size - nest);
}

void nft_udata_put(struct nft_udata *u, uint8_t type, const void *data, size_t size)
{
	assert(size <= UINT8_MAX && u->size + 2 + size <= sizeof(u->data));
	u->data[u->size] = type;
	u->data[u->size + 1] = (uint8_t)size;
	memcpy(u->data + u->size + 2, data, size);
	u->size += 2 + size;
}

const uint8_t *nft_udata_find(const uint8_t *data, size_t size, uint8_t type, size_t *ret_size)
{
	while (size >= 2 && (size_t)data[1] + 2 <= size) {
		if (data[0] == type) {
			*ret_size = data[1];
			return data + 2;
		}
		size -= (size_t)data[1] + 2;
		data += (size_t)data[1] + 2;
	}
	return NULL;
}

/* ---- parts of a table ---- */

void nft_batch_add_table(struct nft_batch *b, const struct nft_table *t, uint32_t flags)
{
	struct nft_udata u = {.size = 0};

	nft_batch_begin(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, t);
	nft_batch_put_u32(b, NFTA_TABLE_FLAGS, flags);
	if (t->comment) {
		nft_udata_put(&u, NFTNL_UDATA_TABLE_COMMENT, t->comment, strlen(t->comment) + 1);
		nft_batch_put(b, NFTA_TABLE_USERDATA, u.data, u.size);
	}
}

void nft_batch_delete_table(struct nft_batch *b, const struct nft_table *t)
{
	nft_batch_begin(b, NFT_MSG_DELTABLE, 0, t);
}

void nft_batch_add_counter(struct nft_batch *b, const struct nft_table *t, const char *name)
{
	size_t nest;

	nft_batch_begin(b, NFT_MSG_NEWOBJ, NLM_F_CREATE, t)->name = name;
	nft_batch_put_str(b, NFTA_OBJ_NAME, name);
	nft_batch_put_u32(b, NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
	nest = nft_batch_nest(b, NFTA_OBJ_DATA);
	nft_batch_put_u64(b, NFTA_COUNTER_BYTES, 0);
	nft_batch_put_u64(b, NFTA_COUNTER_PACKETS, 0);
	nft_batch_end(b, nest);
}

void nft_batch_add_limit(struct nft_batch *b, const struct nft_table *t, const struct nft_limit *l)
{
	size_t nest;

	nft_batch_begin(b, NFT_MSG_NEWOBJ, NLM_F_CREATE | NLM_F_EXCL, t)->name = l->name;
	nft_batch_put_str(b, NFTA_OBJ_NAME, l->name);
	nft_batch_put_u32(b, NFTA_OBJ_TYPE, NFT_OBJECT_LIMIT);
	nest = nft_batch_nest(b, NFTA_OBJ_DATA);
	nft_batch_put_u64(b, NFTA_LIMIT_RATE, l->rate);
	nft_batch_put_u64(b, NFTA_LIMIT_UNIT, l->unit);
	nft_batch_put_u32(b, NFTA_LIMIT_BURST, l->burst);
	nft_batch_put_u32(b, NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nft_batch_put_u32(b, NFTA_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	nft_batch_end(b, nest);
}

void nft_batch_delete_limit(struct nft_batch *b, const struct nft_table *t, const char *name)
{
	nft_batch_begin(b, NFT_MSG_DELOBJ, 0, t)->name = name;
	nft_batch_put_str(b, NFTA_OBJ_NAME, name);
	nft_batch_put_u32(b, NFTA_OBJ_TYPE, NFT_OBJECT_LIMIT);
}

/* "mangle", "filter", "filter + 10", as nft names the priorities of each family. */
static bool priority_parse(enum nft_family family, const char *text, int32_t *ret)
{
	bool bridge = family == NFT_FAMILY_BRIDGE;
	const char *rest;
	char *end;
	long base, more;

	if ((rest = startswith(text, "filter")))
		base = bridge ? -200 : 0;
	else if (!bridge && (rest = startswith(text, "mangle")))
		base = -150;
	else
		return false;
	if (*rest == '\0') {
		*ret = (int32_t)base;
		return true;
	}
	rest = startswith(rest, " + ");
	if (!rest)
		return false;
	more = strtol(rest, &end, 10);
	if (end == rest || *end || more < 0 || more > 1000)
		return false;
	*ret = (int32_t)(base + more);
	return true;
}

static bool hook_parse(const char *text, uint32_t *ret)
{
	static const char *const hooks[] = {
		[NF_INET_PRE_ROUTING] = "prerouting",	[NF_INET_LOCAL_IN] = "input",
		[NF_INET_FORWARD] = "forward",		[NF_INET_LOCAL_OUT] = "output",
		[NF_INET_POST_ROUTING] = "postrouting",
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (streq(hooks[i], text)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

void nft_batch_add_chain(struct nft_batch *b, const struct nft_table *t, const struct nft_chain *c)
{
	uint32_t hook = 0;
	int32_t priority = 0;
	size_t nest;

	nft_batch_begin(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, t)->chain = c;
	nft_batch_put_str(b, NFTA_CHAIN_NAME, c->name);
	if (!c->hook)
		return;
	if (b->poison.code == 0 &&
	    (!hook_parse(c->hook, &hook) || !priority_parse(t->family, c->priority, &priority)))
		err_set(&b->poison, EINVAL, "chain %s: hook %s priority %s is not known", c->name,
			c->hook, c->priority);
	nft_batch_put_str(b, NFTA_CHAIN_TYPE, "filter");
	nft_batch_put_u32(b, NFTA_CHAIN_POLICY, NF_ACCEPT);
	nest = nft_batch_nest(b, NFTA_CHAIN_HOOK);
	nft_batch_put_u32(b, NFTA_HOOK_HOOKNUM, hook);
	nft_batch_put_u32(b, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	nft_batch_end(b, nest);
}

/* ---- rules ---- */

static void add_anonymous_sets(struct nft_batch *b, const struct nft_table *t,
			       const struct nft_rule *r, uint32_t id)
{
	/* how nft 1.0.6 describes a set of icmpv6 types: byte order and what the key is of */
	static const uint8_t userdata[] = {0, 4,  2, 0, 0,  0, 3, 20, 0, 4, 7, 0, 0, 0,
					   1, 12, 0, 4, 14, 0, 0, 0,  1, 4, 1, 0, 0, 0};

	for (const struct nft_statement *s = r->statements; s->kind != NFT_STATEMENT_END; s++) {
		struct nft_key keys[NFT_VALUES_MAX];
		size_t n, nest, desc;

		if (s->kind != NFT_STATEMENT_ONE_OF)
			continue;
		n = nft_statement_values(s, keys);
		if (n == 0 && b->poison.code == 0)
			err_set(&b->poison, EINVAL, "%s: not known", s->values[0]);
		nft_batch_begin(b, NFT_MSG_NEWSET, NLM_F_CREATE, t)->rule = r;
		nft_batch_put_str(b, NFTA_SET_NAME, "__set%d");
		nft_batch_put_u32(b, NFTA_SET_FLAGS, NFT_SET_ANONYMOUS | NFT_SET_CONSTANT);
		nft_batch_put_u32(b, NFTA_SET_KEY_TYPE, nft_types[NFT_TYPE_ICMPV6].id);
		nft_batch_put_u32(b, NFTA_SET_KEY_LEN, nft_types[NFT_TYPE_ICMPV6].size);
		nft_batch_put_u32(b, NFTA_SET_ID, id);
		desc = nft_batch_nest(b, NFTA_SET_DESC);
		nft_batch_put_u32(b, NFTA_SET_DESC_SIZE, (uint32_t)n);
		nft_batch_end(b, desc);
		nft_batch_put(b, NFTA_SET_USERDATA, userdata, sizeof(userdata));

		nft_batch_begin(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE, t)->rule = r;
		nft_batch_put_str(b, NFTA_SET_ELEM_LIST_SET, "__set%d");
		nft_batch_put_u32(b, NFTA_SET_ELEM_LIST_SET_ID, id);
		nest = nft_batch_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
		for (size_t i = 0; i < n; i++) {
			size_t elem = nft_batch_nest(b, NFTA_LIST_ELEM);
			size_t key = nft_batch_nest(b, NFTA_SET_ELEM_KEY);

			nft_batch_put(b, NFTA_DATA_VALUE, keys[i].data, 1);
			nft_batch_end(b, key);
			nft_batch_end(b, elem);
		}
		nft_batch_end(b, nest);
		id++;
	}
}

#define RULE_MAX ((size_t)32 * 1024)

void nft_batch_add_rule(struct nft_batch *b, const struct nft_table *t, const struct nft_chain *c,
			const struct nft_rule *r)
{
	struct nftnl_rule *rule = NULL;
	struct nft_message *m;
	size_t size;

	if (b->poison.code != 0)
		return;
	add_anonymous_sets(b, t, r, b->next_set_id);
	if (nft_rule_build(t, c->name, r, &b->next_set_id, &rule, &b->poison) < 0)
		return;
	m = nft_batch_begin(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, t);
	m->chain = c;
	m->rule = r;
	nft_batch_put_str(b, NFTA_RULE_CHAIN, c->name);
	/*
	 * libnftnl does not look how much room there is: NFT_RULE_MAXEXPRS are less than that; and
	 * it leaves what pads as it was, so that must be zero.
	 */
	grow(b, RULE_MAX);
	b->size -= RULE_MAX;
	size = current(b)->nlmsg_len;
	nftnl_rule_unset(rule, NFTNL_RULE_TABLE);
	nftnl_rule_unset(rule, NFTNL_RULE_CHAIN);
	nftnl_rule_nlmsg_build_payload(current(b), rule);
	b->size += current(b)->nlmsg_len - size;
	nftnl_rule_free(rule);
}

void nft_batch_add_contents(struct nft_batch *b, const struct nft_table *t)
{
	for (size_t i = 0; i < t->n_counters; i++)
		nft_batch_add_counter(b, t, t->counters[i]);
	for (size_t i = 0; i < t->n_sets; i++)
		nft_batch_add_set(b, t, &t->sets[i]);
	/* all chains first: rules jump forward */
	for (size_t i = 0; i < t->n_chains; i++)
		nft_batch_add_chain(b, t, &t->chains[i]);
	for (size_t i = 0; i < t->n_chains; i++)
		for (size_t j = 0; j < t->chains[i].n_rules; j++)
			nft_batch_add_rule(b, t, &t->chains[i], &t->chains[i].rules[j]);
}
