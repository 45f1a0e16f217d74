/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random changes of a small, crowded host: what they change in the table is what all of it says. */
#include "netguard/model_delta.h"
#include "netguard/ruleset.h"
#include "tests/unit/model_make.h"

#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static const char many_grants[] =
	"port_whitelist: { 80: web, 8000-8010: db, 443: { pod: web, from: [10.0.0.0/8] } }\n"
	"guard: { allowed_users: [root], host_ports: [53/udp], host_rate: 20/second burst 10 }\n"
	"pods:\n"
	"  web: { connect_to: { db: [5432] }, users: [bob], host_ports: [25] }\n"
	"  db: { users: [carol], direct_ports: [9000-9003] }\n"
	"  mail:\n"
	"    connect_to: { web: any, db: [1, 2] }\n"
	"    egress: ['192.0.2.0/24:25/tcp']\n";

/* ports for the pod's users only; ports that several publish */
static const char private_ports[] =
	"port_whitelist:\n"
	"  80: { pod: web, host_users: pod }\n"
	"  8000-8003: { pod: web, host_users: pod, from: [10.0.0.0/8, 'fd00::/8'] }\n"
	"  8004: other\n"
	"guard: { deny_host_users_with: drop, exempt_interfaces: [docker0] }\n"
	"pods:\n"
	"  web: { users: [bob, carol], host_rate: 1/hour burst 3, connect_to: { web: any } }\n"
	"  other: { egress: [], connect_to: { web: any, db: any, nobody: [1] } }\n";

/* everybody may reach everybody */
static const char all_open[] =
	"guard: { pod_to_pod: allow, container_interfaces: [br-pods, eth0] }\n"
	"pods: { db: { host_rate: 5/minute, users: [bob] }, more: { direct_ports: [80] } }\n";

static const char *const configs[] = {many_grants, private_ports, all_open};

static const char *const pods[] = {"web", "db", "mail", "other", "more", NULL};
static const char *const bridges[] = {"br-pods", "docker0", "eth0"};

static unsigned next(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245U + 12345U;
	return (*seed >> 8) % n;
}

/* Few addresses and ports, so that they are often claimed twice. */
static void random_member(unsigned *seed, const char *id, struct member *ret)
{
	struct member m = {.id = xstrdup(id), .name = xstrdup(id), .running = next(seed, 4) != 0};

	m.pod = xstrdup(pods[next(seed, ARRAY_SIZE(pods))]);
	m.ours = m.pod && next(seed, 4) == 0;
	m.yields = m.pod && !m.ours && next(seed, 2);
	m.host_network = next(seed, 8) == 0;
	for (unsigned i = next(seed, 3); i > 0; i--) {
		struct member_address a = {.has_mac = next(seed, 2)};

		snprintf(a.bridge, sizeof(a.bridge), "%s", bridges[next(seed, 3)]);
		a.mac[5] = (uint8_t)next(seed, 3);
		if (next(seed, 4) != 0)
			a.ip4 = (struct addr){.family = AF_INET,
					      .bytes = {10, 88, 1, (uint8_t)(2 + next(seed, 12))}};
		if (next(seed, 2) != 0) {
			a.ip6.family = AF_INET6;
			a.ip6.bytes[0] = 0xfd;
			a.ip6.bytes[15] = (uint8_t)(2 + next(seed, 12));
		}
		if (next(seed, 2) != 0)
			snprintf(a.veth, sizeof(a.veth), "veth%u", next(seed, 20));
		ARRAY_PUSH(m.addresses, m.n_addresses) = a;
	}
	for (unsigned i = next(seed, 3); i > 0; i--) {
		struct member_port p = {.port = (uint16_t)(80 + next(seed, 3)), .proto = 6};

		p.host_port = (uint16_t)(next(seed, 2) ? 8000 + next(seed, 6) : 80);
		if (next(seed, 4) == 0)
			p.host_ip = (struct addr){.family = AF_INET, .bytes = {127, 0, 0, 1}};
		ARRAY_PUSH(m.ports, m.n_ports) = p;
	}
	*ret = m;
}

