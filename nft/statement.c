/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Statements: one table with two back-ends for each kind, bytecode and text.
 *
 * The bytecode is what nft 1.0.6 makes of the same text, so that its listing reads our rules as
 * it reads its own: what a field depends on (nfproto, l4proto) is matched once before it is
 * loaded, fields of a concatenation lie behind each other from register 1 on. The first expression
 * that can't be built fails the rule.
 */
#include "nft/expr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/expr.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/tcp.h>
#include <stdio.h>

/* ---- building ---- */

static void build_set(struct nft_build *b, const struct nft_statement *s)
{
	const struct nft_set *set = nft_table_find_set(b->table, s->name);
	struct nftnl_expr *e;

	if (!set || set->limits) {
		b->failed = true;
		return;
	}
	nft_add_loads(b, s, set->types, set->interval);
	e = nft_expr_new(b, "lookup");
	nft_expr_set_u32(b, e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nft_expr_set_str(b, e, NFTNL_EXPR_LOOKUP_SET, s->name);
	if (s->negated)
		nft_expr_set_u32(b, e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

static void build_one_of(struct nft_build *b, const struct nft_statement *s)
{
	uint8_t types[NFT_FIELDS_MAX] = {nft_field_type(s->fields[0])};
	struct nftnl_expr *e;

	nft_add_loads(b, s, types, false);
	e = nft_expr_new(b, "lookup");
	nft_expr_set_u32(b, e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nft_expr_set_str(b, e, NFTNL_EXPR_LOOKUP_SET, "__set%d");
	nft_expr_set_u32(b, e, NFTNL_EXPR_LOOKUP_SET_ID, (*b->set_id)++);
	if (s->negated)
		nft_expr_set_u32(b, e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

static void build_is(struct nft_build *b, const struct nft_statement *s)
{
	const struct nft_field_load *f = &nft_fields[s->fields[0]];
	char name[IF_NAMESIZE] = "";
	const char *value = s->values[0];
	struct prefix prefix = {0};
	uint32_t number = 0;
	const void *data = &number;
	uint32_t size = sizeof(number);
	uint16_t be;
	uint8_t proto, mac[6];

	if (f->type == NFT_TYPE_IFNAME && strlen(value) < sizeof(name)) {
		memcpy(name, value, strlen(value));
		data = name;
		/* a pattern: what stands before the asterisk */
		size = (uint32_t)(strchr(value, '*') ? strcspn(value, "*") : sizeof(name));
	} else if ((f->type == NFT_TYPE_IPV4 || f->type == NFT_TYPE_IPV6) &&
		   prefix_parse(value, &prefix) && prefix.len > 0 && prefix.len % 8 == 0 &&
		   addr_size(&prefix.addr) == nft_types[f->type].size) {
		data = prefix.addr.bytes;
		size = prefix.len / 8;
	} else if (f->type == NFT_TYPE_ETHER && mac_parse(value, mac)) {
		data = mac;
		size = sizeof(mac);
	} else if (f->type == NFT_TYPE_PROTO && nft_word(NFT_WORDS_PROTOCOLS, value, &number)) {
		proto = (uint8_t)number;
		data = &proto;
		size = 1;
	} else if (s->fields[0] == NFT_FIELD_ETHER_TYPE &&
		   nft_word(NFT_WORDS_ETHER_TYPES, value, &number)) {
		be = htons((uint16_t)number);
		data = &be;
		size = sizeof(be);
	} else if ((s->fields[0] == NFT_FIELD_ICMPV6_TYPE &&
		    nft_word(NFT_WORDS_ICMPV6_TYPES, value, &number)) ||
		   (s->fields[0] == NFT_FIELD_PKTTYPE &&
		    nft_word(NFT_WORDS_PKTTYPES, value, &number)) ||
		   (s->fields[0] == NFT_FIELD_CT_DIRECTION &&
		    nft_word(NFT_WORDS_CT_DIRECTIONS, value, &number))) {
		proto = (uint8_t)number;
		data = &proto;
		size = 1;
	} else if (f->source != NFT_SOURCE_FIB || !nft_word(NFT_WORDS_FIB_TYPES, value, &number)) {
		b->failed = true;
		return;
	}
	nft_add_need(b, f->need);
	nft_add_load(b, f, size, NFT_REG_1);
	nft_add_cmp(b, s->negated, data, size);
	/* the frame says it: as good as what a field of it needs */
	b->ip |= s->fields[0] == NFT_FIELD_ETHER_TYPE && !s->negated && number == 0x0800;
}

static void build_ct(struct nft_build *b, const struct nft_statement *s)
{
	bool state = streq(s->name, "state");
	enum nft_words words = state ? NFT_WORDS_CT_STATES : NFT_WORDS_CT_STATUSES;
	uint32_t mask = 0, zero = 0;
	struct nftnl_expr *e;

	for (size_t i = 0; i < NFT_VALUES_MAX && s->values[i]; i++) {
		uint32_t bit = 0;

		if (!nft_word(words, s->values[i], &bit))
			b->failed = true;
		mask |= bit;
	}
	e = nft_expr_new(b, "ct");
	nft_expr_set_u32(b, e, NFTNL_EXPR_CT_KEY, state ? NFT_CT_STATE : NFT_CT_STATUS);
	nft_expr_set_u32(b, e, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	nft_add_mask(b, &mask, sizeof(mask));
	nft_add_cmp(b, true, &zero, sizeof(zero));
}

static void tcp_flag(struct nft_build *b, uint8_t flag, bool set)
{
	static const uint8_t tcp = IPPROTO_TCP, zero = 0;

	nft_add_meta(b, NFT_META_L4PROTO, NFT_REG_1);
	nft_add_cmp(b, false, &tcp, sizeof(tcp));
	nft_add_payload(b, NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1, NFT_REG_1);
	nft_add_mask(b, &flag, sizeof(flag));
	nft_add_cmp(b, set, &zero, sizeof(zero));
}

static void build_no_syn(struct nft_build *b, const struct nft_statement *s _unused_)
{
	tcp_flag(b, TH_SYN, false);
}

static void build_ack(struct nft_build *b, const struct nft_statement *s _unused_)
{
	tcp_flag(b, TH_ACK, true);
}

static void build_group(struct nft_build *b, const struct nft_statement *s _unused_)
{
	static const uint8_t multicast = PACKET_MULTICAST;
	static const uint8_t first[] = {0x01, 0x80, 0xc2, 0, 0, 0x00};
	static const uint8_t last[] = {0x01, 0x80, 0xc2, 0, 0, 0x0f};
	static const uint16_t ether = ARPHRD_ETHER;

	nft_add_meta(b, NFT_META_PKTTYPE, NFT_REG_1);
	nft_add_cmp(b, false, &multicast, sizeof(multicast));
	nft_add_meta(b, NFT_META_IIFTYPE, NFT_REG_1);
	nft_add_cmp(b, false, &ether, sizeof(ether));
	nft_add_payload(b, NFT_PAYLOAD_LL_HEADER, 0, sizeof(first), NFT_REG_1);
	nft_add_order(b, NFT_CMP_GTE, first, sizeof(first));
	nft_add_order(b, NFT_CMP_LTE, last, sizeof(last));
}

/* What is routed has lost one before forward sees it. */
static void build_on_link(struct nft_build *b, const struct nft_statement *s _unused_)
{
	static const uint8_t all = 255;

	nft_add_need(b, NFT_NEED_IP6);
	nft_add_payload(b, NFT_PAYLOAD_NETWORK_HEADER, 7, sizeof(all), NFT_REG_1);
	nft_add_cmp(b, false, &all, sizeof(all));
}

static void build_fragment(struct nft_build *b, const struct nft_statement *s _unused_)
{
	static const uint8_t fragment = IPPROTO_FRAGMENT, offset[] = {0xff, 0xf8}, zero[2] = {0};
	struct nftnl_expr *e;

	nft_add_need(b, NFT_NEED_EXTHDR6);
	e = nft_expr_new(b, "exthdr");
	nft_expr_set(b, e, NFTNL_EXPR_EXTHDR_TYPE, &fragment, sizeof(fragment));
	nft_expr_set_u32(b, e, NFTNL_EXPR_EXTHDR_OFFSET, 2);
	nft_expr_set_u32(b, e, NFTNL_EXPR_EXTHDR_LEN, sizeof(offset));
	nft_expr_set_u32(b, e, NFTNL_EXPR_EXTHDR_OP, NFT_EXTHDR_OP_IPV6);
	nft_expr_set_u32(b, e, NFTNL_EXPR_EXTHDR_DREG, NFT_REG_1);
	nft_add_mask(b, offset, sizeof(offset));
	nft_add_cmp(b, true, zero, sizeof(zero));
}

/*
 * A bridge gives to the host what is for a MAC of the host's, and the host takes it where it is
 * said to be for it: both are set.
 */
static void build_to_host(struct nft_build *b, const struct nft_statement *s)
{
	static const uint8_t host = PACKET_HOST;
	uint8_t mac[6];
	struct nftnl_expr *e;

	if (b->table->family != NFT_FAMILY_BRIDGE || !mac_parse(s->values[0], mac)) {
		b->failed = true;
		return;
	}
	nft_add_immediate(b, mac, sizeof(mac));
	e = nft_expr_new(b, "payload");
	nft_expr_set_u32(b, e, NFTNL_EXPR_PAYLOAD_SREG, NFT_REG_1);
	nft_expr_set_u32(b, e, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_LL_HEADER);
	nft_expr_set_u32(b, e, NFTNL_EXPR_PAYLOAD_OFFSET, 0);
	nft_expr_set_u32(b, e, NFTNL_EXPR_PAYLOAD_LEN, sizeof(mac));
	nft_expr_set_u32(b, e, NFTNL_EXPR_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_NONE);
	nft_expr_set_u32(b, e, NFTNL_EXPR_PAYLOAD_CSUM_OFFSET, 0);
	nft_expr_set_u32(b, e, NFTNL_EXPR_PAYLOAD_FLAGS, 0);
	nft_add_immediate(b, &host, sizeof(host));
	e = nft_expr_new(b, "meta");
	nft_expr_set_u32(b, e, NFTNL_EXPR_META_KEY, NFT_META_PKTTYPE);
	nft_expr_set_u32(b, e, NFTNL_EXPR_META_SREG, NFT_REG_1);
}

static void build_limit(struct nft_build *b, const struct nft_statement *s)
{
	struct nftnl_expr *e = nft_expr_new(b, "limit");
	uint64_t rate = s->number, unit = 1;

	nft_expr_set(b, e, NFTNL_EXPR_LIMIT_RATE, &rate, sizeof(rate));
	nft_expr_set(b, e, NFTNL_EXPR_LIMIT_UNIT, &unit, sizeof(unit));
	nft_expr_set_u32(b, e, NFTNL_EXPR_LIMIT_BURST, s->burst);
	nft_expr_set_u32(b, e, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nft_expr_set_u32(b, e, NFTNL_EXPR_LIMIT_FLAGS, 0);
}

static void build_limit_map(struct nft_build *b, const struct nft_statement *s)
{
	const struct nft_set *map = nft_table_find_set(b->table, s->name);
	struct nftnl_expr *e;

	if (!map || !map->limits) {
		b->failed = true;
		return;
	}
	nft_add_loads(b, s, map->types, map->interval);
	e = nft_expr_new(b, "objref");
	nft_expr_set_u32(b, e, NFTNL_EXPR_OBJREF_SET_SREG, NFT_REG_1);
	nft_expr_set_str(b, e, NFTNL_EXPR_OBJREF_SET_NAME, s->name);
}

static void build_log(struct nft_build *b, const struct nft_statement *s)
{
	struct nftnl_expr *e = nft_expr_new(b, "log");
	uint16_t group = (uint16_t)s->number;

	nft_expr_set_str(b, e, NFTNL_EXPR_LOG_PREFIX, s->values[0]);
	nft_expr_set(b, e, NFTNL_EXPR_LOG_GROUP, &group, sizeof(group));
}

static void build_counter(struct nft_build *b, const struct nft_statement *s)
{
	struct nftnl_expr *e = nft_expr_new(b, "objref");

	nft_expr_set_u32(b, e, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nft_expr_set_str(b, e, NFTNL_EXPR_OBJREF_IMM_NAME, s->name);
}

static void build_reject(struct nft_build *b, const struct nft_statement *s)
{
	struct nftnl_expr *e = nft_expr_new(b, "reject");
	bool reset = streq(s->values[0], "tcp reset");
	uint8_t code = reset ? 0 : NFT_REJECT_ICMPX_ADMIN_PROHIBITED;

	if (!reset && !streq(s->values[0], "icmpx admin-prohibited"))
		b->failed = true;
	nft_expr_set_u32(b, e, NFTNL_EXPR_REJECT_TYPE,
			 reset ? NFT_REJECT_TCP_RST : NFT_REJECT_ICMPX_UNREACH);
	nft_expr_set(b, e, NFTNL_EXPR_REJECT_CODE, &code, sizeof(code));
}

static void build_verdict(struct nft_build *b, const struct nft_statement *s)
{
	static const struct {
		const char *word;
		int32_t verdict;
	} verdicts[] = {{"accept", NF_ACCEPT},
			{"drop", NF_DROP},
			{"return", NFT_RETURN},
			{"jump", NFT_JUMP},
			{"goto", NFT_GOTO}};
	struct nftnl_expr *e = nft_expr_new(b, "immediate");

	nft_expr_set_u32(b, e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		if (!streq(s->values[0], verdicts[i].word))
			continue;
		nft_expr_set_u32(b, e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdicts[i].verdict);
		if (s->name)
			nft_expr_set_str(b, e, NFTNL_EXPR_IMM_CHAIN, s->name);
		return;
	}
	b->failed = true;
}

/* ---- text ---- */

static void text_fields(struct nft_text *t, const struct nft_statement *s)
{
	for (size_t i = 0; i < NFT_FIELDS_MAX && s->fields[i]; i++)
		nft_text_add(t, "%s%s", i ? " . " : "", nft_fields[s->fields[i]].text);
	nft_text_add(t, "%s", s->negated ? " !=" : "");
}

static void text_values(struct nft_text *t, const struct nft_statement *s, const char *between)
{
	for (size_t i = 0; i < NFT_VALUES_MAX && s->values[i]; i++)
		nft_text_add(t, "%s%s", i ? between : "", s->values[i]);
}

static void text_set(struct nft_text *t, const struct nft_statement *s)
{
	text_fields(t, s);
	nft_text_add(t, " @%s", s->name);
}

static void text_one_of(struct nft_text *t, const struct nft_statement *s)
{
	text_fields(t, s);
	nft_text_add(t, " { ");
	text_values(t, s, ", ");
	nft_text_add(t, " }");
}

static void text_is(struct nft_text *t, const struct nft_statement *s)
{
	const char *quote = nft_fields[s->fields[0]].type == NFT_TYPE_IFNAME ? "\"" : "";

	text_fields(t, s);
	nft_text_add(t, " %s%s%s", quote, s->values[0], quote);
}

static void text_ct(struct nft_text *t, const struct nft_statement *s)
{
	nft_text_add(t, "ct %s ", s->name);
	text_values(t, s, ",");
}

static void text_no_syn(struct nft_text *t, const struct nft_statement *s _unused_)
{
	nft_text_add(t, "tcp flags ! syn");
}

static void text_ack(struct nft_text *t, const struct nft_statement *s _unused_)
{
	nft_text_add(t, "tcp flags ack");
}

static void text_group(struct nft_text *t, const struct nft_statement *s _unused_)
{
	nft_text_add(t, "meta pkttype multicast ether daddr 01:80:c2:00:00:00-01:80:c2:00:00:0f");
}

static void text_on_link(struct nft_text *t, const struct nft_statement *s _unused_)
{
	nft_text_add(t, "ip6 hoplimit 255");
}

static void text_fragment(struct nft_text *t, const struct nft_statement *s _unused_)
{
	nft_text_add(t, "frag frag-off != 0");
}

static void text_to_host(struct nft_text *t, const struct nft_statement *s)
{
	nft_text_add(t, "ether daddr set %s meta pkttype set host", s->values[0]);
}

static void text_limit(struct nft_text *t, const struct nft_statement *s)
{
	nft_text_add(t, "limit rate %u/second burst %u packets", s->number, s->burst);
}

static void text_limit_map(struct nft_text *t, const struct nft_statement *s)
{
	nft_text_add(t, "limit name ");
	text_fields(t, s);
	nft_text_add(t, " map @%s", s->name);
}

static void text_log(struct nft_text *t, const struct nft_statement *s)
{
	nft_text_add(t, "log prefix \"%s\" group %u", s->values[0], s->number);
}

static void text_counter(struct nft_text *t, const struct nft_statement *s)
{
	nft_text_add(t, "counter name \"%s\"", s->name);
}

static void text_reject(struct nft_text *t, const struct nft_statement *s)
{
	nft_text_add(t, "reject with %s", s->values[0]);
}

static void text_verdict(struct nft_text *t, const struct nft_statement *s)
{
	nft_text_add(t, "%s%s%s", s->values[0], s->name ? " " : "", s->name ? s->name : "");
}

/* ---- the table ---- */

static const struct {
	void (*build)(struct nft_build *b, const struct nft_statement *s);
	void (*text)(struct nft_text *t, const struct nft_statement *s);
	bool field, name, value; /* what must be there */
} kinds[NFT_STATEMENT_COUNT_] = {
	[NFT_STATEMENT_SET] = {build_set, text_set, .field = true, .name = true},
	[NFT_STATEMENT_ONE_OF] = {build_one_of, text_one_of, .field = true, .value = true},
	[NFT_STATEMENT_IS] = {build_is, text_is, .field = true, .value = true},
	[NFT_STATEMENT_CT] = {build_ct, text_ct, .name = true, .value = true},
	[NFT_STATEMENT_NO_SYN] = {build_no_syn, text_no_syn, .field = false},
	[NFT_STATEMENT_ACK] = {build_ack, text_ack, .field = false},
	[NFT_STATEMENT_GROUP] = {build_group, text_group, .field = false},
	[NFT_STATEMENT_ON_LINK] = {build_on_link, text_on_link, .field = false},
	[NFT_STATEMENT_FRAGMENT] = {build_fragment, text_fragment, .field = false},
	[NFT_STATEMENT_TO_HOST] = {build_to_host, text_to_host, .value = true},
	[NFT_STATEMENT_LIMIT] = {build_limit, text_limit, .field = false},
	[NFT_STATEMENT_LIMIT_MAP] = {build_limit_map, text_limit_map, .field = true, .name = true},
	[NFT_STATEMENT_LOG] = {build_log, text_log, .value = true},
	[NFT_STATEMENT_COUNTER] = {build_counter, text_counter, .name = true},
	[NFT_STATEMENT_REJECT] = {build_reject, text_reject, .value = true},
	[NFT_STATEMENT_VERDICT] = {build_verdict, text_verdict, .value = true},
};

static bool statement_sound(const struct nft_statement *s)
{
	if (s->kind >= NFT_STATEMENT_COUNT_ || !kinds[s->kind].build)
		return false;
	for (size_t i = 0; i < NFT_FIELDS_MAX; i++)
		if (s->fields[i] >= NFT_FIELD_COUNT_)
			return false;
	return (!kinds[s->kind].field || s->fields[0]) && (!kinds[s->kind].name || s->name) &&
	       (!kinds[s->kind].value || s->values[0]);
}

char *nft_rule_text(const struct nft_rule *r)
{
	struct nft_text t = {0};

	for (const struct nft_statement *s = r->statements; s->kind != NFT_STATEMENT_END; s++) {
		nft_text_add(&t, "%s", s == r->statements ? "" : " ");
		if (statement_sound(s))
			kinds[s->kind].text(&t, s);
		else
			nft_text_add(&t, "?");
	}
	return t.text ? t.text : xstrdup("");
}

size_t nft_statement_values(const struct nft_statement *s, struct nft_key keys[NFT_VALUES_MAX])
{
	size_t n = 0;

	if (s->fields[0] != NFT_FIELD_ICMPV6_TYPE)
		return 0;
	for (; n < NFT_VALUES_MAX && s->values[n]; n++) {
		uint32_t value;

		if (!nft_word(NFT_WORDS_ICMPV6_TYPES, s->values[n], &value))
			return 0;
		keys[n] = (struct nft_key){.data = {(uint8_t)value}, .size = 4};
	}
	return n;
}

int nft_rule_build(const struct nft_table *t, const char *chain, const struct nft_rule *r,
		   uint32_t *set_id, struct nftnl_rule **ret, struct err *err)
{
	struct nft_build b = {.table = t, .rule = nftnl_rule_alloc(), .set_id = set_id};

	if (!b.rule)
		abort();
	nftnl_rule_set_u32(b.rule, NFTNL_RULE_FAMILY, t->family);
	nftnl_rule_set_str(b.rule, NFTNL_RULE_TABLE, t->name);
	nftnl_rule_set_str(b.rule, NFTNL_RULE_CHAIN, chain);
	for (const struct nft_statement *s = r->statements; s->kind != NFT_STATEMENT_END; s++) {
		if (!statement_sound(s))
			b.failed = true;
		if (b.failed)
			break;
		kinds[s->kind].build(&b, s);
	}
	if (b.failed) {
		_cleanup_free_ char *text = nft_rule_text(r);

		nftnl_rule_free(b.rule);
		return err_set(err, EINVAL, "chain %s: this rule can't be built: %s", chain, text);
	}
	*ret = b.rule;
	return 0;
}
