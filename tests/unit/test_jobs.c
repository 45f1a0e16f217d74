/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chains of calls against a scripted engine: in order to their ends, and back where one fails. */
#include "podctl/jobs.h"
#include "tests/unit/fake_engine.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>

static const enum job_op replace[] = {JOB_CREATE, JOB_STOP_OLD,	  JOB_START,  JOB_HEALTH,
				      JOB_READY,  JOB_REMOVE_OLD, JOB_RENAME, JOB_END};
static const enum job_op create[] = {JOB_CREATE, JOB_START, JOB_END};
static const enum job_op remove_it[] = {JOB_STOP_OLD, JOB_REMOVE_OLD, JOB_END};

/* One call that the engine expects, and its answer. */
struct expected {
	const char *method, *path;
	int status;
	const char *body;
};

#define CREATED(r)                                                                                 \
	{                                                                                          \
		"POST", "/v1.41/containers/create?name=web.a.new ", r, "{\"Id\":\"NEW\"}"          \
	}
#define LOOKED(id)                                                                                 \
	{                                                                                          \
		"GET", "/v1.41/containers/NEW/json ", 200, "{\"Image\":\"" id "\"}"                \
	}
#define STOPPED(r)                                                                                 \
	{                                                                                          \
		"POST", "/v1.41/containers/OLD/stop ", r, "{\"message\":\"no stop\"}"              \
	}
#define STARTED(r)                                                                                 \
	{                                                                                          \
		"POST", "/v1.41/containers/NEW/start ", r, "{\"message\":\"no start\"}"            \
	}
#define GONE(r)                                                                                    \
	{                                                                                          \
		"DELETE", "/v1.41/containers/OLD?force=1&v=1 ", r, "{\"message\":\"no rm\"}"       \
	}
#define UNDONE(r)                                                                                  \
	{                                                                                          \
		"DELETE", "/v1.41/containers/NEW?force=1&v=1 ", r, "{\"message\":\"no rm\"}"       \
	}
#define HALTED(r)                                                                                  \
	{                                                                                          \
		"POST", "/v1.41/containers/NEW/stop ", r, "{\"message\":\"no stop\"}"              \
	}
#define BACK(r)                                                                                    \
	{                                                                                          \
		"POST", "/v1.41/containers/OLD/start ", r, "{\"message\":\"no back\"}"             \
	}
#define RENAMED(r)                                                                                 \
	{                                                                                          \
		"POST", "/v1.41/containers/NEW/rename?name=web.a ", r, "{\"message\":\"no\"}"      \
	}

static void run(const enum job_op *ops, bool restart_old, const struct expected *calls, size_t n,
		const char *want)
{
	_cleanup_(fake_engine_freep)
	struct fake_engine *fake = fake_engine_new();
	_cleanup_(engine_freep)
	struct engine *e = NULL;
	struct ui ui = {.quiet = true};
	struct jobs jobs = {0};
	_cleanup_free_ char *line = NULL, *last = NULL;
	struct err err = {0};
	struct job *j;
	int r;

	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *data = fake_http(calls[i].status, calls[i].body);

		fake_engine_add(fake, &(struct fake_reply){.method = calls[i].method,
							   .path = calls[i].path,
							   .data = data});
	}
	assert_int_equal(engine_new(fake_engine_host(fake), &e, &err), 0);
	j = jobs_add(&jobs, ops);
	j->title = xstrdup("a");
	j->old_id = xstrdup("OLD");
	j->create_name = xstrdup("web.a.new");
	j->final_name = xstrdup("web.a");
	j->body = json_object();
	j->restart_old = restart_old;
	j->image_id = xstrdup("IMAGE");
	r = jobs_run(&jobs, e, NULL, &ui, &err);
	jobs_done(&jobs);
	/* each was asked for, to the last, and nothing else */
	assert_int_equal(fake_engine_requests(fake), n);
	line = xasprintf("%s %s", calls[n - 1].method, calls[n - 1].path);
	last = fake_engine_last(fake);
	assert_non_null(startswith(last, line));
	if (!*want) {
		assert_int_equal(r, 0);
	} else {
		assert_true(r < 0);
		if (!strstr(err.text, want))
			fail_msg("%s instead of %s", err.text, want);
	}
}