static void change(unsigned *seed, struct model *m)
{
	/* ids with one beginning, and ones that begin otherwise */
	static const char *const heads[] = {"0123456789abcdef", "01234567", "f"};
	char id[64], port[16];
	struct member member, *known;

	snprintf(id, sizeof(id), "%s%u", heads[next(seed, 3)], next(seed, 10));
	switch (next(seed, 8)) {
	case 0:
		model_remove(m, id);
		break;
	case 1:
		strv_done(&m->ports);
		for (unsigned i = 0; i < 8; i++) {
			snprintf(port, sizeof(port), "veth%u", i);
			if (next(seed, 2) != 0)
				strv_add(&m->ports, port);
		}
		break;
	case 2:
		/* the interface is found out */
		known = model_find(m, id);
		if (!known || known->n_addresses == 0)
			break;
		model_touch(m, id);
		snprintf(known->addresses[0].veth, sizeof(known->addresses[0].veth), "veth%u",
			 next(seed, 20));
		break;
	default:
		random_member(seed, id, &member);
		model_put(m, &member);
	}
}

/* One of podctl's and one that yields are never of one pod. */
static void assert_apart(const struct model *m, unsigned *ret_n)
{
	for (size_t i = 0; i < m->n_members; i++) {
		for (size_t j = 0; m->members[i].ours && j < m->n_members; j++) {
			if (m->members[j].yields)
				assert_string_not_equal(m->members[i].pod, m->members[j].pod);
		}
		*ret_n += m->members[i].yields && model_pod_apart(m->members[i].pod);
	}
}

static void print_elements(const char *what, enum set_id set, const struct elements *e)
{
	for (size_t i = 0; i < e->n[set]; i++) {
		_cleanup_free_ char *text = nft_element_text(ruleset_set(set), &e->sets[set][i]);

		printf("# %s in %s: %s\n", what, ruleset_set_name(set), text);
	}
}

static void assert_same(const struct elements *want, const struct elements *have, unsigned seed,
			unsigned round)
{
	struct elements_change c;

	elements_difference(want, have, &c);
	if (!elements_change_empty(&c)) {
		for (unsigned set = 0; set < SET_COUNT_; set++) {
			print_elements("missing", set, c.add);
			print_elements("too many", set, c.del);
		}
		fail_msg("seed %u, round %u: %zu elements missing, %zu too many", seed, round,
			 elements_count(c.add), elements_count(c.del));
	}
	elements_change_done(&c);
}

struct tally {
	unsigned n_delta, n_all, n_changing, n_apart;
};

/* One host from nothing, by random changes. */
static void run(const struct settings *s, const struct people *people, unsigned first,
		struct tally *t)
{
	_cleanup_(model_freep)
	struct model *m = model_new();
	_cleanup_(model_index_freep)
	struct model_index *x = model_index_new();
	_cleanup_(elements_freep)
	struct elements *have = model_elements(s, people, m);
	unsigned seed = first;

	model_index_fill(x, m);
	for (unsigned round = 0; round < 60; round++) {
		_cleanup_(elements_freep)
		struct elements *want = NULL;
		_cleanup_(elements_freep)
		struct elements *before = NULL;
		_cleanup_(elements_freep)
		struct elements *after = NULL;
		struct elements_change c;

		for (unsigned i = 1 + next(&seed, 3); i > 0; i--)
			change(&seed, m);
		model_keep_apart(m);
		assert_apart(m, &t->n_apart);
		want = model_elements(s, people, m);
		if (!model_delta(x, s, people, m, &before, &after)) {
			t->n_all++;
			elements_free(have);
			have = elements_copy(want);
			model_index_fill(x, m);
			continue;
		}
		t->n_delta++;
		elements_difference(after, before, &c);
		t->n_changing += !elements_change_empty(&c);
		elements_patch(have, c.del, c.add);
		elements_change_done(&c);
		assert_same(want, have, first, round);
	}
	/* changes that nobody has asked for go with the model */
	change(&seed, m);
}

