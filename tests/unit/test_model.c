/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings, people and members to elements, as text. */
#include "netguard/model.h"

#include "netguard/watch_members.h"
#include "tests/unit/elements_text.h"
#include "tests/unit/model_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

static char *make_text(const char *yaml, const char *const *lines)
{
	_cleanup_(settings_freep)
	struct settings *s = settings_make(yaml);
	_cleanup_(model_freep)
	struct model *m = model_make(lines);
	_cleanup_(elements_freep)
	struct elements *e = NULL;
	struct people people;

	people_make(s, &people);
	e = model_elements(s, &people, m);
	people_done(&people);
	return elements_text(e);
}

/* The example of nft/netguard.nft, all of table inet netguard. */
static void test_reference(void **state)
{
	static const char yaml[] = "port_whitelist:\n"
				   "  80: web\n"
				   "  443: { pod: web, from: [192.0.2.0/24, \"2001:db8::/32\"] }\n"
				   "  8080: { pod: web, host_users: pod }\n"
				   "guard:\n"
				   "  container_interfaces: [docker0, \"br-*\"]\n"
				   "  exempt_interfaces: [br-lan]\n"
				   "  allowed_users: [root, traefik]\n"
				   "  host_ports: [53/udp]\n"
				   "pods:\n"
				   "  web:\n"
				   "    users: [bob]\n"
				   "    host_ports: [5432/tcp]\n"
				   "    host_rate: 20/second burst 10\n"
				   "    connect_to: { db: [5432/tcp] }\n"
				   "  db: {}\n";
	static const char *const members[] = {"web web br-pods,10.88.1.2,fd88::2 |80|80/tcp "
					      "192.0.2.10|8080|8080/tcp",
					      "db db br-pods,10.88.1.3,-",
					      "rogue rogue lan0,10.99.0.2,- |9999|9999/tcp", NULL};
	_cleanup_free_ char *text = make_text(yaml, members);

	(void)state;
	assert_string_equal(text, "container_ifaces br-*\n"
				  "container_ifaces docker0\n"
				  "exempt_ifaces br-lan\n"
				  "members4 br-pods . 10.88.1.2 \"web\"\n"
				  "members4 br-pods . 10.88.1.3 \"db\"\n"
				  "members6 br-pods . fd88::2 \"web\"\n"
				  "allowed_uids 0 \"root\"\n"
				  "allowed_uids 1001 \"traefik\"\n"
				  "pod_uids4 10.88.1.2 . 1234 \"web: bob\"\n"
				  "pod_uids6 fd88::2 . 1234 \"web: bob\"\n"
				  "private_ports tcp . 8080 \"web\"\n"
				  "port_uids tcp . 8080 . 1234 \"web: bob\"\n"
				  "host_ports udp . 53\n"
				  "pod_host_ports4 10.88.1.2 . tcp . 5432 \"web\"\n"
				  "pod_host_ports6 fd88::2 . tcp . 5432 \"web\"\n"
				  "pod_rate4 10.88.1.2 : web\n"
				  "pod_rate6 fd88::2 : web\n"
				  "published_ports tcp . 80 \"web\"\n"
				  "published_ports tcp . 443 \"web\"\n"
				  "published_ports tcp . 8080 \"web\"\n"
				  "published_ports tcp . 9999 \"rogue\"\n"
				  "port_whitelist tcp . 80 \"web\"\n"
				  "port_whitelist tcp . 8080 \"web\"\n"
				  "port_whitelist_from4 tcp . 443 . 192.0.2.0 - tcp . 443 . "
				  "192.0.2.255 \"web\"\n"
				  "port_whitelist_from6 tcp . 443 . 2001:db8:: - tcp . 443 . "
				  "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff \"web\"\n"
				  "proxied_ports tcp . 80 \"web\"\n"
				  "proxied4 tcp . 8080 . 192.0.2.10 \"web\"\n"
				  "published4 10.88.1.2 . tcp . 80 \"web: host port 80\"\n"
				  "published4 10.88.1.2 . tcp . 8080 \"web: host port 8080\"\n"
				  "published6 fd88::2 . tcp . 80 \"web: host port 80\"\n"
				  "links4 10.88.1.2 . 10.88.1.3 . tcp . 5432 \"web -> db\"\n"
				  "guarded4 10.88.1.2 \"web\"\n"
				  "guarded4 10.88.1.3 \"db\"\n"
				  "guarded6 fd88::2 \"web\"\n"
				  "limit web 20/1 burst 10\n");
}

/*
 * Small cases: each line of want must be there, with "!" in front it must not be. All use docker0
 * and br-* as guarded interfaces, and root alone as allowed.
 */
