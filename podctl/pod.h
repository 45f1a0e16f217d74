/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pod as its file describes it: decoded by tables, then checked against itself and against what
 * the system's configuration lets this pod do. Pure.
 *
 * Always true of a struct pod: every image reference, port, mount and name in it is valid and
 * allowed, so what comes later only has to carry it out.
 */
#pragma once

#include "common/base.h"
#include "common/problems.h"
#include "common/schema.h"
#include "common/settings.h"
#include "common/image_ref.h"
#include "podctl/publish.h"

/* Labels that say what a container is; nobody else may set labels with this prefix. */
#define POD_LABEL_PREFIX    "podctl."
#define POD_LABEL_POD	    "podctl.pod"
#define POD_LABEL_CONTAINER "podctl.container" /* "" on the root container */
#define POD_LABEL_HASH	    "podctl.config-hash"
#define POD_LABEL_ROOT	    "podctl.root-container-id" /* not on the root container */
/* what the file said, see create.h */
#define POD_LABEL_CONFIG    "podctl.config"

#define POD_SECRETS_TARGET "/run/secrets"	/* in containers */
#define POD_PIN_FOLDER	   "/run/podctl/mounts" /* where mounts.c pins sources */

/*
 * The ceilings of policy are for each container, so their number has one too. These also bound
 * what comparing each with each costs.
 */
#define POD_CONTAINERS_MAX 100
#define POD_MOUNTS_MAX	   100 /* of a container */

struct pod_mount {
	char *source; /* below mount_root/POD, normalized: "data/www", or "." */
	char *target; /* in the container, absolute, normalized */
	bool readonly;
	struct mark mark, source_mark, target_mark;
	bool source_given, target_given;
};

enum pod_restart_kind {
	POD_RESTART_NO,
	POD_RESTART_ON_FAILURE,
	POD_RESTART_ALWAYS,
	POD_RESTART_UNLESS_STOPPED,
};

struct pod_restart {
	enum pod_restart_kind kind;
	uint32_t retries; /* ON_FAILURE: 0 is without end */
};

/* An in-memory folder of a container. */
struct pod_tmpfs {
	char *target; /* absolute, normalized */
	int64_t size; /* bytes; 0: as much as the container's memory allows */
	struct mark mark;
};

/* Run in the container until it ends with 0: only then has the container started. */
struct pod_health {
	bool given;
	struct strv command;
	double interval;  /* seconds between attempts, > 0; default 3 */
	int64_t attempts; /* default 10 */
	bool interval_given, attempts_given;
};

enum pod_limit {
	POD_LIMIT_CPUS,
	POD_LIMIT_CPU_SHARES,
	POD_LIMIT_MEMORY,
	POD_LIMIT_MEMORY_SWAP,
	POD_LIMIT_MEMORY_RESERVATION,
	POD_LIMIT_SHM_SIZE,
	POD_LIMIT_OOM_SCORE_ADJ,
	POD_LIMIT_PIDS,
	POD_LIMIT_ULIMITS, /* the first of them */
	POD_LIMIT_COUNT_ = POD_LIMIT_ULIMITS + 9,
};
/* The key below limits, "ulimit-nofile". */
const char *pod_limit_key(enum pod_limit limit);

#define POD_UNLIMITED INT64_C(-1)

struct pod_ulimit {
	int64_t soft, hard; /* or POD_UNLIMITED */
};

/*
 * What the container gets, policy's ceilings already taken into account. 0: the engine's default,
 * POD_UNLIMITED: no limit, which policy allows then.
 */
struct pod_limits {
	int64_t nano_cpus;
	int64_t cpu_shares;
	int64_t memory, memory_swap, memory_reservation; /* bytes; swap: with memory, as Docker's */
	int64_t shm_size;				 /* of the pod: the largest of all counts */
	int64_t oom_score_adj;
	int64_t pids;
	struct pod_ulimit ulimits[9]; /* where given[POD_LIMIT_ULIMITS + i] */
	struct mark marks[POD_LIMIT_COUNT_];
	bool given[POD_LIMIT_COUNT_];
};

