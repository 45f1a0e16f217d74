/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain: the whole traffic matrix as a table, with the reasons and places that people read. */
#include "tests/unit/model_make.h"

#include "netguard/explain.h"
#include "netguard/explain_private.h"
#include "netguard/explain_rules.h"
#include "netguard/ruleset.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <setjmp.h>

#include <cmocka.h>

static const char config[] =
	"port_whitelist:\n"						  /* 1 */
	"  80: web\n"							  /* 2 */
	"  8080: { pod: web, host_users: pod }\n"			  /* 3 */
	"  8443: { pod: web, from: [192.0.2.0/24, \"2001:db8::/32\"] }\n" /* 4 */
	"  9000: web\n"							  /* 5 */
	"  8500-8509/udp: web\n"					  /* 6 */
	"guard:\n"							  /* 7 */
	"  exempt_interfaces: [br-lan]\n"				  /* 8 */
	"  allowed_users: [root, traefik]\n"				  /* 9 */
	"  host_ports: [53/udp, 5354/udp]\n"				  /* 10 */
	"pods:\n"							  /* 11 */
	"  web:\n"							  /* 12 */
	"    users: [bob]\n"						  /* 13 */
	"    host_ports: [5432/tcp, 6000-6009/tcp]\n"			  /* 14 */
	"    host_rate: 20/second burst 10\n"				  /* 15 */
	"    connect_to: { db: [5432/tcp], cache: any }\n"		  /* 16 */
	"    direct_ports: [443/tcp]\n"					  /* 17 */
	"  db:\n"							  /* 18 */
	"    egress: [\"198.51.100.0/24:443/tcp\", \"[2001:db8:1::/48]:25/tcp\"]\n"
	"  shut: { egress: [] }\n"; /* 20 */

static const char *const containers[] = {
	"web web br-pods,10.88.1.2,fd88::2 |80|80/tcp |8080|8080/tcp |8443|8443/tcp "
	"|8500|8500/udp",
	"db db br-pods,10.88.1.3,fd88::3",
	"db2 db br-pods,10.88.1.4,-",
	"cache cache br-pods,10.88.1.5,fd88::5",
	"rogue rogue br-pods,10.88.1.6,- |9999|80/tcp",
	"thief rogue2 br-pods,10.88.1.7,- |9000|80/tcp",
	"local local br-pods,10.88.1.8,- 127.0.0.1|8081|80/tcp",
	"shut shut br-pods,10.88.1.9,fd88::9",
	"closed - br-pods,10.88.1.10,-",
	"twin1 twin br-pods,10.88.1.11,-",
	"twin2 twin2 br-pods,10.88.1.11,-",
	"lan lan br-lan,10.99.0.2,-",
	"far far br-far,10.77.0.2,-",
	NULL,
};

static const struct {
	const char *prefix, *ifname;
} locals[] = {
	{"127.0.0.1/8", "lo"},		 {"::1/128", "lo"},	      {"192.0.2.10/24", "eth0"},
	{"2001:db8:0:1::10/64", "eth0"}, {"10.88.1.1/24", "br-pods"}, {"fd88::1/64", "br-pods"},
	{"fe80::1/64", "br-pods"},	 {"10.99.0.1/24", "br-lan"},  {"10.77.0.1/24", "br-far"},
};

struct fixture {
	struct settings *settings;
	struct people people;
	struct model *model;
	struct elements *elements;
	struct explain_local locals[ARRAY_SIZE(locals)];
	struct explain_context x;
};

static void fill(struct fixture *f, const char *yaml, const char *const *lines)
{
	f->settings = settings_make(yaml);
	people_make(f->settings, &f->people);
	f->model = model_make(lines);
	for (size_t i = 0; i < f->model->n_members; i++) {
		struct member *m = &f->model->members[i];

		/* as the daemon finds them: the bridge table holds for all of them */
		for (size_t j = 0; j < m->n_addresses; j++) {
			snprintf(m->addresses[j].veth, IF_NAMESIZE, "v%u.%u", (unsigned)(i % 1000),
				 (unsigned)(j % 10));
			m->addresses[j].mac[5] = (uint8_t)i;
			m->addresses[j].has_mac = true;
		}
	}
	f->elements = model_elements(f->settings, &f->people, f->model);
	for (size_t i = 0; i < ARRAY_SIZE(locals); i++) {
		struct explain_local *l = &f->locals[i];
		char text[64], *slash;

		snprintf(text, sizeof(text), "%s", locals[i].prefix);
		slash = strchr(text, '/');
		*slash = '\0';
		assert_true(addr_parse(text, &l->addr));
		l->len = (unsigned)strtoul(slash + 1, NULL, 10);
		snprintf(l->ifname, sizeof(l->ifname), "%s", locals[i].ifname);
	}
	f->x = (struct explain_context){.settings = f->settings,
					.people = &f->people,
					.model = f->model,
					.elements = f->elements,
					.locals = f->locals,
					.n_locals = ARRAY_SIZE(locals)};
}

static void empty(struct fixture *f)
{
	elements_free(f->elements);
	model_free(f->model);
	people_done(&f->people);
	settings_free(f->settings);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	fill(f, config, containers);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	empty(*state);
	free(*state);
	return 0;
}