static void test_as_from_scratch(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		_cleanup_(settings_freep)
		struct settings *s = settings_make(configs[i]);
		struct tally t = {0};
		struct people people;

		people_make(s, &people);
		for (unsigned first = 1; first <= 25; first++)
			run(s, &people, first, &t);
		/* that was no test of nothing */
		assert_true(t.n_delta >= 1500);
		assert_true(t.n_changing > 500);
		assert_true(t.n_apart > 500);
		assert_int_equal(t.n_all, 0);
		people_done(&people);
	}
}

static void test_too_much_is_all(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = settings_make("");
	_cleanup_(model_freep)
	struct model *m = model_new();
	_cleanup_(model_index_freep)
	struct model_index *x = model_index_new();
	struct elements *before = NULL, *after = NULL;

	/* a new model has not been seen yet */
	assert_false(model_delta(x, s, NULL, m, &before, &after));
	model_index_fill(x, m);
	for (unsigned i = 0; i <= MODEL_CHANGES_MAX; i++) {
		struct member member = {.id = xasprintf("%u", i), .name = xstrdup("n")};

		assert_false(m->all);
		model_put(m, &member);
	}
	assert_true(m->all);
	assert_int_equal(m->n_changes, 0);
	assert_false(model_delta(x, s, NULL, m, &before, &after));
	model_index_fill(x, m);
	assert_true(model_delta(x, s, NULL, m, &before, &after));
	elements_free(before);
	elements_free(after);
}

static void put_crowd(struct model *m, const char *pod, unsigned from, unsigned n)
{
	for (unsigned i = from; i < from + n; i++) {
		struct member member = {.id = xasprintf("%08u", i), .name = xstrdup("n")};
		struct member_address a = {.bridge = "br-pods"};

		member.pod = xstrdup(pod);
		a.ip4 = (struct addr){.family = AF_INET,
				      .bytes = {10, 1, (uint8_t)(i >> 8), (uint8_t)i}};
		ARRAY_PUSH(member.addresses, member.n_addresses) = a;
		model_put(m, &member);
	}
}

static void put_one(struct model *m, const char *id, bool ours, uint8_t last)
{
	struct member member = {.id = xstrdup(id), .name = xstrdup(id), .pod = xstrdup("acct")};
	struct member_address a = {.bridge = "br-pods",
				   .ip4 = {.family = AF_INET, .bytes = {10, 88, 1, last}}};

	member.ours = ours;
	member.yields = !ours;
	ARRAY_PUSH(member.addresses, member.n_addresses) = a;
	model_put(m, &member);
}

/* What a change comes to, and how many ways between containers there are then. */
static void assert_links(struct model_index *x, const struct settings *s, struct model *m,
			 struct elements *have, size_t n)
{
	_cleanup_(elements_freep)
	struct elements *before = NULL;
	_cleanup_(elements_freep)
	struct elements *after = NULL;
	_cleanup_(elements_freep)
	struct elements *want = NULL;
	struct elements_change c;

	model_keep_apart(m);
	want = model_elements(s, NULL, m);
	assert_true(model_delta(x, s, NULL, m, &before, &after));
	elements_difference(after, before, &c);
	elements_patch(have, c.del, c.add);
	elements_change_done(&c);
	assert_same(want, have, 0, 0);
	assert_int_equal(have->n[SET_LINKS_ANY4], n);
}

