/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the kernel has: each function is one question, or a few, and the reading of the answer.
 * A ruleset that changes while it is read is read again, a few times; then -EAGAIN.
 */
#include "nft/private.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>

/* One question about a table: put: an attribute with a string, or 0. */
static int ask(struct nft_socket *s, const struct nft_table *t, uint16_t type, bool dump,
	       uint16_t put, const char *name, nft_answer_fn *fn, void *userdata, struct err *err)
{
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = nft_batch_new();

	nft_batch_begin(b, type, dump ? NLM_F_DUMP : 0, t);
	if (put)
		nft_batch_put_str(b, put, name);
	return nft_ask(s, b, fn, userdata, err);
}

static int read_generation(void *userdata, const struct nlmsghdr *nlh)
{
	const struct nlattr *a[NFTA_GEN_MAX + 1];
	uint32_t *ret = userdata;

	if (nft_message_attributes(nlh, a, ARRAY_SIZE(a)) < 0 || !nft_attr_u32(a[NFTA_GEN_ID], ret))
		return -EBADMSG;
	return 0;
}

int nft_generation(struct nft_socket *s, uint32_t *ret, struct err *err)
{
	/* the question has no attribute: a table's name would be taken for one */
	static const struct nft_table none = {.family = 0, .name = ""};
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = nft_batch_new();
	uint32_t generation = 0;
	struct nlmsghdr *nlh;
	void *at;
	int r;

	nft_batch_begin(b, NFT_MSG_GETGEN, 0, &none);
	at = b->data;
	nlh = at;
	nlh->nlmsg_len = NLMSG_LENGTH(sizeof(struct nfgenmsg));
	r = nft_ask(s, b, read_generation, &generation, err);
	if (r == 0)
		*ret = generation;
	return r;
}

/* ---- tables ---- */

struct table_reading {
	uint32_t flags, owner;
};

static int read_table(void *userdata, const struct nlmsghdr *nlh)
{
	const struct nlattr *a[NFTA_TABLE_MAX + 1];
	struct table_reading *r = userdata;

	if (nft_message_attributes(nlh, a, ARRAY_SIZE(a)) < 0)
		return -EBADMSG;
	(void)nft_attr_u32(a[NFTA_TABLE_FLAGS], &r->flags);
	(void)nft_attr_u32(a[NFTA_TABLE_OWNER], &r->owner);
	return 0;
}

int nft_dump_table(struct nft_socket *s, const struct nft_table *t, uint32_t *ret_flags,
		   uint32_t *ret_owner, struct err *err)
{
	struct table_reading reading = {0};
	struct err why = {.code = 0};
	int r = ask(s, t, NFT_MSG_GETTABLE, false, 0, NULL, read_table, &reading, &why);

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		*err = why;
		return r;
	}
	*ret_flags = reading.flags;
	*ret_owner = reading.owner;
	return 1;
}

struct shape_reading {
	struct nft_shape *shape;
	const struct nft_table *table;
};

static int read_shape(void *userdata, const struct nlmsghdr *nlh)
{
	struct shape_reading *r = userdata;

	return nft_shape_add(r->shape, r->table, nlh);
}

#define TRIES 5

static int dump_shape(struct nft_socket *s, const struct nft_table *t, struct strv *ret,
		      struct err *err)
{
	_cleanup_(nft_shape_freep)
	struct nft_shape *shape = nft_shape_new();
	struct shape_reading reading = {shape, t};
	static const struct {
		uint16_t type;
		bool dump;
	} questions[] = {{NFT_MSG_GETTABLE, false},
			 {NFT_MSG_GETSET, true},
			 {NFT_MSG_GETOBJ, true},
			 {NFT_MSG_GETCHAIN, true},
			 {NFT_MSG_GETRULE, true}};
	const struct strv *names;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		r = ask(s, t, questions[i].type, questions[i].dump, 0, NULL, read_shape, &reading,
			err);
		if (r < 0)
			return r;
	}
	names = nft_shape_anonymous(shape);
	for (size_t i = 0; i < names->n; i++) {
		r = ask(s, t, NFT_MSG_GETSETELEM, true, NFTA_SET_ELEM_LIST_SET, names->items[i],
			read_shape, &reading, err);
		if (r < 0)
			return r;
	}
	nft_shape_finish(shape, ret);
	return 0;
}

int nft_dump_shape(struct nft_socket *s, const struct nft_table *t, struct strv *ret,
		   struct err *err)
{
	int r = -EAGAIN;

	for (unsigned i = 0; i < TRIES && r == -EAGAIN; i++)
		r = dump_shape(s, t, ret, err);
	return r;
}

int nft_table_shape(const struct nft_table *t, struct strv *ret, struct err *err)
{
	_cleanup_(nft_shape_freep)
	struct nft_shape *shape = nft_shape_new();
	_cleanup_(nft_batch_freep)
	struct nft_batch *b = nft_batch_new();
	const struct nlmsghdr *nlh;
	size_t at = 0;

	nft_batch_add_table(b, t, 0);
	nft_batch_add_contents(b, t);
	if (b->poison.code != 0) {
		*err = b->poison;
		return -err->code;
	}
	while (nft_next_message(b->data, b->size, &at, &nlh)) {
		int r = nft_shape_add(shape, t, nlh);

		if (r < 0)
			return err_os(err, -r, "table %s", t->name);
	}
	nft_shape_finish(shape, ret);
	return 0;
}

/* ---- elements ---- */

struct elements_reading {
	const struct nft_table *table;
	const struct nft_set *set;
	struct nft_raw_elements raw;
};

static int read_elements(void *userdata, const struct nlmsghdr *nlh)
{
	struct elements_reading *r = userdata;

	return nft_elements_parse(r->table, r->set, nlh, &r->raw);
}