struct flow {
	const char *from, *to;
	/* "accept", or what counts the denial */
	const char *verdict;
	const char *key; /* NULL: none */
	unsigned line;
	const char *change; /* NULL: none */
};

static const struct flow matrix[] = {
	/* host user in allowed_users -> any container, any port */
	{"user:traefik", "pod:web:7000", "accept", "guard.allowed_users", 9, NULL},
	{"user:traefik", "pod:db:7000/udp", "accept", "guard.allowed_users", 9, NULL},
	{"host", "pod:web:7000", "accept", "guard.allowed_users", 9, NULL},
	{"user:0", "pod:rogue:1", "accept", "guard.allowed_users", 9, NULL},
	{"user:traefik", "pod:web/icmp", "accept", "guard.allowed_users", 9, NULL},
	/* host user of the pod -> its pod, another pod */
	{"user:bob", "pod:web:7000", "accept", "pods.web.users", 13, NULL},
	{"user:bob", "10.88.1.2:7000/udp", "accept", "pods.web.users", 13, NULL},
	{"user:bob", "[fd88::2]:7000/tcp", "accept", "pods.web.users", 13, NULL},
	{"user:bob", "pod:db:7000", "host_to_container", "pods.db.users", 18, "write users: [bob]"},
	/* any other host user -> a container's address */
	{"user:1235", "pod:web:7000", "host_to_container", "pods.web.users", 13, "add 1235"},
	{"user:1235", "container:web:80/udp", "host_to_container", "pods.web.users", 13,
	 "add 1235"},
	{"user:1235", "pod:web/icmp", "host_to_container", "pods.web.users", 13, "add 1235"},
	/* any other host user -> a published port */
	{"user:1235", "host:80", "accept", "port_whitelist.80", 2, NULL},
	{"user:1235", "127.0.0.1:80", "accept", "port_whitelist.80", 2, NULL},
	{"user:1235", "[::1]:80", "accept", "port_whitelist.80", 2, NULL},
	{"user:1235", "host:8080", "host_to_container", "pods.web.users", 13, "add 1235"},
	{"user:1235", "192.0.2.10:8080", "host_to_container", "pods.web.users", 13, "add 1235"},
	{"user:1235", "127.0.0.1:8081", "host_to_container", "pods.local.users", 11,
	 "write users: [1235]"},
	{"user:bob", "host:8080", "accept", "pods.web.users", 13, NULL},
	{"user:traefik", "host:8080", "accept", "guard.allowed_users", 9, NULL},
	{"user:1235", "host:22", "accept", NULL, 0, NULL},
	/* container -> a host port that is named, on any host address */
	{"pod:web", "host:5432", "accept", "pods.web.host_ports", 14, NULL},
	{"pod:web", "host:6005", "accept", "pods.web.host_ports", 14, NULL},
	{"pod:db", "host:5354/udp", "accept", "guard.host_ports", 10, NULL},
	{"pod:web", "192.0.2.10:5354/udp", "accept", "guard.host_ports", 10, NULL},
	/* container -> any other host port, broadcast, multicast, fe80:: */
	{"pod:web", "host:5433", "container_to_host", "pods.web.host_ports", 14, "add 5433/tcp"},
	{"pod:db", "10.88.1.1:5432", "container_to_host", "pods.db.host_ports", 18,
	 "write host_ports: [5432/tcp]"},
	{"pod:web", "10.88.1.255:5353/udp", "container_to_host", "pods.web.host_ports", 14,
	 "add 5353/udp"},
	{"pod:web", "255.255.255.255:5353/udp", "container_to_host", "pods.web.host_ports", 14,
	 "add 5353/udp"},
	{"pod:web", "224.0.0.251:5353/udp", "container_to_host", "pods.web.host_ports", 14,
	 "add 5353/udp"},
	{"pod:web", "10.88.1.255:5354/udp", "accept", "guard.host_ports", 10, NULL},
	{"pod:web", "[fe80::1]:5433", "container_to_host", "pods.web.host_ports", 14,
	 "add 5433/tcp"},
	{"pod:web", "host/icmp", "container_to_host", NULL, 0, NULL},
	/* container -> same pod */
	{"container:db", "container:db2:1", "accept", NULL, 0, NULL},
	{"pod:db", "pod:db:1", "accept", NULL, 0, NULL},
	{"pod:web", "pod:web:1", "accept", NULL, 0, NULL},
	/* container -> another pod, linked port, other */
	{"pod:web", "pod:db:5432", "accept", "pods.web.connect_to.db", 16, NULL},
	{"pod:web", "pod:cache:1/udp", "accept", "pods.web.connect_to.cache", 16, NULL},
	{"pod:web", "pod:cache/icmp", "accept", "pods.web.connect_to.cache", 16, NULL},
	{"pod:web", "pod:db:5433", "container_to_container", "pods.web.connect_to.db", 16,
	 "add db: [5433/tcp]"},
	{"pod:web", "pod:db/icmp", "container_to_container", "pods.web.connect_to.db", 16,
	 "add db: any"},
	{"pod:db", "pod:web:7000", "container_to_container", "pods.db.connect_to", 18,
	 "write connect_to: { web: [7000/tcp] }"},
	/* container -> another pod's whitelisted published port by the host's address */
	{"pod:db", "192.0.2.10:80", "accept", "port_whitelist.80", 2, NULL},
	{"container:far", "192.0.2.10:80", "accept", "port_whitelist.80", 2, NULL},
	{"pod:db", "192.0.2.10:9999", "world_to_container", "port_whitelist", 1,
	 "write 9999/tcp: rogue"},
	/* container -> world */
	{"pod:web", "world:443", "accept", "pods.web.egress", 12, NULL},
	{"pod:web", "world:198.51.100.7:443/tcp", "accept", "pods.web.egress", 12, NULL},
	{"pod:web", "world/icmp", "accept", "pods.web.egress", 12, NULL},
	{"pod:db", "world:198.51.100.7:443/tcp", "accept", "pods.db.egress", 19, NULL},
	{"pod:db", "world:198.51.100.7:80/tcp", "container_to_world", "pods.db.egress", 19,
	 "add \"198.51.100.7:80/tcp\""},
	{"pod:db", "world:198.51.101.7:443/tcp", "container_to_world", "pods.db.egress", 19,
	 "add \"198.51.101.7:443/tcp\""},
	{"pod:db", "world:[2001:db8:1::5]:25/tcp", "accept", "pods.db.egress", 19, NULL},
	{"pod:db", "world:[2001:db8:2::5]:25/tcp", "container_to_world", "pods.db.egress", 19,
	 "add \"[2001:db8:2::5]:25/tcp\""},
	{"pod:db", "world:198.51.100.7/icmp", "container_to_world", "pods.db.egress", 19,
	 "take the list away: it knows TCP and UDP only"},
	{"pod:shut", "world:198.51.100.7:443", "container_to_world", "pods.shut.egress", 20,
	 "add \"198.51.100.7:443/tcp\""},
	/* container with an address that is not its own */
	{"container:web@10.88.1.3", "pod:cache:1", "forged", NULL, 0, NULL},
	{"container:web@fd88::3", "host:5432", "forged", NULL, 0, NULL},
	{"pod:web@198.51.100.7", "world:192.0.2.9:80", "forged", NULL, 0, NULL},
	/* world -> whitelisted port, source in from, not in it */
	{"world", "host:80", "accept", "port_whitelist.80", 2, NULL},
	{"world:198.51.100.7", "192.0.2.10:80", "accept", "port_whitelist.80", 2, NULL},
	{"world:192.0.2.9", "host:80/tcp", "accept", "port_whitelist.80", 2, NULL},
	{"world:192.0.2.9", "192.0.2.10:8443", "accept", "port_whitelist.8443", 4, NULL},
	{"world:2001:db8::9", "[2001:db8:0:1::10]:8443", "accept", "port_whitelist.8443", 4, NULL},
	{"world:198.51.100.7", "192.0.2.10:8443", "world_to_container", "port_whitelist.8443", 4,
	 "add 198.51.100.7 to from"},
	{"world", "host:8500/udp", "accept", "port_whitelist.8500-8509/udp", 6, NULL},
	{"world", "host:22", "accept", NULL, 0, NULL},
	/* world -> published by another pod than the whitelist's, or not on it */
	{"world", "host:9000", "world_to_container", "port_whitelist.9000", 5,
	 "give it to pod rogue2"},
	{"world", "host:9999", "world_to_container", "port_whitelist", 1, "write 9999/tcp: rogue"},
	/* world -> a container's address; direct_ports */
	{"world", "pod:web:7000", "world_to_container", "pods.web.direct_ports", 17,
	 "add 7000/tcp"},
	{"world", "pod:web:80", "world_to_container", "pods.web.direct_ports", 17, "add 80/tcp"},
	{"world:198.51.100.7", "10.88.1.2:443", "accept", "pods.web.direct_ports", 17, NULL},
	{"world", "pod:web/icmp", "world_to_container", NULL, 0, NULL},
	/* world -> 127.0.0.1 by a routed packet */
	{"world:192.0.2.9", "127.0.0.1:8081", "world_to_container", NULL, 0, NULL},
	/* containers that the table does not know */
	{"10.88.1.77", "world:192.0.2.9:80", "forged", NULL, 0, NULL},
	{"10.88.1.77", "host:5354/udp", "forged", NULL, 0, NULL},
	{"container:closed", "world:192.0.2.9:80", "forged", "other_containers.guard", 0,
	 "write guard: true"},
	{"container:twin1", "world:192.0.2.9:80", "forged", NULL, 0, NULL},
	{"user:bob", "10.88.1.77:80", "host_to_container", NULL, 0, NULL},
	{"pod:web", "10.88.1.77:80", "container_to_container", NULL, 0, NULL},
	{"world", "10.88.1.77:80", "world_to_container", NULL, 0, NULL},
	/* host services, other bridges: untouched */
	{"container:lan", "host:22", "accept", NULL, 0, NULL},
	{"container:lan", "world:192.0.2.9:22", "accept", "pods.lan.egress", 11, NULL},
	{"10.99.0.77", "host:22", "accept", NULL, 0, NULL},
	{"user:1235", "container:lan:22", "accept", NULL, 0, NULL},
	{"user:1235", "world:192.0.2.9:22", "accept", NULL, 0, NULL},
	{"192.0.2.10", "pod:web:22", "accept", "guard.allowed_users", 9, NULL},
};