#define RUN(ops, back, want, ...)                                                                  \
	run(ops, back, (const struct expected[]){__VA_ARGS__},                                     \
	    ARRAY_SIZE(((const struct expected[]){__VA_ARGS__})), want)

static void test_whole(void **state _unused_)
{
	RUN(replace, true, "", CREATED(201), STOPPED(204), STARTED(204), GONE(204), RENAMED(204));
	/* the old one had ended, or is gone */
	RUN(replace, true, "", CREATED(201), STOPPED(304), STARTED(204), GONE(404), RENAMED(204));
	RUN(create, false, "", CREATED(201), STARTED(304));
	RUN(remove_it, false, "", STOPPED(404), GONE(404));
}

static void test_undo(void **state _unused_)
{
	RUN(replace, true, "a: cannot create it: ", CREATED(500));
	RUN(replace, true, "no stop", CREATED(201), STOPPED(500), UNDONE(204));
	/* what may have started after all stops before the old one is back; it goes last */
	RUN(replace, true, "no start", CREATED(201), STOPPED(204), STARTED(500), HALTED(304),
	    BACK(204), UNDONE(204));
	/* it did not run before, or could not run again */
	RUN(replace, true, "no start", CREATED(201), STOPPED(304), STARTED(500), UNDONE(204));
	RUN(replace, false, "no start", CREATED(201), STOPPED(204), STARTED(500), UNDONE(204));
	/* the way back goes on where one part of it fails; the first failure is what is told */
	RUN(replace, true, "no start", CREATED(201), STOPPED(204), STARTED(500), HALTED(500),
	    BACK(500), UNDONE(500));
	RUN(create, false, "no start", CREATED(201), STARTED(500), UNDONE(404));
	/* past the start the new one stays, for the next apply */
	RUN(replace, true, "no rm", CREATED(201), STOPPED(204), STARTED(204), GONE(500));
	RUN(replace, true, "cannot rename", CREATED(201), STOPPED(204), STARTED(204), GONE(204),
	    RENAMED(409));
	RUN(remove_it, false, "no stop", STOPPED(500));
}

/* Between looking at an image and making a container of it the name may have moved. */
static void test_image_moved(void **state _unused_)
{
	static const enum job_op checked[] = {JOB_CREATE, JOB_CHECK,	  JOB_STOP_OLD, JOB_START,
					      JOB_READY,  JOB_REMOVE_OLD, JOB_RENAME,	JOB_END};
	static const struct expected gone = {"GET", "/v1.41/containers/NEW/json ", 404, "{}"};
	static const struct expected nothing = {"GET", "/v1.41/containers/NEW/json ", 200, "{}"};

	RUN(checked, true, "", CREATED(201), LOOKED("IMAGE"), STOPPED(204), STARTED(204), GONE(204),
	    RENAMED(204));
	/* the new one goes before the old one has stopped */
	RUN(checked, true, "another one", CREATED(201), LOOKED("EVIL"), UNDONE(204));
	RUN(checked, true, "another one", CREATED(201), nothing, UNDONE(204));
	RUN(checked, true, "cannot check", CREATED(201), gone, UNDONE(404));
}

static void test_no_id(void **state _unused_)
{
	static const struct expected calls[] = {
		{"POST", "/v1.41/containers/create?name=web.a.new ", 201, "{\"Warnings\":[]}"}};

	run(create, false, calls, 1, "no Id");
}

/* ---- several ---- */

static struct job *add(struct jobs *jobs, const enum job_op *ops, const char *title)
{
	struct job *j = jobs_add(jobs, ops);

	j->title = xstrdup(title);
	j->create_name = xstrdup(title);
	j->final_name = xstrdup(title);
	j->old_id = xasprintf("OLD%s", title);
	j->body = json_object();
	return j;
}

static void answer(struct fake_engine *fake, const char *path, int status)
{
	fake_engine_json(fake, path, status, "{\"Id\":\"X\",\"message\":\"no\"}");
}

/*
 * b needs a, c needs b: what each of a's calls comes to decides for all of them, and d does not
 * mind.
 */
