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
	NFT_TYPE_RAW6,	 /* an IPv6 address that nft shows as a number: by typeof only */
	NFT_TYPE_COUNT_
};

#define NFT_KEY_MAX    40 /* of the sets that we make: two IPv6 addresses, protocol and port */
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
	/* both shared (nft_share) */
	const char *comment; /* printable, at most NFT_COMMENT_MAX bytes; NULL: none */
	const char *object;  /* map value: name of the limit; NULL in sets */
};

/*
 * Texts that many elements hold are there once. nft_share copies the first n bytes of a text (NULL:
 * none), nft_share_again counts one more holder of such a copy, nft_unshare one less.
 */
const char *nft_share(const char *text, size_t n);
const char *nft_share_again(const char *shared);
void nft_unshare(const char *shared);

#define NFT_COMMENT_MAX 127 /* nft refuses longer ones */

/* Text made fit for a comment: printable, no double quotes, cut at NFT_COMMENT_MAX. Caller frees.
 */
char *nft_comment(const char *text);

int nft_key_compare(const struct nft_key *a, const struct nft_key *b);
/* By key, wildcard and end: what makes an element the same one for the kernel. */
int nft_element_compare(const struct nft_element *a, const struct nft_element *b);
/* The same with comment and object. */
bool nft_element_equal(const struct nft_element *a, const struct nft_element *b);
void nft_element_done(struct nft_element *e); /* gives up what it holds, and zeroes it */

/* ---- tables, sets, chains and rules as data ---- */

/* Families as the kernel numbers them (linux/netfilter.h). */
enum nft_family { NFT_FAMILY_INET = 1, NFT_FAMILY_BRIDGE = 7 };

struct nft_set {
	const char *name;
	uint8_t types[NFT_FIELDS_MAX]; /* enum nft_type; 0 behind the last */
	bool interval;		       /* flags interval */
	bool limits;		       /* a map to named limits */
	uint32_t size;		       /* elements at most; 0: no bound, and growing takes time */
	/* enum nft_field: said by typeof, for types that nft knows no name of; all 0: by type */
	uint8_t fields[NFT_FIELDS_MAX];
};

/* What a rule can load and compare. */
enum nft_field {
	NFT_FIELD_IIFNAME = 1,
	NFT_FIELD_OIFNAME,
	NFT_FIELD_L4PROTO,
	NFT_FIELD_SKUID,
	NFT_FIELD_FIB_SADDR_TYPE,
	NFT_FIELD_FIB_DADDR_TYPE,
	NFT_FIELD_IP_SADDR,
	NFT_FIELD_IP_DADDR,
	NFT_FIELD_IP6_SADDR,
	NFT_FIELD_IP6_DADDR,
	NFT_FIELD_TH_SPORT,
	NFT_FIELD_TH_DPORT,
	NFT_FIELD_ICMPV6_TYPE,
	NFT_FIELD_ETHER_SADDR,
	NFT_FIELD_ETHER_DADDR,
	NFT_FIELD_ETHER_TYPE, /* of the frame: 8021q and 8021ad where it is tagged */
	NFT_FIELD_PKTTYPE,    /* to whom a frame is: host (this one), other, ... */
	NFT_FIELD_ARP_SADDR_ETHER,
	NFT_FIELD_ARP_SADDR_IP,
	NFT_FIELD_CT_DIRECTION,
	NFT_FIELD_CT_ASKED_DADDR, /* the destination before it was rewritten; IPv4 */
	NFT_FIELD_CT_ASKED_DPORT, /* of a rule that says the protocol before */
	NFT_FIELD_ND_TARGET,	  /* of a rule of its own: see nft_fields */
	NFT_FIELD_COUNT_
};

enum nft_statement_kind {
	NFT_STATEMENT_END,    /* behind a rule's last statement */
	NFT_STATEMENT_SET,    /* fields, name of the set: iifname . ip saddr @members4 */
	NFT_STATEMENT_ONE_OF, /* field, values: icmpv6 type { a, b } */
	NFT_STATEMENT_IS, /* field, value: iifname != "lo", ip daddr 127.0.0.0/8, oifname "veth*" */
	NFT_STATEMENT_CT, /* value, name: ct state established,related */
	NFT_STATEMENT_NO_SYN,	 /* tcp flags ! syn: it begins no connection */
	NFT_STATEMENT_ACK,	 /* tcp flags ack: it answers */
	NFT_STATEMENT_GROUP,	 /* a frame for 01:80:c2:00:00:00 to 0f, which bridges keep */
	NFT_STATEMENT_ON_LINK,	 /* ip6 hoplimit 255: no router has sent it on */
	NFT_STATEMENT_FRAGMENT,	 /* frag frag-off != 0: a fragment of IPv6, but the first */
	NFT_STATEMENT_TO_HOST,	 /* value: a frame goes to this MAC of the host instead */
	NFT_STATEMENT_LIMIT,	 /* number, burst: limit rate 10/second burst 20 packets */
	NFT_STATEMENT_LIMIT_MAP, /* field, name of the map: limit name ip saddr map @pod_rate4 */
	NFT_STATEMENT_LOG,	 /* value, number: log prefix "forged " group 86 */
	NFT_STATEMENT_COUNTER,	 /* name: counter name "forged" */
	NFT_STATEMENT_REJECT,	 /* value: reject with tcp reset */
	NFT_STATEMENT_VERDICT,	 /* value, name of the chain: accept, goto deny_forged */
	NFT_STATEMENT_COUNT_
};

