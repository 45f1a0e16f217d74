/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host for tests of faults, in namespaces of the test's own process: a bridge with two
 * containers, an outside host, a fake engine that tells of the containers, and netguard with
 * tests/faults/shim.so before libc. Datagrams go to container web all the time, one each
 * millisecond, from four that differ in what they may: root of the host may, these may not: a user
 * who is nobody, the other container, the outside host.
 *
 * Needs root. What fails in setting up aborts.
 */
#pragma once

#include "netguard/elements.h"
#include "tests/faults/shim.h"
#include "tests/unit/fake_engine.h"

#include <sys/types.h>

enum fault_sender { SENDER_ROOT, SENDER_NOBODY, SENDER_DB, SENDER_OUTSIDE, SENDERS };

#define FAULT_CONFIG "/mnt/netguard.yml"
#define FAULT_LOG    "/mnt/netguard.log" /* what the daemon has said */

struct fault_host {
	struct faults *faults; /* what the daemon meets */
	struct fake_engine *engine;
	struct elements *want;		 /* in the kernel when all is well; fault_host_learn */
	pid_t daemon;			 /* 0: none */
	_Atomic uint64_t *sent, *passed; /* of each sender; passed: since fault_host_closed */
	struct keeper *eye;		 /* for looking */
	unsigned descriptors;		 /* the daemon may have; 0: as many as we */
	const char *cgroup;		 /* the daemon starts in it; NULL: in ours */
};

struct fault_host *fault_host_new(void);

/* The daemon, with the faults of the page from its first call, and a new log. env: NULL, or
 * "NAME=VALUE". */
void fault_host_start(struct fault_host *h, const char *env);
/* Waits up to 20 s until it follows the engine and the kernel has `want`; false where it ends. */
bool fault_host_settled(struct fault_host *h);
/*
 * Waits until it has ended (its status as waitpid) or all is as it should be (-1); false where
 * neither happens.
 */
bool fault_host_outcome(struct fault_host *h, int *ret_status);
/* No crash: it aborts, as it does without memory, or says why it can't go on. */
bool fault_host_orderly(int status);
/* Ends it by this signal, and returns its status as waitpid. */
int fault_host_end(struct fault_host *h, int sig);
/* -1 while it runs, else its status as waitpid; it is reaped. */
int fault_host_ended(struct fault_host *h);
/* The daemon runs and all is well: keeps what the kernel has as `want`, and begins to count. */
void fault_host_learn(struct fault_host *h);

void fault_host_fault(struct fault_host *h, enum fault_kind kind, int code, uint64_t at,
		      uint64_t until);
/* No more faults; returns how many calls have failed since they began. */
uint64_t fault_host_mend(struct fault_host *h);

/* What the kernel has: elements that are not wanted, and those that are missing; -1: no table. */
int fault_host_too_many(struct fault_host *h);
void fault_host_show_difference(struct fault_host *h); /* prints both */
int fault_host_missing(struct fault_host *h);
/* Ports of wanted ones that table bridge does not look at; those that may send nothing are in it.
 */
int fault_host_unguarded(struct fault_host *h);

/* No more datagrams until they are let go on. */
void fault_host_hold(struct fault_host *h, bool stop);
/* Denied packets: those that the table has counted, and those that the log has told of. */
uint64_t fault_host_denied(struct fault_host *h);
uint64_t fault_host_told(void);
void fault_host_count_anew(struct fault_host *h);
uint64_t fault_host_denied_passed(const struct fault_host *h); /* of all but root */
const char *fault_host_counts(const struct fault_host *h);     /* as words */
/* Waits up to a few seconds until n more of this sender have passed. */
bool fault_host_passes(struct fault_host *h, enum fault_sender who, unsigned n);
/* ... until it has sent n more, and returns how many of all its datagrams have passed. */
uint64_t fault_host_try(struct fault_host *h, enum fault_sender who, unsigned n);
/* Ends the daemon and takes its table away: whether all pass then. */
bool fault_host_open(struct fault_host *h);

/* Whether the log has this text; fault_host_log_forget: since then. */
bool fault_host_said(const struct fault_host *h, const char *text);
void fault_host_log_forget(struct fault_host *h);
/* Without lines of denials. */
void fault_host_show_log(void);
unsigned fault_host_lines(void);

/* A connection or disconnection of a third container that comes and goes: 10.88.1.4 */
void fault_host_third(struct fault_host *h, bool there);

/* The engine's answer for this path (as it begins) is another, until fault_host_publish. */
void fault_host_answer(struct fault_host *h, const struct fake_reply *reply);
void fault_host_publish(struct fault_host *h);
/* An event of container web (0) or db (1) after which it is asked for. */
void fault_host_event(struct fault_host *h, size_t container);
bool fault_host_unused(struct fault_host *h); /* nobody has asked for that answer yet */
/* The answers that it has now but for its events, to be freed; returns how many. */
struct fault_host_reply {
	char *path, *data;
};
size_t fault_host_replies(struct fault_host *h, struct fault_host_reply *ret, size_t max);

/* What LD_PRELOAD is to be for programs of this build. To be freed. */
char *fault_host_preload(const char *build);

/* Commands of the host, without a shell; returns the status as waitpid. */
int fault_host_run(const char *const *argv);
#define RUN(...) fault_host_run((const char *const[]){__VA_ARGS__, NULL})
void fault_host_write(const char *path, const char *text);