static const struct explain_case *whole(const struct explanation *e)
{
	return &e->cases[e->decisive];
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? streq(a, b) : a == b;
}

static void test_matrix(void **state)
{
	const struct fixture *f = *state;
	size_t wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(matrix); i++) {
		const struct flow *w = &matrix[i];
		bool accept = streq(w->verdict, "accept");
		struct explanation e = {0};
		const struct explain_case *c;
		struct err err;

		if (explain(&f->x, w->from, w->to, -1, &e, &err) < 0) {
			print_error("%s -> %s: %s\n", w->from, w->to, err.text);
			wrong++;
			continue;
		}
		c = whole(&e);
		if (e.accept != accept || c->accept != accept ||
		    (!accept && !streq(c->counter, w->verdict)) || !same_text(c->key, w->key) ||
		    c->mark.line != w->line || !same_text(c->change, w->change) || !c->reason ||
		    !*c->reason) {
			print_error("%s -> %s: %s %s, key %s line %u, change %s, %s: %s\n", w->from,
				    w->to, c->how, c->counter ? c->counter : "-",
				    c->key ? c->key : "-", c->mark.line,
				    c->change ? c->change : "-", c->chain ? c->chain : "-",
				    c->reason ? c->reason : "-");
			wrong++;
		}
		explanation_done(&e);
	}
	assert_int_equal(wrong, 0);
}