/* A pod of podctl's and containers that call themselves ones of it, in both orders. */
static void test_kept_apart(void **state _unused_)
{
	static const struct {
		const char *id;
		bool ours, goes;
		size_t n;
	} table[] = {{"x1", false, false, 0}, {"x2", false, false, 2}, {"p1", true, false, 2},
		     {"p2", true, false, 4},  {"x1", false, true, 2},  {"x1", false, false, 4},
		     {"p1", true, true, 2},   {"p2", true, true, 2},   {"p2", true, false, 2},
		     {"x2", false, true, 0},  {"x1", false, true, 0},  {"x1", false, false, 0}};
	_cleanup_(settings_freep)
	struct settings *s = settings_make("{}\n");
	_cleanup_(model_freep)
	struct model *m = model_new();
	_cleanup_(model_index_freep)
	struct model_index *x = model_index_new();
	_cleanup_(elements_freep)
	struct elements *have = model_elements(s, NULL, m);

	model_index_fill(x, m);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].goes)
			model_remove(m, table[i].id);
		else
			put_one(m, table[i].id, table[i].ours, (uint8_t)(2 + i));
		assert_links(x, s, m, have, table[i].n);
	}
}

/* A change that reaches a crowd is computed anew; one beside it is not. */
static void test_reach_ends(void **state _unused_)
{
	static const struct {
		const char *name, *yaml;
		const char *pod;    /* of the container that comes */
		const char *shares; /* NULL: an address of its own */
		unsigned n;	    /* of those that come */
		bool delta;
	} table[] = {
		{"another pod", "{}\n", "alone", NULL, 1, true},
		{"the crowd's pod", "{}\n", "crowd", NULL, 1, false},
		{"twice", "{}\n", "crowd", NULL, 2, false},
		{"a pod that is linked with the crowd's",
		 "pods: { alone: { connect_to: { crowd: any } } }\n", "alone", NULL, 1, false},
		{"a pod that the crowd's is linked with",
		 "pods: { crowd: { connect_to: { alone: any } } }\n", "alone", NULL, 1, false},
		{"an address of the crowd", "{}\n", "alone", "10.1.0.1", 1, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_(settings_freep)
		struct settings *s = settings_make(table[i].yaml);
		_cleanup_(model_freep)
		struct model *m = model_new();
		_cleanup_(model_index_freep)
		struct model_index *x = model_index_new();
		_cleanup_(elements_freep)
		struct elements *before = NULL;
		_cleanup_(elements_freep)
		struct elements *after = NULL;

		put_crowd(m, "crowd", 0, 1025);
		model_index_fill(x, m);
		put_crowd(m, table[i].pod, 9000, table[i].n);
		if (table[i].shares)
			assert_true(addr_parse(table[i].shares,
					       &model_find(m, "00009000")->addresses[0].ip4));
		if (model_delta(x, s, NULL, m, &before, &after) != table[i].delta)
			fail_msg("%s: %s", table[i].name, table[i].delta ? "all" : "a part");
	}
	model_index_free(NULL);
}

/* What was changed without a word (our bug) stays in the index, which finds too much, not less. */
static void test_changed_in_silence(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = settings_make("{}\n");
	_cleanup_(model_freep)
	struct model *m = model_new();
	_cleanup_(model_index_freep)
	struct model_index *x = model_index_new();
	_cleanup_(elements_freep)
	struct elements *before = NULL;
	_cleanup_(elements_freep)
	struct elements *after = NULL;

	put_crowd(m, "web", 0, 2);
	model_index_fill(x, m);
	free(m->members[0].pod);
	m->members[0].pod = xstrdup("other");
	model_remove(m, "00000000");
	assert_true(model_delta(x, s, NULL, m, &before, &after));
	assert_int_equal(after->n[SET_MEMBERS4], 0);
	assert_int_equal(before->n[SET_MEMBERS4], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_from_scratch),	   cmocka_unit_test(test_too_much_is_all),
		cmocka_unit_test(test_kept_apart),	   cmocka_unit_test(test_reach_ends),
		cmocka_unit_test(test_changed_in_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