static const struct small {
	const char *name, *yaml;
	const char *members[6];
	const char *want[8];
} smalls[] = {
	{"nothing known, nothing open",
	 "{}\n",
	 {NULL},
	 {"container_ifaces br-*", "allowed_uids 0 \"root\"", "!members4", "!published"}},
	{"an address claimed twice belongs to neither",
	 "{}\n",
	 {"a a br-x,10.1.0.2,-", "b b br-x,10.1.0.2,fd00::3"},
	 {"!members4", "members6 br-x . fd00::3 \"b\""}},
	{"also on two bridges, and with one pod",
	 "{}\n",
	 {"a a br-x,10.1.0.2,-", "b a br-y,10.1.0.2,-"},
	 {"!members4"}},
	{"a bridge that is exempt or not guarded",
	 "guard: { exempt_interfaces: [br-lan] }\n",
	 {"a a br-lan,10.1.0.2,-", "b b eth1,10.2.0.2,-"},
	 {"!members4"}},
	{"not guarded as a pod: no member, and its port opens nothing",
	 "port_whitelist: { 80: web }\n",
	 {"a - br-x,10.1.0.2,- |80|80/tcp"},
	 {"!members4", "!port_whitelist", "published_ports tcp . 80 \"web\"", "!published4"}},

	/* the whitelist and who publishes */
	{"another pod has the whitelisted port",
	 "port_whitelist: { 80: web }\n",
	 {"r rogue br-x,10.1.0.3,fd00::3 |80|80/tcp"},
	 {"published_ports tcp . 80 \"web, rogue\"", "!port_whitelist", "!published4",
	  "!published6", "members4 br-x . 10.1.0.3 \"rogue\""}},
	{"both have it, on two host addresses",
	 "port_whitelist: { 80: web }\n",
	 {"w web br-x,10.1.0.2,- 192.0.2.1|80|80/tcp",
	  "r rogue br-x,10.1.0.3,- 192.0.2.2|80|80/tcp"},
	 {"!port_whitelist", "published4 10.1.0.2 . tcp . 80 \"web: host port 80\"",
	  "!published4 10.1.0.3"}},
	{"with from, another pod has it",
	 "port_whitelist: { 80: { pod: web, from: [192.0.2.0/24] } }\n",
	 {"r rogue br-x,10.1.0.3,- |80|80/tcp"},
	 {"!port_whitelist"}},
	{"the other has it on the loopback only",
	 "port_whitelist: { 80: web }\n",
	 {"w web br-x,10.1.0.2,- 192.0.2.1|80|80/tcp",
	  "r rogue br-x,10.1.0.3,- 127.0.0.1|80|80/tcp"},
	 {"port_whitelist tcp . 80 \"web\"", "!published4 10.1.0.3",
	  "private_ports tcp . 80 \"rogue\""}},
	{"the protocol counts",
	 "port_whitelist: { 53/udp: dns }\n",
	 {"d dns br-x,10.1.0.2,- |53|53/udp |53|53/tcp"},
	 {"published4 10.1.0.2 . udp . 53 \"dns: host port 53\"", "!published4 10.1.0.2 . tcp",
	  "published_ports tcp . 53 \"dns\"", "port_whitelist udp . 53 \"dns\"",
	  "!port_whitelist tcp"}},
	{"container port differs from host port, listed for both families",
	 "port_whitelist: { 80: web, 81: web }\n",
	 {"w web br-x,10.1.0.2,fd00::2 0.0.0.0|80|8080/tcp ::|80|8080/tcp ::|81|8080/tcp"},
	 {"published4 10.1.0.2 . tcp . 8080 \"web: host port 80, web: host port 81\"",
	  "published6 fd00::2 . tcp . 8080 \"web: host port 80, web: host port 81\""}},
	{"bound to an address of one family",
	 "port_whitelist: { 80: web }\n",
	 {"w web br-x,10.1.0.2,fd00::2 192.0.2.1|80|80/tcp"},
	 {"published4 10.1.0.2 . tcp . 80 \"web: host port 80\"", "!published6"}},
	/* where containers find docker-proxy */
	{"at all addresses of each family, or of both by itself",
	 "port_whitelist: { 80: web, 81: web }\n",
	 {"w web br-x,10.1.0.2,fd00::2 0.0.0.0|80|80/tcp ::|80|80/tcp |81|81/tcp",
	  "v web br-x,10.1.0.3,- 192.0.2.1|80|80/tcp"},
	 {"proxied_ports tcp . 80 \"web\"", "proxied_ports tcp . 81 \"web\"", "!proxied4",
	  "!proxied6"}},
	{"at all addresses of one family, and at one of the other",
	 "port_whitelist: { 80: web, 81: web, 82: web }\n",
	 {"w web br-x,10.1.0.2,fd00::2 0.0.0.0|80|80/tcp 192.0.2.1|80|80/tcp 2001:db8::1|80|80/tcp "
	  "::|81|81/tcp 127.0.0.1|82|82/tcp ::1|82|82/tcp"},
	 {"proxied4 tcp . 80 . 0.0.0.0 - tcp . 80 . 255.255.255.255 \"web\"",
	  "proxied6 tcp . 80 . 2001:db8::1 \"web\"", "!proxied4 tcp . 80 . 192.0.2.1",
	  "proxied6 tcp . 81 . :: - tcp . 81 . ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff \"web\"",
	  "!proxied4 tcp . 81", "!proxied_ports", "!proxied4 tcp . 82", "!proxied6 tcp . 82"}},
	{"at some addresses, by two containers of a pod",
	 "port_whitelist: { 80: web }\n",
	 {"w web br-x,10.1.0.2,- 192.0.2.1|80|80/tcp 192.0.2.2|80|80/tcp",
	  "v web br-x,10.1.0.3,- 192.0.2.1|80|80/tcp"},
	 {"proxied4 tcp . 80 . 192.0.2.1 \"web\"", "proxied4 tcp . 80 . 192.0.2.2 \"web\"",
	  "!proxied_ports", "!proxied6"}},
	{"not while another pod publishes the port",
	 "port_whitelist: { 80: web }\n",
	 {"w web br-x,10.1.0.2,- 192.0.2.1|80|80/tcp",
	  "r rogue br-x,10.1.0.3,- 192.0.2.2|80|80/tcp"},
	 {"!proxied"}},
	{"sources within others are left out",
	 "port_whitelist: { 80: { pod: web, from: [10.0.0.0/8, 10.1.0.0/16, 10.0.0.0/8, 192.0.2.1] "
	 "} }\n",
	 {NULL},
	 {"port_whitelist_from4 tcp . 80 . 10.0.0.0 - tcp . 80 . 10.255.255.255 \"web\"",
	  "port_whitelist_from4 tcp . 80 . 192.0.2.1 \"web\"", "!10.1.0.0"}},

	/* private ports */
	{"on the loopback: private, its pod's users",
	 "pods: { web: { users: [bob] } }\n",
	 {"w web br-x,10.1.0.2,- 127.0.0.1|8080|80/tcp"},
	 {"private_ports tcp . 8080 \"web\"", "port_uids tcp . 8080 . 1234 \"web: bob\"",
	  "published_ports tcp . 8080 \"web\"", "!published4"}},
	{"of IPv6 too",
	 "{}\n",
	 {"w web br-x,10.1.0.2,- ::1|8080|80/tcp"},
	 {"private_ports tcp . 8080 \"web\"", "!port_uids"}},
	{"host_users: pod, but another pod has the port",
	 "port_whitelist: { 8080: { pod: web, host_users: pod } }\npods: { web: { users: [bob] } "
	 "}\n",
	 {"r rogue br-x,10.1.0.3,- |8080|80/tcp"},
	 {"private_ports tcp . 8080 \"web\"", "!port_uids", "!port_whitelist"}},

	{"a loopback port of IPv6 in a pod without users, and one that is not",
	 "pods: { web: {} }\n",
	 {"w web br-x,10.1.0.2,- ::1|8080|80/tcp 2001:db8::1|8081|80/tcp"},
	 {"private_ports tcp . 8080 \"web\"", "!port_uids", "!private_ports tcp . 8081"}},

	/* SCTP: nobody can allow it, so it is only closed */
	{"over SCTP, beside the whitelist's port of the same number",
	 "port_whitelist: { 80: web }\npods: { web: { users: [bob] } }\n",
	 {"w web br-x,10.1.0.2,fd00::2 |80|80/sctp |80|80/tcp"},
	 {"published_ports sctp . 80 \"web\"", "published_ports tcp . 80 \"web\"",
	  "port_whitelist tcp . 80 \"web\"", "!port_whitelist sctp", "!proxied_ports sctp",
	  "published4 10.1.0.2 . tcp . 80 \"web: host port 80\"", "!. sctp . 80",
	  "!private_ports"}},
	{"over SCTP, by another pod: takes nothing from the whitelist's port",
	 "port_whitelist: { 80: web, 80/udp: web }\n",
	 {"w web br-x,10.1.0.2,- |80|80/tcp", "r rogue br-x,10.1.0.3,- |80|80/sctp"},
	 {"published_ports sctp . 80 \"rogue\"", "port_whitelist tcp . 80 \"web\"",
	  "port_whitelist udp . 80 \"web\"", "proxied_ports tcp . 80 \"web\"", "!sctp . 80 \"web",
	  "!published4 10.1.0.3"}},
	{"over SCTP, on the loopback: private",
	 "pods: { web: { users: [bob] } }\n",
	 {"w web br-x,10.1.0.2,- 127.0.0.1|9000|9000/sctp"},
	 {"private_ports sctp . 9000 \"web\"", "port_uids sctp . 9000 . 1234 \"web: bob\"",
	  "published_ports sctp . 9000 \"web\"", "!published4"}},

	/* interfaces */
	{"patterns within others are left out, and so are doubles",
	 "guard: { container_interfaces: [br-x1, \"br-x*\", \"br-*\", docker0, docker0, \"br-*\"], "
	 "exempt_interfaces: [br-x7] }\n",
	 {NULL},
	 {"container_ifaces br-*", "container_ifaces docker0", "!container_ifaces br-x",
	  "exempt_ifaces br-x7"}},

	/* host ports and rates */
	{"ranges that only become long together",
	 "pods: { web: { host_ports: [1-1024, 1000-2000] } }\n",
	 {"w web br-x,10.1.0.2,-"},
	 {"pod_host_ports4 10.1.0.2 . tcp . 1 \"web\"",
	  "pod_host_ports4 10.1.0.2 . tcp . 2000 \"web\"",
	  "!pod_host_ports4 10.1.0.2 . tcp . 2001"}},
	{"a rate of more than the kernel's clock has ticks, and a burst of more than it counts",
	 "guard: { host_rate: 4000000000/second burst 3 }\n"
	 "pods: { web: { host_rate: 1/day burst 4000000000 } }\n",
	 {"a a br-x,10.1.0.2,-", "w web br-x,10.1.0.3,-"},
	 {"limit a 4000000000/1 burst 3", "limit web 1/86400 burst 213503"}},
	{"overlapping host ports become one",
	 "guard: { host_ports: [53/udp, 50-60/udp, 61/udp, 80] }\n",
	 {NULL},
	 {"host_ports udp . 50 - udp . 61", "host_ports tcp . 80", "!host_ports udp . 53"}},
	{"a pod's range is written out",
	 "pods: { web: { host_ports: [10-12] } }\n",
	 {"w web br-x,10.1.0.2,-"},
	 {"pod_host_ports4 10.1.0.2 . tcp . 10 \"web\"",
	  "pod_host_ports4 10.1.0.2 . tcp . 12 \"web\"", "!pod_host_ports4 10.1.0.2 . tcp . 13"}},
	{"everybody's rate, one limit for a pod",
	 "guard: { host_rate: 100/minute burst 7 }\npods: { web: { host_rate: 1/second } }\n",
	 {"a log br-x,10.1.0.2,-", "b log br-x,10.1.0.3,-", "w web br-x,10.1.0.4,-"},
	 {"pod_rate4 10.1.0.2 : pod_log", "pod_rate4 10.1.0.3 : pod_log",
	  "pod_rate4 10.1.0.4 : web", "limit pod_log 100/60 burst 7", "limit web 1/1 burst 5"}},

	/* container to container */
	{"containers of one pod",
	 "{}\n",
	 {"a p br-x,10.1.0.2,-", "b p br-y,10.2.0.2,fd00::2"},
	 {"links_any4 10.1.0.2 . 10.2.0.2 \"p\"", "links_any4 10.2.0.2 . 10.1.0.2 \"p\"",
	  "!links_any6", "!links4"}},
	{"other pods are apart",
	 "{}\n",
	 {"a p br-x,10.1.0.2,-", "b q br-x,10.1.0.3,-"},
	 {"!links"}},
	{"pod_to_pod: allow",
	 "guard: { pod_to_pod: allow }\n",
	 {"a p br-x,10.1.0.2,-", "b q br-x,10.1.0.3,-"},
	 {"open4 10.1.0.2 \"p\"", "open4 10.1.0.3 \"q\"", "!links", "!open6"}},
	{"deny: only links are open",
	 "{}\n",
	 {"a p br-x,10.1.0.2,-"},
	 {"!open4", "!denied_silently"}},
	{"host users get no answer",
	 "guard: { deny_host_users_with: drop }\n",
	 {NULL},
	 {"denied_silently tcp", "denied_silently udp", "denied_silently sctp"}},
	{"direct ports",
	 "pods: { web: { direct_ports: [443/tcp] } }\n",
	 {"w web br-x,10.1.0.2,fd00::2"},
	 {"direct4 10.1.0.2 . tcp . 443 \"web\"", "direct6 fd00::2 . tcp . 443 \"web\""}},

	/* egress */
	{"prefixes side by side, over both protocols, and one twice",
	 "pods: { web: { egress: [\"10.0.0.0/9:53/udp\", \"10.128.0.0/9:53/udp\", "
	 "\"10.0.0.0/9:53/tcp\", \"10.0.0.0/9:53/udp\", \"10.0.0.0/16:1-65535/tcp\"] } }\n",
	 {"w web br-x,10.1.0.2,-", "v web br-x,10.1.0.3,-"},
	 {"egress4 10.1.0.2 . 10.0.0.0 . udp . 53 - 10.1.0.2 . 10.127.255.255 . udp . 53 \"web\"",
	  "egress4 10.1.0.3 . 10.128.0.0 . udp . 53 - 10.1.0.3 . 10.255.255.255 . udp . 53 \"web\"",
	  "egress4 10.1.0.3 . 10.0.0.0 . tcp . 53 - 10.1.0.3 . 10.127.255.255 . tcp . 53 \"web\"",
	  "egress4 10.1.0.2 . 10.0.0.0 . tcp . 1 - 10.1.0.2 . 10.0.255.255 . tcp . 52 \"web\"",
	  "egress4 10.1.0.2 . 10.0.0.0 . tcp . 54 - 10.1.0.2 . 10.0.255.255 . tcp . 65535 "
	  "\"web\"",
	  "!10.0.0.0 . tcp . 53 - 10.1.0.2 . 10.0.255.255"}},
	{"none at all",
	 "pods: { web: { egress: [] } }\n",
	 {"w web br-x,10.1.0.2,fd00::2"},
	 {"egress_limited4 10.1.0.2 \"web\"", "egress_limited6 fd00::2 \"web\"", "!egress4",
	  "!egress6"}},
	{"not limited", "pods: { web: {} }\n", {"w web br-x,10.1.0.2,-"}, {"!egress"}},
	{"a list, made disjoint",
	 "pods: { web: { egress: [\"0.0.0.0/0:400-500/tcp\", \"10.0.0.0/8:443/tcp\", "
	 "\"10.0.0.0/8:500-501/tcp\", \"[2001:db8::/32]:25/tcp\"] } }\n",
	 {"w web br-x,10.1.0.2,fd00::2"},
	 {"egress4 10.1.0.2 . 0.0.0.0 . tcp . 400 - 10.1.0.2 . 255.255.255.255 . tcp . 500 \"web\"",
	  "egress4 10.1.0.2 . 10.0.0.0 . tcp . 501 - 10.1.0.2 . 10.255.255.255 . tcp . 501 \"web\"",
	  "!tcp . 443",
	  "egress6 fd00::2 . 2001:db8:: . tcp . 25 - fd00::2 . "
	  "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff . tcp . 25 \"web\""}},
};

