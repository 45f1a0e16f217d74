/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the daemon: shared by daemon.c, daemon_table.c and daemon_status.c. */
#pragma once

#include "netguard/bridges.h"
#include "netguard/config.h"
#include "netguard/control.h"
#include "netguard/daemon.h"
#include "netguard/denials_early.h"
#include "netguard/denials_ring.h"
#include "netguard/flows.h"
#include "netguard/keeper.h"
#include "netguard/links.h"
#include "netguard/listeners_ask.h"
#include "netguard/loop.h"
#include "netguard/model_delta.h"
#include "netguard/state.h"
#include "netguard/watch.h"

/* What failed is tried again after this time, then twice that, ... */
#define DAEMON_RETRY_MIN_MS 100
#define DAEMON_RETRY_MAX_MS 10000

/* What is looked at again where it failed. */
enum daemon_relook {
	DAEMON_RELOOK_LINKS,
	DAEMON_RELOOK_BRIDGES,
	DAEMON_RELOOK_PORTS,
	DAEMON_RELOOKS
};

struct daemon {
	struct loop *loop;
	struct config *config;
	struct keeper *keeper;
	struct watch *watch;
	struct control *control;
	struct bridges *bridges; /* NULL where they can't be */
	struct links *links;
	struct listeners_asker *listeners; /* NULL: not needed yet */
	bool listeners_failed;		   /* asking them; said once */
	struct denials *denials;	   /* NULL where another program has the group */
	struct denials_ring *ring;
	struct denials_early early;
	bool counting;		 /* suppressed is set, for a second */
	uint64_t forged_told_ms; /* loop_now_ms */
	bool denials_failed;	 /* reading them; said once */
	struct model *model;	 /* until watch takes it over */
	int lock;

	struct source signals, keeper_source, bridges_source, links_source, denials_source;
	struct source apply, retry, relook, save, verify, suppressed, watchdog;

	struct elements *found;	   /* in an adopted table; NULL: flows are judged by it already */
	struct model_index *index; /* NULL: all is to be computed at the next change */
	struct flows *flows;	   /* NULL: not needed yet */
	struct elements *owed;	   /* flows that these had allowed could not be ended; or NULL */
	unsigned owed_ms;	   /* until that is tried again */
	uint64_t applied_at;	   /* loop_now_ms, of the first of n_applied */
	unsigned n_applied;
	bool due;	   /* the model changed since */
	bool sweep;	   /* flows may have begun past the table */
	bool sweep_failed; /* ending them; said once */
	bool ask_ports;	   /* the engine was away: processes may be others since */
	bool due_now;	   /* to be applied at the end of this round, not later */
	char *table_error; /* of the last transaction that was refused; NULL: none */
	bool behind;	   /* it was refused as a whole, not only some elements of it */
	unsigned retry_ms;
	unsigned relook_ms; /* links or bridges could not be read or set; 0: they are */
	char *relook_why[DAEMON_RELOOKS]; /* NULL: not this one */
	uint64_t n_healed;
	struct strv unguarded;	      /* ids of containers that the log has told of, sorted */
	char *pod_rule;		      /* what settings say of others' pods, as last seen */
	char *engine_why;	      /* why the engine is not reached */
	struct state_saving *saving;  /* under way, or NULL */
	bool save_due;		      /* the timer runs */
	bool save_again;	      /* something changed meanwhile */
	bool save_failed;	      /* said once */
	bool unfed;		      /* the watchdog: said once */
	struct explain_local *locals; /* the host's addresses, as of locals_at */
	size_t n_locals;
	uint64_t locals_at;
};

/* daemon_flows.c: ends the flows that are allowed no more; told in the log */
void daemon_end_flows(struct daemon *d, const struct elements *before,
		      const struct elements *after);
/* ... and once more where that failed; after each change */
void daemon_end_owed_flows(struct daemon *d);
/* ... and those that only the table of an earlier daemon had allowed; after each change */
void daemon_end_found_flows(struct daemon *d);
/* daemon_sweep.c: where d->sweep is set, ends all that the table does not allow, once it may judge
 */
void daemon_sweep_flows(struct daemon *d);

/* daemon_table.c: model -> kernel */
int daemon_apply(struct daemon *d, struct err *err);
void daemon_compute_all(struct daemon *d); /* at the next change, not only what that reaches */
void daemon_changed(struct daemon *d);	   /* apply soon: at most 10 ms later */
int daemon_table_sources(struct daemon *d, struct err *err);
/* 1 where all guarded addresses of m are in force, 0 not yet, -errno and err: never. */
int daemon_has_member(const struct daemon *d, const struct member *m, struct err *err);
const struct model *daemon_model(const struct daemon *d);
struct model *daemon_edit_model(struct daemon *d);

/* daemon_links.c; what fails is looked at again */
void daemon_scan_bridges(struct daemon *d);
void daemon_assign_links(struct daemon *d); /* the model's ports, before each change */
int daemon_links_sources(struct daemon *d, struct err *err);

/* Puts back what somebody (who; "": not known) has changed in the kernel. */
void daemon_put_back(struct daemon *d, const char *who);

/* daemon_watchdog.c: feeds systemd's, where it wants that */
int daemon_watchdog_start(struct daemon *d, struct err *err);

/* daemon_denials.c */
int daemon_denials_start(struct daemon *d, struct err *err);
json_t *daemon_denied(struct daemon *d, size_t n);
void daemon_forget_early(struct daemon *d); /* after each change of the model */

/* daemon_explain.c */
int daemon_explain(struct daemon *d, const struct control_request *r, json_t **ret,
		   struct err *err);

/* daemon_status.c */
json_t *daemon_status(struct daemon *d);
