/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shape of a table, made from messages: the kernel's, or those of a batch.
 *
 * Names and numbers that the kernel chooses (handles, names of anonymous sets) are left out or
 * replaced by what they stand for, so that both sides give the same lines for the same table.
 */
#include "nft/private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>

/* An anonymous set: "__set0" in the kernel, "#7" (its number) in a batch. */
struct anonymous {
	char *key, *name, *text;
	struct strv values;
};

struct shape_rule {
	char *chain, *text;
	char *anonymous; /* key of the set it looks into, or NULL */
	size_t number;	 /* in its chain */
};

struct nft_shape {
	struct strv lines;
	struct anonymous *sets;
	size_t n_sets;
	struct shape_rule *rules;
	size_t n_rules;
	struct strv names;
};

struct nft_shape *nft_shape_new(void)
{
	return xcalloc(1, sizeof(struct nft_shape));
}

void nft_shape_free(struct nft_shape *s)
{
	if (!s)
		return;
	strv_done(&s->lines);
	strv_done(&s->names);
	for (size_t i = 0; i < s->n_sets; i++) {
		free(s->sets[i].key);
		free(s->sets[i].text);
		strv_done(&s->sets[i].values);
	}
	for (size_t i = 0; i < s->n_rules; i++) {
		free(s->rules[i].chain);
		free(s->rules[i].text);
		free(s->rules[i].anonymous);
	}
	free(s->sets);
	free(s->rules);
	free(s);
}

const struct strv *nft_shape_anonymous(const struct nft_shape *s)
{
	return &s->names;
}

static void add_hex(struct nft_text *t, const char *what, const struct nlattr *a)
{
	const uint8_t *data = a ? mnl_attr_get_payload(a) : NULL;

	if (!a)
		return;
	nft_text_add(t, " %s ", what);
	for (size_t i = 0; i < mnl_attr_get_payload_len(a); i++)
		nft_text_add(t, "%02x", data[i]);
}

static char *anonymous_key(const char *name, const struct nlattr *id)
{
	uint32_t number = 0;

	if (!strchr(name, '%'))
		return xstrdup(name);
	(void)nft_attr_u32(id, &number);
	return xasprintf("#%u", number);
}

static struct anonymous *find_anonymous(const struct nft_shape *s, const char *key)
{
	for (size_t i = 0; i < s->n_sets; i++)
		if (streq(s->sets[i].key, key))
			return &s->sets[i];
	return NULL;
}

/* ---- one message each ---- */

static int add_table(struct nft_shape *s, const struct nlmsghdr *nlh)
{
	const struct nlattr *a[NFTA_TABLE_MAX + 1];
	struct nft_text t = {0};
	uint32_t flags = 0;

	if (nft_message_attributes(nlh, a, ARRAY_SIZE(a)) < 0)
		return -EBADMSG;
	(void)nft_attr_u32(a[NFTA_TABLE_FLAGS], &flags);
	/* whose it is, is asked elsewhere */
	nft_text_add(&t, "0 table flags %u", flags & ~(NFT_TABLE_OWNER | NFT_TABLE_PERSIST));
	add_hex(&t, "userdata", a[NFTA_TABLE_USERDATA]);
	strv_take(&s->lines, t.text);
	return 0;
}

static int add_set_description(struct nft_text *t, const struct nlattr *nested)
{
	const struct nlattr *a[NFTA_SET_DESC_MAX + 1], *field = NULL;
	uint32_t number;

	if (nft_nested(nested, a, ARRAY_SIZE(a)) < 0)
		return -EBADMSG;
	if (nft_attr_u32(a[NFTA_SET_DESC_SIZE], &number))
		nft_text_add(t, " size %u", number);
	while (a[NFTA_SET_DESC_CONCAT] &&
	       (field = nft_next_nested(a[NFTA_SET_DESC_CONCAT], field))) {
		const struct nlattr *f[NFTA_SET_FIELD_MAX + 1];

		if (nft_nested(field, f, ARRAY_SIZE(f)) < 0 ||
		    !nft_attr_u32(f[NFTA_SET_FIELD_LEN], &number))
			return -EBADMSG;
		nft_text_add(t, " field %u", number);
	}
	return 0;
}