/* The rule is one of the table's, in the chain that is named. */
static void test_rule_is_real(void **state)
{
	const struct fixture *f = *state;
	size_t found = 0, rules = 0;

	for (size_t i = 0; i < ARRAY_SIZE(matrix); i++) {
		struct explanation e = {0};
		const struct explain_case *c;
		bool known = false;
		struct err err;

		assert_int_equal(explain(&f->x, matrix[i].from, matrix[i].to, -1, &e, &err), 0);
		c = whole(&e);
		rules += c->rule && !streq(c->rule, "policy accept");
		for (size_t t = 0; t < RULESET_N_TABLES; t++) {
			for (size_t j = 0; j < ruleset_tables[t].n_chains; j++) {
				const struct nft_chain *chain = &ruleset_tables[t].chains[j];

				for (size_t k = 0; k < chain->n_rules && c->chain; k++) {
					_cleanup_free_ char *text = nft_rule_text(&chain->rules[k]);

					/* both tables have a chain deny_forged */
					known |= streq(chain->name, c->chain) &&
						 streq(text, c->rule);
				}
			}
		}
		found += known;
		explanation_done(&e);
	}
	assert_int_equal(found, rules);
	assert_true(rules > ARRAY_SIZE(matrix) / 2);
}

/* Every rule of the table is understood, whatever the packet. */
static void test_every_rule_is_read(void **state)
{
	static const char *const hooks[] = {"prerouting", "input", "forward", "output"};
	static const char *const ifaces[] = {"", "lo", "br-pods", "br-lan", "eth0"};
	static const char *const addrs[] = {"10.88.1.2", "10.88.1.3", "192.0.2.10", "127.0.0.1",
					    "fd88::2",	 "fd88::3",   "2001:db8::1"};
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6};
	const struct fixture *f = *state;
	struct explain_packet p = {0};
	size_t n = 0, denied = 0;

	for (size_t i = 0; i < 4 * 2 * 5 * 5 * 7 * 7 * 4 * 16; i++) {
		size_t k = i;
		enum nft_family family = k % 2 ? NFT_FAMILY_INET : NFT_FAMILY_BRIDGE;
		struct explain_trace t = {0};
		const char *hook;
		struct err err;
		int r;

		hook = hooks[(k /= 2) % 4];
		snprintf(p.iif, sizeof(p.iif), "%s", ifaces[(k /= 4) % 5]);
		snprintf(p.oif, sizeof(p.oif), "%s", ifaces[(k /= 5) % 5]);
		addr_parse(addrs[(k /= 5) % 7], &p.from);
		addr_parse(addrs[(k /= 7) % 7], &p.to);
		p.proto = protos[(k /= 7) % 4];
		k /= 4;
		p.has_uid = k & 1;
		p.to_local = k & 2;
		p.dnat = k & 4;
		p.asked = p.to;
		p.asked_port = 80;
		p.over_rate = k & 8;
		p.has_port = p.proto == IPPROTO_TCP || p.proto == IPPROTO_UDP;
		p.port = 80;
		if (p.from.family != p.to.family)
			continue;
		r = explain_hook(f->elements, family, hook, &p, &t, &err);
		if (r < 0)
			fail_msg("%s: %s", hook, err.text);
		assert_int_equal(r == 0, t.denied);
		assert_true(!t.denied || (t.how && t.counter));
		n++;
		denied += t.denied;
	}
	assert_true(n > 10000 && denied > 1000 && denied < n);
}

