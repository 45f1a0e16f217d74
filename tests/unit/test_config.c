/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file under watch: written, renamed over, broken, mended, gone. */
#include "netguard/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	char dir[32], path[64];
	struct loop *loop;
	struct config *config;
	struct source patience;
	int changes;
};

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0644), 0);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err err;

	snprintf(f->dir, sizeof(f->dir), "/tmp/test_config.XXXXXX");
	if (!mkdtemp(f->dir) || loop_new(&f->loop, &err) < 0)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/netguard.yml", f->dir);
	f->patience = SOURCE_NONE;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	(void)!seteuid(getuid()); /* a test that failed may have been another */
	source_remove(&f->patience);
	config_free(f->config);
	loop_free(f->loop);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static void on_changed(void *userdata, bool settings)
{
	struct fixture *f = userdata;

	f->changes += settings;
}

static void on_patience(struct source *s, uint32_t events _unused_)
{
	if (timer_read(s))
		loop_stop(s->loop);
}

/* Lets the loop run for ms; returns how often the configuration changed meanwhile. */
static int changes_within(struct fixture *f, uint64_t ms)
{
	struct err err;

	f->changes = 0;
	timer_set(&f->patience, ms, 0);
	assert_int_equal(loop_run(f->loop, &err), 0);
	return f->changes;
}

static void start(struct fixture *f)
{
	struct err err;

	assert_int_equal(config_new(f->path, true, &f->config, &err), 0);
	assert_int_equal(config_watch(f->config, f->loop, on_changed, f, &err), 0);
	assert_int_equal(timer_add(f->loop, &f->patience, on_patience, f, &err), 0);
}

static size_t pods(const struct fixture *f)
{
	return settings_n_pods(config_settings(f->config));
}

static void test_changes(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *other = xasprintf("%s/4913", f->dir);
	struct err err;

	write_file(f->path, "pods: { web: {} }\n");
	start(f);
	assert_int_equal(pods(f), 1);
	assert_null(config_problem(f->config));

	/* written in place, in two goes: one change */
	write_file(f->path, "pods: { web: {}, db: {} }\n");
	write_file(f->path, "pods: { web: {}, db: {}, dns: {} }\n");
	assert_int_equal(changes_within(f, 300), 1);
	assert_int_equal(pods(f), 3);

	/* an editor's way: another file that is renamed */
	write_file(other, "pods: { web: {}, db: {} }\n");
	assert_int_equal(changes_within(f, 200), 0);
	assert_int_equal(rename(other, f->path), 0);
	assert_int_equal(changes_within(f, 300), 1);
	assert_int_equal(pods(f), 2);

	/* broken: what was there stays, and is said to */
	write_file(f->path, "pods: [\n");
	assert_int_equal(changes_within(f, 300), 0);
	assert_int_equal(pods(f), 2);
	assert_non_null(config_problem(f->config));
	assert_int_equal(config_reload(f->config, &err), -EINVAL);
	/* gone, or writable by others: the same */
	assert_int_equal(unlink(f->path), 0);
	assert_true(config_reload(f->config, &err) < 0);
	write_file(f->path, "pods: {}\n");
	assert_int_equal(chmod(f->path, 0666), 0);
	assert_true(config_reload(f->config, &err) < 0);
	assert_int_equal(changes_within(f, 300), 0);
	assert_int_equal(pods(f), 2);

	/* mended by a chmod alone */
	assert_int_equal(chmod(f->path, 0644), 0);
	assert_int_equal(changes_within(f, 300), 1);
	assert_int_equal(pods(f), 0);
	assert_null(config_problem(f->config));
}

/* A daemon that starts with a broken file is closed, one that only prints refuses. */
static void test_broken_start(void **state)
{
	struct fixture *f = *state;
	struct config *none = NULL;
	struct err err;

	write_file(f->path, "guard: { allowed_users: [nobody] }\nx: 1\n");
	assert_int_equal(config_new(f->path, false, &none, &err), -EINVAL);
	assert_null(none);
	start(f);
	assert_non_null(config_problem(f->config));
	assert_int_equal(config_settings(f->config)->guard.allowed_users.n, 1);
	assert_string_equal(config_settings(f->config)->guard.allowed_users.items[0], "root");
	assert_int_equal(config_settings(f->config)->n_port_whitelist, 0);
	assert_true(settings_guards_interface(config_settings(f->config), "docker0"));
}

/* Who does not look up who the people are at the start never does. */
static void test_nobody_asked(void **state)
{
	struct fixture *f = *state;
	struct err err;

	write_file(f->path, "pods: { web: { users: [\"4711\"] } }\n");
	assert_int_equal(config_read(f->path, true, &f->config, &err), 0);
	assert_int_equal(config_watch(f->config, f->loop, on_changed, f, &err), 0);
	assert_int_equal(timer_add(f->loop, &f->patience, on_patience, f, &err), 0);
	assert_int_equal(config_reload(f->config, &err), 0);
	assert_int_equal(config_people(f->config)->n_pods, 0);
	assert_false(config_asking(f->config));
	assert_null(config_names_problem(f->config));

	config_look_up(f->config);
	assert_int_equal(config_people(f->config)->pod_users[0].items[0].uid, 4711);
}

/* As many instances as are taken at most: where the host has more for a user, this can't be tried.
 */
#define INSTANCES_MAX 1000

/*
 * Another process of its uid, as one in a container may be, has all inotify instances: it starts
 * all the same, and edits are found; told of at once when there is one again.
 */
static void test_nothing_to_watch_with(void **state)
{
	struct fixture *f = *state;
	/* nobody else's, also where this test runs twice: the kernel counts by uid */
	uid_t stranger = (uid_t)(1000000 + getpid());
	int taken[INSTANCES_MAX], n = 0;

	if (geteuid() != 0)
		skip();
	write_file(f->path, "pods: { web: {} }\n");
	assert_int_equal(chmod(f->dir, 0755), 0);
	assert_int_equal(seteuid(stranger), 0);
	while (n < INSTANCES_MAX && (taken[n] = inotify_init1(IN_CLOEXEC)) >= 0)
		n++;
	if (n == INSTANCES_MAX) {
		while (n > 0)
			close(taken[--n]);
		skip();
	}
	assert_int_equal(errno, EMFILE);
	start(f);
	assert_int_equal(seteuid(0), 0);
	write_file(f->path, "pods: { web: {}, db: {} }\n");
	assert_int_equal(seteuid(stranger), 0);
	assert_int_equal(changes_within(f, 2500), 1);
	assert_int_equal(pods(f), 2);

	while (n > 0)
		close(taken[--n]);
	assert_int_equal(changes_within(f, 1500), 0);
	assert_int_equal(seteuid(0), 0);
	write_file(f->path, "pods: {}\n");
	assert_int_equal(changes_within(f, 300), 1);
	assert_int_equal(pods(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_start, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_to_watch_with, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
