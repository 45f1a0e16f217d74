/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What benchmarks share: times, medians, and one line of ratios each. Absolute figures say little
 * on a machine that does other things too, so each contender runs in turn within one run and what
 * counts is the ratio of the medians.
 */
#pragma once

#include "common/base.h"

/* Seconds since some moment: of the wall, and what this process and its ended children used. */
double bench_wall(void);
double bench_cpu(void);

struct bench_times {
	double *items; /* seconds */
	size_t n;
};
void bench_add(struct bench_times *t, double seconds);
double bench_percentile(const struct bench_times *t, double percent); /* 50: the median */
void bench_times_done(struct bench_times *t);

/*
 * "name  12.3 ms [11.0-15.2]  against  50.1 ms [...]  0.25, at most 0.30": of these percentiles,
 * with the spread from the 10th to the 90th. Returns false where the ratio is over the bar by more
 * than slack (1.5: half as much again), which is how far a busy machine may be off.
 */
bool bench_ratio(const char *name, const struct bench_times *ours, const struct bench_times *theirs,
		 double percent, double bar, double slack);

/* Runs fn in a child with a network namespace of its own; *ret is filled with what it left there.
 */
typedef void bench_fn(void *userdata, void *ret, size_t size);
void bench_in_netns(bench_fn *fn, void *userdata, void *ret, size_t size);

/* N running containers, two to a pod, each with an IPv4 address on br-pods. */
struct model;
struct model *bench_model(unsigned n);
