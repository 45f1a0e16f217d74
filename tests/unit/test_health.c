/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Health checks against a scripted engine: passed, failed, hanging, noisy, and the container gone.
 */
#include "podctl/health.h"
#include "tests/unit/fake_engine.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>

#define EXEC	"/v1.41/containers/C/exec"
#define START	"/v1.41/exec/E1/start"
#define RESULT	"/v1.41/exec/E1/json"
#define LOOK	"/v1.41/containers/C/json"
#define LOGS	"/v1.41/containers/C/logs?stdout=1&stderr=1&tail=10"
#define MADE	"{\"Id\":\"E1\"}"
#define RUNS	"{\"Id\":\"C\",\"Image\":\"I\",\"State\":{\"Status\":\"running\",\"Running\":true}}"
#define RESTART "{\"Id\":\"C\",\"Image\":\"I\",\"State\":{\"Status\":\"restarting\"}}"
#define ENDED                                                                                      \
	"{\"Id\":\"C\",\"Image\":\"I\",\"State\":{\"Status\":\"exited\",\"Running\":false,"        \
	"\"ExitCode\":7}}"
#define CODE(n)	  "{\"Running\":false,\"ExitCode\":" n "}"
#define RAW_REPLY "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"

struct outcome {
	bool done;
	struct err err;
};

static void on_done(struct health *h, const struct err *err)
{
	struct outcome *o = h->userdata;

	assert_false(o->done);
	o->done = true;
	if (err)
		o->err = *err;
}

static void add_raw(struct fake_engine *fake, const char *path, const char *data, size_t size)
{
	size_t head = strlen(RAW_REPLY);
	char *all = xcalloc(1, head + size);

	memcpy(all, RAW_REPLY, head);
	memcpy(all + head, data, size);
	fake_engine_add(fake,
			&(struct fake_reply){
				.path = path, .data = all, .size = head + size, .end = FAKE_CLOSE});
	free(all);
}

/* Runs one check to its end; says what it came to. */
static void run(struct fake_engine *fake, int64_t attempts, struct outcome *o)
{
	char word[] = "true";
	char *words[] = {word};
	struct pod_health check = {.given = true,
				   .command = {.items = words, .n = 1},
				   .interval = 0.01,
				   .attempts = attempts};
	struct ui ui = {.quiet = true};
	_cleanup_(engine_freep)
	struct engine *e = NULL;
	struct health h;
	struct err err;

	*o = (struct outcome){0};
	assert_int_equal(engine_new(fake_engine_host(fake), &e, &err), 0);
	h = (struct health){.engine = e,
			    .ui = &ui,
			    .id = "C",
			    .title = "app",
			    .check = &check,
			    .attempt_ms = 300,
			    .done = on_done,
			    .userdata = o};
	health_begin(&h);
	assert_false(o->done);
	while (!o->done) {
		struct pollfd pfd = {.fd = engine_fd(e), .events = POLLIN};

		assert_true(engine_in_flight(e) > 0 || h.due > 0);
		poll(&pfd, 1, h.due ? 2 : -1);
		engine_dispatch(e);
		health_tick(&h);
	}
	assert_int_equal(engine_in_flight(e), 0);
	health_free(&h);
}

struct step {
	const char *path;
	int status;
	const char *body; /* NULL: an empty raw stream */
};

