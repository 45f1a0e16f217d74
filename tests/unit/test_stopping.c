/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is being stopped, from what an engine tells: its events, and each container's own words. */
#include "podctl/stopping.h"
#include "tests/unit/fake_engine.h"

#include <setjmp.h>
#include <cmocka.h>
#include <time.h>

#define ID	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define EVENTS	"/v1.41/events?"
#define INSPECT "/v1.41/containers/" ID "/json"
#define WAIT	"/v1.41/containers/" ID "/wait"
#define NEVER	(-1) /* no such event */

/* An event of ago seconds ago. Caller frees. */
static char *event(const char *action, int signal, int ago)
{
	return xasprintf("{\"Type\":\"container\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"" ID
			 "\",\"Attributes\":{\"signal\":\"%d\"}},\"timeNano\":%lld}\n",
			 action, signal, (long long)(time(NULL) - ago) * 1000000000);
}

static struct present_container container(const char *state)
{
	return (struct present_container){.id = xstrdup(ID),
					  .name = xstrdup("web.a"),
					  .state = xstrdup(state),
					  .pod = xstrdup("web"),
					  .part = xstrdup("a"),
					  .hash = xstrdup("h")};
}

/* The state that it is given, static: "running" where it is not being stopped. */
static const char *marked(const char *config, int signal, int killed, int died)
{
	_cleanup_(fake_engine_freep)
	struct fake_engine *fake = fake_engine_new();
	_cleanup_(engine_freep)
	struct engine *e = NULL;
	_cleanup_free_ char *kill = killed == NEVER ? xstrdup("") : event("kill", signal, killed),
			    *die = died == NEVER ? xstrdup("") : event("die", 0, died),
			    *events = xasprintf("%s%snonsense\n", kill, die),
			    *inspect = xasprintf("{\"Config\":{%s}}", config);
	struct present present = {0};
	const char *state;
	struct err err;

	assert_int_equal(engine_new(fake_engine_host(fake), &e, &err), 0);
	fake_engine_json(fake, EVENTS, 200, events);
	fake_engine_json(fake, INSPECT, 200, inspect);
	ARRAY_PUSH(present.items, present.n) = container("running");
	stopping_mark(e, "web", &present);
	state = streq(present.items[0].state, "exited") ? "exited" : "running";
	present_done(&present);
	return state;
}

static void test_who(void **state _unused_)
{
	static const struct {
		const char *config;
		int signal, killed, died;
		const char *want;
	} cases[] = {
		{"", 15, 0, NEVER, "exited"},
		{"", 15, NEVER, NEVER, "running"},
		{"", 15, 0, 0, "running"}, /* and was started again */
		{"", 15, 20, NEVER, "running"},
		{"\"StopTimeout\":60", 15, 20, NEVER, "exited"},
		{"\"StopTimeout\":-1", 15, 20, NEVER, "exited"},
		{"\"StopTimeout\":1", 15, 5, NEVER, "running"},
		{"\"StopSignal\":\"\"", 15, 0, NEVER, "exited"},
		{"\"StopSignal\":\"SIGQUIT\"", 3, 0, NEVER, "exited"},
		{"\"StopSignal\":\"quit\"", 3, 0, NEVER, "exited"},
		{"\"StopSignal\":\"3\"", 3, 0, NEVER, "exited"},
		{"\"StopSignal\":\"SIGRTMIN+3\"", 37, 0, NEVER, "exited"},
		{"\"StopSignal\":\"SIGQUIT\"", 15, 0, NEVER, "running"},
		{"\"StopSignal\":\"SIGNONE\"", 15, 0, NEVER, "running"},
		{"", 1, 0, NEVER, "running"}, /* reloads */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got =
			marked(cases[i].config, cases[i].signal, cases[i].killed, cases[i].died);

		if (!streq(got, cases[i].want))
			fail_msg("%zu: %s", i, got);
	}
}

/* No events, no inspection, nothing that runs: all is as it was, and nobody waits. */
static void test_none(void **state _unused_)
{
	_cleanup_(fake_engine_freep)
	struct fake_engine *fake = fake_engine_new();
	_cleanup_(engine_freep)
	struct engine *e = NULL;
	_cleanup_free_ char *kill = event("kill", 15, 0);
	struct present present = {0};
	struct ui ui = {.quiet = true};
	struct err err;

	assert_int_equal(engine_new(fake_engine_host(fake), &e, &err), 0);
	ARRAY_PUSH(present.items, present.n) = container("exited");
	stopping_wait(e, &ui, "web", &present);
	assert_int_equal(fake_engine_requests(fake), 0);
	ARRAY_PUSH(present.items, present.n) = container("running");
	stopping_wait(e, &ui, "web", &present);
	assert_string_equal(present.items[1].state, "running");
	fake_engine_json(fake, EVENTS, 200, kill);
	stopping_wait(e, &ui, "web", &present);
	assert_string_equal(present.items[1].state, "running");
	fake_engine_json(fake, EVENTS, 200, kill);
	fake_engine_json(fake, INSPECT, 200, "{}");
	fake_engine_json(fake, WAIT, 200, "{\"StatusCode\":0}");
	stopping_wait(e, &ui, "web", &present);
	assert_string_equal(present.items[1].state, "exited");
	present_done(&present);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
