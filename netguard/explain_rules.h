/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the table does with a packet: the very rules that are sent to the kernel (ruleset.h), read
 * over the elements that it holds. Pure. So an explanation can't say other than the table does; a
 * statement that is not understood here is an error, never a guess.
 */
#pragma once

#include "common/err.h"
#include "netguard/elements.h"

/* The first packet of a connection, as one hook sees it. */
struct explain_packet {
	char iif[IF_NAMESIZE], oif[IF_NAMESIZE]; /* "": an interface that no set names */
	struct addr from, to;
	const uint8_t *mac; /* bridge: of the sender; NULL: none */
	bool to_port;	    /* bridge: for another port of it, not for the host */
	uint8_t proto;
	bool has_port;
	uint16_t port; /* destination */
	bool has_uid;  /* a socket of this host sends it */
	uint32_t uid;
	bool to_local;	 /* fib daddr type local: an address of this host */
	bool to_unicast; /* ... unicast: another host's */
	bool dnat;	 /* its destination was rewritten, and was: */
	struct addr asked;
	uint16_t asked_port;
	bool over_rate; /* the sender is over whatever rate holds for it */
};

/* A rule that matched and decided, with the element that it found (NULL: it looked up none). */
struct explain_step {
	const struct nft_table *table;
	const struct nft_chain *chain;
	const struct nft_rule *rule;
	const char *verdict;		 /* "accept", "return", "goto", ... */
	const struct nft_set *set;	 /* of the last lookup, NULL: none */
	const struct nft_element *found; /* in it */
};

#define EXPLAIN_STEPS_MAX 32

struct explain_trace {
	struct explain_step steps[EXPLAIN_STEPS_MAX];
	size_t n;
	const struct nft_table *table; /* where the last hook was */
	const struct nft_chain *base;  /* its base chain */
	bool denied;
	const char *how;     /* denied: "reject" or "drop" */
	const char *counter; /* denied: what counts it */
	bool met_rate;	     /* there is a rate for the sender */
	bool lost;	     /* a statement was not understood, or too many steps */
};

/*
 * Walks through all base chains of a family at one hook ("forward"). 1: the packet goes on, 0: it
 * was denied, -EINVAL: a rule can't be read here. Steps are appended; once denied nothing more is.
 */
int explain_hook(const struct elements *e, enum nft_family family, const char *hook,
		 const struct explain_packet *p, struct explain_trace *t, struct err *err);

/* The same for one table, whose sets are those of ruleset.h; its chains may be others (in tests).
 */
int explain_table(const struct nft_table *table, const struct elements *e, const char *hook,
		  const struct explain_packet *p, struct explain_trace *t, struct err *err);