static const struct explain_case *find_case(const struct explanation *e, const char *to,
					    const char *condition)
{
	for (size_t i = 0; i < e->n; i++) {
		if ((!to || streq(e->cases[i].to, to)) &&
		    same_text(e->cases[i].condition, condition))
			return &e->cases[i];
	}
	fail_msg("no case %s, %s", to ? to : "", condition ? condition : "");
	return NULL;
}

static struct explanation must(const struct fixture *f, const char *from, const char *to)
{
	struct explanation e = {0};
	struct err err;

	if (explain(&f->x, from, to, -1, &e, &err) < 0)
		fail_msg("%s -> %s: %s", from, to, err.text);
	return e;
}

static void test_cases(void **state)
{
	const struct fixture *f = *state;
	struct explanation e = must(f, "pod:web", "host:5432");

	/* over the rate is told, and counts not; each address of the host is a case */
	assert_true(e.accept);
	assert_false(find_case(&e, "host 10.88.1.1:5432/tcp", "faster than its rate")->accept);
	assert_string_equal(find_case(&e, NULL, "faster than its rate")->key, "pods.web.host_rate");
	assert_true(find_case(&e, "host [fd88::1]:5432/tcp", NULL)->accept);
	assert_true(find_case(&e, "host [fe80::1]:5432/tcp", NULL)->accept);
	explanation_done(&e);

	/* sources of a port part the world */
	e = must(f, "world", "192.0.2.10:8443");
	assert_false(e.accept);
	assert_int_equal(e.n, 2);
	assert_string_equal(e.cases[0].from, "world 192.0.2.0/24");
	assert_true(e.cases[0].accept);
	assert_string_equal(e.cases[1].from, "world elsewhere");
	assert_false(e.cases[1].accept);
	explanation_done(&e);

	/* and so does an egress list */
	e = must(f, "container:db", "world:443");
	assert_false(e.accept);
	assert_true(find_case(&e, "world 198.51.100.0/24:443/tcp", NULL)->accept);
	assert_false(find_case(&e, "world elsewhere:443/tcp", NULL)->accept);
	assert_false(find_case(&e, "world (IPv6):443/tcp", NULL)->accept);
	explanation_done(&e);

	/* IPv6 to a container without it goes by docker-proxy */
	e = must(f, "world:192.0.2.9", "192.0.2.10:9999");
	assert_string_equal(whole(&e)->how, "drop");
	explanation_done(&e);
	e = must(f, "user:1235", "192.0.2.10:8080");
	assert_string_equal(whole(&e)->how, "reject");
	assert_string_equal(whole(&e)->chain, "host_to_private_port");
	assert_string_equal(whole(&e)->rule, "goto deny_host_to_container");
	explanation_done(&e);

	/* both ways to a published port from a container */
	e = must(f, "container:db", "192.0.2.10:80");
	assert_string_equal(find_case(&e, NULL, "through docker-proxy")->chain,
			    "container_to_host");
	assert_string_equal(find_case(&e, NULL, "where docker-proxy is off")->chain,
			    "to_published");
	explanation_done(&e);

	/* the element that let it pass */
	e = must(f, "user:bob", "10.88.1.2:7000");
	assert_string_equal(whole(&e)->element, "10.88.1.2 . 1234 comment \"web: bob\"");
	assert_string_equal(whole(&e)->rule, "ip daddr . meta skuid @pod_uids4 accept");
	explanation_done(&e);
}

/* Without root among those allowed, docker-proxy itself is denied. */
static void test_proxy_denied(void **state)
{
	static const char *const lines[] = {"web web br-pods,10.88.1.2,- |80|80/tcp", NULL};
	struct fixture f = {0};
	struct explanation e;

	(void)state;
	fill(&f, "port_whitelist: { 80: web }\nguard: { allowed_users: [traefik] }\n", lines);
	e = must(&f, "world:2001:db8::9", "[2001:db8:0:1::10]:80");
	assert_false(e.accept);
	assert_string_equal(whole(&e)->key, "guard.allowed_users");
	assert_string_equal(whole(&e)->change, "add root");
	explanation_done(&e);
	e = must(&f, "world:192.0.2.9", "192.0.2.10:80");
	assert_true(e.accept);
	explanation_done(&e);
	empty(&f);
}

static void test_bridge_table(void **state)
{
	static const char *const lines[] = {"web web br-pods,10.88.1.2,-", NULL};
	struct fixture f = {0};
	struct explanation e;

	(void)state;
	fill(&f, "", lines);
	e = must(&f, "pod:web", "world:192.0.2.9:80");
	assert_true(e.accept);
	explanation_done(&e);
	e = must(&f, "pod:web@10.88.1.9", "world:192.0.2.9:80");
	assert_false(e.accept);
	assert_non_null(strstr(whole(&e)->reason, "is not an address of web"));
	assert_string_equal(whole(&e)->rule, "goto deny_forged");
	explanation_done(&e);
	/* where the interface is not known yet, the other table still knows bridge and address */
	memset(f.model->members[0].addresses[0].veth, 0, IF_NAMESIZE);
	e = must(&f, "pod:web@10.88.1.9", "world:192.0.2.9:80");
	assert_false(e.accept);
	assert_string_equal(whole(&e)->rule, "goto deny_forged");
	explanation_done(&e);
	empty(&f);
}