int nft_dump_elements(struct nft_socket *s, const struct nft_table *t, const struct nft_set *set,
		      struct nft_element **ret, size_t *ret_n, struct err *err)
{
	struct elements_reading reading = {.table = t, .set = set};
	int r = -EAGAIN;

	for (unsigned i = 0; i < TRIES && r == -EAGAIN; i++) {
		nft_raw_elements_done(&reading.raw);
		r = ask(s, t, NFT_MSG_GETSETELEM, true, NFTA_SET_ELEM_LIST_SET, set->name,
			read_elements, &reading, err);
	}
	if (r < 0) {
		nft_raw_elements_done(&reading.raw);
		return err_wrap(err, "set %s", set->name);
	}
	nft_elements_join(set, &reading.raw, ret, ret_n);
	return 0;
}

/* ---- objects ---- */

struct object_reading {
	const struct nft_table *table;
	nft_limit_fn *limit;
	nft_counter_fn *counter;
	void *userdata;
};

static uint64_t attr_u64(const struct nlattr *a)
{
	uint64_t be = 0;

	if (a && mnl_attr_get_payload_len(a) == sizeof(be))
		memcpy(&be, mnl_attr_get_payload(a), sizeof(be));
	return be64toh(be);
}

static int read_limit(const struct object_reading *r, const char *name, const struct nlattr *data)
{
	const struct nlattr *a[NFTA_LIMIT_MAX + 1];
	struct nft_limit l = {.name = name};
	uint32_t type = 0, flags = 0;

	if (nft_nested(data, a, ARRAY_SIZE(a)) < 0)
		return -EBADMSG;
	(void)nft_attr_u32(a[NFTA_LIMIT_TYPE], &type);
	(void)nft_attr_u32(a[NFTA_LIMIT_FLAGS], &flags);
	(void)nft_attr_u32(a[NFTA_LIMIT_BURST], &l.burst);
	if (type == NFT_LIMIT_PKTS && flags == NFT_LIMIT_F_INV)
		l.rate = attr_u64(a[NFTA_LIMIT_RATE]);
	l.unit = attr_u64(a[NFTA_LIMIT_UNIT]);
	r->limit(r->userdata, &l);
	return 0;
}

static int read_counter(const struct object_reading *r, const char *name, const struct nlattr *data)
{
	const struct nlattr *a[NFTA_COUNTER_MAX + 1];

	if (nft_nested(data, a, ARRAY_SIZE(a)) < 0)
		return -EBADMSG;
	r->counter(r->userdata, name, attr_u64(a[NFTA_COUNTER_PACKETS]),
		   attr_u64(a[NFTA_COUNTER_BYTES]));
	return 0;
}

static int read_object(void *userdata, const struct nlmsghdr *nlh)
{
	const struct nlattr *a[NFTA_OBJ_MAX + 1];
	const struct object_reading *r = userdata;
	const char *table, *name;
	uint32_t type = 0;

	if (nft_message_attributes(nlh, a, ARRAY_SIZE(a)) < 0)
		return -EBADMSG;
	table = nft_attr_str(a[NFTA_OBJ_TABLE]);
	name = nft_attr_str(a[NFTA_OBJ_NAME]);
	if (!table || !name || !a[NFTA_OBJ_DATA] || !nft_attr_u32(a[NFTA_OBJ_TYPE], &type))
		return -EBADMSG;
	if (!streq(table, r->table->name))
		return 0;
	if (type == NFT_OBJECT_LIMIT && r->limit)
		return read_limit(r, name, a[NFTA_OBJ_DATA]);
	if (type == NFT_OBJECT_COUNTER && r->counter)
		return read_counter(r, name, a[NFTA_OBJ_DATA]);
	return 0;
}

int nft_dump_limits(struct nft_socket *s, const struct nft_table *t, nft_limit_fn *fn,
		    void *userdata, struct err *err)
{
	struct object_reading reading = {.table = t, .limit = fn, .userdata = userdata};

	return ask(s, t, NFT_MSG_GETOBJ, true, 0, NULL, read_object, &reading, err);
}

int nft_dump_counters(struct nft_socket *s, const struct nft_table *t, nft_counter_fn *fn,
		      void *userdata, struct err *err)
{
	struct object_reading reading = {.table = t, .counter = fn, .userdata = userdata};

	return ask(s, t, NFT_MSG_GETOBJ, true, 0, NULL, read_object, &reading, err);
}

/* ---- for golden tests ---- */

static int add_bytecode(struct nftnl_expr *e, void *userdata)
{
	struct nft_text *t = userdata;
	char line[1024];
	int n = nftnl_expr_snprintf(line, sizeof(line), e, NFTNL_OUTPUT_DEFAULT, 0);

	if (n < 0 || (size_t)n >= sizeof(line))
		return -1;
	nft_text_add(t, "  [ %s %s]\n", nftnl_expr_get_str(e, NFTNL_EXPR_NAME), line);
	return 0;
}

int nft_rule_bytecode(const struct nft_table *t, const struct nft_rule *r, char **ret,
		      struct err *err)
{
	struct nftnl_rule *rule = NULL;
	struct nft_text text = {0};
	uint32_t id = 1;
	int result = nft_rule_build(t, "", r, &id, &rule, err);

	if (result < 0)
		return result;
	if (nftnl_expr_foreach(rule, add_bytecode, &text) < 0)
		result = err_set(err, EMSGSIZE, "an expression is too long");
	nftnl_rule_free(rule);
	if (result < 0)
		free(text.text);
	else
		*ret = text.text ? text.text : xstrdup("");
	return result;
}
