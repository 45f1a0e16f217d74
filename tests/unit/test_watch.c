/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The watch itself in its loop, with a fake engine: what one network or container can't spoil. */
#include "netguard/watch.h"
#include "tests/unit/fake_engine.h"
#include "tests/unit/model_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>

#define GOOD "a111111111111111111111111111111111111111111111111111111111111111"
#define BAD  "b222222222222222222222222222222222222222222222222222222222222222"
#define C1   "c100000000000000000000000000000000000000000000000000000000000000"
#define C2   "c200000000000000000000000000000000000000000000000000000000000000"
#define C3   "c300000000000000000000000000000000000000000000000000000000000000"

#define NETWORK(id, name, bridge)                                                                  \
	"{\"Id\":\"" id "\",\"Name\":\"" name "\",\"Driver\":\"bridge\",\"Scope\":\"local\","      \
	"\"Options\":{\"com.docker.network.bridge.name\":\"" bridge "\"}"
#define MEMBER(id, ip)                                                                             \
	",\"Containers\":{\"" id "\":{\"Name\":\"x\",\"IPv4Address\":\"" ip "/24\"}}}"
#define GOOD_NETWORK NETWORK(GOOD, "good", "br-good")
#define BAD_NETWORK  NETWORK(BAD, "bad", "brn\u00f1")
#define ON(id, name, ip)                                                                           \
	"\"NetworkSettings\":{\"Networks\":{\"" name "\":{\"NetworkID\":\"" id                     \
	"\",\"IPAddress\":\"" ip "\"}}}}"
#define NOWHERE "\"NetworkSettings\":{\"Networks\":{}}}"
#define LISTED(id, name, on)                                                                       \
	"{\"Id\":\"" id "\",\"Names\":[\"/" name "\"],\"State\":\"running\",\"Labels\":{}," on
#define INSPECTED(id, name, on)                                                                    \
	"{\"Id\":\"" id "\",\"Name\":\"/" name                                                     \
	"\",\"State\":{\"Status\":\"running\",\"Running\":true,\"Pid\":7},\"Config\":{},"          \
	"\"HostConfig\":{}," on

struct fixture {
	struct fake_engine *fake;
	struct settings *settings;
	struct loop *loop;
	struct source tick;
	struct watch *watch;
	int downs, ticks;
	bool (*until)(struct fixture *f);
	bool reached;
	_Atomic bool telling; /* another thread tells of events */
};

static void on_state(void *userdata, enum watch_state state, const char *why)
{
	struct fixture *f = userdata;

	if (state != WATCH_DOWN)
		return;
	f->downs++;
	print_message("# down: %s\n", why);
}

static void nothing(void *userdata _unused_)
{
}

static struct listeners *get_listeners(void *userdata _unused_)
{
	return listeners_new();
}

static const struct settings *get_settings(void *userdata)
{
	struct fixture *f = userdata;

	return f->settings;
}

static void on_tick(struct source *s, uint32_t events _unused_)
{
	struct fixture *f = s->userdata;

	if (!timer_read(s))
		return;
	f->reached = !f->telling && f->until(f);
	if (f->reached || ++f->ticks > 2000)
		loop_stop(f->loop);
}

/* Runs the loop until that is so, or for 20 s. */
static bool run_until(struct fixture *f, bool (*until)(struct fixture *f))
{
	struct err err;

	f->until = until;
	f->ticks = 0;
	assert_int_equal(loop_run(f->loop, &err), 0);
	return f->reached;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	const struct watch_ops ops = {.changed = nothing,
				      .state = on_state,
				      .answered = nothing,
				      .settings = get_settings,
				      .listeners = get_listeners,
				      .userdata = f};
	struct err err;

	f->fake = fake_engine_new();
	f->settings = settings_make("{}\n");
	f->tick = SOURCE_NONE;
	if (loop_new(&f->loop, &err) < 0 ||
	    watch_new(f->loop, fake_engine_host(f->fake), model_new(), &ops, &f->watch, &err) < 0 ||
	    timer_add(f->loop, &f->tick, on_tick, f, &err) < 0)
		return -1;
	timer_set(&f->tick, 10, 10);
	watch_start(f->watch);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	watch_free(f->watch);
	source_remove(&f->tick);
	loop_free(f->loop);
	settings_free(f->settings);
	fake_engine_free(f->fake);
	free(f);
	return 0;
}

