/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of the engine put into the model, in the orders in which they really come. */
#include "netguard/watch_members.h"
#include "tests/unit/model_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#define C "c000000000000000000000000000000000000000000000000000000000000000"
#define D "d000000000000000000000000000000000000000000000000000000000000000"
#define N "a111111111111111111111111111111111111111111111111111111111111111"
#define M "b222222222222222222222222222222222222222222222222222222222222222"

struct fixture {
	struct settings *s;
	struct model *m;
	struct watch_networks networks;
	struct listeners *others;
	bool sctp; /* what is published, instead of TCP */
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	char id[] = N, other[] = M, name[] = "pods", mac[] = "vlan", bridge[] = "bridge",
	     macvlan[] = "macvlan", br[] = "br-pods";
	const struct engine_network pods = {.id = id, .name = name, .driver = bridge, .bridge = br};
	const struct engine_network vlan = {.id = other, .name = mac, .driver = macvlan};

	f->s = settings_make("{}\n");
	f->m = model_new();
	watch_networks_put(&f->networks, &pods);
	watch_networks_put(&f->networks, &vlan);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	settings_free(f->s);
	model_free(f->m);
	watch_networks_done(&f->networks);
	listeners_free(f->others);
	free(f);
	return 0;
}

struct given {
	const char *id, *mode, *ip4, *network;
	bool running;
};

static bool put(struct fixture *f, const struct given *g, uint64_t number, bool *stale)
{
	char empty[] = "", mac[] = "02:42:0a:58:01:02", name[] = "web";
	struct engine_endpoint ep = {.network = name, .ip6 = empty, .mac = mac};
	struct engine_port port = {.host_ip = empty,
				   .host_port = 80,
				   .port = 8080,
				   .proto = f->sctp ? IPPROTO_SCTP : IPPROTO_TCP};
	struct engine_container c = {.name = name,
				     .endpoints = &ep,
				     .n_endpoints = 1,
				     .ports = &port,
				     .n_ports = 1,
				     .running = g->running};
	bool changed;

	c.id = xstrdup(g->id);
	c.network_mode = xstrdup(g->mode);
	ep.ip4 = xstrdup(g->ip4);
	ep.network_id = xstrdup(g->network);
	c.labels = json_pack("{s:s}", "podctl.pod", "web");
	changed = member_from_container(f->m, f->s, &f->networks, &c, number, f->others, stale);
	json_decref(c.labels);
	free(c.id);
	free(c.network_mode);
	free(ep.ip4);
	free(ep.network_id);
	return changed;
}

/* The bridge network with these members: id, ip4 pairs, ended by NULL. */
static bool network(struct fixture *f, const char *const *pairs, uint64_t number,
		    struct strv *unknown, bool *stale)
{
	char id[] = N, br[] = "br-pods", empty[] = "", mac[] = "02:42:0a:58:01:02";
	struct engine_network n = {.id = id, .bridge = br};
	bool changed;

	for (; *pairs; pairs += 2)
		ARRAY_PUSH(n.members, n.n_members) =
			(struct engine_network_member){.id = xstrdup(pairs[0]),
						       .name = empty,
						       .ip4 = xstrdup(pairs[1]),
						       .ip6 = empty,
						       .mac = mac};
	changed = members_from_network(f->m, &n, number, unknown, stale);
	for (size_t i = 0; i < n.n_members; i++) {
		free(n.members[i].id);
		free(n.members[i].ip4);
	}
	free(n.members);
	return changed;
}

static void has(struct fixture *f, const char *id, const char *want)
{
	const struct member *m = model_find(f->m, id);
	char text[ADDR_TEXT_MAX];

	assert_non_null(m);
	if (!want) {
		assert_int_equal(m->n_addresses, 0);
		return;
	}
	assert_int_equal(m->n_addresses, 1);
	assert_string_equal(m->addresses[0].bridge, "br-pods");
	assert_string_equal(addr_format(&m->addresses[0].ip4, text), want);
}

