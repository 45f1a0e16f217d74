/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which flows a change of configuration or containers ends, and which it leaves alone. */
#include "netguard/flows.h"
#include "tests/unit/model_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#define HOST "192.0.2.10"
#define WEB  "web web br-x,10.1.0.2,- |80|8080/tcp"
#define DB   "db db br-x,10.1.0.3,-"

static const struct flow_case {
	const char *name;
	const char *before, *after; /* configuration; after NULL: the same */
	const char *members[3], *members_after[3];
	/* FROM PORT TO PORT AT PORT uid (-1: not known) */
	const char *ended, *kept;
} cases[] = {
	{"a whitelisted port",
	 "port_whitelist: { 80: web, 81: web }\n",
	 "port_whitelist: { 81: web }\n",
	 {WEB " |81|8081/tcp"},
	 {WEB " |81|8081/tcp"},
	 "198.51.100.7 5000 " HOST " 80 10.1.0.2 8080 -1",
	 "198.51.100.7 5000 " HOST " 81 10.1.0.2 8081 -1"},
	{"through docker-proxy",
	 "port_whitelist: { 80: web, 81: web }\n",
	 "port_whitelist: { 81: web }\n",
	 {WEB " |81|8081/tcp"},
	 {WEB " |81|8081/tcp"},
	 "198.51.100.7 5000 " HOST " 80 " HOST " 80 -1",
	 "198.51.100.7 5000 " HOST " 22 " HOST " 22 -1"},
	{"a source",
	 "port_whitelist: { 80: web }\n",
	 "port_whitelist: { 80: { pod: web, from: [192.0.2.0/24] } }\n",
	 {WEB},
	 {WEB},
	 "198.51.100.7 5000 " HOST " 80 10.1.0.2 8080 -1",
	 "192.0.2.1 5000 " HOST " 80 10.1.0.2 8080 -1"},
	{"a user",
	 "pods: { web: { users: [bob, carol] } }\n",
	 "pods: { web: { users: [carol] } }\n",
	 {WEB},
	 {WEB},
	 HOST " 5000 10.1.0.2 8080 10.1.0.2 8080 1234",
	 HOST " 5000 10.1.0.2 8080 10.1.0.2 8080 1235"},
	{"a host port",
	 "pods: { web: { host_ports: [22, 53/udp] } }\n",
	 "pods: { web: { host_ports: [53/udp] } }\nguard: { host_ports: [23] }\n",
	 {WEB},
	 {WEB},
	 "10.1.0.2 5000 " HOST " 22 " HOST " 22 -1",
	 "10.1.0.2 5000 198.51.100.7 22 198.51.100.7 22 -1"},
	{"a link",
	 "pods: { web: { connect_to: { db: [5432, 5433] } } }\n",
	 "pods: { web: { connect_to: { db: [5433] } } }\n",
	 {WEB, DB},
	 {WEB, DB},
	 "10.1.0.2 5000 10.1.0.3 5432 10.1.0.3 5432 -1",
	 "10.1.0.2 5000 10.1.0.3 5433 10.1.0.3 5433 -1"},
	{"pod_to_pod",
	 "guard: { pod_to_pod: allow }\npods: { web: { connect_to: { db: [5432] } } }\n",
	 "pods: { web: { connect_to: { db: [5432] } } }\n",
	 {WEB, DB},
	 {WEB, DB},
	 "10.1.0.3 5000 10.1.0.2 8080 10.1.0.2 8080 -1",
	 "10.1.0.2 5000 10.1.0.3 5432 10.1.0.3 5432 -1"},
	{"egress",
	 "{}\n",
	 "pods: { web: { egress: [\"198.51.100.0/24:443/tcp\"] } }\n",
	 {WEB},
	 {WEB},
	 "10.1.0.2 5000 198.51.100.7 80 198.51.100.7 80 -1",
	 "10.1.0.2 5000 198.51.100.7 443 198.51.100.7 443 -1"},
	{"direct ports",
	 "pods: { web: { direct_ports: [443, 444] } }\n",
	 "pods: { web: { direct_ports: [444] } }\n",
	 {WEB},
	 {WEB},
	 "198.51.100.7 5000 10.1.0.2 443 10.1.0.2 443 -1",
	 "198.51.100.7 5000 10.1.0.2 444 10.1.0.2 444 -1"},
	{"a container that is gone",
	 "{}\n",
	 "{}\n",
	 {WEB, DB},
	 {DB},
	 "10.1.0.2 5000 198.51.100.7 80 198.51.100.7 80 -1",
	 "10.1.0.3 5000 198.51.100.7 80 198.51.100.7 80 -1"},
	{"another pod's container has the address",
	 "{}\n",
	 "{}\n",
	 {WEB, DB},
	 {"new other br-x,10.1.0.2,-", DB},
	 "10.1.0.2 5000 198.51.100.7 80 198.51.100.7 80 -1",
	 "198.51.100.7 5000 192.0.2.9 80 192.0.2.9 80 -1"},
	{"a private port",
	 "port_whitelist: { 80: web }\n",
	 "port_whitelist: { 80: { pod: web, host_users: pod } }\nguard: { allowed_users: [root] "
	 "}\n",
	 {WEB},
	 {WEB},
	 "127.0.0.1 5000 127.0.0.1 80 127.0.0.1 80 1234",
	 "127.0.0.1 5000 127.0.0.1 80 127.0.0.1 80 0"},
};