static bool has_line(const char *text, const char *line, bool whole)
{
	size_t n = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++) {
		if (!whole || ((at == text || at[-1] == '\n') && at[n] == '\n'))
			return true;
	}
	return false;
}

static void test_small(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(smalls); i++) {
		const struct small *t = &smalls[i];
		_cleanup_free_ char *text = make_text(t->yaml, t->members);

		for (size_t j = 0; j < ARRAY_SIZE(t->want) && t->want[j]; j++) {
			bool not = t->want[j][0] == '!';

			if (has_line(text, t->want[j] + not, !not ) == not )
				fail_msg("%s: %s in:\n%s", t->name, t->want[j], text);
		}
	}
}

/* A container that was only created takes no port from another pod, one that is being started does.
 */
static void test_created(void **state)
{
	static const char *const lines[] = {"w web br-x,10.1.0.2,- |80|80/tcp",
					    "r rogue |80|80/tcp", NULL};
	_cleanup_(settings_freep)
	struct settings *s = settings_make("port_whitelist: { 80: web }\n");
	_cleanup_(model_freep)
	struct model *m = model_make(lines);
	_cleanup_(elements_freep)
	struct elements *before = NULL, *after = NULL;
	struct addr a;

	(void)state;
	model_find(m, "r")->running = false;
	before = model_elements(s, NULL, m);
	assert_int_equal(before->n[SET_PORT_WHITELIST], 1);

	assert_true(addr_parse("10.1.0.3", &a));
	ARRAY_PUSH(model_find(m, "r")->addresses, model_find(m, "r")->n_addresses) =
		(struct member_address){.bridge = "br-x", .ip4 = a};
	after = model_elements(s, NULL, m);
	assert_int_equal(after->n[SET_PORT_WHITELIST], 0);
}

