/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside of explain: ends of a flow, and the words about a case. Pure. */
#pragma once

#include "common/yaml.h"
#include "netguard/explain.h"
#include "netguard/explain_rules.h"

/* What FROM or TO says. */
struct explain_spec {
	enum { SPEC_USER, SPEC_HOST, SPEC_POD, SPEC_CONTAINER, SPEC_WORLD, SPEC_ADDR } kind;
	char name[EXPLAIN_TEXT_MAX + 1]; /* USER, POD, CONTAINER */
	struct addr addr; /* WORLD, HOST, ADDR; POD, CONTAINER: pretended; AF_UNSPEC: none */
	uint8_t proto;	  /* TO: IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP */
	uint16_t port;
};
int explain_parse_from(const char *text, struct explain_spec *ret, struct err *err);
int explain_parse_to(const char *text, struct explain_spec *ret, struct err *err);

enum explain_side {
	SIDE_USER,	/* a process of the host */
	SIDE_CONTAINER, /* an address on a container's bridge */
	SIDE_HOST,	/* an address of the host; or a broadcast that it hears */
	SIDE_WORLD
};

struct explain_end {
	enum explain_side side;
	struct addr addr; /* AF_UNSPEC: any, or whichever suits the other end */
	/* SIDE_CONTAINER */
	char iface[IF_NAMESIZE];
	const struct member *member; /* as named; NULL: nobody known has the address */
	const struct member *root;   /* whose addresses it has */
	const struct member_address *address;
	bool forged; /* addr is not its own */
	/* SIDE_USER */
	uid_t uid;
	const char *user; /* name, or NULL */
	bool process;	  /* stands for a container in the host's network */
	bool broadcast;	  /* SIDE_HOST: heard by the host, but no address of it */
};

/* All that a spec stands for, at most EXPLAIN_CASES_MAX; borrows from x and spec. */
struct explain_ends {
	struct explain_end *items;
	size_t n;
	bool cut;
};
int explain_find_ends(const struct explain_context *x, const struct explain_spec *spec, int64_t uid,
		      struct explain_ends *ret, struct err *err);

/* One way of one packet. */
struct explain_flow {
	const struct explain_end *from, *to;
	uint8_t proto;
	uint16_t port;
	const struct member *publisher; /* of the host port that is asked for, or NULL */
	bool proxy;			/* docker-proxy carries it */
	bool second;			/* this is docker-proxy's own connection */
};

/* The whole run. */
struct explain_run {
	const struct explain_context *x;
	struct yaml_node *config; /* the configuration's text as a tree, or NULL */
	struct explanation *out;
};

/* One pair of ends; notes: how they are called where they stand for several. */
struct explain_question {
	struct explain_flow flow;
	const char *from_note, *to_note;
};
/* Adds a case for each way between the two. 0, or -EINVAL where a rule can't be read. */
int explain_take_pair(const struct explain_run *run, struct explain_question *q, struct err *err);

/* Is the address in members4 or members6? */
bool explain_is_member(const struct explain_context *x, const char *bridge,
		       const struct addr *addr);

/* Chain, rule, key, change and reason of a case, from where the packet went. */
void explain_words(const struct explain_run *run, const struct explain_flow *f,
		   const struct explain_trace *t, struct explain_case *c);

/* explain_config.c: the place of a key. Items: of the list or map at the end of the path. */
enum explain_item { ITEM_NONE, ITEM_PORT, ITEM_TEXT, ITEM_INDEX, ITEM_KEY };
struct explain_key {
	const char *path[3]; /* "pods", "web", "users"; NULL behind the last */
	enum explain_item item;
	const char *text; /* ITEM_TEXT, ITEM_KEY: the item; else ignored */
	uint8_t proto;	  /* ITEM_PORT: a port or range that holds this one (list or map) */
	uint16_t port;
	size_t index; /* ITEM_INDEX */
};
/* Sets c->key and c->mark. True where the whole path is there (the item may not be). */
bool explain_place(const struct explain_run *run, const struct explain_key *key,
		   struct explain_case *c);
