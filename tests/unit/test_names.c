/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A name service that answers, hangs, and answers again, while the configuration changes. */
#include "netguard/names.h"

#include "common/clock.h"
#include "netguard/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <stdatomic.h>
#include <unistd.h>

/* ---- the name service: "u7" is 1007; groups are none ---- */

static atomic_bool hangs;
static atomic_int n_asking, most_asking, n_asked;

int getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t size _unused_,
	       struct passwd **ret)
{
	uint32_t number;
	int now = atomic_fetch_add(&n_asking, 1) + 1;

	if (now > atomic_load(&most_asking))
		atomic_store(&most_asking, now);
	atomic_fetch_add(&n_asked, 1);
	while (atomic_load(&hangs))
		usleep(1000);
	atomic_fetch_sub(&n_asking, 1);
	*ret = NULL;
	if (name[0] != 'u' || !text_id(name + 1, &number))
		return 0;
	memcpy(buf, name, strlen(name) + 1);
	*pw = (struct passwd){.pw_name = buf, .pw_uid = 1000 + number, .pw_gid = 100};
	*ret = pw;
	return 0;
}

int getpwuid_r(uid_t uid _unused_, struct passwd *pw _unused_, char *buf _unused_,
	       size_t size _unused_, struct passwd **ret)
{
	*ret = NULL;
	return 0;
}

int getgrnam_r(const char *name _unused_, struct group *gr _unused_, char *buf _unused_,
	       size_t size _unused_, struct group **ret)
{
	*ret = NULL;
	return 0;
}

static atomic_bool no_threads;

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
		   void *userdata)
{
	static int (*libc)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (atomic_load(&no_threads))
		return EAGAIN;
	if (!libc)
		*(void **)&libc = dlsym(RTLD_NEXT, "pthread_create");
	return libc(thread, attr, fn, userdata);
}

/* ---- fixture ---- */

struct fixture {
	struct loop *loop;
	struct names *names;
	struct settings *settings;
	struct source patience;
	int changes;
};

static struct settings *settings_of(const char *users)
{
	_cleanup_(problems_done)
	struct problems p = {0};
	_cleanup_free_ char *text =
		xasprintf("guard: { allowed_users: [] }\npods: { web: { users: [%s] } }\n", users);
	struct settings *s = NULL;

	assert_int_equal(settings_parse(text, strlen(text), "h", &p, &s), 0);
	return s;
}

static void on_changed(void *userdata)
{
	struct fixture *f = userdata;

	f->changes++;
}

static void on_patience(struct source *s, uint32_t events _unused_)
{
	if (timer_read(s))
		loop_stop(s->loop);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err err;

	atomic_store(&hangs, false);
	atomic_store(&no_threads, false);
	atomic_store(&n_asked, 0);
	atomic_store(&most_asking, 0);
	f->settings = settings_of("u1");
	f->names = names_ask_now(f->settings);
	f->patience = SOURCE_NONE;
	*state = f;
	return loop_new(&f->loop, &err) < 0 ||
	       names_watch(f->names, f->loop, on_changed, f, &err) < 0 ||
	       timer_add(f->loop, &f->patience, on_patience, f, &err) < 0;
}

static size_t n_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *e;
	size_t n = 0;

	assert_non_null(dir);
	while ((e = readdir(dir)))
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* A sanitizer has threads of its own. */
static size_t n_threads_at_first;

static void wait_for_no_thread(void)
{
	for (int i = 0; i < 5000 && n_threads() > n_threads_at_first; i++)
		usleep(1000);
	assert_int_equal(n_threads(), n_threads_at_first);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	source_remove(&f->patience);
	names_free(f->names);
	loop_free(f->loop);
	settings_free(f->settings);
	free(f);
	atomic_store(&hangs, false);
	wait_for_no_thread();
	return 0;
}

/* Lets the loop run for ms; returns how often the people changed meanwhile. */
static int changes_within(struct fixture *f, uint64_t ms)
{
	struct err err;

	f->changes = 0;
	timer_set(&f->patience, ms, 0);
	assert_int_equal(loop_run(f->loop, &err), 0);
	return f->changes;
}

/* Another configuration; returns how long that took, in ms. */
static int64_t follow(struct fixture *f, const char *users)
{
	struct settings *s = settings_of(users);
	int64_t at = clock_ms();

	names_follow(f->names, s);
	settings_free(f->settings);
	f->settings = s;
	return clock_ms() - at;
}

/* The pod's users by uid, then who is missing, and who is not known yet. */
static void expect(const struct fixture *f, const char *wanted)
{
	const struct people *p = names_people(f->names);
	char *text = NULL;
	size_t size;
	FILE *out = xopen_memstream(&text, &size);

	assert_int_equal(p->n_pods, 1);
	for (size_t i = 0; i < p->pod_users[0].n; i++)
		fprintf(out, "%u ", p->pod_users[0].items[i].uid);
	for (size_t i = 0; i < p->missing.n; i++)
		fprintf(out, "-%s ", p->missing.items[i]);
	for (size_t i = 0; i < p->unknown.n; i++)
		fprintf(out, "?%s ", p->unknown.items[i]);
	xclose_memstream(out, &text);
	assert_string_equal(text, wanted);
	free(text);
}

/* ---- tests ---- */