/* One that has stopped holds its ports, from the world and not from those who have them now. */
static void test_held(void **state)
{
	static const char *const lines[] = {"a app br-x,10.1.0.2,- |81|80/tcp 127.0.0.1|82|80/tcp",
					    "r rogue |80|80/tcp |83|80/sctp",
					    "w web br-x,10.1.0.4,- |80|80/tcp", "x web |80|80/tcp",
					    NULL};
	_cleanup_(settings_freep)
	struct settings *s = settings_make("port_whitelist: { 80: web }\n");
	_cleanup_(model_freep)
	struct model *m = model_make(lines);
	_cleanup_(elements_freep)
	struct elements *running = model_elements(s, NULL, m), *none = NULL, *held = NULL;
	_cleanup_(elements_freep)
	struct elements *one = NULL;

	(void)state;
	model_find(m, "r")->running = model_find(m, "x")->running = false;
	assert_true(member_clear(model_find(m, "a"), NULL, 1));
	held = model_elements(s, NULL, m);
	assert_int_equal(running->n[SET_PUBLISHED_PORTS], 4);
	assert_int_equal(held->n[SET_PUBLISHED_PORTS], 4);
	assert_int_equal(held->n[SET_PRIVATE_PORTS], 1);
	assert_int_equal(held->n[SET_PORT_WHITELIST], 1);

	/* nor does it open to containers what its pod has at one address only */
	assert_true(addr_parse("192.0.2.1", &model_find(m, "w")->ports[0].host_ip));
	one = model_elements(s, NULL, m);
	assert_int_equal(running->n[SET_PROXIED_PORTS], 0);
	assert_int_equal(held->n[SET_PROXIED_PORTS], 1);
	assert_int_equal(one->n[SET_PROXIED_PORTS], 0);
	assert_int_equal(one->n[SET_PROXIED4], 1);
	model_find(m, "w")->ports[0].host_ip = (struct addr){0};

	/* what a service of the host has is not held */
	model_find(m, "a")->ports[0].taken = model_find(m, "a")->ports[1].taken = true;
	none = model_elements(s, NULL, m);
	assert_int_equal(none->n[SET_PUBLISHED_PORTS], 2);
	assert_int_equal(none->n[SET_PORT_WHITELIST], 1);
	assert_int_equal(none->n[SET_PROXIED_PORTS], 1);
	assert_int_equal(none->n[SET_PRIVATE_PORTS], 0);
}

