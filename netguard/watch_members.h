/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the engine says, turned into members of the model. Pure.
 *
 * Answers may come late: each question has a number, each member remembers the number of the
 * question (or event) that it was last learned from, and an older answer changes nothing.
 */
#pragma once

#include "engine/engine.h" /* lint: types only */
#include "netguard/listeners.h"
#include "netguard/model.h"

/* A network of the engine, remembered for what container answers don't say. */
struct watch_network {
	char *id, *name, *driver;
	char *bridge; /* NULL: not a bridge of this host */
};
struct watch_networks {
	struct watch_network *items;
	size_t n;
};
void watch_networks_done(struct watch_networks *n);
const struct watch_network *watch_networks_find(const struct watch_networks *n, const char *id);
void watch_networks_put(struct watch_networks *n, const struct engine_network *network);
void watch_networks_remove(struct watch_networks *n, const char *id);
/* Sets network's bridge to what n knows of it. False: n does not know the network. */
bool watch_networks_set_bridge(const struct watch_networks *n, struct engine_network *network);

/* A container that was only named so far, by a create event. attributes: name, image, labels. */
void member_from_event(const struct settings *s, const char *id, const char *name,
		       const json_t *attributes, struct member *ret);

/*
 * Puts a container into the model. Addresses only from one that runs. Returns true where the
 * model changed; *ret_stale: a newer answer was there, so this one was not used.
 * others: sockets that are not this container's, also where it was started (and ended) since; NULL
 * where it is not known. Ports on which one listens are not closed for a container that does not
 * run.
 */
bool member_from_container(struct model *m, const struct settings *s,
			   const struct watch_networks *networks, const struct engine_container *c,
			   uint64_t number, const struct listeners *others, bool *ret_stale);

/*
 * What a list left out of a member, from what was known of it before (may be NULL): its interfaces,
 * the process of one that runs on (which is to be asked for), the ports of one that does not run.
 */
void member_keep(struct member *m, const struct member *before);

/* Whether a service of the host may listen on one of its ports, of a member that is not up. */
bool member_wants_port_of(const struct model *m, const struct member *member,
			  const struct listeners *l);

/*
 * A container that is being started while its own answer is still to come: somebody who began to
 * listen since it was asked for (before) may be its proxy. Such ports are held, as if it did not
 * run, until its answer names the true ones. True where there are new ones.
 */
bool member_guess(struct model *m, struct member *member, const struct listeners *before,
		  const struct listeners *now);

/*
 * The members of one bridge network: sets and takes away addresses on its bridge. Containers that
 * the model does not know, or not all of, are added to unknown. *ret_stale as above, for at least
 * one.
 */
bool members_from_network(struct model *m, const struct engine_network *network, uint64_t number,
			  struct strv *unknown, bool *ret_stale);
