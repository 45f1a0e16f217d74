/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a configuration refers to that is not there, and what it means as JSON. */
#include "netguard/references.h"
#include "netguard/report.h"
#include "tests/unit/model_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* One line each: LINE:COL: key: text. */
static char *warnings(const char *yaml, const struct references *r)
{
	_cleanup_(settings_freep)
	struct settings *s = settings_make(yaml);
	struct problems problems = {0};
	char *text = xstrdup("");

	references_check(s, r, &problems);
	assert_int_equal(problems.n_errors, 0);
	for (size_t i = 0; i < problems.n; i++) {
		_cleanup_free_ char *line = problem_format(&problems.items[i], "f");
		char *more = xasprintf("%s%s\n", text, line);

		free(text);
		text = more;
	}
	problems_done(&problems);
	return text;
}

static void test_warnings(void **state)
{
	static const struct {
		const char *yaml, *wanted; /* NULL: nothing */
	} table[] = {
		{"", NULL},
		{"guard: { allowed_users: [root, 4242] }", NULL},
		{"guard: { allowed_users: [root, no_such_user] }",
		 "f:1:32: warning: guard.allowed_users[1]: user 'no_such_user' does not exist\n"},
		{"guard: { allowed_users: [\"@no_such_group\"] }",
		 "f:1:26: warning: guard.allowed_users[0]: group '@no_such_group' does not "
		 "exist\n"},
		{"guard: { allowed_groups: [no_such_group] }",
		 "f:1:27: warning: guard.allowed_groups[0]: group 'no_such_group' does not "
		 "exist\n"},
		{"pods:\n  web:\n    users: [no_such_user]\n    owners: [root, \"@gone_group\"]\n",
		 "f:3:13: warning: pods.web.users[0]: user 'no_such_user' does not exist\n"
		 "f:4:20: warning: pods.web.owners[1]: group '@gone_group' does not exist\n"},
		{"guard: { container_interfaces: [docker0, \"br-*\", \"zz*\"] }",
		 "f:1:50: warning: guard.container_interfaces[2]: 'zz*' matches no interface of "
		 "this host\n"},
		/* the default may be for a bridge that is yet to come */
		{"guard: { exempt_interfaces: [br-lan] }", NULL},
		{"guard: { exempt_interfaces: [br-other] }",
		 "f:1:30: warning: guard.exempt_interfaces[0]: 'br-other' matches no interface of "
		 "this host\n"},
		{"guard: { exempt_interfaces: [\"b*\"] }", NULL},
		{"guard: { exempt_interfaces: [eth0] }",
		 "f:1:30: warning: guard.exempt_interfaces[0]: 'eth0' is guarded by no pattern of "
		 "container_interfaces anyway\n"},
		{"port_whitelist: { 80: web, 32767: web, 61000: web }", NULL},
		{"port_whitelist: { 80: nix }",
		 "f:1:19: warning: port_whitelist: pod nix has no container now\n"},
		{"pods:\n  web: { connect_to: { db: any, nix: any } }\n  nox: {}\n",
		 "f:2:33: warning: pods.web.connect_to: pod nix has no container now\n"
		 "f:3:3: warning: pods.nox: pod nox has no container now\n"},
	};
	static char lo[] = "lo", eth0[] = "eth0", docker0[] = "docker0", lan[] = "br-lan";
	static char web[] = "web", db[] = "db";
	static char *interfaces[] = {lo, eth0, docker0, lan};
	static char *pods[] = {web, db};
	const struct references r = {.interfaces_known = true,
				     .pods_known = true,
				     .interfaces = {interfaces, ARRAY_SIZE(interfaces)},
				     .pods = {pods, ARRAY_SIZE(pods)},
				     .ephemeral_first = 32768,
				     .ephemeral_last = 60999};
	static const struct references nothing = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_free_ char *text = warnings(table[i].yaml, &r);

		assert_string_equal(text, table[i].wanted ? table[i].wanted : "");
	}
	for (int port = 32768; port <= 60999; port += 60999 - 32768) {
		_cleanup_free_ char *yaml = xasprintf("port_whitelist: { %d: web }", port);
		_cleanup_free_ char *text = warnings(yaml, &r);

		assert_non_null(strstr(text, "the host takes ports 32768 to 60999"));
	}
	/* a range around it */
	{
		_cleanup_free_ char *text = warnings("port_whitelist: { 32700-32800: web }", &r);

		assert_non_null(strstr(text, "f:1:19: warning: port_whitelist: 32700-32800/tcp"));
	}
	/* what is not known is not warned of */
	{
		_cleanup_free_ char *text = warnings("port_whitelist: { 40000: nix }\nguard: { "
						     "container_interfaces: [zz9] }\n",
						     &nothing);

		assert_string_equal(text, "");
	}
}

