/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a scan finds in containers, and the alerts that come of it. Pure, but for scan_store.h and
 * scan_engine.h, which have their own headers.
 *
 * Names of files and of executables are whatever somebody in a container wanted them to be. They
 * are escaped once, where they come in, and never undone: what is stored, compared and shown is
 * the escaped text, in which different names stay different.
 */
#pragma once

#include "common/settings.h"

#include <jansson.h>
#include <sys/types.h>

enum scan_kind {
	SCAN_CHANGED, /* these three as enum settings_change */
	SCAN_ADDED,
	SCAN_DELETED,
	SCAN_PROCESS, /* runs, and was not expected */
	SCAN_MISSING, /* is required, and does not run */
	SCAN_MORE,    /* findings beyond a limit */
	SCAN_KINDS
};
const char *scan_kind_name(enum scan_kind kind); /* "changed" */

/*
 * Printable: control characters, bytes that are no UTF-8 and what turns the reading direction as
 * \xNN, a backslash doubled; what is longer than SCAN_TEXT_MAX is cut and ends in "\sha256:" and
 * the digest of the whole. Caller frees.
 */
#define SCAN_TEXT_MAX 512
char *scan_escape(const char *text);

struct scan_finding {
	enum scan_kind kind;
	char *what;    /* escaped: path, "EXECUTABLE uid N", or a sentence */
	uint64_t more; /* SCAN_MORE: how many */
};

struct scan_process {
	char *executable; /* not escaped */
	uint64_t uid;	  /* in the container */
};

/* A container, and what was found. */
struct scan_target {
	char *id, *name, *pod;	  /* pod: "" where it is of none */
	pid_t pid;		  /* of its first process; 0: does not run */
	struct strv engine_paths; /* where the engine itself mounts: mount points */
	char *upper, *lower;	  /* overlay2: the container's layer, and the image's with ":" */
	bool compared;		  /* its files were compared with the image's, not only listed */
	bool watched;		  /* scan.processes has an entry for it */
	bool gone;		  /* removed meanwhile: no failure */
	struct scan_process *processes;
	size_t n_processes;
	struct scan_finding *findings;
	size_t n_findings;
	struct err err; /* code 0: all of it was looked at */
};

struct scan_targets {
	struct scan_target *items;
	size_t n;
	bool whole; /* all containers of the host, not only a pod's or a user's */
};
void scan_targets_done(struct scan_targets *t);
void scan_add_finding(struct scan_target *t, enum scan_kind kind, const char *what);

/* Fills pid and engine_paths from GET /containers/ID/json. -EPROTO. */
int scan_target_inspect(struct scan_target *t, json_t *json, struct err *err);

/*
 * The body of GET /containers/ID/changes, less what settings expect, to t's findings. A changed
 * folder that another path of the list lies in is left out (the engine lists each on the way), and
 * so are mount points. -EPROTO: nothing was added.
 */
int scan_changes(struct scan_target *t, const struct settings_scan *scan, const char *text,
		 size_t size, struct err *err);

/* One change, unless it is expected. */
void scan_add_change(struct scan_target *t, const struct settings_scan *scan, enum scan_kind kind,
		     const char *path);

/* Sets watched. */
void scan_expects_processes(struct scan_target *t, const struct settings_scan *scan);
/* t's processes, less what is expected, and what is required and missing, to t's findings. */
void scan_compare_processes(struct scan_target *t, const struct settings_scan *scan);
/*
 * A target for each entry with required processes that no container of all is meant by: its
 * findings, under the entry's glob.
 */
void scan_missing_containers(struct scan_targets *all, const struct settings_scan *scan);

/* ---- alerts ---- */

/* what counts those beyond it not counted */
#define SCAN_ALERTS_MAX		  20000
#define SCAN_CONTAINER_ALERTS_MAX 1000

struct scan_alert {
	uint64_t id;
	enum scan_kind kind;
	char *container, *container_id, *pod, *what; /* never NULL */
	int64_t first, last;			     /* Unix seconds */
	uint64_t count;				     /* scans that found it */
	uint64_t more;
	bool acknowledged; /* does not stand, while it lasts */
	bool present;	   /* the last scan found it */
	bool fresh;	   /* since root's last look it was made, or made to stand again */
	bool untold;	   /* no look of root's has had it so far: fresh in the next */
};

struct scan_alerts {
	struct scan_alert *items;
	size_t n;
	uint64_t next; /* id of the next */
};
void scan_alert_done(struct scan_alert *alert);
void scan_alerts_done(struct scan_alerts *a);

/*
 * Puts findings into the alerts. Alerts stay; those that were acknowledged go when a scan of their
 * container does not find them any more, and stand again when they are found in another container
 * of that name. Beyond the limits above findings are counted, in one alert of the container, and
 * then in one of the pod that has most: nobody's findings take the room of others'.
 *
 * for_root: root looks at the result. What somebody else finds is still fresh when root looks.
 */
void scan_alerts_merge(struct scan_alerts *a, struct scan_targets *t, int64_t now, bool for_root);

/*
 * Acknowledges the alert, of pod (NULL: of any). -ENOENT. "all" is no id: SCAN_ALL.
 */
#define SCAN_ALL 0
int scan_alerts_acknowledge(struct scan_alerts *a, uint64_t id, const char *pod);
/* "@17" to 17. false: no id. */
bool scan_id_parse(const char *text, uint64_t *ret);

/* Those of pod (NULL: all) that stand. */
size_t scan_alerts_standing(const struct scan_alerts *a, const char *pod);
bool scan_alert_of(const struct scan_alert *alert, const char *pod);

/* Whether something of this pod ("": of none) is meant. */
typedef bool scan_wants(void *userdata, const char *pod);
/* Forgets what is not of a pod that is wanted: for showing, never for storing. */
void scan_alerts_keep(struct scan_alerts *a, scan_wants *wants, void *userdata);

/* The stored text, and back. -EINVAL: not such a text, or one beyond the limits. */
char *scan_alerts_format(const struct scan_alerts *a);
int scan_alerts_parse(const char *text, size_t size, struct scan_alerts *ret, struct err *err);