static void test_outcomes(void **state _unused_)
{
	static const struct {
		int64_t attempts;
		const char *want; /* NULL: it passed */
		struct step steps[12];
	} cases[] = {
		{1, NULL, {{EXEC, 201, MADE}, {START, 200, NULL}, {RESULT, 200, CODE("0")}}},
		/* the second time it passes */
		{2,
		 NULL,
		 {{EXEC, 201, MADE},
		  {START, 200, NULL},
		  {RESULT, 200, CODE("1")},
		  {LOOK, 200, RUNS},
		  {EXEC, 201, MADE},
		  {START, 200, NULL},
		  {RESULT, 200, CODE("0")}}},
		{2,
		 "its health check failed 2 times: exit status 3",
		 {{EXEC, 201, MADE},
		  {START, 200, NULL},
		  {RESULT, 200, CODE("1")},
		  {LOOK, 200, RUNS},
		  {EXEC, 201, MADE},
		  {START, 200, NULL},
		  {RESULT, 200, CODE("3")},
		  {LOOK, 200, RUNS}}},
		/* between two lives of the container */
		{2,
		 NULL,
		 {{EXEC, 409, "{\"message\":\"is restarting\"}"},
		  {LOOK, 200, RESTART},
		  {EXEC, 201, MADE},
		  {START, 200, NULL},
		  {RESULT, 200, CODE("0")}}},
		/* it ended: no more attempts */
		{9,
		 "it ended with exit status 7",
		 {{EXEC, 409, "{\"message\":\"is not running\"}"},
		  {LOOK, 200, ENDED},
		  {LOGS, 200, NULL}}},
		{9,
		 "it ended with exit status 7",
		 {{EXEC, 201, MADE},
		  {START, 200, NULL},
		  {RESULT, 200, CODE("137")},
		  {LOOK, 200, ENDED},
		  {LOGS, 500, "{\"message\":\"no logs\"}"}}},
		/* not over yet, or said to be over with nothing: not passed */
		{1,
		 "failed 1 time: exit status 0",
		 {{EXEC, 201, MADE},
		  {START, 200, NULL},
		  {RESULT, 200, "{\"Running\":true,\"ExitCode\":0}"},
		  {LOOK, 200, RUNS}}},
		{1,
		 "failed 1 time: exit status -1",
		 {{EXEC, 201, MADE},
		  {START, 200, NULL},
		  {RESULT, 200, "{\"Running\":false,\"ExitCode\":null}"},
		  {LOOK, 200, RUNS}}},
		/* nonsense */
		{1, "no Id", {{EXEC, 201, "{}"}, {LOOK, 200, RUNS}}},
		{1, "no Id", {{EXEC, 201, "{\"Id\":\"../x\"}"}, {LOOK, 200, RUNS}}},
		{1,
		 "no such",
		 {{EXEC, 201, MADE}, {START, 404, "{\"message\":\"no such\"}"}, {LOOK, 200, RUNS}}},
		{9,
		 "State",
		 {{EXEC, 500, "{\"message\":\"x\"}"}, {LOOK, 200, "{\"Id\":\"C\",\"State\":7}"}}},
		{9,
		 "gone",
		 {{EXEC, 404, "{\"message\":\"x\"}"}, {LOOK, 404, "{\"message\":\"gone\"}"}}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(fake_engine_freep)
		struct fake_engine *fake = fake_engine_new();
		struct outcome o;
		unsigned n = 0;

		for (const struct step *s = cases[i].steps; s->path; s++, n++) {
			if (s->body)
				fake_engine_json(fake, s->path, s->status, s->body);
			else
				add_raw(fake, s->path, "", 0);
		}
		run(fake, cases[i].attempts, &o);
		if (!cases[i].want != !o.err.code ||
		    (cases[i].want && !strstr(o.err.text, cases[i].want)))
			fail_msg("%zu: %d %s", i, o.err.code, o.err.text);
		assert_int_equal(fake_engine_requests(fake), n);
	}
}

/* A command that never ends has failed when its time is over. */
static void test_hangs(void **state _unused_)
{
	_cleanup_(fake_engine_freep)
	struct fake_engine *fake = fake_engine_new();
	struct outcome o;

	fake_engine_json(fake, EXEC, 201, MADE);
	fake_engine_add(fake,
			&(struct fake_reply){.path = START, .data = RAW_REPLY, .end = FAKE_HANG});
	fake_engine_json(fake, LOOK, 200, RUNS);
	run(fake, 1, &o);
	assert_non_null(strstr(o.err.text, "it took longer than"));
}

/* However much it prints, and whatever: the last lines are shown, and nothing grows. */
static void test_noise(void **state _unused_)
{
	enum { SIZE = 300000 };
	_cleanup_(fake_engine_freep)
	struct fake_engine *fake = fake_engine_new();
	_cleanup_free_ char *data = xcalloc(1, SIZE + 8);
	static const char bad[] = "\x09\0\0\0\0\0\0\1x";
	struct outcome o;

	data[0] = 1;
	data[5] = SIZE >> 16;
	data[6] = (char)((SIZE >> 8) & 0xff);
	data[7] = (char)(SIZE & 0xff);
	for (size_t i = 0; i < SIZE; i++)
		data[8 + i] = i % 50 == 0 ? '\n' : (char)(i * 7);
	fake_engine_json(fake, EXEC, 201, MADE);
	add_raw(fake, START, data, SIZE + 8);
	fake_engine_json(fake, RESULT, 200, CODE("1"));
	fake_engine_json(fake, LOOK, 200, RUNS);
	run(fake, 1, &o);
	assert_non_null(strstr(o.err.text, "exit status 1"));

	/* what are no frames ends the attempt */
	fake_engine_clear(fake);
	fake_engine_json(fake, EXEC, 201, MADE);
	add_raw(fake, START, bad, sizeof(bad));
	fake_engine_json(fake, LOOK, 200, RUNS);
	run(fake, 1, &o);
	assert_non_null(strstr(o.err.text, "its health check failed 1 time"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_hangs),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