/* A container that does not run closes to users of the host only what nobody publishes now. */
static void test_held_loopback(void **state)
{
	static const char *const lines[] = {"c idle 127.0.0.1|80|80/tcp 127.0.0.1|81|80/tcp",
					    "w web br-x,10.1.0.4,- |80|80/tcp", NULL};
	_cleanup_(settings_freep)
	struct settings *s = settings_make("port_whitelist: { 80: web }\n");
	_cleanup_(model_freep)
	struct model *m = model_make(lines);
	_cleanup_(elements_freep)
	struct elements *e = NULL;
	_cleanup_free_ char *text = NULL;

	(void)state;
	model_find(m, "c")->running = false;
	e = model_elements(s, NULL, m);
	text = elements_text(e);
	assert_int_equal(e->n[SET_PRIVATE_PORTS], 1);
	assert_true(has_line(text, "private_ports tcp . 81", false));
	assert_int_equal(e->n[SET_PROXIED_PORTS], 1);
}

/* A port of one that is being started that is only guessed is held, and no more. */
static void test_guessed(void **state)
{
	static const char *const lines[] = {"g guess br-x,10.1.0.2,- |80|80/tcp |81|80/tcp",
					    "w web br-x,10.1.0.4,- |80|80/tcp", NULL};
	_cleanup_(settings_freep)
	struct settings *s = settings_make("port_whitelist: { 80: web, 81: guess }\n");
	_cleanup_(model_freep)
	struct model *m = model_make(lines);
	_cleanup_(elements_freep)
	struct elements *e = NULL;

	(void)state;
	model_find(m, "g")->ports[0].port = model_find(m, "g")->ports[1].port = 0;
	e = model_elements(s, NULL, m);
	assert_int_equal(e->n[SET_PORT_WHITELIST], 2);
	assert_int_equal(e->n[SET_PUBLISHED4], 1);
	assert_int_equal(e->n[SET_PROXIED_PORTS], 1);
}

static void test_clear(void **state)
{
	static const char *const lines[] = {"a app br-x,10.1.0.2,- br-y,10.2.0.2,-", NULL};
	_cleanup_(model_freep)
	struct model *m = model_make(lines);
	struct member *a = model_find(m, "a");

	(void)state;
	assert_true(member_clear(a, "br-y", 1));
	assert_false(member_clear(a, "br-y", 2));
	assert_int_equal(a->n_addresses, 1);
	a->running = false;
	assert_true(member_clear(a, NULL, 3));
	assert_false(member_clear(a, NULL, 4));
	assert_int_equal(a->seen, 4);
}

static void test_publishes(void **state)
{
	static const char *const lines[] = {"a app |81|80/tcp |80|80/udp", "b app |80|80/tcp",
					    "c app br-x,10.1.0.2,- |82|80/tcp |83|80/tcp", NULL};
	_cleanup_(model_freep)
	struct model *m = model_make(lines);

	(void)state;
	model_find(m, "b")->running = model_find(m, "c")->running = false;
	model_find(m, "c")->ports[1].port = 0;
	assert_true(model_publishes(m, "b", IPPROTO_TCP, 81));
	assert_false(model_publishes(m, "a", IPPROTO_TCP, 81));
	assert_false(model_publishes(m, "c", IPPROTO_TCP, 80));
	assert_true(model_publishes(m, "a", IPPROTO_TCP, 82));
	assert_false(model_publishes(m, "a", IPPROTO_TCP, 83));
}

static void test_bridge_table(void **state)
{
	static const char *const lines[] = {"w web br-x,10.1.0.2,fd88::2", NULL};
	_cleanup_(settings_freep)
	struct settings *s = settings_make("{}\n");
	_cleanup_(model_freep)
	struct model *m = model_make(lines);
	_cleanup_(elements_freep)
	struct elements *none = model_elements(s, NULL, m), *e = NULL;
	_cleanup_free_ char *text = NULL;
	struct member_address *a = &m->members[0].addresses[0];

	(void)state;
	assert_int_equal(none->n[SET_BRIDGE_PORTS], 0);
	snprintf(a->veth, sizeof(a->veth), "vweb");
	a->has_mac = mac_parse("02:00:00:00:00:02", a->mac);
	assert_true(a->has_mac);
	strv_add(&m->ports, "vnew");
	strv_add(&m->ports, "vweb");
	e = model_elements(s, NULL, m);
	text = elements_text(e);
	assert_non_null(strstr(text,
			       "\nports vnew\nports vweb \"web\"\n"
			       "macs vweb . 02:00:00:00:00:02 \"web\"\n"
			       "addresses4 vweb . 02:00:00:00:00:02 . 10.1.0.2 \"web\"\n"
			       "addresses6 vweb . 02:00:00:00:00:02 . fd88::2 \"web\"\n"
			       "addresses6 vweb . 02:00:00:00:00:02 . fe80::ff:fe00:2 \"web\"\n"
			       "targets6 vweb . 02:00:00:00:00:02 . fd88::2 \"web\"\n"
			       "targets6 vweb . 02:00:00:00:00:02 . fe80::ff:fe00:2 \"web\"\n"));
}

