/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the sets of the table hold: wanted (from the model) or there (from the kernel). Pure.
 * The sets themselves, with their types and flags, stand in ruleset.c; names are the table's.
 */
#pragma once

#include "nft/nft.h"

enum set_id {
	SET_CONTAINER_IFACES,
	SET_EXEMPT_IFACES,
	SET_MEMBERS4,
	SET_MEMBERS6,
	SET_ALLOWED_UIDS,
	SET_POD_UIDS4,
	SET_POD_UIDS6,
	SET_PRIVATE_PORTS,
	SET_PORT_UIDS,
	SET_HOST_PORTS,
	SET_POD_HOST_PORTS4,
	SET_POD_HOST_PORTS6,
	SET_POD_RATE4, /* map to limits */
	SET_POD_RATE6,
	SET_PUBLISHED_PORTS,
	SET_PORT_WHITELIST,
	SET_PORT_WHITELIST_FROM4,
	SET_PORT_WHITELIST_FROM6,
	SET_PROXIED_PORTS,
	SET_PROXIED4,
	SET_PROXIED6,
	SET_PUBLISHED4,
	SET_PUBLISHED6,
	SET_DIRECT4,
	SET_DIRECT6,
	SET_LINKS4,
	SET_LINKS6,
	SET_LINKS_ANY4,
	SET_LINKS_ANY6,
	SET_EGRESS_LIMITED4,
	SET_EGRESS_LIMITED6,
	SET_EGRESS4,
	SET_EGRESS6,
	SET_OPEN4,
	SET_OPEN6,
	SET_DENIED_SILENTLY,
	SET_PORTS, /* from here on none that decides what a connection may */
	SET_GUARDED4,
	SET_GUARDED6,
	/* table bridge netguard */
	SET_BRIDGE_PORTS,
	SET_BRIDGE_OTHER_PORTS,
	SET_BRIDGE_MACS,
	SET_BRIDGE_ADDRESSES4,
	SET_BRIDGE_ADDRESSES6,
	SET_BRIDGE_TARGETS6,
	SET_COUNT_
};

/* A named limit, for the pod_rate maps. Names are pod names made fit for nft (see model.c). */
struct element_limit {
	char *name;
	uint64_t rate, unit; /* packets per unit seconds */
	uint32_t burst;
};

static inline struct nft_limit elements_limit(const struct element_limit *l)
{
	return (struct nft_limit){l->name, l->rate, l->unit, l->burst};
}

/* All sets of both tables. elements_normalize sorts and removes doubles; others expect it done. */
struct elements {
	unsigned holders; /* besides the first: see elements_hold */
	struct nft_element *sets[SET_COUNT_];
	size_t n[SET_COUNT_];
	struct element_limit *limits;
	size_t n_limits;
	const char *comment; /* the last one that was added, shared: the next is often the same */
};

/*
 * Adds an element; key and end are copied, comment (may be NULL) is copied and made printable,
 * object (may be NULL) is copied. end: NULL for a single value.
 */
void elements_add(struct elements *e, enum set_id set, const struct nft_key *key,
		  const struct nft_key *end, const char *comment, const char *object);
void elements_add_copy(struct elements *e, enum set_id set, const struct nft_element *element);
void elements_add_limit(struct elements *e, const char *name, uint64_t rate, uint64_t unit,
			uint32_t burst);
/* Sorted by key; of two with one key the first added stays, with both comments joined by ", ". */
void elements_normalize(struct elements *e);
void elements_free(struct elements *e); /* e from elements_new; frees where nobody else holds it */
/* One more that holds this very list, and frees it: nobody may change it then. */
struct elements *elements_hold(const struct elements *e);
struct elements *elements_new(void);
struct elements *elements_copy(const struct elements *e);
DEFINE_CLEANUP(struct elements, elements_free);

/*
 * What turns `have` into `want`. An element whose comment or object differs is in both, and so is
 * one whose limit has another rate now (and the limit): to be deleted first, then added.
 */
struct elements_change {
	struct elements *add, *del;
};
void elements_difference(const struct elements *want, const struct elements *have,
			 struct elements_change *ret);
/* The element that is the same one for the kernel, or NULL. e: normalized, as in all of these. */
const struct nft_element *elements_find(const struct elements *e, enum set_id set,
					const struct nft_element *element);
/* Whether a set has the same elements in both, whatever their comments. */
bool elements_same(const struct elements *a, const struct elements *b, enum set_id set);
const struct element_limit *elements_find_limit(const struct elements *e, const char *name);
/* Takes `del` away (what is not there is passed over), then adds copies of `add`. */
void elements_patch(struct elements *e, const struct elements *del, const struct elements *add);
void elements_change_done(struct elements_change *c);
bool elements_change_empty(const struct elements_change *c);
size_t elements_count(const struct elements *e);
