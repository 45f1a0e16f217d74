/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside the model: the guarded addresses of all members, and helpers that write elements.
 * Pure, as all of the model.
 */
#pragma once

#include "netguard/model.h"

/* One address of one member on a guarded bridge. No address is claimed by two members here. */
struct place {
	const struct member *member;
	const struct settings_pod *pod; /* NULL: nothing beyond the defaults */
	const struct accounts *users;	/* host users of the pod, or NULL */
	const char *bridge;
	const struct member_address *address;
	struct addr addr;
};

/* sorted by pod, then address */
struct places {
	struct place *items;
	size_t n;
	struct strv contested; /* addresses that several containers claim, for warnings */
};

void places_make(const struct settings *s, const struct people *people, const struct model *m,
		 struct places *ret);
void places_done(struct places *p);
/* The places of one pod: *ret_first and how many follow. */
size_t places_of_pod(const struct places *p, const char *pod, size_t *ret_first);

/* What the parts of model_elements share. */
struct maker {
	const struct settings *s;
	const struct people *people;
	const struct model *m;
	struct places places;
	struct elements *e;
};

/* SET_X4 and SET_X6 stand side by side: the one for this address. */
enum set_id maker_set(enum set_id set4, const struct addr *a);

/*
 * A pod whose members may reach each other, or those of another pod, has an element for each pair
 * of addresses and port. Whoever may start containers must not fill the kernel's memory with them:
 * a link of more than that is left out, and so denied. 256 addresses of a family in one pod.
 */
#define MODEL_LINK_MAX ((size_t)65536)

void maker_published(struct maker *k); /* model_ports.c */
/* model_links.c; warnings NULL: adds elements; else only: what is left out, as lines */
void maker_links(struct maker *k, struct strv *warnings);
void maker_egress(struct maker *k); /* model_egress.c */

/* A host port that a container publishes; loopback: only to the host itself. */
struct published {
	uint8_t proto;
	uint16_t port;
	const char *pod; /* NULL: a container that is not guarded as a pod */
	const struct member *member;
	const struct addr *host_ip; /* AF_UNSPEC: at all addresses */
	bool loopback;
	bool held; /* of one that does not run, see model_ports.c */
};
/* Sorted by protocol and port. Caller frees. */
struct published *published_list(const struct model *m, size_t *ret_n);