/* Binding without a port of the host yet, and addresses of no family. */
static void test_half_known(void **state)
{
	static const char *const lines[] = {"w web br-x,10.1.0.2,- |80|80/tcp", NULL};
	_cleanup_(settings_freep)
	struct settings *s = settings_make("port_whitelist: { 80: web }\n"
					   "pods: { web: { users: [bob] } }\n");
	_cleanup_(model_freep)
	struct model *m = model_make(lines);
	_cleanup_(elements_freep)
	struct elements *e = NULL;
	/* of other settings: nobody is anybody */
	struct people people = {0};

	(void)state;
	m->members[0].ports[0].host_port = 0;
	e = model_elements(s, &people, m);
	assert_int_equal(e->n[SET_MEMBERS4], 1);
	assert_int_equal(e->n[SET_PUBLISHED4], 0);
	assert_int_equal(e->n[SET_PROXIED_PORTS], 0);
	assert_int_equal(e->n[SET_POD_UIDS4], 0);
	elements_free(take_ptr(e));

	m->members[0].ports[0].host_port = 80;
	assert_true(addr_parse("127.0.0.1", &m->members[0].ports[0].host_ip));
	e = model_elements(s, &people, m);
	assert_int_equal(e->n[SET_PRIVATE_PORTS], 1);
	assert_int_equal(e->n[SET_PORT_UIDS], 0);
	assert_int_equal(e->n[SET_PUBLISHED4], 0);
	elements_free(take_ptr(e));

	e = model_elements(s, NULL, m);
	assert_int_equal(e->n[SET_PORT_UIDS], 0);
}

/* Adds members of one pod, each with one address of its own. */
static void add_crowd(struct model *m, const char *pod, unsigned n, uint8_t net, bool six)
{
	for (unsigned i = 0; i < n; i++) {
		struct member member = {.running = true,
					.id = xasprintf("%s%u%s", pod, i, six ? "six" : ""),
					.name = xasprintf("%s.%u", pod, i),
					.pod = xstrdup(pod)};
		struct member_address a = {.bridge = "br-x"};

		if (six)
			a.ip6 = (struct addr){
				.family = AF_INET6,
				.bytes = {0xfd, net, 0, 0, (uint8_t)(i >> 8), (uint8_t)i, 1}};
		else
			a.ip4 = (struct addr){.family = AF_INET,
					      .bytes = {10, net, (uint8_t)(i >> 8), (uint8_t)i}};
		ARRAY_PUSH(member.addresses, member.n_addresses) = a;
		model_put(m, &member);
	}
}