static void test_needs(void **state _unused_)
{
	static const enum job_op ops[] = {JOB_AWAIT, JOB_START, JOB_READY, JOB_END};
	static const struct {
		int a, b;   /* what their starts are answered with */
		bool soft;  /* a */
		unsigned n; /* calls */
		const char *err;
	} cases[] = {
		{204, 204, false, 4, NULL},
		{500, 204, false, 2, "a: cannot start it"},
		{500, 204, true, 4, "a: cannot start it"},
		{204, 500, false, 3, "b: cannot start it"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(fake_engine_freep)
		struct fake_engine *fake = fake_engine_new();
		_cleanup_(engine_freep)
		struct engine *e = NULL;
		struct ui ui = {.quiet = true};
		struct jobs jobs = {0};
		struct job *c = add(&jobs, ops, "c"), *b = add(&jobs, ops, "b"),
			   *a = add(&jobs, ops, "a");
		struct err err = {0};
		int r;

		add(&jobs, ops, "d");
		jobs_need(c, b);
		jobs_need(b, a);
		a->soft = cases[i].soft;
		answer(fake, "/v1.41/containers/OLDa/start", cases[i].a);
		answer(fake, "/v1.41/containers/OLDb/start", cases[i].b);
		answer(fake, "/v1.41/containers/OLDc/start", 204);
		answer(fake, "/v1.41/containers/OLDd/start", 204);
		assert_int_equal(engine_new(fake_engine_host(fake), &e, &err), 0);
		r = jobs_run(&jobs, e, NULL, &ui, &err);
		assert_int_equal(fake_engine_requests(fake), cases[i].n);
		assert_int_equal(r, cases[i].err ? -EIO : 0);
		if (cases[i].n < 4) {
			assert_int_equal(c->err.code, ECANCELED);
			assert_non_null(strstr(c->err.text, "c: not started, because b failed"));
		}
		assert_int_equal(jobs.items[3]->err.code, 0);
		jobs_done(&jobs);
	}
}

/*
 * Whatever call the engine goes away in, cuts its reply in or answers with nonsense: it ends, with
 * an error, and nothing that still stands is taken for done.
 */
static void test_engine_goes(void **state _unused_)
{
	static const struct expected calls[] = {CREATED(201), STOPPED(204), STARTED(204), GONE(204),
						RENAMED(204)};

	for (size_t bad = 0; bad < ARRAY_SIZE(calls); bad++) {
		for (size_t way = 0; way < 4; way++) {
			_cleanup_(fake_engine_freep)
			struct fake_engine *fake = fake_engine_new();
			_cleanup_(engine_freep)
			struct engine *e = NULL;
			struct ui ui = {.quiet = true};
			struct jobs jobs = {0};
			struct job *j = add(&jobs, replace, "web.a");
			struct err err = {0};

			for (size_t i = 0; i <= bad; i++) {
				_cleanup_free_ char *data =
					fake_http(calls[i].status, calls[i].body);
				struct fake_reply reply = {.method = calls[i].method,
							   .path = calls[i].path,
							   .data = data};

				if (i == bad) {
					reply.end = FAKE_CLOSE;
					if (way == 0)
						reply.cut = 1;
					else if (way == 1)
						reply.cut = 30; /* in its headers */
					else if (way == 2)
						reply.data = "HTTP/1.1 2";
					else
						reply.data = "HTTP/1.1 200 OK\r\n"
							     "Content-Length: 1\r\n\r\n{";
				}
				fake_engine_add(fake, &reply);
			}
			free(j->create_name);
			j->create_name = xstrdup("web.a.new");
			free(j->old_id);
			j->old_id = xstrdup("OLD");
			assert_int_equal(engine_new(fake_engine_host(fake), &e, &err), 0);
			assert_true(jobs_run(&jobs, e, NULL, &ui, &err) < 0);
			assert_true(j->ended);
			/* what works stays */
			assert_false(j->undoing && j->ready);
			jobs_done(&jobs);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),	    cmocka_unit_test(test_undo),
		cmocka_unit_test(test_image_moved), cmocka_unit_test(test_no_id),
		cmocka_unit_test(test_needs),	    cmocka_unit_test(test_engine_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