#define NFT_VALUES_MAX 8

/* Values are nft's own words and parsed when the bytecode is made: they are written once. */
struct nft_statement {
	enum nft_statement_kind kind;
	bool negated;
	uint8_t fields[NFT_FIELDS_MAX]; /* enum nft_field; 0 behind the last */
	const char *name;
	const char *values[NFT_VALUES_MAX]; /* NULL behind the last */
	uint32_t number, burst;
};

struct nft_rule {
	const struct nft_statement *statements; /* NFT_STATEMENT_END behind the last */
};

struct nft_chain {
	const char *name;
	/* base chains only (hook is NULL in others): type filter, policy accept */
	const char *hook;     /* "prerouting" */
	const char *priority; /* as nft prints it: "mangle", "filter + 10" */
	const struct nft_rule *rules;
	size_t n_rules;
};

struct nft_table {
	enum nft_family family;
	const char *name, *comment;
	const struct nft_set *sets; /* in the order in which they are made and listed */
	size_t n_sets;
	const char *const *counters;
	size_t n_counters;
	const struct nft_chain *chains;
	size_t n_chains;
};

/* A named limit: matches what is over rate packets in unit seconds. */
struct nft_limit {
	const char *name;
	uint64_t rate, unit; /* unit: 1, 60, 3600, 86400 */
	uint32_t burst;
};

const struct nft_set *nft_table_find_set(const struct nft_table *t, const char *name);

/* ---- text, as nft reads and lists it; caller frees ---- */

const char *nft_family_name(enum nft_family family); /* "inet" */
char *nft_rule_text(const struct nft_rule *r);
/* "br-pods" . 10.88.1.2 comment "web" */
char *nft_element_text(const struct nft_set *s, const struct nft_element *e);
/* "rate over 20/second burst 10 packets" */
char *nft_limit_text(const struct nft_limit *l);

/* Parts of a table's text, one block each, indented once. */
void nft_set_print(const struct nft_set *s, const struct nft_element *list, size_t n, FILE *out);
void nft_chain_print(const struct nft_chain *c, FILE *out);

/* The bytecode of a rule in libnftnl's notation, one expression a line: for golden tests. */
int nft_rule_bytecode(const struct nft_table *t, const struct nft_rule *r, char **ret,
		      struct err *err);

/* ---- one netlink socket ---- */

struct nft_socket;

/*
 * Opens a socket in the current network namespace, or takes fd over (>= 0, a netlink socket of an
 * earlier process; closed with the rest). The buffers grow as batches need it.
 */
int nft_socket_open(int fd, struct nft_socket **ret, struct err *err);
void nft_socket_close(struct nft_socket *s);
DEFINE_CLEANUP(struct nft_socket, nft_socket_close);
int nft_socket_fd(const struct nft_socket *s);
uint32_t nft_socket_portid(const struct nft_socket *s);

/* ---- transactions ---- */

/*
 * A batch collects changes that the kernel makes all together or not at all. What can't be built
 * poisons it: commit then fails with the reason and sends nothing. Tables, sets, chains, rules and
 * names are borrowed until the batch is freed; elements are copied.
 */
struct nft_batch;
struct nft_batch *nft_batch_new(void);
void nft_batch_free(struct nft_batch *b);
DEFINE_CLEANUP(struct nft_batch, nft_batch_free);
bool nft_batch_empty(const struct nft_batch *b);

#define NFT_TABLE_OWNER	  0x2U /* only the owning socket may change it (Linux 5.12) */
#define NFT_TABLE_PERSIST 0x4U /* it stays when its owner goes (Linux 6.9) */