/* Who is not podctl's yields to podctl's, but where the configuration speaks of the pod. */
static void test_yields(void **state)
{
	static const struct {
		const char *yaml, *name, *label, *value, *pod;
		bool yields;
	} table[] = {
		{"{}", "early", "com.docker.compose.project", "acct", "acct", true},
		{"{}", "acct-web-1", "com.docker.compose.project", "acct", "acct", true},
		{"{}", "jail.bob", "x", "y", "jail_bob", true},
		{"{}", "acct.app", "podctl.pod", "acct", "acct", false},
		{"pods: { acct: {} }", "acct-1", "com.docker.compose.project", "acct", "acct",
		 false},
		{"pods: { acct: {} }", "early", "com.docker.compose.project", "acct", "early",
		 true},
		{"other_containers: { pod_label: l }", "early", "l", "acct", "acct", true},
		{"other_containers: { pod_label: l }\npods: { acct: {} }", "early", "l", "acct",
		 "acct", false},
		{"other_containers: { guard: false }", "early", "x", "y", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_(settings_freep)
		struct settings *s = settings_make(table[i].yaml);
		json_t *attributes = json_pack("{s:s}", table[i].label, table[i].value);
		struct member m;

		member_from_event(s, C, table[i].name, attributes, &m);
		assert_true(streq_null(m.pod, table[i].pod));
		assert_int_equal(m.yields, table[i].yields);
		member_done(&m);
		json_decref(attributes);
	}
}

/* create, connect (the network has the address), the late answer of create, start, die */
static void test_a_start(void **state)
{
	struct fixture *f = *state;
	const struct given created = {C, "pods", "", N, false},
			   started = {C, "pods", "10.88.1.2", N, true};
	_cleanup_(strv_done)
	struct strv unknown = {0};
	struct member m = {0};
	json_t *attributes = json_pack("{s:s}", "podctl.pod", "web");
	bool stale;

	member_from_event(f->s, C, "web", attributes, &m);
	json_decref(attributes);
	assert_true(m.ours);
	model_put(f->m, &m);
	has(f, C, NULL);

	assert_true(network(f, (const char *[]){C, "10.88.1.2/24", NULL}, 2, &unknown, &stale));
	assert_false(stale);
	has(f, C, "10.88.1.2");
	assert_false(model_find(f->m, C)->running);

	/* asked before the network was, so it is older */
	assert_false(put(f, &created, 1, &stale));
	assert_true(stale);
	/* asked again: not running yet, which takes no address away */
	assert_true(put(f, &created, 3, &stale));
	assert_false(stale);
	has(f, C, "10.88.1.2");
	assert_int_equal(model_find(f->m, C)->n_ports, 1);

	assert_true(put(f, &started, 4, &stale));
	assert_true(model_find(f->m, C)->running);
	assert_int_equal(model_find(f->m, C)->seen, 4);
	assert_false(put(f, &started, 5, &stale)); /* nothing new */

	assert_true(member_clear(model_find(f->m, C), NULL, 6));
	has(f, C, NULL);
	assert_false(model_find(f->m, C)->running);
	/* what was asked before it died does not bring it back */
	assert_false(put(f, &started, 5, &stale));
	assert_true(stale);
	assert_false(network(f, (const char *[]){C, "10.88.1.2/24", NULL}, 5, &unknown, &stale));
	assert_true(stale);
	has(f, C, NULL);
	assert_int_equal(unknown.n, 0);
}

static void test_network(void **state)
{
	struct fixture *f = *state;
	const struct given one = {C, "pods", "10.88.1.2", N, true};
	_cleanup_(strv_done)
	struct strv unknown = {0};
	bool stale;

	put(f, &one, 1, &stale);
	/* unknown members are asked for; what is no id is not */
	assert_false(network(
		f, (const char *[]){C, "10.88.1.2/24", D, "10.88.1.3/24", "ep-1", "x", NULL}, 2,
		&unknown, &stale));
	assert_int_equal(unknown.n, 1);
	assert_string_equal(unknown.items[0], D);
	/* another address */
	assert_true(network(f, (const char *[]){C, "10.88.1.9/24", NULL}, 3, &unknown, &stale));
	has(f, C, "10.88.1.9");
	/* nonsense is no address */
	assert_true(network(f, (const char *[]){C, "10.88.1.999/24", NULL}, 4, &unknown, &stale));
	has(f, C, NULL);
	put(f, &one, 5, &stale);
	has(f, C, "10.88.1.2");
	/* an older list without it takes nothing away, a newer one does */
	assert_false(network(f, (const char *[]){NULL}, 4, &unknown, &stale));
	has(f, C, "10.88.1.2");
	assert_true(network(f, (const char *[]){NULL}, 6, &unknown, &stale));
	has(f, C, NULL);
}

static void test_modes(void **state)
{
	struct fixture *f = *state;
	const struct given joined = {C, "container:" D, "", "", true},
			   /* as podman tells of it */
		told = {C, "container:" D, "10.88.1.2", N, true},
			   has_it = {C, "pods", "10.88.1.2", N, true},
			   host = {C, "host", "", "", true},
			   vlan = {C, "vlan", "10.9.0.2", M, true};
	bool stale;

	put(f, &joined, 1, &stale);
	assert_string_equal(model_find(f->m, C)->joined_id, D);
	assert_false(model_find(f->m, C)->host_network);
	put(f, &told, 2, &stale);
	has(f, C, NULL);
	put(f, &has_it, 2, &stale);
	has(f, C, "10.88.1.2");
	put(f, &told, 2, &stale);
	has(f, C, NULL);
	put(f, &host, 2, &stale);
	assert_null(model_find(f->m, C)->joined_id);
	assert_true(model_find(f->m, C)->host_network);
	put(f, &vlan, 3, &stale);
	assert_string_equal(
		model_find(f->m, C)->unguarded,
		"network vlan is of driver macvlan, which the host's table does not see");
	has(f, C, NULL);
}

/* What is known only in part is said to be so, until its own answer is whole. */
static void test_incomplete(void **state)
{
	static const char late[] =
		"d333333333333333333333333333333333333333333333333333333333333333";
	struct fixture *f = *state;
	const struct given without = {C, "pods", "", N, true},
			   with = {C, "pods", "10.88.1.2", N, true},
			   elsewhere = {D, "late", "10.88.2.2", late, true},
			   none = {D, "none", "", "", true};
	_cleanup_(strv_done)
	struct strv unknown = {0};
	bool stale;

	put(f, &without, 1, &stale);
	assert_true(model_find(f->m, C)->incomplete);
	/* the network has the address: the container is to be asked again */
	assert_true(network(f, (const char *[]){C, "10.88.1.2/24", NULL}, 2, &unknown, &stale));
	assert_true(model_find(f->m, C)->incomplete);
	assert_int_equal(unknown.n, 1);
	assert_string_equal(unknown.items[0], C);
	put(f, &with, 3, &stale);
	assert_false(model_find(f->m, C)->incomplete);
	strv_done(&unknown);
	assert_false(network(f, (const char *[]){C, "10.88.1.2/24", NULL}, 4, &unknown, &stale));
	assert_int_equal(unknown.n, 0);

	put(f, &elsewhere, 5, &stale);
	has(f, D, NULL);
	assert_true(model_find(f->m, D)->incomplete);
	put(f, &none, 6, &stale);
	assert_false(model_find(f->m, D)->incomplete);
}

static struct listeners *listen_on(const struct listener *items, size_t n)
{
	struct listeners *l = listeners_new();

	for (size_t i = 0; i < n; i++)
		listeners_add(l, &items[i]);
	listeners_settle(l);
	return l;
}

static void hear(struct fixture *f, uint16_t port, bool loopback)
{
	const struct listener one = {IPPROTO_TCP, port, loopback, {7, 0}};

	listeners_free(f->others);
	f->others = listen_on(&one, 1);
}

static bool taken(struct fixture *f)
{
	const struct member *m = model_find(f->m, C);

	assert_int_equal(m->n_ports, 1);
	return m->ports[0].taken;
}

/* Ports of what does not run: a service of the host's has it, once and for all until it runs. */
static void test_taken(void **state)
{
	struct fixture *f = *state;
	const struct given created = {C, "pods", "", N, false},
			   started = {C, "pods", "10.88.1.2", N, true},
			   other = {D, "pods", "10.88.1.3", N, true},
			   host = {C, "host", "", "", false}, none = {C, "none", "", "", false},
			   joined = {C, "container:" D, "", "", false};
	bool stale;

	assert_true(put(f, &created, 1, &stale));
	assert_false(taken(f));
	hear(f, 81, false);
	assert_false(member_wants_port_of(f->m, model_find(f->m, C), f->others));
	assert_false(put(f, &created, 2, &stale));
	hear(f, 80, true); /* loses nothing by what is closed to the world */
	assert_false(member_wants_port_of(f->m, model_find(f->m, C), f->others));
	assert_false(put(f, &created, 3, &stale));
	hear(f, 80, false);
	assert_true(member_wants_port_of(f->m, model_find(f->m, C), f->others));

	/* another container's proxy is no service */
	put(f, &other, 4, &stale);
	assert_false(member_wants_port_of(f->m, model_find(f->m, C), f->others));
	assert_false(put(f, &created, 5, &stale));
	model_remove(f->m, D);

	assert_true(put(f, &created, 6, &stale));
	assert_true(taken(f));
	assert_false(member_wants_port_of(f->m, model_find(f->m, C), f->others));
	hear(f, 1, false);
	assert_false(put(f, &created, 7, &stale));
	assert_true(taken(f));
	/* it runs, and has stopped */
	put(f, &started, 8, &stale);
	assert_false(taken(f));
	member_clear(model_find(f->m, C), NULL, 9);
	put(f, &created, 10, &stale);
	assert_false(taken(f));
	/* nobody is known to listen over SCTP, least of all who listens over TCP */
	hear(f, 80, false);
	f->sctp = true;
	put(f, &created, 11, &stale);
	assert_false(taken(f));
	assert_false(member_wants_port_of(f->m, model_find(f->m, C), f->others));
	/* no network of its own: no port, whatever it asks for */
	put(f, &host, 12, &stale);
	assert_int_equal(model_find(f->m, C)->n_ports, 0);
	put(f, &none, 13, &stale);
	assert_int_equal(model_find(f->m, C)->n_ports, 0);
	put(f, &joined, 14, &stale);
	assert_int_equal(model_find(f->m, C)->n_ports, 0);
}

/* A list has no ports of what does not run, and no processes. */
static void test_keep(void **state)
{
	struct fixture *f = *state;
	const struct given created = {C, "pods", "", N, false};
	struct member listed = {.id = xstrdup(C)}, runs = {.id = xstrdup(C), .running = true},
		      ran = {.running = true, .pid = 7};
	bool stale;

	put(f, &created, 1, &stale);
	member_keep(&listed, NULL);
	assert_int_equal(listed.n_ports, 0);
	member_keep(&listed, model_find(f->m, C));
	assert_int_equal(listed.n_ports, 1);
	assert_true(listed.own_ports);
	member_keep(&listed, model_find(f->m, C));
	assert_int_equal(listed.n_ports, 1);
	member_keep(&runs, &ran);
	assert_int_equal(runs.pid, 7);
	assert_int_equal(runs.n_ports, 0);
	member_done(&listed);
	member_done(&runs);
}

/* Who began to listen while a container is being started: held until its answer. */
static void test_guess(void **state)
{
	static const struct listener items[] = {{IPPROTO_TCP, 22, false, {1, 0}},
						{IPPROTO_TCP, 81, false, {2, 0}},
						{IPPROTO_TCP, 81, false, {3, 0}},
						{IPPROTO_UDP, 82, true, {4, 0}}};
	struct fixture *f = *state;
	const struct given started = {C, "pods", "10.88.1.2", N, true};
	struct listeners *before = listen_on(items, 1), *now = listen_on(items, 4);
	struct member m = {.id = xstrdup(C), .name = xstrdup("web")};
	bool stale;

	model_put(f->m, &m);
	assert_false(member_guess(f->m, model_find(f->m, C), before, before));
	assert_true(member_guess(f->m, model_find(f->m, C), before, now));
	assert_false(member_guess(f->m, model_find(f->m, C), before, now));
	assert_int_equal(model_find(f->m, C)->n_ports, 2);
	assert_int_equal(model_find(f->m, C)->ports[0].host_port, 81);
	assert_int_equal(model_find(f->m, C)->ports[0].port, 0);
	assert_int_equal(model_find(f->m, C)->ports[1].host_ip.bytes[0], 127);
	put(f, &started, 1, &stale);
	assert_int_equal(model_find(f->m, C)->n_ports, 1);
	assert_int_equal(model_find(f->m, C)->ports[0].host_port, 80);
	listeners_free(before);
	listeners_free(now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_start, setup, teardown),
		cmocka_unit_test(test_yields),
		cmocka_unit_test_setup_teardown(test_network, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_incomplete, setup, teardown),
		cmocka_unit_test_setup_teardown(test_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_guess, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