static struct flow flow_of(const char *text)
{
	char from[64], to[64], at[64];
	unsigned from_port, to_port, at_port;
	struct flow f = {.proto = IPPROTO_TCP};
	long uid;

	assert_int_equal(sscanf(text, "%63s %u %63s %u %63s %u %ld", from, &from_port, to, &to_port,
				at, &at_port, &uid),
			 7);
	assert_true(addr_parse(from, &f.from) && addr_parse(to, &f.to) && addr_parse(at, &f.at));
	f.from_port = (uint16_t)from_port;
	f.to_port = (uint16_t)to_port;
	f.at_port = (uint16_t)at_port;
	f.from_local = streq(from, HOST) || startswith(from, "127.");
	f.at_local = streq(at, HOST) || startswith(at, "127.");
	f.has_uid = uid >= 0;
	f.uid = (uint32_t)uid;
	return f;
}

static struct elements *elements_of(const char *yaml, const char *const *members)
{
	_cleanup_(settings_freep)
	struct settings *s = settings_make(yaml);
	_cleanup_(model_freep)
	struct model *m = model_make(members);
	struct elements *e;
	struct people people;

	people_make(s, &people);
	e = model_elements(s, &people, m);
	people_done(&people);
	return e;
}

static void test_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct flow_case *t = &cases[i];
		_cleanup_(elements_freep)
		struct elements *before = elements_of(t->before, t->members);
		_cleanup_(elements_freep)
		struct elements *after = elements_of(t->after, t->members_after);
		_cleanup_(flows_change_freep)
		struct flows_change *c = flows_change_new(before, after);
		struct flows_change *none, *back;
		struct flow ended = flow_of(t->ended), kept = flow_of(t->kept);

		if (!c)
			fail_msg("%s: takes nothing away", t->name);
		if (!flows_ends(c, &ended))
			fail_msg("%s: goes on: %s", t->name, t->ended);
		if (flows_ends(c, &kept))
			fail_msg("%s: is ended: %s", t->name, t->kept);
		none = flows_change_new(after, after);
		assert_null(none);
		/* the way back gives only: what it had allowed stays */
		back = flows_change_new(after, before);
		if (back && flows_ends(back, &kept))
			fail_msg("%s, undone: is ended: %s", t->name, t->kept);
		flows_change_free(back);
	}
}

/* Whoever can't be found had what all had as long as nothing changed for users. */
static void test_unknown_user(void **state)
{
	static const char *const members[] = {WEB, NULL};
	_cleanup_(elements_freep)
	struct elements *two = elements_of("pods: { web: { users: [bob, carol] } }\n", members);
	_cleanup_(elements_freep)
	struct elements *one = elements_of("pods: { web: { users: [carol] } }\n", members);
	_cleanup_(elements_freep)
	struct elements *port = elements_of("pods: { web: { users: [bob, carol] } }\n"
					    "guard: { host_ports: [22] }\n",
					    members);
	_cleanup_(flows_change_freep)
	struct flows_change *users = flows_change_new(two, one),
			    *ports = flows_change_new(port, two);
	struct flow f = flow_of(HOST " 5000 10.1.0.2 8080 10.1.0.2 8080 -1");

	(void)state;
	assert_true(flows_asks_uid(users, &f));
	assert_false(flows_asks_uid(ports, &f));
	assert_true(flows_ends(users, &f));
	assert_false(flows_ends(ports, &f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_unknown_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
