/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of 10,000 members: made from nothing, adopted, and changed by one member, against
 * `nft -f` with the same elements and against a table of ten.
 */
#include "netguard/keeper.h"
#include "netguard/model_delta.h"
#include "netguard/ruleset.h"
#include "tests/bench/bench.h"

#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEMBERS 10000
#define CHANGES 400

struct setting {
	struct settings *settings;
	struct model *many, *few;
	const char *file;
};

struct once {
	double wall, cpu;
};

static void must(int r, const struct err *err)
{
	if (r >= 0)
		return;
	fprintf(stderr, "%s\n", err->text);
	_exit(1);
}

static struct keeper *keeper(void)
{
	struct keeper *k;
	struct err err;

	must(keeper_new(-1, &k, &err), &err);
	return k;
}

static void apply(struct keeper *k, const struct setting *s, const struct model *m)
{
	_cleanup_(elements_freep)
	struct elements *e = model_elements(s->settings, NULL, m);
	struct keeper_result result;
	struct err err;

	must(keeper_apply(k, e, &result, &err), &err);
}

static void install(void *userdata, void *ret, size_t size _unused_)
{
	const struct setting *s = userdata;
	struct once *once = ret;
	double wall = bench_wall(), cpu = bench_cpu();
	struct keeper *k = keeper();

	apply(k, s, s->many);
	once->wall = bench_wall() - wall;
	once->cpu = bench_cpu() - cpu;
}

static void adopt(void *userdata, void *ret, size_t size _unused_)
{
	const struct setting *s = userdata;
	struct once *once = ret;
	struct keeper *k = keeper();
	double wall, cpu;

	apply(k, s, s->many);
	keeper_free(k);
	wall = bench_wall();
	cpu = bench_cpu();
	k = keeper();
	apply(k, s, s->many);
	once->wall = bench_wall() - wall;
	once->cpu = bench_cpu() - cpu;
}

static void run_nft(void *userdata, void *ret, size_t size _unused_)
{
	const struct setting *s = userdata;
	char *argv[] = {(char[]){"nft"}, (char[]){"-f"}, xstrdup(s->file), NULL};
	double wall = bench_wall(), cpu = bench_cpu();
	struct once *once = ret;
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, "nft", NULL, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid || status != 0)
		_exit(1);
	once->wall = bench_wall() - wall;
	once->cpu = bench_cpu() - cpu;
}

/* One member's address goes, comes, goes, ... among many and among few, in turn. */
struct changes {
	double many[CHANGES], few[CHANGES];
};

static double change(struct keeper *k, const struct setting *s, struct model_index *x,
		     struct model *m, bool away)
{
	_cleanup_(elements_freep)
	struct elements *before = NULL;
	_cleanup_(elements_freep)
	struct elements *after = NULL;
	struct member *member = &m->members[m->n_members / 2];
	double start = bench_wall();
	struct keeper_result result;
	struct err err;

	model_touch(m, member->id);
	member->n_addresses = !away;
	if (!model_delta(x, s->settings, NULL, m, &before, &after))
		_exit(1);
	must(keeper_change(k, before, after, &result, &err), &err);
	/* member, its address, its pair in both directions */
	if (result.added + result.deleted != 4)
		_exit(1);
	return bench_wall() - start;
}

static void change_all(const struct setting *s, struct model *m, double *ret)
{
	_cleanup_(model_index_freep)
	struct model_index *x = model_index_new();
	_cleanup_(keeper_freep)
	struct keeper *k = keeper();

	apply(k, s, m);
	model_index_fill(x, m);
	for (unsigned i = 0; i < CHANGES; i++)
		ret[i] = change(k, s, x, m, i % 2 == 0);
}

static void change_few(void *userdata, void *ret, size_t size _unused_)
{
	const struct setting *s = userdata;
	struct changes *c = ret;

	change_all(s, s->few, c->few);
}

static void change_many(void *userdata, void *ret, size_t size _unused_)
{
	const struct setting *s = userdata;
	struct changes *c = ret;

	change_all(s, s->many, c->many);
}

static void write_file(const struct setting *s)
{
	_cleanup_(elements_freep)
	struct elements *e = model_elements(s->settings, NULL, s->many);
	FILE *f = fopen(s->file, "we");

	if (!f)
		exit(1);
	ruleset_print(e, f);
	fclose(f);
	printf("%u containers, %zu elements\n", MEMBERS, elements_count(e));
}

static void run(struct setting *s, unsigned rounds, struct bench_times ours[3],
		struct bench_times cpu[3])
{
	bench_fn *const fns[] = {install, run_nft, adopt};

	for (unsigned i = 0; i < rounds; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(fns); j++) {
			struct once once;

			bench_in_netns(fns[j], s, &once, sizeof(once));
			bench_add(&ours[j], once.wall);
			bench_add(&cpu[j], once.cpu);
		}
	}
}

int main(int argc, char **argv)
{
	char name[] = "/dev/shm/netguard-bench-XXXXXX";
	struct setting s = {.many = bench_model(MEMBERS), .few = bench_model(10), .file = name};
	struct bench_times wall[3] = {{0}}, cpu[3] = {{0}}, many = {0}, few = {0};
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 9;
	struct problems problems = {0};
	struct changes changes;
	bool ok = true;

	if (settings_parse("", 0, "bench", &problems, &s.settings) < 0 || mkstemp(name) < 0)
		return 1;
	write_file(&s);
	run(&s, rounds, wall, cpu);
	unlink(name);
	for (unsigned i = 0; i < 3; i++) {
		bench_in_netns(change_few, &s, &changes, sizeof(changes));
		for (size_t j = 0; j < CHANGES; j++)
			bench_add(&few, changes.few[j]);
		bench_in_netns(change_many, &s, &changes, sizeof(changes));
		for (size_t j = 0; j < CHANGES; j++)
			bench_add(&many, changes.many[j]);
	}
	ok &= bench_ratio("from nothing, to nft -f", &wall[0], &wall[1], 50, 0.3, 1.5);
	ok &= bench_ratio("... processor time", &cpu[0], &cpu[1], 50, 0.3, 1.5);
	ok &= bench_ratio("adopted, to nft -f", &wall[2], &wall[1], 50, 0.3, 1.5);
	ok &= bench_ratio("... processor time", &cpu[2], &cpu[1], 50, 0.3, 1.5);
	ok &= bench_ratio("one changes, to one of ten", &many, &few, 50, 1, 2);
	return ok ? 0 : 1;
}