static void script(struct fixture *f, const char *path, const char *body)
{
	_cleanup_free_ char *reply = fake_http(200, body);

	fake_engine_add(f->fake,
			&(struct fake_reply){.path = path, .data = reply, .forever = true});
}

static void script_engine(struct fixture *f, const char *networks, const char *containers)
{
	script(f, "/version",
	       "{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\",\"Version\":\"20.10.24\"}");
	script(f, "/v1.41/networks/" GOOD, GOOD_NETWORK MEMBER(C1, "10.1.0.2"));
	script(f, "/v1.41/networks/" BAD, BAD_NETWORK MEMBER(C2, "10.2.0.2"));
	script(f, "/v1.41/networks", networks);
	script(f, "/v1.41/containers/json", containers);
	script(f, "/v1.41/containers/" C1, INSPECTED(C1, "one", ON(GOOD, "good", "10.1.0.2")));
	script(f, "/v1.41/containers/" C2, INSPECTED(C2, "two", ON(BAD, "bad", "10.2.0.2")));
	script(f, "/v1.41/containers/" C3, INSPECTED(C3, "three", ON(BAD, "bad", "10.2.0.3")));
	fake_engine_add(f->fake, &(struct fake_reply){.path = "/v1.41/events",
						      .data = "HTTP/1.1 200 OK\r\n"
							      "Transfer-Encoding: chunked\r\n\r\n",
						      .end = FAKE_STREAM,
						      .forever = true});
}

static void tell(struct fixture *f, const char *type, const char *action, const char *id,
		 const char *attributes)
{
	_cleanup_free_ char *line =
		xasprintf("{\"status\":\"%s\",\"Type\":\"%s\",\"Action\":\"%s\",\"Actor\":{"
			  "\"ID\":\"%s\",\"Attributes\":{%s}},\"timeNano\":1}\n",
			  action, type, action, id, attributes);

	fake_engine_push(f->fake, 1, line);
}

/* ---- a bridge whose name the table does not take ---- */

static bool settled(struct fixture *f)
{
	return watch_settled(f->watch);
}

static bool unguarded(struct fixture *f, const char *id)
{
	const struct member *m = model_find(watch_model(f->watch), id);

	return m && m->unguarded && strstr(m->unguarded, "network bad has a bridge whose name");
}

static bool third_is_unguarded(struct fixture *f)
{
	return unguarded(f, C3) && settled(f);
}

static void check_first(struct fixture *f)
{
	const struct member *m = model_find(watch_model(f->watch), C1);

	assert_non_null(m);
	assert_true(m->running);
	assert_int_equal(m->n_addresses, 1);
	assert_string_equal(m->addresses[0].bridge, "br-good");
	assert_null(m->unguarded);
}

static void test_bridge_there(void **state)
{
	struct fixture *f = *state;

	script_engine(f, "[" BAD_NETWORK "}," GOOD_NETWORK "}]",
		      "[" LISTED(C2, "two", ON(BAD, "bad", "10.2.0.2")) "," LISTED(
			      C1, "one", ON(GOOD, "good", "10.1.0.2")) "]");
	assert_true(run_until(f, settled));
	check_first(f);
	assert_true(unguarded(f, C2));
	assert_int_equal(model_find(watch_model(f->watch), C2)->n_addresses, 0);
	/* another one joins it */
	tell(f, "container", "create", C3, "\"name\":\"three\"");
	tell(f, "network", "connect", BAD, "\"container\":\"" C3 "\"");
	tell(f, "container", "start", C3, "\"name\":\"three\"");
	assert_true(run_until(f, third_is_unguarded));
	assert_int_equal(f->downs, 0);
}

static bool second_is_unguarded(struct fixture *f)
{
	return unguarded(f, C2) && settled(f);
}

