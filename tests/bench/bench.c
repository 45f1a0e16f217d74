/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/bench.h"

#include "netguard/model.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double bench_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double used(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

double bench_cpu(void)
{
	return used(RUSAGE_SELF) + used(RUSAGE_CHILDREN);
}

void bench_add(struct bench_times *t, double seconds)
{
	ARRAY_PUSH(t->items, t->n) = seconds;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double bench_percentile(const struct bench_times *t, double percent)
{
	_cleanup_free_ double *sorted = NULL;
	size_t at;

	if (t->n == 0)
		return 0;
	sorted = xmemdup(t->items, t->n * sizeof(*sorted));
	qsort(sorted, t->n, sizeof(*sorted), compare);
	at = (size_t)((double)t->n * percent / 100);
	return sorted[at < t->n ? at : t->n - 1];
}

void bench_times_done(struct bench_times *t)
{
	free(t->items);
	*t = (struct bench_times){0};
}

static void print_times(const struct bench_times *t, double percent)
{
	printf("%9.3f ms [%.3f-%.3f]", bench_percentile(t, percent) * 1e3,
	       bench_percentile(t, 10) * 1e3, bench_percentile(t, 90) * 1e3);
}

bool bench_ratio(const char *name, const struct bench_times *ours, const struct bench_times *theirs,
		 double percent, double bar, double slack)
{
	double against = bench_percentile(theirs, percent);
	double ratio = against > 0 ? bench_percentile(ours, percent) / against : 1e9;
	bool far = ratio > bar * slack;

	printf("%-34s ", name);
	print_times(ours, percent);
	printf("  to ");
	print_times(theirs, percent);
	printf("  = %.3f, at most %.2f: %s\n", ratio, bar,
	       ratio <= bar ? "ok"
	       : far	    ? "MISSED"
			    : "missed within the machine's noise");
	fflush(stdout);
	return !far;
}

void bench_in_netns(bench_fn *fn, void *userdata, void *ret, size_t size)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = -1;
	pid_t pid;

	if (shared == MAP_FAILED)
		abort();
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNET) < 0) {
			perror("a network namespace");
			_exit(1);
		}
		fn(userdata, shared, size);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "a part of the benchmark failed (%d)\n", status);
		exit(1);
	}
	memcpy(ret, shared, size);
	munmap(shared, size);
}

struct model *bench_model(unsigned n)
{
	struct model *model = model_new();

	for (unsigned i = 0; i < n; i++) {
		struct member_address a = {
			.bridge = "br-pods", .ip4 = {.family = AF_INET}, .has_mac = true};
		struct member m = {.id = xasprintf("%08x%056x", i * 2654435761U, i),
				   .name = xasprintf("pod%u.container%u", i / 2, i % 2),
				   .pod = xasprintf("pod%u", i / 2),
				   .running = true};

		memcpy(a.ip4.bytes, (uint8_t[]){10, 99, (uint8_t)(i >> 8), (uint8_t)i}, 4);
		memcpy(a.mac, (uint8_t[]){2, 66, 10, 99, (uint8_t)(i >> 8), (uint8_t)i}, 6);
		ARRAY_PUSH(m.addresses, m.n_addresses) = a;
		model_put(model, &m);
	}
	return model;
}