static int add_set(struct nft_shape *s, const struct nlmsghdr *nlh)
{
	static const struct {
		uint16_t attr;
		const char *name;
	} numbers[] = {
		{NFTA_SET_KEY_TYPE, "key"},    {NFTA_SET_KEY_LEN, "length"},
		{NFTA_SET_DATA_TYPE, "data"},  {NFTA_SET_DATA_LEN, "data-length"},
		{NFTA_SET_OBJ_TYPE, "object"}, {NFTA_SET_POLICY, "policy"},
		{NFTA_SET_GC_INTERVAL, "gc"},
	};
	const struct nlattr *a[NFTA_SET_MAX + 1], *e[NFTA_EXPR_MAX + 1];
	_cleanup_free_ char *text = NULL;
	struct nft_text t = {0};
	const char *name;
	uint32_t flags = 0, number;

	if (nft_message_attributes(nlh, a, ARRAY_SIZE(a)) < 0)
		return -EBADMSG;
	name = nft_attr_str(a[NFTA_SET_NAME]);
	if (!name)
		return -EBADMSG;
	(void)nft_attr_u32(a[NFTA_SET_FLAGS], &flags);
	nft_text_add(&t, "flags %x", flags);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (nft_attr_u32(a[numbers[i].attr], &number))
			nft_text_add(&t, " %s %u", numbers[i].name, number);
	add_hex(&t, "timeout", a[NFTA_SET_TIMEOUT]);
	add_hex(&t, "userdata", a[NFTA_SET_USERDATA]);
	text = t.text;
	if (a[NFTA_SET_DESC] && add_set_description(&t, a[NFTA_SET_DESC]) < 0) {
		text = t.text;
		return -EBADMSG;
	}
	if (a[NFTA_SET_EXPR] && nft_nested(a[NFTA_SET_EXPR], e, ARRAY_SIZE(e)) == 0 &&
	    nft_attr_str(e[NFTA_EXPR_NAME]))
		nft_text_add(&t, " each %s", nft_attr_str(e[NFTA_EXPR_NAME]));
	if (a[NFTA_SET_EXPRESSIONS])
		nft_text_add(&t, " expressions");
	text = t.text;
	if (flags & NFT_SET_ANONYMOUS) {
		ARRAY_PUSH(s->sets, s->n_sets) = (struct anonymous){
			.key = anonymous_key(name, a[NFTA_SET_ID]), .text = take_ptr(text)};
		strv_add(&s->names, name);
	} else {
		strv_take(&s->lines, xasprintf("2 set %s %s", name, text));
	}
	return 0;
}

/* Elements count only in anonymous sets. */
static int add_values(struct nft_shape *s, const struct nlmsghdr *nlh)
{
	const struct nlattr *a[NFTA_SET_ELEM_LIST_MAX + 1], *e = NULL;
	_cleanup_free_ char *key = NULL;
	struct anonymous *set;
	const char *name;

	if (nft_message_attributes(nlh, a, ARRAY_SIZE(a)) < 0)
		return -EBADMSG;
	name = nft_attr_str(a[NFTA_SET_ELEM_LIST_SET]);
	if (!name)
		return -EBADMSG;
	key = anonymous_key(name, a[NFTA_SET_ELEM_LIST_SET_ID]);
	set = find_anonymous(s, key);
	while (set && a[NFTA_SET_ELEM_LIST_ELEMENTS] &&
	       (e = nft_next_nested(a[NFTA_SET_ELEM_LIST_ELEMENTS], e))) {
		const struct nlattr *elem[NFTA_SET_ELEM_MAX + 1], *data[NFTA_DATA_MAX + 1];
		struct nft_text t = {0};

		if (nft_nested(e, elem, ARRAY_SIZE(elem)) < 0 || !elem[NFTA_SET_ELEM_KEY] ||
		    nft_nested(elem[NFTA_SET_ELEM_KEY], data, ARRAY_SIZE(data)) < 0)
			return -EBADMSG;
		add_hex(&t, "value", data[NFTA_DATA_VALUE]);
		add_hex(&t, "end", elem[NFTA_SET_ELEM_KEY_END]);
		add_hex(&t, "flags", elem[NFTA_SET_ELEM_FLAGS]);
		add_hex(&t, "data", elem[NFTA_SET_ELEM_DATA]);
		strv_take(&set->values, t.text ? t.text : xstrdup(""));
	}
	return 0;
}