static void test_range(void **state)
{
	static const char *const bad[] = {"",	       "x",	  "5\n", "9 5\n", "0 5\n",
					  "1 65536\n", "1 2 3\n", "1 2", "-1 5\n"};
	struct references r = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(references_parse_range(bad[i], &r));
	assert_int_equal(r.ephemeral_last, 0);
	assert_true(references_parse_range("32768\t60999\n", &r));
	assert_int_equal(r.ephemeral_first, 32768);
	assert_int_equal(r.ephemeral_last, 60999);
}

static void test_json(void **state)
{
	_cleanup_(settings_freep)
	struct settings *s = settings_make(
		"port_whitelist: { 80: web, 443: { pod: web, from: [192.0.2.0/24], host_users: pod "
		"}, 53/udp: dns }\n"
		"guard: { host_ports: [53/udp], host_rate: 100/minute, log_denied: false }\n"
		"pods:\n  web: { users: [bob], hostnames: [www, a.b], host_ports: [1-2], egress: "
		"[] }\n"
		"  db: { connect_to: { web: any, x: [1, 2/udp] }, egress: [\"0.0.0.0/0:25\"] }\n");
	struct people people;
	json_t *j;
	char *text;

	(void)state;
	people_make(s, &people);
	j = report_json(s, &people);
	text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(
		text,
		"{\"every_pod\":{\"deny_host_users_with\":\"reject\",\"guarded_interfaces\":["
		"\"docker0\",\"br-*\"],\"host_ports\":[\"53/udp\"],\"host_rate\":{\"burst\":5,"
		"\"packets\":100,\"seconds\":60},\"log_denied\":false,\"not_guarded\":[],"
		"\"other_containers_guarded\":true,\"pod_to_pod\":\"deny\",\"users\":[{\"name\":"
		"\"root\",\"uid\":0}]},\"pods\":{\"db\":{\"connect_to\":{\"web\":\"any\",\"x\":["
		"\"1/tcp\",\"2/udp\"]},\"direct_ports\":[],\"egress\":[{\"port\":\"25/tcp\",\"to\":"
		"\"0.0.0.0/0\"}],\"host_ports\":[],\"host_rate\":{\"burst\":5,\"packets\":100,"
		"\"seconds\":60},\"hostnames\":[],\"owners\":null,\"publish\":[],\"users\":[]},"
		"\"dns\":{\"publish\":"
		"[{\"from\":null,\"host_users\":\"any\",\"port\":\"53/udp\"}]},\"web\":{"
		"\"connect_to\":{},\"direct_ports\":[],\"egress\":[],\"host_ports\":[\"1-2/tcp\"],"
		"\"host_rate\":{\"burst\":5,\"packets\":100,\"seconds\":60},\"hostnames\":[\"www\","
		"\"a.b\"],\"owners\":null,"
		"\"publish\":[{\"from\":null,\"host_users\":\"any\",\"port\":\"80/"
		"tcp\"},{\"from\":["
		"\"192.0.2.0/24\"],\"host_users\":\"pod\",\"port\":\"443/tcp\"}],\"users\":[{"
		"\"name\":\"bob\",\"uid\":1234}]}}}");
	free(text);
	json_decref(j);
	people_done(&people);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