static void test_pod_to_pod(void **state)
{
	static const char *const lines[] = {"web web br-pods,10.88.1.2,-",
					    "db db br-pods,10.88.1.3,-", NULL};
	struct fixture f = {0};
	struct explanation e;

	(void)state;
	fill(&f, "guard:\n  pod_to_pod: allow\n  deny_host_users_with: drop\n", lines);
	e = must(&f, "pod:web", "pod:db:80/udp");
	assert_true(e.accept);
	assert_string_equal(whole(&e)->key, "guard.pod_to_pod");
	assert_int_equal(whole(&e)->mark.line, 2);
	explanation_done(&e);
	e = must(&f, "user:7", "pod:db:80");
	assert_string_equal(whole(&e)->how, "drop");
	explanation_done(&e);
	empty(&f);
}

static void test_refused(void **state)
{
	static const struct {
		const char *from, *to;
		int code;
	} table[] = {
		{"", "pod:web:80", -EINVAL},
		{"user:", "pod:web:80", -EINVAL},
		{"user:nobody-knows", "pod:web:80", -ENOENT},
		{"user:99999999999", "pod:web:80", -ENOENT},
		{"bob", "pod:web:80", -EINVAL},
		{"pod:nix", "pod:web:80", -ENOENT},
		{"pod:web", "pod:nix:80", -ENOENT},
		{"pod:web", "container:nix:80", -ENOENT},
		{"pod:web", "pod:web", -EINVAL},
		{"pod:web", "pod:web:0", -EINVAL},
		{"pod:web", "pod:web:65536", -EINVAL},
		{"pod:web", "pod:web:80/sctp", -EINVAL},
		{"pod:web", "pod:web/tcp:80", -ENOENT},
		{"pod:web", "pod:web/x:y", -EINVAL},
		{"pod:web", "user:bob:80", -EINVAL},
		{"pod:web", "fd88::2:80", -EINVAL},
		{"pod:web", "[10.88.1.2]:80", -EINVAL},
		{"pod:web", "10.88.1:80", -EINVAL},
		{"pod:web", "[]:80", -EINVAL},
		{"pod:web", "[:80", -EINVAL},
		{"pod:web@", "pod:db:80", -EINVAL},
		{"pod:web@10.88.1", "pod:db:80", -EINVAL},
		{"world", "world:80", -EINVAL},
		{"world:::ffff:1.2.3.4", "pod:web:80", -EINVAL},
		{"pod:rogue", "[2001:db8::1]:80", -ENOENT}, /* it has no IPv6 */
	};
	const struct fixture *f = *state;
	char longest[EXPLAIN_TEXT_MAX + 10];
	struct explanation e = {0};
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		int r = explain(&f->x, table[i].from, table[i].to, -1, &e, &err);

		if (r != table[i].code)
			fail_msg("%s -> %s: %d %s", table[i].from, table[i].to, r,
				 r < 0 ? err.text : "");
		assert_int_equal(e.n, 0);
		if (!err.text[0])
			fail_msg("%s -> %s: nothing is said", table[i].from, table[i].to);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memcpy(longest, "pod:", 4);
	assert_int_equal(explain(&f->x, longest, "pod:web:80", -1, &e, &err), -EINVAL);
	/* a uid that came with a name */
	assert_int_equal(explain(&f->x, "user:whoever", "pod:web:7000", 1234, &e, &err), 0);
	assert_true(e.accept);
	assert_string_equal(e.cases[0].from, "user whoever (1234)");
	explanation_done(&e);
}

