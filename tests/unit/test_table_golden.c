/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings and containers to the whole table as nft text, compared with tests/golden/table_*.nft.
 * GOLDEN_WRITE=1 writes the files anew.
 */
#include "netguard/model.h"
#include "netguard/ruleset.h"
#include "tests/unit/model_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

static const struct golden {
	const char *file, *yaml;
	const char *members[8];
} goldens[] = {
	{"tests/golden/table_empty.nft", "{}\n", {NULL}},
	{"tests/golden/table_pods.nft",
	 "port_whitelist:\n"
	 "  80: web\n"
	 "  443: { pod: web, from: [192.0.2.0/24, \"2001:db8::/32\"] }\n"
	 "  53/udp: dns\n"
	 "  8000-8002: { pod: dev, host_users: pod }\n"
	 "guard:\n"
	 "  exempt_interfaces: [br-lan]\n"
	 "  allowed_users: [root, traefik]\n"
	 "  host_ports: [53/udp, 100-200]\n"
	 "  host_rate: 100/second burst 200\n"
	 "pods:\n"
	 "  web: { users: [bob], host_ports: [5432/tcp], host_rate: 20/second burst 10,\n"
	 "         connect_to: { db: [5432/tcp] }, direct_ports: [443/tcp] }\n"
	 "  db: { egress: [] }\n"
	 "  dev: { users: [carol], connect_to: { web: [80, 443], db: [5432] } }\n"
	 "  log: { egress: [\"0.0.0.0/0:443/tcp\", \"[2001:db8::/32]:25/tcp\"] }\n",
	 {"web web docker0,10.88.0.2,fd88::2 |80|8080/tcp |443|8443/tcp",
	  "db db br-pods,10.88.1.3,fd88:0:0:1::3", "dev dev br-pods,10.88.1.4,- |8001|80/tcp",
	  "dev2 dev docker0,10.88.0.4,-", "log log br-pods,10.88.1.5,- 127.0.0.1|9000|9000/tcp",
	  "rogue rogue docker0,10.88.0.9,- |53|53/udp |9999|9999/tcp", "ex ex br-lan,10.9.0.2,-"}},
};

static char *print_table(const struct golden *g)
{
	_cleanup_(settings_freep)
	struct settings *s = settings_make(g->yaml);
	_cleanup_(model_freep)
	struct model *m = model_make(g->members);
	_cleanup_(elements_freep)
	struct elements *e = NULL;
	struct people people;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	people_make(s, &people);
	e = model_elements(s, &people, m);
	people_done(&people);
	ruleset_print(e, out);
	fclose(out);
	return text;
}

static char *read_all(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char *text = xcalloc(1, 256 * 1024);
	size_t n;

	if (!f)
		fail_msg("%s: cannot be read; GOLDEN_WRITE=1 writes it", path);
	n = fread(text, 1, 256 * 1024 - 1, f);
	text[n] = '\0';
	return text;
}

static void test_goldens(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(goldens); i++) {
		_cleanup_free_ char *text = print_table(&goldens[i]), *want = NULL;

		if (getenv("GOLDEN_WRITE")) {
			_cleanup_fclose_ FILE *f = fopen(goldens[i].file, "we");

			assert_non_null(f);
			fputs(text, f);
			continue;
		}
		want = read_all(goldens[i].file);
		if (!streq(text, want))
			fail_msg("%s differs: make golden, and look at the difference",
				 goldens[i].file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_goldens)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
