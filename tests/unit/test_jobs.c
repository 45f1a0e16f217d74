/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chains of calls against a scripted engine: in order to their ends, and back where one fails. */
#include "podctl/jobs.h"
#include "tests/unit/fake_engine.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>

static const enum job_op replace[] = {JOB_CREATE,     JOB_STOP_OLD, JOB_START,
				      JOB_REMOVE_OLD, JOB_RENAME,   JOB_END};
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
	r = jobs_run(&jobs, e, &ui, &err);
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
	RUN(replace, true, "no start", CREATED(201), STOPPED(204), STARTED(500), UNDONE(204),
	    BACK(204));
	/* it did not run before, or could not run again */
	RUN(replace, true, "no start", CREATED(201), STOPPED(304), STARTED(500), UNDONE(204));
	RUN(replace, false, "no start", CREATED(201), STOPPED(204), STARTED(500), UNDONE(204));
	/* the way back goes on where one part of it fails; the first failure is what is told */
	RUN(replace, true, "no start", CREATED(201), STOPPED(204), STARTED(500), UNDONE(500),
	    BACK(500));
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
	static const enum job_op checked[] = {JOB_CREATE,     JOB_CHECK,  JOB_STOP_OLD, JOB_START,
					      JOB_REMOVE_OLD, JOB_RENAME, JOB_END};
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_undo),
		cmocka_unit_test(test_image_moved),
		cmocka_unit_test(test_no_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
