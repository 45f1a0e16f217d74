/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/yaml.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

/* The tree on one line: scalars plain or in quotes, lists in [], maps in {}. */
static void dump(const struct yaml_node *node, FILE *out)
{
	if (node->kind == YAML_NODE_SCALAR) {
		fprintf(out, node->plain ? "%s" : "\"%s\"", node->text);
		return;
	}
	fputc(node->kind == YAML_NODE_LIST ? '[' : '{', out);
	for (size_t i = 0; i < node->n; i++) {
		fprintf(out, "%s", i > 0 ? ", " : "");
		if (node->kind == YAML_NODE_MAP) {
			dump(node->keys[i], out);
			fprintf(out, ": ");
		}
		dump(node->values[i], out);
	}
	fputc(node->kind == YAML_NODE_LIST ? ']' : '}', out);
}

static char *tree(const struct yaml_node *root)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (root)
		dump(root, f);
	fclose(f);
	return text;
}

static char *first_problem(const struct problems *p)
{
	return p->n > 0 ? problem_format(&p->items[0], "f") : xstrdup("no problem");
}

static void test_trees(void **state _unused_)
{
	static const struct {
		const char *yaml, *tree;
	} cases[] = {
		{"", ""},
		{"# only a comment\n", ""},
		{"---\n", ""},
		{"---\n...\n", ""},
		{"%YAML 1.2\n---\na: 1\n", "{a: 1}"},
		{"a: 1\nb:\n  - x\n  - 'y'\nc: {d: e}\n", "{a: 1, b: [x, \"y\"], c: {d: e}}"},
		{"~\n", "~"},
		{"plain\n", "plain"},
		{"a:\n", "{a: }"},
		{"yes: no\n", "{yes: no}"},
		{"22: 22:53\n", "{22: 22:53}"},
		{"a: 0x1F\nb: 2001-01-01\nc: 022\n", "{a: 0x1F, b: 2001-01-01, c: 022}"},
		{"a: |\n  x\n  y\n", "{a: \"x\ny\n\"}"},
		{"a: >-\n  x\n  y\n", "{a: \"x y\"}"},
		{"a: x\n  y\n", "{a: x y}"},
		{"\"a b\": ''\n", "{\"a b\": \"\"}"},
		{"'<<': x\n", "{\"<<\": x}"},
		{"\xef\xbb\xbf"
		 "a: b\n",
		 "{a: b}"},
		{"a: gr\xc3\xbc\xc3\x9f\r\nb: c\r\n", "{a: gr\xc3\xbc\xc3\x9f, b: c}"},
		{"a: \"\\u00e9\\n\"\n", "{a: \"\xc3\xa9\n\"}"},
		{"[[], {}, [{a: []}]]\n", "[[], {}, [{a: []}]]"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(yaml_node_freep)
		struct yaml_node *root = NULL;
		_cleanup_(problems_done)
		struct problems p = {0};
		_cleanup_free_ char *text = NULL, *problem = NULL;
		int r = yaml_parse(cases[i].yaml, strlen(cases[i].yaml), &p, &root);

		problem = first_problem(&p);
		if (r != 0)
			fail_msg("%s: %s", cases[i].yaml, problem);
		assert_int_equal(p.n, 0);
		text = tree(root);
		assert_string_equal(text, cases[i].tree);
		assert_true((root == NULL) == (*cases[i].tree == '\0'));
	}
}

static void test_marks(void **state _unused_)
{
	static const char yaml[] = "# head\na: x\nb\xc3\xa4: [y,\n     z]\n";
	_cleanup_(yaml_node_freep)
	struct yaml_node *root = NULL;
	_cleanup_(problems_done)
	struct problems p = {0};
	const struct yaml_node *list;

	assert_int_equal(yaml_parse(yaml, strlen(yaml), &p, &root), 0);
	assert_int_equal(root->mark.line, 2);
	assert_int_equal(root->mark.column, 1);
	list = yaml_map_get(root, "b\xc3\xa4");
	assert_non_null(list);
	/* columns count characters, not bytes */
	assert_int_equal(list->mark.line, 3);
	assert_int_equal(list->mark.column, 5);
	assert_int_equal(list->values[1]->mark.line, 4);
	assert_int_equal(list->values[1]->mark.column, 6);
	assert_int_equal(root->keys[1]->mark.column, 1);
	assert_null(yaml_map_get(root, "c"));
	assert_null(yaml_map_get(list, "a"));
	assert_null(yaml_map_get(NULL, "a"));
}

/* problem: how the first line begins. tree: whether a tree is given all the same. */
struct refused {
	const char *yaml, *problem;
	bool tree;
};

static void check_refused(const struct refused *c, size_t size)
{
	_cleanup_(yaml_node_freep)
	struct yaml_node *root = NULL;
	_cleanup_(problems_done)
	struct problems p = {0};
	_cleanup_free_ char *problem = NULL;

	assert_int_equal(yaml_parse(c->yaml, size, &p, &root), -EINVAL);
	assert_true(p.n_errors > 0);
	problems_sort(&p);
	problem = first_problem(&p);
	if (!startswith(problem, c->problem))
		fail_msg("%s\ngot    %s\nwanted %s", c->yaml, problem, c->problem);
	assert_int_equal(root != NULL, c->tree);
}

static void test_refused(void **state _unused_)
{
	static const struct refused cases[] = {
		{"a: 1\nb: 2\na: 3\n", "f:3:1: the key 'a' is given twice, first on line 1", true},
		{"a: 1\n\"a\": 3\n", "f:2:1: the key 'a' is given twice, first on line 1", true},
		{"x: {k: 1, l: 2, k: 1}\n", "f:1:17: the key 'k' is given twice", true},
		{"a: &x 1\nb: 2\n", "f:1:4: anchors are not supported", true},
		{"a: &x [1]\n", "f:1:4: anchors are not supported", true},
		{"a: &x {b: 1}\n", "f:1:4: anchors are not supported", true},
		{"&x a: 1\n", "f:1:1: anchors are not supported", true},
		{"b: *x\n", "f:1:4: aliases are not supported", false},
		{"*x : 1\n", "f:1:1: aliases are not supported", false},
		{"a: !!str 5\n", "f:1:4: tags are not supported", true},
		{"a: !foo [1]\n", "f:1:4: tags are not supported", true},
		{"a: !foo {b: 1}\n", "f:1:4: tags are not supported", true},
		{"a: ! x\n", "f:1:4: tags are not supported", true},
		{"%TAG ! tag:x,2000:\n---\na: 1\n", "f:1:1: tags are not supported", true},
		{"<<: {a: 1}\n", "f:1:1: merge keys are not supported", true},
		{"[a]: 1\n", "f:1:1: a key must be text", false},
		{"? {a: 1}\n: 1\n", "f:1:3: a key must be text", false},
		{"?\n: 1\n", "f:1:2: a key is missing before the colon", false},
		{"--- a\n--- b\n", "f:2:1: a second document begins", false},
		{"a: 1\n---\n", "f:2:1: a second document begins", false},
		{"a: 1\n b: 2\n", "f:2:3: mapping values are not allowed", false},
		{"a: 'x\n", "f:2:1: found unexpected end of stream", false},
		{"a: [1, 2\n", "f:2:1: did not find expected", false},
		{"a:\n\t- x\n",
		 "f:2:1: found character that cannot start any token: a tab, and YAML is indented "
		 "with "
		 "spaces",
		 false},
		{"\xc3\xa4:\n\t- x\n", "f:2:1: found character that cannot start any token: a tab",
		 false},
		{"a: \"\\0\"\n", "f:1:4: a NUL character can't be part of a value", false},
		{"a: @x\n",
		 "f:1:4: found character that cannot start any token: put the value in quotes",
		 false},
		{"\xc3\xa4: @x\n", "f:1:4: found character that cannot start any token: put",
		 false},
		{"a: b\nc: \xff\n", "f:2:4: invalid leading UTF-8 octet", false},
		{"a: b\n# \xc3\xa4 \x01\n", "f:2:5: control characters are not allowed", false},
		{"a: \xc0\xaf\n", "f:1:4: ", false},
		{"\xff\xfe"
		 "a",
		 "f:1:1: invalid leading UTF-8 octet", false},
	};
	static const struct refused nul = {"a: b\0c\n", "f:1:5: control characters are", false};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_refused(&cases[i], strlen(cases[i].yaml));
	check_refused(&nul, 7);
}

/* One bad thing does not hide the next. */
static void test_all_errors(void **state _unused_)
{
	static const char yaml[] = "a: &x 1\nb: !t 2\na: *x\n<<: 3\n";
	_cleanup_(yaml_node_freep)
	struct yaml_node *root = NULL;
	_cleanup_(problems_done)
	struct problems p = {0};

	assert_int_equal(yaml_parse(yaml, strlen(yaml), &p, &root), -EINVAL);
	assert_int_equal(p.n_errors, 5);
}

/* No text of the file gets out but a short key. */
static void test_no_leak(void **state _unused_)
{
	static const char *const files[] = {
		"root:$6$SECRET$abc:19000:0:99999:7:::\n  x: 'SECRET\n",
		"-----BEGIN SECRET-----\nSECRET: SECRET: SECRET\n",
		"{SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET: "
		"1,\n"
		" SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET SECRET: "
		"1}\n",
		"a: \"\\SECRET\"\n",
		"a: !SECRET &SECRET SECRET\nb: *SECRET\n",
		"%SECRET 1\n--- !SECRET x\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_(yaml_node_freep)
		struct yaml_node *root = NULL;
		_cleanup_(problems_done)
		struct problems p = {0};

		assert_int_equal(yaml_parse(files[i], strlen(files[i]), &p, &root), -EINVAL);
		for (size_t j = 0; j < p.n; j++)
			assert_null(strstr(p.items[j].text, "SECRET"));
	}
}

static int parse_nested(size_t depth, bool map)
{
	_cleanup_free_ char *yaml = xcalloc(1, depth * 4 + 2);
	_cleanup_(yaml_node_freep)
	struct yaml_node *root = NULL;
	_cleanup_(problems_done)
	struct problems p = {0};
	size_t n = 0;

	for (size_t i = 0; i < depth; i++) {
		yaml[n++] = map ? '{' : '[';
		if (map) {
			memcpy(yaml + n, "a: ", 3);
			n += 3;
		}
	}
	if (map) /* all but the last are closed by the closing braces; `{a: }` ends them */
		yaml[n - 1] = ' ';
	yaml = xreallocarray(yaml, n + depth + 1, 1);
	memset(yaml + n, map ? '}' : ']', depth);
	return yaml_parse(yaml, n + depth, &p, &root);
}

static void test_depth(void **state _unused_)
{
	for (int map = 0; map < 2; map++) {
		assert_int_equal(parse_nested(YAML_DEPTH_MAX, map), 0);
		assert_int_equal(parse_nested(YAML_DEPTH_MAX + 1, map), -EINVAL);
		assert_int_equal(parse_nested(100000, map), -EINVAL);
	}
}

static void test_size(void **state _unused_)
{
	_cleanup_free_ char *yaml = xmalloc(YAML_INPUT_MAX + 1);
	_cleanup_(yaml_node_freep)
	struct yaml_node *root = NULL;
	_cleanup_(problems_done)
	struct problems p = {0};

	memset(yaml, 'x', YAML_INPUT_MAX + 1);
	assert_int_equal(yaml_parse(yaml, YAML_INPUT_MAX, &p, &root), 0);
	assert_int_equal(strlen(root->text), YAML_INPUT_MAX);
	yaml_node_free(take_ptr(root));
	assert_int_equal(yaml_parse(yaml, YAML_INPUT_MAX + 1, &p, &root), -EINVAL);
	assert_null(root);
	assert_string_equal(p.items[0].text, "is larger than 1 MiB");
}

/* As many keys as fit, all the same: slow only if looked for one by one. */
static void test_many_keys(void **state _unused_)
{
	_cleanup_free_ char *yaml = xmalloc(YAML_INPUT_MAX);
	_cleanup_(yaml_node_freep)
	struct yaml_node *root = NULL;
	_cleanup_(problems_done)
	struct problems p = {0};
	size_t n = YAML_INPUT_MAX / 5;

	for (size_t i = 0; i < n; i++)
		memcpy(yaml + i * 5, "k: v\n", 5);
	assert_int_equal(yaml_parse(yaml, n * 5, &p, &root), -EINVAL);
	assert_int_equal(p.n_errors, n - 1);
}

/* What a plain scalar is: null, bool, integer, other number, or only text. */
static void test_types(void **state _unused_)
{
	static const struct {
		const char *text, *type;
		int64_t value;
	} cases[] = {
		{"", "null", 0},
		{"~", "null", 0},
		{"null", "null", 0},
		{"Null", "null", 0},
		{"NULL", "null", 0},
		{"nULL", "text", 0},
		{"true", "bool", 1},
		{"True", "bool", 1},
		{"TRUE", "bool", 1},
		{"false", "bool", 0},
		{"False", "bool", 0},
		{"FALSE", "bool", 0},
		{"yes", "text", 0},
		{"no", "text", 0},
		{"on", "text", 0},
		{"y", "text", 0},
		{"tRUE", "text", 0},
		{"0", "int", 0},
		{"-0", "int", 0},
		{"+12", "int", 12},
		{"-12", "int", -12},
		{"022", "int", 22},
		{"0o17", "int", 15},
		{"0x1F", "int", 31},
		{"0xfe", "int", 254},
		{"9223372036854775807", "int", INT64_MAX},
		{"-9223372036854775808", "int", INT64_MIN},
		{"9223372036854775808", "number", 0},
		{"-9223372036854775809", "number", 0},
		{"0xfffffffffffffffff", "number", 0},
		{"-0x1F", "text", 0},
		{"0x", "text", 0},
		{"0o8", "text", 0},
		{"0b1", "text", 0},
		{"1_000", "text", 0},
		{"22:53", "text", 0},
		{"2001-01-01", "text", 0},
		{"+", "text", 0},
		{"-", "text", 0},
		{"1.5", "number", 0},
		{".5", "number", 0},
		{"1.", "number", 0},
		{"1e3", "number", 0},
		{"-1.5E-3", "number", 0},
		{"1e", "text", 0},
		{".", "text", 0},
		{"1.2.3", "text", 0},
		{"1.5 ", "text", 0},
		{"0x1p3", "text", 0},
		{"inf", "text", 0},
		{"nan", "text", 0},
		{".inf", "number", 0},
		{"-.INF", "number", 0},
		{".NaN", "number", 0},
		{"infinity", "text", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[32];
		struct yaml_node node = {.kind = YAML_NODE_SCALAR, .text = text, .plain = true};
		bool b = false;
		int64_t n = 0;
		const char *type;

		snprintf(text, sizeof(text), "%s", cases[i].text);
		type = yaml_is_null(&node)	  ? "null"
		       : yaml_get_bool(&node, &b) ? "bool"
		       : yaml_get_int(&node, &n)  ? "int"
		       : yaml_is_typed(&node)	  ? "number"
						  : "text";
		if (!streq(type, cases[i].type) || (b ? 1 : n) != cases[i].value)
			fail_msg("'%s' is %s %lld", text, type, (long long)n);
		assert_int_equal(yaml_is_typed(&node), !streq(type, "text"));
		node.plain = false;
		assert_false(yaml_is_null(&node) || yaml_get_bool(&node, &b) ||
			     yaml_get_int(&node, &n) || yaml_is_typed(&node));
	}
	assert_false(yaml_is_null(NULL) || yaml_is_typed(NULL));
}

static void test_doubles(void **state _unused_)
{
	static const struct {
		const char *text;
		double value; /* 0: none */
	} cases[] = {
		{"2", 2},    {"0.5", 0.5}, {"1e3", 1000}, {"0x10", 16}, {"-2.5", -2.5}, {".inf", 0},
		{".nan", 0}, {"1e999", 0}, {"0x1p3", 0},  {"1,5", 0},	{"1.5x", 0},	{"", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[32];
		struct yaml_node node = {.kind = YAML_NODE_SCALAR, .text = text, .plain = true};
		double d = 0;

		snprintf(text, sizeof(text), "%s", cases[i].text);
		assert_int_equal(yaml_get_double(&node, &d),
				 cases[i].value < 0 || cases[i].value > 0);
		assert_true(d <= cases[i].value && d >= cases[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),	cmocka_unit_test(test_marks),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_all_errors),
		cmocka_unit_test(test_no_leak), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_size),	cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_types),	cmocka_unit_test(test_doubles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