static void test_bridge_comes(void **state)
{
	struct fixture *f = *state;

	/* containers that run, and are connected to a network that is made now */
	script_engine(f, "[" GOOD_NETWORK "}]",
		      "[" LISTED(C1, "one", ON(GOOD, "good", "10.1.0.2")) "," LISTED(
			      C2, "two", NOWHERE) "," LISTED(C3, "three", NOWHERE) "]");
	assert_true(run_until(f, settled));
	assert_false(unguarded(f, C2));
	tell(f, "network", "create", BAD, "\"name\":\"bad\"");
	tell(f, "network", "connect", BAD, "\"container\":\"" C2 "\"");
	assert_true(run_until(f, second_is_unguarded));
	check_first(f);
	/* and one that is connected when the network is known */
	tell(f, "network", "connect", BAD, "\"container\":\"" C3 "\"");
	assert_true(run_until(f, third_is_unguarded));
	assert_int_equal(f->downs, 0);
}

/* ---- labels of any length ---- */

struct told {
	struct fixture *f;
	const char *action, *id;
};

/* More than an event may have, more than is looked at, and few. */
static void *tell_with_labels(void *userdata)
{
	static const size_t sizes[] = {9 * 1024 * 1024, 1024 * 1024, 10};
	const struct told *t = userdata;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_free_ char *much = xmalloc(sizes[i] + 1), *attributes = NULL;

		memset(much, 'x', sizes[i]);
		much[sizes[i]] = '\0';
		attributes = xasprintf("\"a\":\"%s\",\"name\":\"three\"", much);
		tell(t->f, "container", t->action, t->id, attributes);
	}
	t->f->telling = false;
	return NULL;
}

/* No socket takes so much in advance: it is told while the loop runs. */
static bool runs_until(struct fixture *f, const char *action, const char *id,
		       bool (*until)(struct fixture *f))
{
	struct told t = {f, action, id};
	pthread_t thread;
	bool reached;

	f->telling = true;
	assert_int_equal(pthread_create(&thread, NULL, tell_with_labels, &t), 0);
	reached = run_until(f, until);
	/* where it was not, the engine's end makes the other one end */
	if (!reached)
		fake_engine_hang_up(f->fake);
	pthread_join(thread, NULL);
	return reached;
}

static bool first_has_stopped(struct fixture *f)
{
	return !model_find(watch_model(f->watch), C1)->running && settled(f);
}

static bool first_is_gone(struct fixture *f)
{
	return !model_find(watch_model(f->watch), C1) && settled(f);
}

/* What happens to a container with labels of any length is followed like all else. */
static void test_long_events(void **state)
{
	struct fixture *f = *state;

	script_engine(f, "[" BAD_NETWORK "}," GOOD_NETWORK "}]",
		      "[" LISTED(C1, "one", ON(GOOD, "good", "10.1.0.2")) "]");
	assert_true(run_until(f, settled));
	check_first(f);
	assert_true(runs_until(f, "create", C3, third_is_unguarded));
	assert_true(runs_until(f, "exec_die", C3, third_is_unguarded));
	assert_true(runs_until(f, "start", C3, third_is_unguarded));
	assert_true(runs_until(f, "die", C1, first_has_stopped));
	fake_engine_clear(f->fake);
	assert_true(runs_until(f, "destroy", C1, first_is_gone));
	assert_int_equal(f->downs, 0);
}

/* ---- an answer that can't be used ---- */

static bool often_down(struct fixture *f)
{
	return f->downs == 5;
}

/* The list is whole each time, and what is asked of one container behind it is not. */
static void script_bad_answer(struct fixture *f, int delay_ms)
{
	_cleanup_free_ char *bad = fake_http(200, "{\"Id\":7}");

	fake_engine_clear(f->fake);
	fake_engine_add(f->fake, &(struct fake_reply){.path = "/v1.41/containers/" C3,
						      .data = bad,
						      .delay_ms = delay_ms,
						      .forever = true});
	script_engine(f, "[" GOOD_NETWORK "}]",
		      "[{\"Id\":\"" C3 "\",\"Names\":[\"/three\"],\"State\":\"created\"}]");
}

static void test_later_and_later(void **state)
{
	struct fixture *f = *state;

	script_bad_answer(f, 0);
	assert_true(run_until(f, often_down));
	/* 50, 100, 200 and 400 ms lie between them, in ticks of 10 ms */
	assert_in_range(f->ticks, 50, 1000);
	/* the next comes after 800, and is followed by others at once */
	script_bad_answer(f, 1100);
	f->downs = 3;
	assert_true(run_until(f, often_down));
	assert_in_range(f->ticks, 100, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bridge_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bridge_comes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_later_and_later, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
