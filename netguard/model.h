/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which container belongs to which pod, and what follows for the table. Pure: configuration,
 * people and containers in, elements out; no I/O, no clock, no globals.
 *
 * Always true: what is unknown is left out, and the table denies what is left out. Of two
 * containers that claim one address on one bridge, neither is a member.
 */
#pragma once

#include "common/accounts.h"
#include "common/settings.h"
#include "netguard/elements.h"

/* One address of a container on one bridge of the host. */
struct member_address {
	char bridge[IF_NAMESIZE];
	struct addr ip4, ip6; /* family AF_UNSPEC: none */
	uint8_t mac[6];
	bool has_mac;
	char veth[IF_NAMESIZE]; /* host side, "" where not known yet */
};

struct member_port {
	struct addr host_ip; /* AF_UNSPEC: any */
	uint16_t host_port;  /* 0: not chosen yet */
	uint16_t port;	     /* 0: not known, see member_guess */
	uint8_t proto;
	bool taken; /* a service of the host's listens on it while the container does not run */
};

/* A container as the engine describes it, reduced to what decides. */
struct member {
	char *id, *name;
	char *pod;	 /* NULL: not guarded as a pod (other_containers.guard: false) */
	bool ours;	 /* made by podctl */
	bool yields;	 /* not by podctl, and apart from what is: see model_keep_apart */
	char *joined_id; /* network_mode container:ID: whose addresses it has; else NULL */
	bool running;
	bool own_ports; /* ports are what its own answer said; a list tells only those in force */
	bool unsure;	/* pid is what it was before a time that nobody has told of */
	pid_t pid;	/* of its first process; 0: not known (yet) */
	bool host_network; /* runs in the host's network: not guarded, only reported */
	uint64_t seen;	   /* number of the question whose answer this is, see watch.h */
	bool incomplete;   /* is on a network whose bridge or address is not known yet */
	char *unguarded;   /* why the guard can't see it (macvlan, its bridge's name), or NULL */
	struct member_address *addresses;
	size_t n_addresses;
	struct member_port *ports;
	size_t n_ports;
};
void member_done(struct member *m);

void member_copy(const struct member *m, struct member *ret);

/* Takes away the address on a bridge (NULL: all, and running). True where there was one. */
bool member_clear(struct member *m, const char *bridge, uint64_t number);

/* A member as it was before its first change. */
struct model_change {
	char *id;
	bool there;
	struct member before; /* where it was there */
};

/* With more changes than that everything is computed anew. */
#define MODEL_CHANGES_MAX 64

struct model {
	struct member *members; /* sorted by id */
	size_t n_members;
	struct model_change *changes; /* since model_settle */
	size_t n_changes;
	bool all;	   /* too much has changed to list it; a new model begins so */
	bool pods_changed; /* since model_keep_apart: who is of which pod may be another now */
	struct strv ports; /* all interfaces on guarded bridges, see links.h */
	struct strv other_ports; /* those on others, sorted, which containers could be behind */
};
struct model *model_new(void);
void model_free(struct model *m);
DEFINE_CLEANUP(struct model, model_free);

struct member *model_find(const struct model *m, const char *id); /* NULL where unknown */
/* The place of the first member whose id comes behind this one; n_members: there is none. */
size_t model_place_behind(const struct model *m, const char *id);
/* By id, or by name: what "container:X" may stand for. NULL where unknown. */
struct member *model_find_joined(const struct model *m, const char *id_or_name);
/* Whether another container than this one runs, or is being started, with a port of the host. */
bool model_publishes(const struct model *m, const char *other_than_id, uint8_t proto,
		     uint16_t host_port);
/* It runs or is being started (it has an address). */
static inline bool member_is_up(const struct member *m)
{
	return m->running || m->n_addresses > 0;
}

/*
 * Remembers what a member is: to be called before it is changed in place. model_put and
 * model_remove do so themselves.
 */
void model_touch(struct model *m, const char *id);
void model_touch_all(struct model *m); /* something that all are computed from */
void model_settle(struct model *m);    /* what it is now is what changes count from */
/* Takes over *member's contents (zeroed behind), replacing one with the same id. */
void model_put(struct model *m, struct member *member);
void model_remove(struct model *m, const char *id);

/*
 * The pod of a container, from its labels: ours (where its name is the pod's, or begins with it and
 * a dot), else settings' pod_label, else the compose project (one that is configured only where the
 * name is the project's, or begins with it and '-', '_' or '.'), else its name, made to a valid pod
 * name; a label that is no valid pod name counts as absent. get(label): value or NULL.
 */
char *model_pod_name(const struct settings *s, const char *container_name,
		     const char *(*get)(void *userdata, const char *label), void *userdata,
		     bool *ret_ours);
/* The pod that pod_label or the compose project names, whatever the container's name; or NULL. */
const char *model_pod_claimed(const struct settings *s,
			      const char *(*get)(void *userdata, const char *label),
			      void *userdata);
/*
 * Where podctl has a container of some pod, those that yield and call themselves the same are the
 * pod NAME/others, which no label, file or configuration can name; else they are the pod NAME. To
 * be called before anything is computed of a model that was changed: it does not matter who came
 * first, nor who goes.
 */
void model_keep_apart(struct model *m);
bool model_pod_apart(const char *pod); /* it is some NAME/others */
bool model_pod_valid(const char *pod); /* as pod_name_valid, or NAME/others */

/* "web.app:v1" as a valid pod name: what may not be there becomes '_', at most 63 bytes. */
char *model_name_to_pod(const char *name);

/*
 * The name of a pod's limit in the table: the pod's own, or "pod_NAME" where nft would not read
 * that (a keyword, a digit first). No two pods have the same. Caller frees.
 */
char *model_limit_name(const char *pod);

/* What people should know of: ports that another pod took, addresses claimed twice, ... */
void model_warnings(const struct settings *s, const struct model *m, struct strv *ret);

/* All elements of both tables, normalized. Caller frees. */
struct elements *model_elements(const struct settings *s, const struct people *people,
				const struct model *m);