/* Named limits belong to the elements. */
static int add_object(struct nft_shape *s, const struct nlmsghdr *nlh)
{
	const struct nlattr *a[NFTA_OBJ_MAX + 1];
	const char *name;
	uint32_t type = 0;

	if (nft_message_attributes(nlh, a, ARRAY_SIZE(a)) < 0)
		return -EBADMSG;
	name = nft_attr_str(a[NFTA_OBJ_NAME]);
	if (!name || !nft_attr_u32(a[NFTA_OBJ_TYPE], &type))
		return -EBADMSG;
	if (type != NFT_OBJECT_LIMIT)
		strv_take(&s->lines, xasprintf("1 object %u %s", type, name));
	return 0;
}

static int add_chain(struct nft_shape *s, const struct nlmsghdr *nlh)
{
	const struct nlattr *a[NFTA_CHAIN_MAX + 1], *h[NFTA_HOOK_MAX + 1] = {NULL};
	const char *name, *type;
	struct nft_text t = {0};
	uint32_t number = 0;

	if (nft_message_attributes(nlh, a, ARRAY_SIZE(a)) < 0 ||
	    (a[NFTA_CHAIN_HOOK] && nft_nested(a[NFTA_CHAIN_HOOK], h, ARRAY_SIZE(h)) < 0))
		return -EBADMSG;
	name = nft_attr_str(a[NFTA_CHAIN_NAME]);
	type = nft_attr_str(a[NFTA_CHAIN_TYPE]);
	if (!name)
		return -EBADMSG;
	nft_text_add(&t, "3 chain %s", name);
	if (nft_attr_u32(a[NFTA_CHAIN_FLAGS], &number) && (number & ~(uint32_t)NFT_CHAIN_BASE))
		nft_text_add(&t, " flags %u", number);
	if (type)
		nft_text_add(&t, " type %s", type);
	if (nft_attr_u32(h[NFTA_HOOK_HOOKNUM], &number))
		nft_text_add(&t, " hook %u", number);
	if (nft_attr_u32(h[NFTA_HOOK_PRIORITY], &number))
		nft_text_add(&t, " priority %d", (int32_t)number);
	add_hex(&t, "device", h[NFTA_HOOK_DEV]);
	add_hex(&t, "devices", h[NFTA_HOOK_DEVS]);
	if (nft_attr_u32(a[NFTA_CHAIN_POLICY], &number))
		nft_text_add(&t, " policy %u", number);
	add_hex(&t, "userdata", a[NFTA_CHAIN_USERDATA]);
	strv_take(&s->lines, t.text);
	return 0;
}

/* ---- rules ---- */

struct rule_reading {
	struct nft_text text;
	char *anonymous;
};

static int read_expression(struct nftnl_expr *e, void *userdata)
{
	struct rule_reading *r = userdata;
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME), *set;
	char line[1024], id[24];
	int n;

	/* libnftnl tells flags of 0 from none, and knows no name for an anonymous set */
	if (streq(name, "lookup")) {
		set = nftnl_expr_get_str(e, NFTNL_EXPR_LOOKUP_SET);
		if (set && startswith(set, "__")) {
			snprintf(id, sizeof(id), "#%u",
				 nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_SET_ID));
			/* one is all that a rule of ours has */
			if (r->anonymous)
				nft_text_add(&r->text, " [ another anonymous set ]");
			free(r->anonymous);
			r->anonymous = xstrdup(strchr(set, '%') ? id : set);
			set = "anonymous";
		}
		nft_text_add(&r->text, " [ lookup reg %u %s flags %u dreg %u ]",
			     nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_SREG), set ? set : "?",
			     nftnl_expr_get_u32(e, NFTNL_EXPR_LOOKUP_FLAGS),
			     nftnl_expr_is_set(e, NFTNL_EXPR_LOOKUP_DREG));
		return 0;
	}
	n = nftnl_expr_snprintf(line, sizeof(line), e, NFTNL_OUTPUT_DEFAULT, 0);
	if (n < 0 || (size_t)n >= sizeof(line))
		return -1;
	nft_text_add(&r->text, " [ %s %s ]", name, line);
	return 0;
}

