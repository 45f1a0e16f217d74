/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's loop: epoll, level-triggered, one thread.
 *
 * Sources are embedded in their owners. An owner may remove its source, and be freed, at any
 * moment, also in its own callback: an event that was already fetched for it is dropped.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#include <signal.h>

struct loop;
struct source;

typedef void source_fn(struct source *s, uint32_t events);

struct source {
	int fd; /* -1: not in a loop */
	bool owns_fd;
	source_fn *fn;
	void *userdata;
	struct loop *loop;
};
#define SOURCE_NONE ((struct source){.fd = -1})

int loop_new(struct loop **ret, struct err *err);
void loop_free(struct loop *l); /* sources must be gone */
DEFINE_CLEANUP(struct loop, loop_free);

/* Runs until loop_stop. Returns 0 or -errno of epoll itself. */
int loop_run(struct loop *l, struct err *err);
void loop_stop(struct loop *l);
/* fn is called behind each round of events: for what all of them together have made due. */
void loop_set_after(struct loop *l, void (*fn)(void *userdata), void *userdata);

/* events: EPOLLIN, EPOLLOUT. The source must stay where it is until removed. */
int source_add(struct loop *l, struct source *s, int fd, uint32_t events, source_fn *fn,
	       void *userdata, struct err *err);
/* The same, and the source owns *fd, which is -1 behind. */
int source_own(struct loop *l, struct source *s, int *fd, uint32_t events, source_fn *fn,
	       void *userdata, struct err *err);
void source_set_events(struct source *s, uint32_t events);
void source_remove(struct source *s); /* closes fd where owned; harmless when not in a loop */

/* A timer: fn is called once per expiry, after its reading. Not running until timer_set. */
int timer_add(struct loop *l, struct source *s, source_fn *fn, void *userdata, struct err *err);
/* First after first_ms (0: stop it), then each every_ms (0: once). */
void timer_set(struct source *s, uint64_t first_ms, uint64_t every_ms);
void timer_fire(struct source *s); /* once, in the loop's next round */
/* How long to wait before the next try of what failed again: twice as long, at most max. ms: the
 * time before, 0: it has failed for the first time. */
static inline unsigned timer_longer(unsigned ms, unsigned min, unsigned max)
{
	ms = ms ? ms * 2 : min;
	return ms < max ? ms : max;
}
/* To be called first in a timer's fn; false: nothing expired. */
bool timer_read(struct source *s);

/* Signals by signalfd; blocks them in the process. fn reads one with signal_read. */
int signals_add(struct loop *l, struct source *s, const sigset_t *set, source_fn *fn,
		void *userdata, struct err *err);
int signal_read(struct source *s); /* a signal's number, or 0 */

uint64_t loop_now_ms(void); /* CLOCK_MONOTONIC */
