/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which flows a change of configuration or containers ends, and which it leaves alone. */
#include "netguard/flows.h"
#include "tests/unit/model_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#define HOST  "192.0.2.10"
#define HOST6 "2001:db8::10"
#define WEB   "web web br-x,10.1.0.2,- |80|8080/tcp"
#define DB    "db db br-x,10.1.0.3,-"

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
	{"through docker-proxy, which listened before its container was known",
	 "port_whitelist: { 80: web }\n",
	 "port_whitelist: { 80: web }\n",
	 {WEB},
	 {WEB " |99|8081/tcp"},
	 "198.51.100.7 5000 " HOST " 99 " HOST " 99 -1",
	 "198.51.100.7 5000 " HOST " 80 " HOST " 80 -1"},
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

/* "FROM PORT TO PORT AT PORT UID [PROTOCOL]" */
static struct flow flow_of(const char *text)
{
	char from[64], to[64], at[64], proto[8] = "tcp";
	unsigned from_port, to_port, at_port;
	struct flow f = {.proto = IPPROTO_TCP};
	long uid;

	assert_true(sscanf(text, "%63s %u %63s %u %63s %u %ld %7s", from, &from_port, to, &to_port,
			   at, &at_port, &uid, proto) >= 7);
	if (!proto_parse_published(proto, &f.proto))
		f.proto = IPPROTO_ICMP;
	assert_true(addr_parse(from, &f.from) && addr_parse(to, &f.to) && addr_parse(at, &f.at));
	f.from_port = (uint16_t)from_port;
	f.to_port = (uint16_t)to_port;
	f.at_port = (uint16_t)at_port;
	f.from_local = streq(from, HOST) || startswith(from, "127.") || streq(from, HOST6);
	f.at_local = streq(at, HOST) || startswith(at, "127.") || streq(at, HOST6);
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

/* Each flow of a change, judged: ended ("-") or not ("+"). */
static const struct judged {
	const char *name;
	const char *before, *after; /* configuration; after NULL: the same */
	const char *members[3], *members_after[3];
	const char *flows[8]; /* "+ FROM PORT TO PORT AT PORT UID" */
} judged[] = {
	{"container to container by the host's address",
	 "port_whitelist: { 80: web, 81: web }\n",
	 "port_whitelist: { 81: web }\n",
	 {WEB " |81|8081/tcp", DB},
	 {WEB " |81|8081/tcp", DB},
	 {"- 10.1.0.3 5000 " HOST " 80 10.1.0.2 8080 -1",
	  "+ 10.1.0.3 5000 " HOST " 81 10.1.0.2 8081 -1",
	  /* never allowed: not by the whitelist, not on the container's own port */
	  "+ 10.1.0.3 5000 " HOST " 82 10.1.0.2 8080 -1",
	  "+ 10.1.0.3 5000 " HOST " 81 10.1.0.2 9999 -1",
	  "+ 198.51.100.7 5000 " HOST " 81 10.1.0.2 9999 -1",
	  /* only its port was rewritten */
	  "- 10.1.0.3 5000 10.1.0.2 80 10.1.0.2 8080 -1"}},
	{"the whitelist lets a port go, and host_ports has it still",
	 "port_whitelist: { 80: web, 81: web }\nguard: { host_ports: [80] }\n",
	 "port_whitelist: { 81: web }\nguard: { host_ports: [80] }\n",
	 {WEB " |81|8081/tcp", DB},
	 {WEB " |81|8081/tcp", DB},
	 {/* by docker-proxy: prerouting refuses it now */
	  "- 10.1.0.3 5000 " HOST " 80 " HOST " 80 -1",
	  "+ 10.1.0.3 5000 " HOST " 81 " HOST " 81 -1"}},
	{"a published port that nobody has any more",
	 "port_whitelist: { 80: web }\n",
	 "port_whitelist: { 80: web }\n",
	 {WEB, DB},
	 {"web web br-x,10.1.0.2,-", DB},
	 {"- 10.1.0.3 5000 " HOST " 80 " HOST " 80 -1",
	  "- 198.51.100.7 5000 " HOST " 80 10.1.0.2 8080 -1"}},
	{"IPv6 as IPv4",
	 "pods: { web: { egress: [\"[2001:db8:1::/48]:443\", \"[2001:db8:2::/48]:443\"], users: "
	 "[bob] } }\n",
	 "pods: { web: { egress: [\"[2001:db8:2::/48]:443\"] } }\n",
	 {"web web br-x,10.1.0.2,fd00::2"},
	 {"web web br-x,10.1.0.2,fd00::2"},
	 {"- fd00::2 5000 2001:db8:1::7 443 2001:db8:1::7 443 -1",
	  "+ fd00::2 5000 2001:db8:2::7 443 2001:db8:2::7 443 -1",
	  "+ fd00::2 5000 2001:db8:1::7 80 2001:db8:1::7 80 -1",
	  "- " HOST6 " 5000 fd00::2 80 fd00::2 80 1234",
	  "- " HOST6 " 5000 fd00::2 80 fd00::2 80 -1"}},
	{"egress of one container is not another's",
	 "pods: { web: { egress: [\"198.51.100.0/24:443\"] }, db: { egress: "
	 "[\"203.0.113.0/24:443\"] } }\n",
	 "pods: { web: { egress: [] }, db: { egress: [\"203.0.113.0/24:443\"] } }\n",
	 {WEB, DB},
	 {WEB, DB},
	 {"- 10.1.0.2 5000 198.51.100.7 443 198.51.100.7 443 -1",
	  "+ 10.1.0.2 5000 203.0.113.7 443 203.0.113.7 443 -1",
	  "+ 10.1.0.3 5000 203.0.113.7 443 203.0.113.7 443 -1"}},
	{"ICMP, and what has no container in it",
	 "pods: { web: { connect_to: { db: any }, users: [bob] } }\n",
	 "{}\n",
	 {WEB, DB},
	 {WEB, DB},
	 {"- 10.1.0.2 0 10.1.0.3 0 10.1.0.3 0 -1 icmp",
	  "+ 10.1.0.3 0 10.1.0.2 0 10.1.0.2 0 -1 icmp",
	  "- " HOST " 0 10.1.0.2 0 10.1.0.2 0 1234 icmp",
	  "+ " HOST " 0 198.51.100.7 0 198.51.100.7 0 1234 icmp",
	  "+ 198.51.100.7 0 " HOST " 0 " HOST " 0 -1 icmp",
	  "- 10.1.0.2 53 10.1.0.3 53 10.1.0.3 53 -1 udp"}},
	{"a private port becomes others'",
	 "port_whitelist: { 80: { pod: web, host_users: pod } }\npods: { web: { users: [bob, "
	 "carol] "
	 "} }\n",
	 "port_whitelist: { 80: { pod: web, host_users: pod } }\npods: { web: { users: [carol] } "
	 "}\n",
	 {WEB},
	 {WEB},
	 {"- 127.0.0.1 5000 127.0.0.1 80 127.0.0.1 80 1234",
	  "- " HOST " 5000 " HOST " 80 10.1.0.2 8080 1234",
	  "+ " HOST " 5000 " HOST " 80 10.1.0.2 8080 1235",
	  /* no port of this host */
	  "+ " HOST " 5000 198.51.100.7 80 198.51.100.7 80 1234"}},
	{"the container at the other end goes",
	 "{}\n",
	 "{}\n",
	 {WEB, DB},
	 {DB},
	 {"- 198.51.100.7 5000 " HOST " 80 10.1.0.2 8080 -1",
	  "+ 198.51.100.7 5000 " HOST " 22 " HOST " 22 -1"}},
	{"a port over SCTP becomes known as published, beside one that nobody publishes",
	 "port_whitelist: { 80: web }\n",
	 "port_whitelist: { 80: web }\n",
	 {WEB, DB},
	 {WEB " |80|80/sctp 127.0.0.1|81|81/sctp", DB},
	 {"- 198.51.100.7 5000 " HOST " 80 " HOST " 80 -1 sctp",
	  "- 2001:db8:9::7 5000 " HOST6 " 80 " HOST6 " 80 -1 sctp",
	  "+ 198.51.100.7 5000 " HOST " 80 10.1.0.2 8080 -1",
	  "+ 198.51.100.7 5000 " HOST " 82 " HOST " 82 -1 sctp",
	  "- 127.0.0.1 5000 127.0.0.1 81 127.0.0.1 81 1234 sctp",
	  "+ 127.0.0.1 5000 127.0.0.1 80 127.0.0.1 80 1234 sctp"}},
	{"a port that a container publishes was a host user's before",
	 "port_whitelist: { 54/udp: web, 55/udp: { pod: web, from: [192.0.2.0/24] } }\n"
	 "pods: { db: { users: [bob] } }\n",
	 NULL,
	 {DB},
	 {WEB " |53|53/udp |53|53/tcp |54|54/udp |55|55/udp 127.0.0.1|56|56/udp", DB},
	 {"- " HOST " 53 198.51.100.7 5000 198.51.100.7 5000 1234 udp",
	  "- " HOST " 53 10.1.0.3 5000 10.1.0.3 5000 1234 udp",
	  "+ " HOST " 53 198.51.100.7 5000 198.51.100.7 5000 1234 tcp",
	  "+ 127.0.0.1 53 127.0.0.1 5000 127.0.0.1 5000 1234 udp",
	  "- 127.0.0.1 56 127.0.0.1 5000 127.0.0.1 5000 1234 udp",
	  /* it is decided by where it goes to */
	  "+ " HOST " 53 " HOST " 54 10.1.0.2 54 1234 udp",
	  "+ " HOST " 54 198.51.100.7 5000 198.51.100.7 5000 1234 udp",
	  "+ 198.51.100.7 5000 " HOST " 54 10.1.0.2 54 -1 udp"}},
	{"... and the whitelist has it for some",
	 "port_whitelist: { 55/udp: web }\n",
	 "port_whitelist: { 55/udp: { pod: web, from: [192.0.2.0/24] } }\n",
	 {WEB " |55|55/udp"},
	 {WEB " |55|55/udp"},
	 {"- " HOST " 55 198.51.100.7 5000 198.51.100.7 5000 1234 udp",
	  "+ " HOST " 55 192.0.2.1 5000 192.0.2.1 5000 1234 udp"}},
	{"a port at one address is published at another",
	 "port_whitelist: { 80: web, 81: web }\n",
	 NULL,
	 {"web web br-x,10.1.0.2,- " HOST "|80|80/tcp " HOST6 "|80|80/tcp 0.0.0.0|81|81/tcp",
	  "db db br-x,10.1.0.3,fd00::3"},
	 {"web web br-x,10.1.0.2,- 192.0.2.20|80|80/tcp " HOST6 "|80|80/tcp 0.0.0.0|81|81/tcp",
	  "db db br-x,10.1.0.3,fd00::3"},
	 {"- 10.1.0.3 5000 " HOST " 80 " HOST " 80 -1",
	  "+ 10.1.0.3 5000 " HOST " 81 " HOST " 81 -1",
	  "+ fd00::3 5000 " HOST6 " 80 " HOST6 " 80 -1",
	  /* never allowed */
	  "+ fd00::3 5000 " HOST6 " 81 " HOST6 " 81 -1"}},
	{"nobody was there",
	 "port_whitelist: { 80: web }\n",
	 "{}\n",
	 {NULL},
	 {NULL},
	 {"+ 198.51.100.7 5000 " HOST " 22 " HOST " 22 -1",
	  "- 198.51.100.7 5000 " HOST " 80 " HOST " 80 -1"}},
};

static void test_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(judged); i++) {
		const struct judged *t = &judged[i];
		_cleanup_(elements_freep)
		struct elements *before = elements_of(t->before, t->members);
		_cleanup_(elements_freep)
		struct elements *after =
			elements_of(t->after ? t->after : t->before, t->members_after);
		_cleanup_(flows_change_freep)
		struct flows_change *c = flows_change_new(before, after);

		if (!c)
			fail_msg("%s: takes nothing away", t->name);
		for (size_t j = 0; j < ARRAY_SIZE(t->flows) && t->flows[j]; j++) {
			struct flow f = flow_of(t->flows[j] + 2);

			if (flows_ends(c, &f) != (t->flows[j][0] == '-'))
				fail_msg("%s: is not so: %s", t->name, t->flows[j]);
		}
	}
}