/* libnftnl takes for granted that an expression has a name, and that attributes are whole. */
static bool expressions_whole(const struct nlattr *list)
{
	const struct nlattr *a[NFTA_EXPR_MAX + 1], *inner[1], *e = NULL;

	if (!list || nft_nested(list, inner, 0) < 0)
		return false;
	while ((e = nft_next_nested(list, e)))
		if (mnl_attr_get_type(e) != NFTA_LIST_ELEM || nft_nested(e, a, ARRAY_SIZE(a)) < 0 ||
		    !nft_attr_str(a[NFTA_EXPR_NAME]) ||
		    (a[NFTA_EXPR_DATA] && nft_nested(a[NFTA_EXPR_DATA], inner, 0) < 0))
			return false;
	return true;
}

static int add_rule(struct nft_shape *s, const struct nlmsghdr *nlh)
{
	struct shape_rule rule = {.number = 0};
	struct rule_reading reading = {.anonymous = NULL};
	const struct nlattr *a[NFTA_RULE_MAX + 1];
	struct nftnl_rule *parsed;
	const char *chain;
	int r;

	if (nft_message_attributes(nlh, a, ARRAY_SIZE(a)) < 0)
		return -EBADMSG;
	chain = nft_attr_str(a[NFTA_RULE_CHAIN]);
	if (!chain || !expressions_whole(a[NFTA_RULE_EXPRESSIONS]))
		return -EBADMSG;
	parsed = nftnl_rule_alloc();
	if (!parsed)
		abort();
	errno = 0;
	r = nftnl_rule_nlmsg_parse(nlh, parsed);
	if (r >= 0)
		r = nftnl_expr_foreach(parsed, read_expression, &reading);
	/*
	 * What there was no memory to read is no other rule: the table would be replaced for it.
	 * The library leaves out what it can't copy, and does not always say so.
	 */
	if (errno == ENOMEM)
		abort();
	nftnl_rule_free(parsed);
	/* an expression that this library does not know is none of ours */
	if (r < 0)
		nft_text_add(&reading.text, " [ not readable ]");
	add_hex(&reading.text, "userdata", a[NFTA_RULE_USERDATA]);
	for (size_t i = 0; i < s->n_rules; i++)
		rule.number += streq(s->rules[i].chain, chain);
	rule.chain = xstrdup(chain);
	rule.text = reading.text.text ? reading.text.text : xstrdup("");
	rule.anonymous = reading.anonymous;
	ARRAY_PUSH(s->rules, s->n_rules) = rule;
	return 0;
}

int nft_shape_add(struct nft_shape *s, const struct nft_table *t, const struct nlmsghdr *nlh)
{
	/* the table's name is attribute 1 in all of them */
	const struct nlattr *a[NFTA_TABLE_NAME + 1];
	const char *table;

	if (nft_message_attributes(nlh, a, ARRAY_SIZE(a)) < 0)
		return -EBADMSG;
	table = nft_attr_str(a[NFTA_TABLE_NAME]);
	if (!table)
		return -EBADMSG;
	if (!streq(table, t->name) || nlh->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return 0;
	switch (nlh->nlmsg_type & 0xff) {
	case NFT_MSG_NEWTABLE:
		return add_table(s, nlh);
	case NFT_MSG_NEWSET:
		return add_set(s, nlh);
	case NFT_MSG_NEWSETELEM:
		return add_values(s, nlh);
	case NFT_MSG_NEWOBJ:
		return add_object(s, nlh);
	case NFT_MSG_NEWCHAIN:
		return add_chain(s, nlh);
	case NFT_MSG_NEWRULE:
		return add_rule(s, nlh);
	default:
		strv_add(&s->lines, "9 something else");
		return 0;
	}
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_strings(struct strv *v)
{
	if (v->n > 0)
		qsort(v->items, v->n, sizeof(*v->items), compare_strings);
}

void nft_shape_finish(struct nft_shape *s, struct strv *ret)
{
	for (size_t i = 0; i < s->n_rules; i++) {
		const struct shape_rule *r = &s->rules[i];
		struct anonymous *set = r->anonymous ? find_anonymous(s, r->anonymous) : NULL;
		struct nft_text t = {0};

		nft_text_add(&t, "4 rule %s %04zu%s", r->chain, r->number, r->text);
		if (r->anonymous)
			nft_text_add(&t, " in %s", set ? set->text : "?");
		if (set)
			sort_strings(&set->values);
		for (size_t j = 0; set && j < set->values.n; j++)
			nft_text_add(&t, "%s", set->values.items[j]);
		strv_take(&s->lines, t.text);
	}
	sort_strings(&s->lines);
	*ret = s->lines;
	s->lines = (struct strv){0};
}