/* Pairs grow with the square of a pod: where they are too many there are none, and a word of it. */
static void test_crowds(void **state)
{
	static const struct {
		const char *name, *yaml;
		unsigned web, web6, db;
		size_t any, ports; /* elements of links_any and links */
		const char *warning;
	} table[] = {
		{"all that fit", "{}\n", 256, 0, 1, (size_t)256 * 255, 0, NULL},
		{"one more", "{}\n", 257, 0, 1, 0, 0,
		 "containers of pod web may not reach each other: 257 addresses are too many for "
		 "the table"},
		{"families apart", "{}\n", 180, 180, 1, (size_t)2 * 180 * 179, 0, NULL},
		{"both together", "{}\n", 200, 200, 1, 0, 0,
		 "containers of pod web may not reach each other: 400 addresses are too many for "
		 "the table"},
		{"to another pod, by port", "pods: { web: { connect_to: { db: [1-1024] } } }\n", 8,
		 0, 8, (size_t)2 * 8 * 7, (size_t)8 * 8 * 1024, NULL},
		{"one port too many", "pods: { web: { connect_to: { db: [1-1024, 2000] } } }\n", 8,
		 0, 8, (size_t)2 * 8 * 7, 0,
		 "pod web may not reach pod db: 8 and 8 addresses are too many for the table"},
		{"any port", "pods: { web: { connect_to: { db: any, no: any, web: any } } }\n", 3,
		 1, 2, (size_t)3 * 2 + 2 + 3 * 2, 0, NULL},
		{"everybody to everybody", "guard: { pod_to_pod: allow }\n", 300, 0, 1, 0, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_(settings_freep)
		struct settings *s = settings_make(table[i].yaml);
		_cleanup_(model_freep)
		struct model *m = model_new();
		_cleanup_(elements_freep)
		struct elements *e = NULL;
		_cleanup_(strv_done)
		struct strv warnings = {0};

		add_crowd(m, "web", table[i].web, 1, false);
		add_crowd(m, "web", table[i].web6, 1, true);
		add_crowd(m, "db", table[i].db, 2, false);
		e = model_elements(s, NULL, m);
		model_warnings(s, m, &warnings);
		if (e->n[SET_LINKS_ANY4] + e->n[SET_LINKS_ANY6] != table[i].any ||
		    e->n[SET_LINKS4] != table[i].ports)
			fail_msg("%s: %zu and %zu pairs", table[i].name,
				 e->n[SET_LINKS_ANY4] + e->n[SET_LINKS_ANY6], e->n[SET_LINKS4]);
		/* they are members all the same */
		assert_int_equal(e->n[SET_MEMBERS4], table[i].web + table[i].db);
		if (warnings.n != (table[i].warning != NULL))
			fail_msg("%s: %zu warnings", table[i].name, warnings.n);
		if (table[i].warning)
			assert_string_equal(warnings.items[0], table[i].warning);
	}
}

static const char *get(void *userdata, const char *label)
{
	const char *const *pairs = userdata;

	for (; *pairs; pairs += 2) {
		if (streq(pairs[0], label))
			return pairs[1];
	}
	return NULL;
}

static void test_pod_name(void **state)
{
	static const struct {
		const char *yaml, *name;
		const char *labels[7];
		const char *want;
		bool ours;
	} table[] = {
		{"{}", "web.app", {"podctl.pod", "web"}, "web", true},
		{"{}",
		 "web.x",
		 {"podctl.pod", "web", "com.docker.compose.project", "c"},
		 "web",
		 true},
		/* a label that an image brought along */
		{"{}", "x", {"podctl.pod", "web"}, "x", false},
		{"{}", "website", {"podctl.pod", "web"}, "website", false},
		{"{}",
		 "x",
		 {"podctl.pod", "no good", "com.docker.compose.project", "c"},
		 "c",
		 false},
		{"{}", "x", {"podctl.pod", "", "com.docker.compose.project", "../x"}, "x", false},
		{"{}", "a.b", {NULL}, "a_b", false},
		{"{}", "aZ-0_9{[`@/:", {NULL}, "aZ-0_9______", false},
		{"{}", "{y", {NULL}, "xy", false},
		{"{}", "-.", {NULL}, "x_", false},
		{"{}", "", {NULL}, "unnamed", false},
		{"other_containers: { pod_label: l }",
		 "x",
		 {"l", "p", "com.docker.compose.project", "c"},
		 "p",
		 false},
		/* a project of which the configuration speaks: only by compose's names */
		{"pods: { c: {} }", "x", {"com.docker.compose.project", "c"}, "x", false},
		{"pods: { c: {} }", "cc", {"com.docker.compose.project", "c"}, "cc", false},
		{"pods: { c: {} }", "c", {"com.docker.compose.project", "c"}, "c", false},
		{"pods: { c: {} }", "c-db-1", {"com.docker.compose.project", "c"}, "c", false},
		{"pods: { c: {} }", "c_db_1", {"com.docker.compose.project", "c"}, "c", false},
		{"pods: { c: {} }", "c.db", {"com.docker.compose.project", "c"}, "c", false},
		{"pods: { d: {} }", "x", {"com.docker.compose.project", "c"}, "c", false},
		{"port_whitelist: { 80: d, 81: c }",
		 "x",
		 {"com.docker.compose.project", "c"},
		 "x",
		 false},
		{"pods: { a: {}, d: { connect_to: { e: [80], c: [80] } } }",
		 "x",
		 {"com.docker.compose.project", "c"},
		 "x",
		 false},
		/* who chooses a label says by it who is what */
		{"other_containers: { pod_label: l }\npods: { p: {} }",
		 "x",
		 {"l", "p", "com.docker.compose.project", "c"},
		 "p",
		 false},
		{"other_containers: { guard: false }",
		 "x",
		 {"com.docker.compose.project", "c"},
		 NULL,
		 false},
		{"other_containers: { guard: false }", "web", {"podctl.pod", "web"}, "web", true},
		{"other_containers: { guard: false }", "x", {"podctl.pod", "web"}, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_(settings_freep)
		struct settings *s = settings_make(table[i].yaml);
		_cleanup_free_ char *pod = NULL;
		bool ours;

		pod = model_pod_name(s, table[i].name, get, (void *)(uintptr_t)table[i].labels,
				     &ours);
		if (!table[i].want)
			assert_null(pod);
		else
			assert_string_equal(pod, table[i].want);
		assert_int_equal(ours, table[i].ours);
	}
}

static void put_named(struct model *m, const char *id, const char *pod, bool ours)
{
	struct member member = {
		.id = xstrdup(id), .name = xstrdup(id), .pod = xstrdup(pod), .ours = ours};

	member.yields = !ours;
	model_put(m, &member);
}

/* Whoever was first, and when one goes. */
static void test_kept_apart(void **state)
{
	static const char *const lines[] = {"a acct", "b acct", "c own", "d -", NULL};
	_cleanup_(model_freep)
	struct model *m = model_make(lines);

	(void)state;
	/* as the configuration says: b is of the pod whoever else is */
	m->members[0].yields = m->members[2].yields = m->members[3].yields = true;
	/* nobody's, from a state file */
	m->members[3].ours = true;
	model_keep_apart(m);
	assert_string_equal(m->members[0].pod, "acct");
	model_settle(m);

	put_named(m, "p", "acct", true);
	model_keep_apart(m);
	assert_string_equal(m->members[0].pod, "acct/others");
	assert_string_equal(m->members[1].pod, "acct");
	assert_string_equal(m->members[2].pod, "own");
	assert_null(m->members[3].pod);
	assert_string_equal(model_find(m, "p")->pod, "acct");
	/* and that is a change, whose beginning is known */
	assert_int_equal(m->n_changes, 2);
	assert_string_equal(m->changes[1].before.pod, "acct");
	model_settle(m);

	/* one more of each; what has not changed is left alone */
	put_named(m, "e", "acct", false);
	put_named(m, "p.app", "acct", true);
	model_keep_apart(m);
	model_keep_apart(m);
	assert_string_equal(model_find(m, "e")->pod, "acct/others");
	assert_string_equal(m->members[0].pod, "acct/others");
	assert_int_equal(m->n_changes, 2);
	/* what is said again is no change; of one that is apart it has to be looked at */
	put_named(m, "p", "acct", true);
	assert_false(m->pods_changed);
	put_named(m, "e", "acct", false);
	assert_true(m->pods_changed);
	model_keep_apart(m);
	assert_string_equal(model_find(m, "e")->pod, "acct/others");
	model_remove(m, "p");
	model_keep_apart(m);
	assert_string_equal(m->members[0].pod, "acct/others");
	model_remove(m, "p.app");
	model_keep_apart(m);
	assert_string_equal(m->members[0].pod, "acct");
	assert_string_equal(model_find(m, "e")->pod, "acct");
}

/* No way between the two, and no limit that they share; among the others, all ways. */
static void test_apart_in_the_table(void **state)
{
	static const char *const lines[] = {"p acct br-x,10.1.0.2,-", "a acct br-x,10.1.0.3,-",
					    "b acct br-x,10.1.0.4,-", NULL};
	_cleanup_(settings_freep)
	struct settings *s = settings_make("guard: { host_rate: 5/second burst 5 }\n");
	_cleanup_(model_freep)
	struct model *m = model_make(lines);
	_cleanup_(elements_freep)
	struct elements *e = NULL;
	_cleanup_free_ char *text = NULL;

	(void)state;
	model_find(m, "p")->ours = true;
	model_find(m, "a")->yields = model_find(m, "b")->yields = true;
	model_keep_apart(m);
	e = model_elements(s, NULL, m);
	text = elements_text(e);
	assert_string_equal(text, "container_ifaces br-*\n"
				  "container_ifaces docker0\n"
				  "members4 br-x . 10.1.0.2 \"acct\"\n"
				  "members4 br-x . 10.1.0.3 \"acct/others\"\n"
				  "members4 br-x . 10.1.0.4 \"acct/others\"\n"
				  "pod_rate4 10.1.0.2 : acct\n"
				  "pod_rate4 10.1.0.3 : acct/others\n"
				  "pod_rate4 10.1.0.4 : acct/others\n"
				  "links_any4 10.1.0.3 . 10.1.0.4 \"acct/others\"\n"
				  "links_any4 10.1.0.4 . 10.1.0.3 \"acct/others\"\n"
				  "guarded4 10.1.0.2 \"acct\"\n"
				  "guarded4 10.1.0.3 \"acct/others\"\n"
				  "guarded4 10.1.0.4 \"acct/others\"\n"
				  "limit acct 5/1 burst 5\n"
				  "limit acct/others 5/1 burst 5\n");
}

static void test_valid_pods(void **state)
{
	static const struct {
		const char *pod;
		bool valid, apart;
	} table[] = {{"web", true, false},	  {"", false, false},
		     {"web/others", true, true},  {"web/other", false, true},
		     {"/others", false, true},	  {"web/others/others", false, true},
		     {"we.b/others", false, true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		assert_int_equal(model_pod_valid(table[i].pod), table[i].valid);
		assert_int_equal(model_pod_apart(table[i].pod), table[i].apart);
	}
}

static void test_limit_name(void **state)
{
	static const char *const table[][2] = {{"web", "web"},
					       {"log", "pod_log"},
					       {"tcp", "pod_tcp"},
					       {"1web", "pod_1web"},
					       {"xt", "pod_xt"},
					       {"accept", "pod_accept"},
					       {"pod_log", "pod_pod_log"},
					       {"Log", "Log"},
					       {"9", "pod_9"},
					       {"_", "_"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_free_ char *name = model_limit_name(table[i][0]);

		assert_string_equal(name, table[i][1]);
	}
}

static void test_members_sorted(void **state)
{
	static const char *const lines[] = {"c c", "a a", "b b", "a again", "d d", NULL};
	_cleanup_(model_freep)
	struct model *m = model_make(lines);

	(void)state;
	assert_int_equal(m->n_members, 4);
	assert_string_equal(model_find(m, "a")->pod, "again");
	model_remove(m, "b");
	model_remove(m, "nobody");
	assert_int_equal(m->n_members, 3);
	assert_null(model_find(m, "b"));
	assert_string_equal(model_find(m, "c")->pod, "c");
	assert_string_equal(model_find_joined(m, "d")->id, "d");
	assert_null(model_find_joined(m, "e"));
	/* by its name, and one that has none is nobody's */
	free(m->members[0].name);
	m->members[0].name = NULL;
	free(m->members[1].name);
	m->members[1].name = xstrdup("called");
	assert_ptr_equal(model_find_joined(m, "called"), &m->members[1]);
	/* places behind what is there, what was there, and the last */
	assert_int_equal(model_place_behind(m, "a"), 1);
	assert_int_equal(model_place_behind(m, "b"), 1);
	assert_int_equal(model_place_behind(m, "zz"), 3);
	model_free(NULL);
}

static void test_warnings(void **state)
{
	static const char *const lines[] = {
		"r rogue br-x,10.1.0.3,- |80|80/tcp |99|99/tcp",
		"o - br-x,10.1.0.4,-",
		"e e eth1,10.2.0.2,-",
		"a a br-x,10.1.0.9,-",
		"b b br-x,10.1.0.9,-",
		"h h",
		"m m",
		"q - |101|77/tcp",
		"r2 rogue |99|99/tcp |100|1/tcp |7|7/udp 127.0.0.1|98|98/tcp",
		"s stopped |81|81/tcp",
		"t stopped |80|80/tcp |82|82/tcp |83|83/sctp",
		"u - |99|99/tcp |99|99/udp",
		"web web |80|80/tcp |99|99/tcp |80|80/sctp",
		NULL};
	static const char *const want[] = {
		"10.1.0.9 is claimed by several containers: closed",
		"e on eth1: not guarded: guard.container_interfaces leaves it out",
		"o on br-x: closed: other_containers.guard is false, and the bridge is guarded",
		("host port 80/tcp is published by r, but port_whitelist gives it to pod web: "
		 "closed"),
		("host port 82/tcp is published by t (not running), but not on port_whitelist: "
		 "closed until it is removed"),
		"host port 99/tcp is published by r, but not on port_whitelist: closed",
		"host port 99/tcp is published by web, but not on port_whitelist: closed",
		"host port 7/udp is published by r2, but not on port_whitelist: closed",
		"host port 100/tcp is published by r2, but not on port_whitelist: closed",
		("host port 80/sctp is published by web, but port_whitelist can't allow SCTP: "
		 "closed"),
		("host port 83/sctp is published by t (not running), but port_whitelist can't "
		 "allow SCTP: closed until it is removed"),
		"h runs in the host's network: not guarded",
		"m: not guarded: macvlan"};
	_cleanup_(settings_freep)
	struct settings *s = settings_make("port_whitelist: { 80: web }\n");
	_cleanup_(model_freep)
	struct model *m = model_make(lines);
	_cleanup_(strv_done)
	struct strv list = {0};

	(void)state;
	model_find(m, "h")->host_network = true;
	model_find(m, "m")->unguarded = xstrdup("macvlan");
	model_find(m, "s")->running = false;
	model_find(m, "s")->ports[0].taken = true;
	model_find(m, "t")->running = false;
	/* just being started */
	model_find(m, "a")->running = false;
	model_warnings(s, m, &list);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		if (!strv_has(&list, want[i]))
			fail_msg("no word of: %s", want[i]);
	assert_int_equal(list.n, ARRAY_SIZE(want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference),      cmocka_unit_test(test_small),
		cmocka_unit_test(test_created),	       cmocka_unit_test(test_held),
		cmocka_unit_test(test_held_loopback),  cmocka_unit_test(test_guessed),
		cmocka_unit_test(test_publishes),      cmocka_unit_test(test_clear),
		cmocka_unit_test(test_bridge_table),   cmocka_unit_test(test_pod_name),
		cmocka_unit_test(test_kept_apart),     cmocka_unit_test(test_apart_in_the_table),
		cmocka_unit_test(test_valid_pods),     cmocka_unit_test(test_limit_name),
		cmocka_unit_test(test_members_sorted), cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_half_known),     cmocka_unit_test(test_crowds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
