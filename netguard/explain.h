/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `netguard explain`: who may send what to whom, which rule says so, and which line of the
 * configuration. Pure; both ends are texts of a stranger.
 *
 * The verdict comes from the table's own rules over the elements in force (explain_rules.h). What
 * is put beside them is the path that a packet takes: through Docker's rewriting of published
 * ports, or through docker-proxy. Where one question has several answers (several addresses, ways
 * or sources), each is a case; the whole is accepted only where all of them are.
 */
#pragma once

#include "common/accounts.h"
#include "netguard/model.h"

#include <jansson.h>

#define EXPLAIN_TEXT_MAX  300 /* bytes of FROM and TO */
#define EXPLAIN_CASES_MAX 256

/* An address of the host itself, with its network. */
struct explain_local {
	struct addr addr;
	unsigned len; /* of the prefix */
	char ifname[IF_NAMESIZE];
};

struct explain_context {
	const struct settings *settings;
	const struct people *people;
	const struct model *model;
	const struct elements *elements; /* in force, normalized */
	const struct explain_local *locals;
	size_t n_locals;
};

struct explain_case {
	char *from, *to;  /* "user bob (1234)", "pod web (web.app) 10.88.1.2:80/tcp" */
	char *condition;  /* "through docker-proxy", "over the rate", or NULL */
	bool conditional; /* it is no part of the whole verdict */
	bool accept;
	const char *how;     /* "accept", "reject", "drop" */
	const char *counter; /* what counts the denial; NULL where accepted */
	const char *chain;   /* where it was decided; NULL: the packet meets no rule */
	char *rule;	     /* in nft's words; "policy accept" where no rule decided */
	char *element;	     /* that the rule found, or NULL */
	char *key;	     /* of the configuration: "pods.web.users", or NULL */
	struct mark mark;    /* of the key, or of the nearest that is there; line 0: none */
	char *change;	     /* what to write there for the other answer, or NULL */
	char *reason;
};

struct explanation {
	struct explain_case *cases;
	size_t n;
	bool accept;
	size_t decisive; /* the case that decides for the whole */
	bool cut;	 /* there were more than EXPLAIN_CASES_MAX */
};
void explanation_done(struct explanation *e);

/*
 * FROM: user:NAME|UID, host (root), pod:NAME, container:NAME, world[:ADDR], ADDR; pod: and
 * container: also with @ADDR, the source that it pretends to have. TO: pod:NAME, container:NAME,
 * host[:ADDR], world[:ADDR], ADDR, each with :PORT[/tcp|/udp] or /icmp; IPv6 in brackets.
 * uid: of the user in FROM, or -1: by the names that the configuration has.
 *
 * 0; -EINVAL: not to be understood; -ENOENT: no such user, pod or container, or without address.
 */
int explain(const struct explain_context *x, const char *from, const char *to, int64_t uid,
	    struct explanation *ret, struct err *err);

/* {"verdict": "accept"|"deny", "how", "chain", "rule", "config", "reason", "cases": [...]} */
json_t *explain_json(const struct explanation *e, const char *file);