struct pod_container {
	struct schema_entry entry; /* key: its name in the pod */
	char *image;		   /* as written */
	struct mark image_mark;
	struct image_ref ref;
	bool update_image; /* pull also where the image is here; default true */
	bool update_image_given;
	struct strv command, entrypoint; /* none: the image's */
	/* environment and labels hold what is common to the pod, too */
	struct schema_pairs environment, labels;
	struct schema_pairs environment_files; /* NAME -> file below mount_root/POD, normalized */
	struct schema_pairs secrets;	       /* the same; /run/secrets/NAME in the container */
	char *user;			       /* NULL: the image's */
	struct mark user_mark;
	struct pod_restart restart;
	struct schema_array mounts; /* struct pod_mount; with those common to the pod */
	struct pod_tmpfs *tmpfs;
	size_t n_tmpfs;
	bool readonly;
	char *stop_signal;    /* "SIGTERM"; NULL: default */
	int64_t stop_timeout; /* seconds, default 10 */
	struct mark stop_signal_mark;
	bool stop_timeout_given;
	struct pod_health health;
	struct pod_limits limits;
	struct strv cap_add, cap_drop; /* canonical names, "CHOWN"; cap_drop may be "ALL" */
	struct mark cap_add_mark;
	bool no_new_privileges; /* default true */
	bool no_new_privileges_given;
	struct strv depends_on; /* other containers of the pod, no cycles */
	struct mark depends_on_mark;
};

struct pod_publish {
	struct publish publish;
	struct mark mark;
	size_t at; /* in the file's list */
};

struct pod {
	char *name;
	char *hostname;
	struct mark hostname_mark;
	struct schema_array containers; /* struct pod_container, in the file's order */
	struct mark containers_mark;
	struct pod_publish *publish;
	size_t n_publish;
	struct pod_exposed {
		uint16_t first, last;
		uint8_t proto;
	} * expose;
	size_t n_expose;
	bool publish_all; /* what is exposed, each on an ephemeral host port */
	struct schema_pairs common_environment, common_labels, root_labels;
	struct schema_array common_mounts; /* struct pod_mount */
};

/* The table of all keys. */
extern const struct schema pod_schema;

/*
 * The pod's name from a file's: without folders and without the last extension. NULL where that
 * is no valid name (also where the engine would not take it: one character). Caller frees.
 */
char *pod_name_from_path(const char *path);

/* Whether a pod may have this name: pod_name_valid and at least two characters. */
bool pod_name_usable(const char *name);

/* 0 and *ret, or -EINVAL with problems. name: usable. */
int pod_parse(const char *name, const char *text, size_t size, const struct settings *settings,
	      struct problems *problems, struct pod **ret);
void pod_free(struct pod *pod);
DEFINE_CLEANUP(struct pod, pod_free);

size_t pod_n_containers(const struct pod *pod);
const struct pod_container *pod_container_at(const struct pod *pod, size_t i);
const struct pod_container *pod_find_container(const struct pod *pod, const char *name);
const struct pod_mount *pod_mount_at(const struct pod_container *c, size_t i);

/*
 * Where the engine may choose a host port, now and at each later start: the longest part of
 * 32768-60999 that the whitelist gives to nobody. 1; 0: anywhere, since nothing of this protocol is
 * on the whitelist; -ENOSPC: nothing is left. Pure.
 */
int pod_ephemeral_range(const struct settings *settings, uint8_t proto, struct ports *ret);

/* What is wrong with a user, "1000:app", also by policy; or NULL. Static text. */
const char *pod_user_problem(const struct settings *settings, const char *user);

/* The engine's name of a container, "web.app"; container NULL: the root's. Caller frees. */
char *pod_container_name(const char *pod, const char *container);

/* Where a mount's source is pinned: POD_PIN_FOLDER/POD/ID, ID from the source. Caller frees. */
char *pod_pin_path(const char *pod, const char *source);

/* Whether a label begins so. Not minding the case: those who read labels (traefik) do not either.
 */
bool pod_label_begins(const char *label, const char *prefix);

/* ---- pod_check.c, called by pod_parse ---- */

/* Checks and completes a decoded pod. Adds to problems. */
void pod_check(struct pod *pod, const struct settings *settings, struct problems *problems);