/* What is answered at once is there at once, and is no change of its own. */
static void test_answers(void **state)
{
	struct fixture *f = *state;

	expect(f, "1001 ");
	follow(f, "u1, u2, gone");
	expect(f, "1001 1002 -user gone ");
	assert_int_equal(changes_within(f, 50), 0);
	follow(f, "u3");
	expect(f, "1003 ");
	assert_null(names_problem(f->names));
	assert_false(names_asking(f->names));
}

static void test_hangs(void **state)
{
	struct fixture *f = *state;
	int64_t ms;

	atomic_store(&hangs, true);
	ms = follow(f, "u1, u2, \"@ops\", 4711");
	assert_in_range(ms, 50, 2000);
	/* who was known is; a uid says by itself whose it is */
	expect(f, "1001 4711 ?user u2 ?group ops ");
	assert_true(names_asking(f->names));
	assert_null(names_problem(f->names));

	/* changes: not one waits, and nobody else asks */
	ms = 0;
	for (int i = 0; i < 100; i++) {
		_cleanup_free_ char *users = xasprintf("u2, u%d", i + 3);

		ms += follow(f, users);
	}
	assert_in_range(ms, 0, 2000);
	expect(f, "?user u2 ?user u102 ");
	assert_int_equal(n_threads(), n_threads_at_first + 1);
	/* whom the configuration names again is as known as before */
	follow(f, "u1, u5");
	expect(f, "1001 ?user u5 ");
	assert_int_equal(changes_within(f, 50), 0);

	/* the answer, to a question that is old by now, and the one behind it */
	atomic_store(&hangs, false);
	assert_in_range(changes_within(f, 300), 1, 2);
	expect(f, "1001 1005 ");
	assert_int_equal(atomic_load(&most_asking), 1);
	wait_for_no_thread();
}

/* Told once it lasts; then who is missing is looked up again as ever. */
static void test_told(void **state)
{
	struct fixture *f = *state;

	atomic_store(&hangs, true);
	follow(f, "u1, u2, gone");
	changes_within(f, 3200);
	assert_non_null(names_problem(f->names));
	expect(f, "1001 ?user u2 ?user gone ");
	atomic_store(&hangs, false);
	assert_int_equal(changes_within(f, 300), 1);
	assert_null(names_problem(f->names));
	expect(f, "1001 1002 -user gone ");

	/* of itself: nothing has changed, and somebody is missing */
	atomic_store(&hangs, true);
	assert_int_equal(changes_within(f, 1300), 0);
	assert_true(names_asking(f->names));
	expect(f, "1001 1002 -user gone ");
}

/* A question is under way already, of a look-up that nobody asked for. */
static void test_between(void **state)
{
	struct fixture *f = *state;

	follow(f, "u1, gone");
	atomic_store(&hangs, true);
	changes_within(f, 1300);
	assert_true(names_asking(f->names));
	assert_in_range(follow(f, "u1, u2"), 50, 2000);
	expect(f, "1001 ?user u2 ");
	assert_in_range(follow(f, "u1, u2"), 0, 40);
	atomic_store(&hangs, false);
	/* answered, and the loop has not come to it yet: the next one is waited for */
	usleep(50000);
	follow(f, "u1, u3");
	expect(f, "1001 1003 ");
	assert_int_equal(changes_within(f, 100), 0);
}

/* Freed while it hangs (by teardown), and what the thread leaves is freed, too. */
static void test_end(void **state)
{
	struct fixture *f = *state;

	atomic_store(&hangs, true);
	follow(f, "u2");
	assert_true(names_asking(f->names));
}

static void test_no_thread(void **state)
{
	struct fixture *f = *state;

	atomic_store(&no_threads, true);
	follow(f, "u1, u2");
	expect(f, "1001 ?user u2 ");
	assert_non_null(names_problem(f->names));
	assert_false(names_asking(f->names));
	atomic_store(&no_threads, false);
	assert_int_equal(changes_within(f, 1300), 1);
	expect(f, "1001 1002 ");
	assert_null(names_problem(f->names));
}

static void no_answers(void *userdata _unused_, struct account_answers *answers)
{
	account_answers_done(answers);
}

static void test_one_question(void **state)
{
	struct fixture *f = *state;
	struct lookup *l = NULL;
	_cleanup_(strv_done)
	struct strv first = {0};
	_cleanup_(strv_done)
	struct strv second = {0};
	struct err err;

	strv_add(&first, "u1");
	strv_add(&second, "u2");
	assert_int_equal(lookup_new(f->loop, no_answers, NULL, &l, &err), 0);
	atomic_store(&hangs, true);
	assert_int_equal(lookup_start(l, &first, &err), 0);
	assert_int_equal(first.n, 0);
	assert_int_equal(lookup_start(l, &second, &err), -EBUSY);
	assert_int_equal(second.n, 1);
	lookup_wait(l, 10);
	assert_true(lookup_under_way(l));
	atomic_store(&hangs, false);
	lookup_wait(l, 5000);
	assert_false(lookup_under_way(l));
	assert_int_equal(lookup_start(l, &second, &err), 0);
	lookup_wait(l, 5000);
	assert_false(lookup_under_way(l));
	lookup_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hangs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_between, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_question, setup, teardown),
	};

	n_threads_at_first = n_threads();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
