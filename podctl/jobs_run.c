/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Running jobs to their ends. What a job can wait for but the engine's reply (another job, the
 * guard, the time of its next health check) is looked at between replies.
 */
#include "podctl/jobs_private.h"

#include "common/clock.h"
#include "podctl/guard.h"
#include "podctl/live.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>

/* ---- for each other ---- */

static bool starts(const struct job *j)
{
	for (size_t i = 0; j->ops[i] != JOB_END; i++) {
		if (j->ops[i] == JOB_START)
			return true;
	}
	return false;
}

/* Whether a job may go on behind its JOB_AWAIT, or, by err, never. */
static bool has_what_it_needs(const struct job *j, struct err *err)
{
	bool all = true;

	for (size_t i = 0; i < j->n_needs; i++) {
		const struct job *need = j->needs[i];

		if (need->ready || (need->soft && need->ended))
			continue;
		if (need->err.code || need->ended) {
			err_set(err, ECANCELED, "not %s, because %s failed",
				starts(j) ? "started" : "removed", need->title);
			return true;
		}
		all = false;
	}
	if (all && j->jobs->settings)
		settings_check_current(j->jobs->settings, err);
	return all;
}

/* Those that wait for others. Each that goes on may be what the next one waits for. */
static void release(struct jobs *jobs)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < jobs->n; i++) {
			struct job *j = jobs->items[i];
			struct err err = {0};

			if (!j->awaits || !has_what_it_needs(j, &err))
				continue;
			j->awaits = false;
			again = true;
			if (err.code) {
				job_failed(j, &err);
				continue;
			}
			j->at++;
			job_next(j);
		}
	}
}

/* ---- running them ---- */

struct waiting {
	struct pollfd *fds; /* the engine's, then those of guard */
	struct job **guarded;
	size_t n;
	int64_t due;  /* 0: nothing is to be done at a time */
	bool pending; /* something can still happen */
};

static void earliest(int64_t *due, int64_t at)
{
	if (at && (!*due || at < *due))
		*due = at;
}

static void find_waiting(struct jobs *jobs, struct waiting *w)
{
	w->n = 0;
	w->due = 0;
	w->pending = engine_in_flight(jobs->engine) > 0;
	w->fds[0] = (struct pollfd){.fd = engine_fd(jobs->engine), .events = POLLIN};
	for (size_t i = 0; i < jobs->n; i++) {
		struct job *j = jobs->items[i];

		if (j->guard_fd >= 0) {
			w->guarded[w->n] = j;
			w->fds[++w->n] = (struct pollfd){.fd = j->guard_fd, .events = POLLIN};
		}
		earliest(&w->due, j->health.due);
		earliest(&w->due, j->guard_due);
		earliest(&w->due, j->retry_due);
	}
	w->pending |= w->n > 0 || w->due > 0;
}

static void wait_once(struct jobs *jobs, struct waiting *w)
{
	int64_t left = w->due ? w->due - clock_ms() : -1;
	int r;

	if (w->due && left < 0)
		left = 0;
	left = live_timeout(jobs->ui->live, left);
	r = poll(w->fds, (nfds_t)(w->n + 1), left > INT32_MAX ? INT32_MAX : (int)left);
	engine_dispatch(jobs->engine);
	live_tick(jobs->ui->live);
	for (size_t i = 0; i < w->n; i++) {
		struct job *j = w->guarded[i];
		struct err err = {0};

		if ((r > 0 && w->fds[i + 1].revents) || clock_ms() >= j->guard_due) {
			int answer = guard_wait_end(jobs->settings, take_fd(&j->guard_fd), &err);

			job_guard_answered(j, answer, &err);
		}
	}
	for (size_t i = 0; i < jobs->n; i++) {
		struct job *j = jobs->items[i];

		health_tick(&j->health);
		if (j->retry_due && clock_ms() >= j->retry_due) {
			j->retry_due = 0;
			job_next(j);
		}
	}
}

int jobs_run(struct jobs *jobs, struct engine *e, const struct settings *settings,
	     const struct ui *ui, struct err *err)
{
	struct waiting w = {
		.fds = xcalloc(jobs->n + 1, sizeof(*w.fds)),
		.guarded = xcalloc(jobs->n + 1, sizeof(struct job *)),
	};
	int r = 0;

	jobs->engine = e;
	jobs->settings = settings;
	jobs->ui = ui;
	jobs->began_ms = clock_ms();
	for (size_t i = 0; i < jobs->n; i++) {
		jobs->items[i]->jobs = jobs;
		job_next(jobs->items[i]);
	}
	live_begin(ui->live, jobs->n, jobs_live_line, jobs);
	for (;;) {
		release(jobs);
		find_waiting(jobs, &w);
		if (!w.pending)
			break;
		wait_once(jobs, &w);
	}
	live_end(ui->live);
	free(w.fds);
	free(w.guarded);
	for (size_t i = 0; i < jobs->n; i++) {
		assert(jobs->items[i]->ended); /* else they need each other */
		/* what others failed for says more than that they failed for it */
		if (jobs->items[i]->err.code && (r == 0 || r == -ECANCELED)) {
			*err = jobs->items[i]->err;
			r = -err->code;
		}
	}
	return r;
}