void nft_batch_add_table(struct nft_batch *b, const struct nft_table *t, uint32_t flags);
void nft_batch_delete_table(struct nft_batch *b, const struct nft_table *t);
void nft_batch_add_set(struct nft_batch *b, const struct nft_table *t, const struct nft_set *s);
void nft_batch_add_counter(struct nft_batch *b, const struct nft_table *t, const char *name);
void nft_batch_add_limit(struct nft_batch *b, const struct nft_table *t, const struct nft_limit *l);
void nft_batch_delete_limit(struct nft_batch *b, const struct nft_table *t, const char *name);
void nft_batch_add_chain(struct nft_batch *b, const struct nft_table *t, const struct nft_chain *c);
void nft_batch_add_rule(struct nft_batch *b, const struct nft_table *t, const struct nft_chain *c,
			const struct nft_rule *r);
/* All parts of a new table: counters, sets, chains and rules; no elements, no limits. */
void nft_batch_add_contents(struct nft_batch *b, const struct nft_table *t);
void nft_batch_add_elements(struct nft_batch *b, const struct nft_table *t, const struct nft_set *s,
			    const struct nft_element *list, size_t n);
void nft_batch_delete_elements(struct nft_batch *b, const struct nft_table *t,
			       const struct nft_set *s, const struct nft_element *list, size_t n);

/*
 * Sends the batch. generation: of the ruleset that it builds on (-ESTALE where there is another
 * meanwhile), or 0: any. 0 when the kernel has made all of it. Otherwise nothing was changed, and
 * err names the statement or element that was refused in nft's words; except -ENOBUFS: the kernel's
 * answer was lost, so look what it has. An empty batch is not sent.
 */
int nft_batch_commit(struct nft_socket *s, struct nft_batch *b, uint32_t generation,
		     struct err *err);
/* The same as far as the kernel checks it before it changes anything (no BATCH_END is sent). */
int nft_batch_check(struct nft_socket *s, struct nft_batch *b, struct err *err);

/* ---- what the kernel has ---- */

int nft_generation(struct nft_socket *s, uint32_t *ret, struct err *err);

/* 1 with flags and the owner's port id (0: none) where the table is there, 0 where it is not. */
int nft_dump_table(struct nft_socket *s, const struct nft_table *t, uint32_t *ret_flags,
		   uint32_t *ret_owner, struct err *err);

/*
 * The shape of a table: all of its parts but the elements of named sets and named limits, one line
 * each, sorted; byte for byte the same for the same table. From the kernel's dump, or from what
 * would be sent: both by the same reading of messages, so what the kernel would list otherwise is
 * another shape.
 */
int nft_dump_shape(struct nft_socket *s, const struct nft_table *t, struct strv *ret,
		   struct err *err);
int nft_table_shape(const struct nft_table *t, struct strv *ret, struct err *err);

/* The elements of a set. Caller frees them with nft_element_done and the list. */
int nft_dump_elements(struct nft_socket *s, const struct nft_table *t, const struct nft_set *set,
		      struct nft_element **ret, size_t *ret_n, struct err *err);

/* Named limits that match what is over their rate; others are given with rate 0. */
typedef void nft_limit_fn(void *userdata, const struct nft_limit *l);
int nft_dump_limits(struct nft_socket *s, const struct nft_table *t, nft_limit_fn *fn,
		    void *userdata, struct err *err);
typedef void nft_counter_fn(void *userdata, const char *name, uint64_t packets, uint64_t bytes);
int nft_dump_counters(struct nft_socket *s, const struct nft_table *t, nft_counter_fn *fn,
		      void *userdata, struct err *err);

/* ---- change notifications ---- */

struct nft_monitor;

/* Follows the changes that others make: those sent through `own` are not told. */
int nft_monitor_open(const struct nft_socket *own, struct nft_monitor **ret, struct err *err);
void nft_monitor_close(struct nft_monitor *m);
DEFINE_CLEANUP(struct nft_monitor, nft_monitor_close);
int nft_monitor_fd(const struct nft_monitor *m);

/*
 * For a big transaction of one's own: the kernel writes a notification of each element if anybody
 * at all listens, which doubles its time. What others change meanwhile is not told: the caller
 * compares generations.
 */
int nft_monitor_pause(struct nft_monitor *m, struct err *err);
int nft_monitor_resume(struct nft_monitor *m, struct err *err);

/* One transaction of somebody else. */
struct nft_change {
	bool table;    /* it touched a table of that name, of any family */
	bool lost;     /* some notifications were lost, so it may have */
	uint32_t pid;  /* 0: not known */
	char name[32]; /* printable; "" : not known */
};

/*
 * Reads what has come. 1 and *ret (all transactions since the last call as one; pid and name are
 * of the last that touched the table), 0: nothing has come, or -errno.
 */
int nft_monitor_read(struct nft_monitor *m, const char *table, struct nft_change *ret,
		     struct err *err);