/* Whose socket it is is asked only where that may decide. */
static void test_asks_uid(void **state)
{
	static const char *const members[] = {WEB, NULL};
	static const char private[] = "port_whitelist: { 80: { pod: web, host_users: pod } }\n";
	_cleanup_(elements_freep)
	struct elements *before = elements_of("pods: { web: { users: [bob] } }\n", members);
	_cleanup_(elements_freep)
	struct elements *after = elements_of(private, members);
	_cleanup_(flows_change_freep)
	struct flows_change *to = flows_change_new(before, after);
	_cleanup_(elements_freep)
	struct elements *users = elements_of("port_whitelist: { 80: { pod: web, host_users: pod } "
					     "}\npods: { web: { users: [bob] } }\n",
					     members);
	_cleanup_(elements_freep)
	struct elements *nobody = elements_of("{}\n", members);
	_cleanup_(flows_change_freep)
	struct flows_change *was = flows_change_new(users, nobody);
	struct flow own = flow_of(HOST " 5000 10.1.0.2 8080 10.1.0.2 8080 -1");
	struct flow port = flow_of("127.0.0.1 5000 127.0.0.1 80 127.0.0.1 80 -1");
	struct flow other = flow_of("127.0.0.1 5000 127.0.0.1 22 127.0.0.1 22 -1");
	struct flow world = flow_of("198.51.100.7 5000 " HOST " 80 " HOST " 80 -1");

	(void)state;
	assert_true(flows_asks_uid(to, &own));
	assert_true(flows_asks_uid(to, &port));
	assert_false(flows_asks_uid(to, &other));
	assert_false(flows_asks_uid(to, &world));
	/* one that was private is asked about as well */
	assert_true(flows_asks_uid(was, &port));
	assert_false(flows_asks_uid(was, &other));
}

/* A member whose pod is not told (a foreign hand wrote it) is in a pod of its own, nameless. */
static void test_nameless_member(void **state)
{
	_cleanup_(elements_freep)
	struct elements *before = elements_new(), *after = elements_new();
	_cleanup_(flows_change_freep)
	struct flows_change *c = NULL;
	struct flow f = flow_of("10.1.0.2 5000 198.51.100.7 80 198.51.100.7 80 -1");
	struct nft_key key = {0};

	(void)state;
	nft_key_ifname(&key, "br-x");
	nft_key_addr(&key, &f.from);
	elements_add(before, SET_MEMBERS4, &key, NULL, NULL, NULL);
	c = flows_change_new(before, after);
	assert_non_null(c);
	assert_true(flows_ends(c, &f));
	flows_change_free(NULL);
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
		cmocka_unit_test(test_changes),	     cmocka_unit_test(test_judged),
		cmocka_unit_test(test_asks_uid),     cmocka_unit_test(test_nameless_member),
		cmocka_unit_test(test_unknown_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