/* Containers that share addresses, have none, or are where the guard is not. */
static const struct odd {
	const char *from, *to;
	int r;		  /* 0 or -errno */
	const char *what; /* of the reason or error; the first end's name where it begins with = */
} odds[] = {
	/* the address of the one that it joined, once for each pod */
	{"container:side", "world:192.0.2.9:80", 0, "=pod web (side) 10.88.1.2"},
	{"pod:web", "world:192.0.2.9:80", 0, "=pod web (web) 10.88.1.2"},
	{"pod:guest", "world:192.0.2.9:80", 0, "=pod web (visitor) 10.88.1.2"},
	{"pod:lodger", "world:192.0.2.9:80", 0, "=container lodger 10.88.1.10"},
	{"container:lost", "world:192.0.2.9:80", -ENOENT, "is it running?"},
	{"pod:lost", "world:192.0.2.9:80", -ENOENT, "no container with an address"},
	{"container:mac", "world:192.0.2.9:80", -ENOENT, "mac is not guarded: macvlan"},
	/* in the host's network it is the host */
	{"container:hosted", "pod:web:80", 0, "=user root (0)"},
	{"world:192.0.2.9", "container:hosted:22", 0, "left as it is"},
	/* what is said of an address must be so */
	{"pod:web", "world:10.88.1.10:80", -EINVAL, "10.88.1.10 is not outside"},
	{"user:1235", "world:127.0.0.1:80", -EINVAL, "127.0.0.1 is not outside"},
	{"pod:web", "host:192.0.2.9:80", -EINVAL, "192.0.2.9 is no address of the host"},
	{"pod:web", "host:10.88.1.10:80", -EINVAL, "no address of the host"},
	{"pod:web", "host:192.0.2.10:80", 0, "this port of the host"},
	{"world:10.88.1.10", "192.0.2.10:22", 0, "left as it is"},
	{"user:1235", "0.0.0.0:80", -EINVAL, "0.0.0.0 is nobody's address"},
	{"user:1235", "[::]:80", -EINVAL, ":: is nobody's address"},
	{"0.0.0.0", "192.0.2.10:22", 0, "left as it is"},
	/* what it pretends to have may be its own */
	{"container:web@10.88.1.2", "pod:web:1", 0, "=pod web (web) 10.88.1.2"},
	{"container:web@fd88::2", "world:[2001:db8::9]:1", 0, "=pod web (web) fd88::2"},
	{"user:root", "pod:web:80", 0, "=user root (0)"},
	{"user:-1", "pod:web:80", -ENOENT, "user -1: not known"},
	{"user:4294967295", "pod:web:80", -ENOENT, "not known"},
	{"user:4294967294", "pod:web:80", 0, "=user 4294967294"},
	{"user:1235", "host:192.0.2.10:22", 0, "left as it is"},
	{"user:1235", "host:[::1]:22", 0, "left as it is"},
	/* a link-local address says nothing of its link */
	{"user:1235", "[fe80::77]:22", 0, "left as it is"},
	{"user:1235", "[fe90::77]:22", 0, "left as it is"},
	/* texts */
	{"[fd88::2", "pod:web:80", -EINVAL, "no address"},
	{"11111111111111111111111111111111111111111111111111111111111.1", "pod:web:80", -EINVAL,
	 "no address"},
	{"pod:", "pod:web:80", -EINVAL, "a name is wanted"},
	{"host:192.0.2.10", "pod:web:80", -EINVAL, "wanted is"},
	{"pod:web", "", -EINVAL, "are wanted"},
	{"pod:web", "web", -EINVAL, "a port is wanted"},
	{"world", "192.0.2.10:80/icmp", -EINVAL, "icmp has no port: 192.0.2.10/icmp"},
	{"world", "pod:web:80/icmp", -EINVAL, "icmp has no port: pod:web/icmp"},
	{"world", "[2001:db8::1]:80/icmp", -EINVAL, "icmp has no port: [2001:db8::1]/icmp"},
	{"world", "2001:db8::80/icmp", -EINVAL, "in brackets"},
};

static void test_odd(void **state)
{
	static const char *const more[] = {
		"web web br-pods,10.88.1.2,fd88::2",
		"side web",
		"visitor guest",
		"lodger lodger",
		"closed - br-pods,10.88.1.10,-",
		"lost lost",
		"mac mac",
		"hosted hosted",
		NULL,
	};
	static const char *const joined[][2] = {
		{"side", "web"}, {"visitor", "web"}, {"lodger", "closed"}, {"lost", "nobody"}};
	struct fixture f = {0};

	(void)state;
	fill(&f, "pods: { web: {} }\n", more);
	for (size_t i = 0; i < ARRAY_SIZE(joined); i++)
		model_find(f.model, joined[i][0])->joined_id = xstrdup(joined[i][1]);
	model_find(f.model, "hosted")->host_network = true;
	model_find(f.model, "mac")->unguarded = xstrdup("macvlan");
	for (size_t i = 0; i < ARRAY_SIZE(odds); i++) {
		const struct odd *t = &odds[i];
		struct explanation e = {0};
		struct err err = {0};
		int r = explain(&f.x, t->from, t->to, -1, &e, &err);
		const char *text = r < 0	     ? err.text
				   : *t->what == '=' ? e.cases[0].from
						     : e.cases[0].reason;

		if (r != t->r || !strstr(text, t->what + (*t->what == '=')))
			fail_msg("%s -> %s: %d %s", t->from, t->to, r, text);
		explanation_done(&e);
	}
	/* a route to everywhere is no network of a bridge; without addresses there is no host */
	f.locals[0].len = 0;
	f.x.n_locals = 1;
	for (int i = 0; i < 2; i++) {
		struct explanation e = {0};
		struct err err;

		assert_int_equal(
			explain(&f.x, "user:1235", i ? "host:22" : "203.0.113.1:22", -1, &e, &err),
			i ? -ENOENT : 0);
		explanation_done(&e);
		f.x.n_locals = 0;
	}
	empty(&f);
}

