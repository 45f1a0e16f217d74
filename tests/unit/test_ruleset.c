/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fixed tables against the reference nft/netguard.nft: bytecode as nft 1.0.6 makes it
 * (tests/golden/netguard.bytecode holds the rules of `nft --debug=netlink -c -f`), and text.
 */
#include "netguard/ruleset.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

static char *read_file(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char *text = xcalloc(1, 256 * 1024);

	assert_non_null(f);
	assert_true(fread(text, 1, 256 * 1024 - 1, f) > 0);
	return text;
}

/* nft's output without blanks at the ends of lines. */
static char *without_trailing_blanks(const char *text)
{
	char *ret = xcalloc(1, strlen(text) + 1);
	size_t n = 0;

	for (const char *p = text; *p; p++) {
		while (*p == '\n' && n > 0 && ret[n - 1] == ' ')
			n--;
		ret[n++] = *p;
	}
	return ret;
}

static void test_bytecode(void **state)
{
	_cleanup_free_ char *want = read_file("tests/golden/netguard.bytecode");
	_cleanup_free_ char *have = NULL, *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	for (size_t i = 0; i < RULESET_N_TABLES; i++) {
		const struct nft_table *t = &ruleset_tables[i];

		for (size_t j = 0; j < t->n_chains; j++) {
			for (size_t k = 0; k < t->chains[j].n_rules; k++) {
				_cleanup_free_ char *code = NULL;
				struct err err = {0};

				assert_int_equal(
					nft_rule_bytecode(t, &t->chains[j].rules[k], &code, &err),
					0);
				fprintf(out, "%s%s %s %s\n%s", ftell(out) ? "\n" : "",
					nft_family_name(t->family), t->name, t->chains[j].name,
					code);
			}
		}
	}
	fclose(out);
	have = without_trailing_blanks(text);
	assert_string_equal(have, want);
}

/* The next line of text, without blanks around it; NULL at the end. Moves *text. */
static char *next_line(const char **text)
{
	const char *from = *text, *to;

	if (!*from)
		return NULL;
	to = strchrnul(from, '\n');
	*text = *to ? to + 1 : to;
	while (isspace((unsigned char)*from) && from < to)
		from++;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	return xstrndup(from, (size_t)(to - from));
}

/* Every rule and every set's type of the reference is printed, in the same order. */
static void test_text(void **state)
{
	_cleanup_free_ char *reference = read_file("nft/netguard.nft"), *text = NULL;
	_cleanup_(elements_freep)
	struct elements *e = elements_new();
	size_t size = 0, found = 0;
	FILE *out = open_memstream(&text, &size);
	const char *at = reference, *from;
	char *line;

	(void)state;
	ruleset_print(e, out);
	fclose(out);
	from = text;
	while ((line = next_line(&at))) {
		bool chain = startswith(line, "chain ") || startswith(line, "table ");
		bool set = startswith(line, "set ") || startswith(line, "map ") ||
			   startswith(line, "limit web") || startswith(line, "counter ");

		if (!set && line[0] != '#' && line[0] != '\0' && line[0] != '}') {
			const char *here = strstr(from, line);

			if (!here)
				fail_msg("not printed, or not here: %s", line);
			from = here + (chain ? 0 : 1);
			found++;
		}
		free(line);
	}
	assert_true(found > 80);
}

static void test_sets(void **state)
{
	(void)state;
	assert_string_equal(ruleset_set_name(SET_MEMBERS4), "members4");
	assert_string_equal(ruleset_set_name(SET_BRIDGE_ADDRESSES6), "addresses6");
	assert_false(ruleset_set_in_bridge(SET_EGRESS6));
	assert_true(ruleset_set_in_bridge(SET_BRIDGE_PORTS));
	for (unsigned i = 0; i < SET_COUNT_; i++) {
		const struct nft_table *t = ruleset_set_table(i);

		assert_non_null(ruleset_set_name(i));
		assert_ptr_equal(nft_table_find_set(t, ruleset_set_name(i)), ruleset_set(i));
	}
}

/* What nft 1.0.6 to 1.1.7 keep with the reference's set; with another description they crash. */
static void test_typeof(void **state)
{
	static const char want[] =
		" userdata "
		"000400000000035600040d000000014e000e0004090000000106000406000000011400040700"
		"0000010c0004110000000104020000000226000407000000011e000400000000010400000000"
		"020403000000030440000000040480000000";
	_cleanup_(strv_done)
	struct strv lines = {0};
	struct err err = {0};
	size_t found = 0;

	(void)state;
	assert_int_equal(nft_table_shape(&ruleset_tables[1], &lines, &err), 0);
	for (size_t i = 0; i < lines.n; i++)
		found += startswith(lines.items[i], "2 set targets6 ") &&
			 strstr(lines.items[i], want);
	assert_int_equal(found, 1);
}

/* The shape is stable, and each part of it counts. */
static void test_shape(void **state)
{
	struct nft_table t = ruleset_tables[0];
	struct nft_chain chains[32];
	struct err err = {0};
	struct strv one = {0}, two = {0};
	size_t same = 0;

	(void)state;
	assert_int_equal(nft_table_shape(&ruleset_tables[0], &one, &err), 0);
	assert_true(one.n > 100);
	memcpy(chains, t.chains, t.n_chains * sizeof(*chains));
	t.chains = chains;
	chains[4].n_rules--; /* from_container without its deny */
	assert_int_equal(nft_table_shape(&t, &two, &err), 0);
	assert_int_equal(two.n, one.n - 1);
	strv_done(&two);
	chains[4].n_rules++;
	chains[2].priority = "filter";
	assert_int_equal(nft_table_shape(&t, &two, &err), 0);
	assert_int_equal(two.n, one.n);
	for (size_t i = 0; i < one.n; i++)
		same += streq(one.items[i], two.items[i]);
	assert_int_equal(same, one.n - 1);
	strv_done(&one);
	strv_done(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytecode), cmocka_unit_test(test_text),
		cmocka_unit_test(test_sets),	 cmocka_unit_test(test_typeof),
		cmocka_unit_test(test_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
