/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Event -> action, one line for each that the engine sends. */
#include "netguard/watch_events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#define C	    "c000000000000000000000000000000000000000000000000000000000000000"
#define N	    "a111111111111111111111111111111111111111111111111111111111111111"
#define SWARM	    "pvi416dkvx0ohzbtxqdht8xk4"
#define CONNECT(id) "{\"container\":\"" id "\",\"name\":\"pods\",\"type\":\"bridge\"}"

static const struct {
	const char *type, *action, *id, *attributes;
	enum watch_kind kind;
	const char *container, *network, *name;
} table[] = {
	{"container", "create", C, "{\"name\":\"web\"}", WATCH_CREATED, C, NULL, "web"},
	{"container", "rename", C, "{\"name\":\"db\",\"oldName\":\"/web\"}", WATCH_RENAMED, C, NULL,
	 "db"},
	{"container", "start", C, "{}", WATCH_STARTED, C, NULL, NULL},
	{"container", "die", C, "{\"exitCode\":\"0\"}", WATCH_STOPPED, C, NULL, NULL},
	{"container", "destroy", C, "{}", WATCH_DESTROYED, C, NULL, NULL},
	{"container", "remove", C, "{}", WATCH_DESTROYED, C, NULL, NULL},
	{"network", "connect", N, CONNECT(C), WATCH_CONNECTED, C, N, NULL},
	{"network", "disconnect", N, CONNECT(C), WATCH_DISCONNECTED, C, N, NULL},
	{"network", "destroy", N, "{}", WATCH_NETWORK_GONE, NULL, N, NULL},
	{"network", "connect", SWARM, CONNECT(C), WATCH_CONNECTED, C, SWARM, NULL},
	{"network", "disconnect", SWARM, CONNECT(C), WATCH_DISCONNECTED, C, SWARM, NULL},
	{"network", "remove", SWARM, "{}", WATCH_NETWORK_GONE, NULL, SWARM, NULL},
	/* a name that is not told is asked for */
	{"container", "create", C, "{}", WATCH_STARTED, C, NULL, NULL},
	{"container", "create", C, "{\"name\":7}", WATCH_STARTED, C, NULL, NULL},
	{"container", "rename", C, "{}", WATCH_STARTED, C, NULL, NULL},
	/* what says nothing about addresses */
	{"container", "exec_create: sh", C, "{}", WATCH_IGNORE, C, NULL, NULL},
	{"container", "health_status: healthy", C, "{}", WATCH_IGNORE, C, NULL, NULL},
	{"container", "kill", C, "{}", WATCH_IGNORE, C, NULL, NULL},
	{"container", "oom", C, "{}", WATCH_IGNORE, C, NULL, NULL},
	{"network", "create", N, "{}", WATCH_IGNORE, NULL, N, NULL},
	{"image", "create", "busybox", "{}", WATCH_IGNORE, "busybox", NULL, NULL},
	{"network", "start", N, CONNECT(C), WATCH_IGNORE, NULL, N, NULL},
	/* what would become part of a path, or is not said at all */
	{"container", "start", "../networks", "{}", WATCH_RESYNC, NULL, NULL, NULL},
	{"container", "die", "", "{}", WATCH_RESYNC, NULL, NULL, NULL},
	{"container", "create", "x", "{}", WATCH_RESYNC, NULL, NULL, NULL},
	{"network", "connect", N, "{}", WATCH_RESYNC, NULL, NULL, NULL},
	{"network", "connect", N, "{\"container\":\"web\"}", WATCH_RESYNC, NULL, NULL, NULL},
	{"network", "connect", "pods", CONNECT(C), WATCH_RESYNC, NULL, NULL, NULL},
	{"network", "connect", SWARM "0", CONNECT(C), WATCH_RESYNC, NULL, NULL, NULL},
	{"network", "connect", "../x16dkvx0ohzbtxqdht8xk4", CONNECT(C), WATCH_RESYNC, NULL, NULL,
	 NULL},
	{"container", "start", SWARM, "{}", WATCH_RESYNC, NULL, NULL, NULL},
	{"network", "connect", N, "{\"container\":{}}", WATCH_RESYNC, NULL, NULL, NULL},
	{"network", "destroy", "x", "{}", WATCH_RESYNC, NULL, NULL, NULL},
};

static void same(const char *got, const char *want, const char *what, size_t i)
{
	if (got && want ? !streq(got, want) : got != want)
		fail_msg("%zu: %s: %s", i, what, got ? got : "(none)");
}

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct engine_event ev = {.type = xstrdup(table[i].type),
					  .action = xstrdup(table[i].action),
					  .id = xstrdup(table[i].id)};
		struct watch_action a;

		ev.attributes = json_loads(table[i].attributes, 0, NULL);
		assert_non_null(ev.attributes);
		watch_decide(&ev, &a);
		if (a.kind != table[i].kind)
			fail_msg("%zu: kind %d", i, (int)a.kind);
		same(a.container, table[i].container, "container", i);
		same(a.network, table[i].network, "network", i);
		same(a.name, table[i].name, "name", i);
		engine_event_done(&ev);
	}
}

static void test_ids(void **state)
{
	(void)state;
	assert_true(watch_id_valid(C));
	assert_false(watch_id_valid(NULL));
	assert_false(watch_id_valid("ep-" C));
	assert_false(watch_id_valid(SWARM));
	assert_true(watch_network_id_valid(SWARM));
	assert_true(watch_network_id_valid(N));
	assert_false(watch_network_id_valid(NULL));
	assert_false(watch_id_valid(C "0"));
	assert_false(
		watch_id_valid("C000000000000000000000000000000000000000000000000000000000000000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table),
					   cmocka_unit_test(test_ids)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