/* Containers that are apart from a pod of podctl's: told so, and no key is named that can't be. */
static void test_kept_apart(void **state)
{
	static const char *const lines[] = {"acct acct br-pods,10.88.1.2,-",
					    "early acct br-pods,10.88.1.3,-",
					    "web web br-pods,10.88.1.4,-", NULL};
	static const struct {
		const char *from, *to, *reason, *key, *change;
	} table[] = {
		{"pod:acct/others", "pod:acct:80",
		 "pod acct/others may not connect to pod acct on "
		 "this port",
		 NULL, NULL},
		{"pod:acct", "pod:acct/others:80",
		 "pod acct may not connect to pod acct/others on "
		 "this port",
		 NULL, NULL},
		{"pod:web", "container:early:80",
		 "pod web may not connect to pod acct/others on "
		 "this port",
		 NULL, NULL},
		{"pod:acct/others", "host:25",
		 "this port of the host is neither open to every "
		 "container nor to pod acct/others",
		 NULL, NULL},
		{"pod:acct/others", "host:53/udp",
		 "every container may reach this port of the host", "guard.host_ports", NULL},
		{"pod:acct", "pod:web:80", "pod acct may not connect to pod web on this port",
		 "pods.acct.connect_to", "write connect_to: { web: [80/tcp] }"},
	};
	struct fixture f = {0};

	(void)state;
	fill(&f, "guard: { host_ports: [53/udp] }\npods: { web: {} }\n", lines);
	model_find(f.model, "acct")->ours = true;
	model_find(f.model, "early")->yields = true;
	model_keep_apart(f.model);
	elements_free(f.elements);
	f.x.elements = f.elements = model_elements(f.settings, &f.people, f.model);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct explanation e = must(&f, table[i].from, table[i].to);
		const struct explain_case *c = whole(&e);

		if (!streq(c->reason, table[i].reason) || !same_text(c->key, table[i].key) ||
		    !same_text(c->change, table[i].change))
			fail_msg("%s -> %s: %s, %s, %s", table[i].from, table[i].to, c->reason,
				 c->key ? c->key : "-", c->change ? c->change : "-");
		explanation_done(&e);
	}
	empty(&f);
}

/* No text stands for a user without a name, and if it did, it would not be root. */
static void test_nameless(void **state)
{
	const struct fixture *f = *state;
	const struct explain_spec spec = {.kind = SPEC_USER};
	struct explain_ends ends = {0};
	struct err err;

	assert_int_equal(explain_find_ends(&f->x, &spec, -1, &ends, &err), -ENOENT);
	assert_int_equal(ends.n, 0);
}

static void test_many_ends(void **state)
{
	_cleanup_free_ const char **lines = xcalloc(301, sizeof(*lines));
	struct fixture f = {0};
	struct explanation e;

	(void)state;
	for (int i = 0; i < 300; i++)
		lines[i] = xasprintf("c%d big br-pods,10.88.%d.%d,-", i, 2 + i / 200, i % 200 + 1);
	fill(&f, "", (const char *const *)lines);
	e = must(&f, "pod:big", "world:192.0.2.9:80");
	assert_int_equal(e.n, EXPLAIN_CASES_MAX);
	assert_true(e.cut);
	explanation_done(&e);
	empty(&f);
	for (int i = 0; i < 300; i++)
		free((void *)(uintptr_t)lines[i]);
}

static void test_many(void **state)
{
	_cleanup_free_ const char **lines = xcalloc(101, sizeof(*lines));
	struct fixture f = {0};
	struct explanation e;

	(void)state;
	for (int i = 0; i < 100; i++)
		lines[i] = xasprintf("c%d big br-pods,10.88.2.%d,-", i, i + 1);
	fill(&f, "", (const char *const *)lines);
	e = must(&f, "pod:big", "pod:big:80");
	assert_int_equal(e.n, EXPLAIN_CASES_MAX);
	assert_true(e.cut);
	explanation_done(&e);
	empty(&f);
	for (int i = 0; i < 100; i++)
		free((void *)(uintptr_t)lines[i]);
}

static void test_json(void **state)
{
	const struct fixture *f = *state;
	struct explanation e = must(f, "user:bob", "pod:db:1");
	json_t *j = explain_json(&e, "/etc/netguard.yml");
	const char *verdict, *how, *chain, *rule, *file, *key, *change, *reason;
	json_int_t line, column;
	json_t *cases;

	assert_int_equal(
		json_unpack(j, "{s:s, s:s, s:s, s:s, s:s, s:{s:s, s:I, s:I, s:s, s:s}, s:o}",
			    "verdict", &verdict, "how", &how, "chain", &chain, "rule", &rule,
			    "reason", &reason, "config", "file", &file, "line", &line, "column",
			    &column, "key", &key, "change", &change, "cases", &cases),
		0);
	assert_string_equal(verdict, "deny");
	assert_string_equal(how, "reject");
	assert_string_equal(chain, "host_to_container");
	assert_string_equal(rule, "goto deny_host_to_container");
	assert_string_equal(file, "/etc/netguard.yml");
	assert_int_equal(line, 18);
	assert_int_equal(column, 3);
	assert_string_equal(key, "pods.db.users");
	assert_int_equal(json_array_size(cases), 3);
	json_decref(j);
	explanation_done(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_matrix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rule_is_real, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_rule_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cases, setup, teardown),
		cmocka_unit_test(test_proxy_denied),
		cmocka_unit_test(test_bridge_table),
		cmocka_unit_test(test_pod_to_pod),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_many_ends),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_kept_apart),
		cmocka_unit_test_setup_teardown(test_nameless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
