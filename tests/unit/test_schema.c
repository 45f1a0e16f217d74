/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The decoder with a small schema of a pod's shape. */
#include "common/schema.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

struct mount {
	char *source;
	bool readonly;
};

struct container {
	struct schema_entry entry;
	char *image;
	struct mark image_mark;
	struct strv command;
	bool command_given;
	struct schema_pairs environment;
	int64_t timeout, any_number;
	bool update;
	struct schema_array mounts;
	unsigned custom;
};

struct pod {
	struct schema_array containers;
	char *hostname;
	char *version;
	struct mount root_mount;
};

static const char *no_slash(const void *value)
{
	return strchr(value, '/') ? "must not have a slash in it" : NULL;
}

static const char *not_bad(const char *key)
{
	return streq(key, "bad") ? "is a bad name" : NULL;
}

static const char *even(const void *value)
{
	return *(const int64_t *)value % 2 != 0 ? "must be even" : NULL;
}

static int decode_custom(struct schema_context *ctx, const struct yaml_node *node, void *target,
			 const struct schema_field *field)
{
	assert_string_equal(field->key, "custom");
	if (!streq(schema_describe(node), "a list"))
		return schema_error(ctx, node, "must be a list, but is %s", schema_describe(node));
	*(unsigned *)target = (unsigned)node->n;
	return 0;
}

static const struct schema_field mount_fields[] = {
	{.key = "source",
	 .type = SCHEMA_STRING,
	 .offset = offsetof(struct mount, source),
	 .required = true},
	{.key = "readonly", .type = SCHEMA_BOOL, .offset = offsetof(struct mount, readonly)},
	{0},
};
static const struct schema mount_schema = {"mount", mount_fields, sizeof(struct mount)};

#define AT(member) offsetof(struct container, member)
static const struct schema_field container_fields[] = {
	{.key = "image",
	 .type = SCHEMA_STRING,
	 .offset = AT(image),
	 .required = true,
	 .mark_offset = AT(image_mark)},
	{.key = "command",
	 .type = SCHEMA_STRINGS,
	 .offset = AT(command),
	 .given_offset = AT(command_given),
	 .check = no_slash},
	{.key = "environment",
	 .type = SCHEMA_TEXT_MAP,
	 .offset = AT(environment),
	 .check = no_slash,
	 .check_key = not_bad},
	{.key = "timeout",
	 .type = SCHEMA_INT,
	 .offset = AT(timeout),
	 .min = 2,
	 .max = 10,
	 .check = even},
	{.key = "any_number", .type = SCHEMA_INT, .offset = AT(any_number)},
	{.key = "update", .type = SCHEMA_BOOL, .offset = AT(update)},
	{.key = "mounts", .type = SCHEMA_LIST, .offset = AT(mounts), .object = &mount_schema},
	{.key = "custom", .type = SCHEMA_CUSTOM, .offset = AT(custom), .decode = decode_custom},
	{.key = "devices", .type = SCHEMA_REFUSED, .doc = "policy forbids it: devices"},
	{0},
};
#undef AT
static const struct schema container_schema = {"container", container_fields,
					       sizeof(struct container)};

static const struct schema_field pod_fields[] = {
	{.key = "containers",
	 .type = SCHEMA_MAP,
	 .offset = offsetof(struct pod, containers),
	 .object = &container_schema,
	 .check_key = not_bad,
	 .required = true},
	{.key = "hostname",
	 .type = SCHEMA_STRING,
	 .offset = offsetof(struct pod, hostname),
	 .check = no_slash},
	{.key = "version", .type = SCHEMA_TEXT, .offset = offsetof(struct pod, version)},
	{.key = "root_mount",
	 .type = SCHEMA_OBJECT,
	 .offset = offsetof(struct pod, root_mount),
	 .object = &mount_schema},
	{0},
};
static const struct schema pod_schema = {"pod", pod_fields, sizeof(struct pod)};

static void container_done(struct container *c)
{
	free(c->entry.key);
	free(c->image);
	strv_done(&c->command);
	schema_pairs_done(&c->environment);
	for (size_t i = 0; i < c->mounts.n; i++)
		free(((struct mount *)c->mounts.items)[i].source);
	free(c->mounts.items);
}

static void pod_done(struct pod *p)
{
	for (size_t i = 0; i < p->containers.n; i++)
		container_done(&((struct container *)p->containers.items)[i]);
	free(p->containers.items);
	free(p->hostname);
	free(p->version);
	free(p->root_mount.source);
}

/* Decodes text; problems sorted, on lines each. Caller frees both. */
static int decode(const char *text, struct pod *pod, char **ret_problems)
{
	_cleanup_(yaml_node_freep)
	struct yaml_node *root = NULL;
	_cleanup_(problems_done)
	struct problems p = {0};
	size_t size;
	FILE *out = open_memstream(ret_problems, &size);
	int parsed = yaml_parse(text, strlen(text), &p, &root);
	int r = parsed;

	if (parsed == 0 || root)
		r = schema_decode(&pod_schema, root, &p, pod);
	/* what the parser complained of is never let through by the decoder */
	if (parsed < 0)
		assert_int_equal(r, -EINVAL);
	problems_sort(&p);
	problems_print(&p, "f", out);
	fclose(out);
	return r;
}

static void test_all_types(void **state _unused_)
{
	static const char yaml[] = "hostname: 22:53\n"
				   "version: '1.10'\n"
				   "root_mount: {source: ., readonly: true}\n"
				   "containers:\n"
				   "  app:\n"
				   "    image:  0x1F\n"
				   "    command: [sleep, 30, yes, '', 2001-01-01]\n"
				   "    environment: {B: yes, A: \"1\", C: 22:53}\n"
				   "    timeout: 10\n"
				   "    any_number: -0\n"
				   "    update: true\n"
				   "    mounts: [{source: a}, {source: b, readonly: true}]\n"
				   "    custom: [1, 2, 3]\n"
				   "  db: {image: 007}\n";
	_cleanup_(pod_done)
	struct pod pod = {0};
	_cleanup_free_ char *problems = NULL;
	const struct container *app;
	const struct mount *mounts;

	if (decode(yaml, &pod, &problems) != 0)
		fail_msg("%s", problems);
	assert_string_equal(pod.hostname, "22:53");
	assert_string_equal(pod.version, "1.10");
	assert_string_equal(pod.root_mount.source, ".");
	assert_true(pod.root_mount.readonly);
	assert_int_equal(pod.containers.n, 2);
	app = pod.containers.items;
	assert_string_equal(app->entry.key, "app");
	assert_int_equal(app->entry.mark.line, 5);
	assert_int_equal(app->entry.mark.column, 3);
	assert_string_equal(app->image, "0x1F");
	assert_int_equal(app->image_mark.line, 6);
	assert_int_equal(app->image_mark.column, 13);
	assert_int_equal(app->command.n, 5);
	assert_string_equal(app->command.items[1], "30");
	assert_string_equal(app->command.items[2], "yes");
	assert_string_equal(app->command.items[3], "");
	assert_true(app->command_given);
	assert_int_equal(app->environment.n, 3);
	assert_string_equal(app->environment.items[0].key, "B");
	assert_string_equal(app->environment.items[0].value, "yes");
	assert_string_equal(app->environment.items[1].key, "A");
	assert_int_equal(app->environment.items[1].mark.line, 8);
	assert_int_equal(app->timeout, 10);
	assert_true(app->update);
	assert_int_equal(app->custom, 3);
	mounts = app->mounts.items;
	assert_int_equal(app->mounts.n, 2);
	assert_string_equal(mounts[1].source, "b");
	assert_true(mounts[1].readonly && !mounts[0].readonly);
	assert_string_equal(app[1].image, "007");
	assert_false(app[1].command_given);
}

/* An empty value is an empty map where one is wanted. Presets stay where nothing is given. */
static void test_empty(void **state _unused_)
{
	_cleanup_(pod_done)
	struct pod pod = {.root_mount.readonly = true};
	_cleanup_free_ char *problems = NULL;

	assert_int_equal(decode("containers:\nroot_mount: {source: x}\n", &pod, &problems), 0);
	assert_int_equal(pod.containers.n, 0);
	assert_true(pod.root_mount.readonly);
}

/* Each text with all its complaints. */
static void test_problems(void **state _unused_)
{
	static const struct {
		const char *yaml, *problems;
	} cases[] = {
		{"", "f: containers: is missing, and required\n"},
		{"~\n", "f:1:1: containers: is missing, and required\n"},
		{"text\n", "f:1:1: must be a map (key: value), but is a string\n"},
		{"[a]\n", "f:1:1: must be a map (key: value), but is a list\n"},
		{"containers: 5\n",
		 "f:1:13: containers: must be a map (key: value), but is a number\n"},
		{"containers: [a]\n",
		 "f:1:13: containers: must be a map (key: value), but is a list\n"},
		{"containers: {app: x}\n",
		 "f:1:19: containers.app: must be a map (key: value), but is a string\n"},
		{"containers: {app: }\n",
		 "f:1:19: containers.app.image: is missing, and required\n"},
		{"containers: {bad: {image: x}}\n", "f:1:14: containers.bad: is a bad name\n"},
		{"containers: {a: {image: [x]}}\n",
		 "f:1:25: containers.a.image: must be a string, but is a list\n"},
		{"containers: {a: {image: ~}}\n",
		 "f:1:25: containers.a.image: must be a string, but is null\n"},
		{"containers: {a: {image: }}\n",
		 "f:1:25: containers.a.image: must be a string, but is empty\n"},
		{"containers: {}\nhostname: a/b\n",
		 "f:2:11: hostname: must not have a slash in it\n"},
		/* text must be quoted where YAML would make something else of it */
		{"containers: {}\nversion: 1.10\n", "f:2:10: version: must be a string, but is a "
						    "number: put it in quotes, \"1.10\"\n"},
		{"containers: {}\nversion: true\n",
		 "f:2:10: version: must be a string, but is true or false: put it in quotes, "
		 "\"true\"\n"},
		{"containers: {}\nversion: null\n",
		 "f:2:10: version: must be a string, but is null: put it in quotes, \"null\"\n"},
		{"containers: {}\nversion:\n",
		 "f:2:9: version: must be a string, but is empty: write \"\"\n"},
		{"containers: {}\nversion: {}\n",
		 "f:2:10: version: must be a string, but is a map\n"},
		{"containers: {}\n"
		 "version: 12345678901234567890123456789012345678901234567890123456789012345\n",
		 "f:2:10: version: must be a string, but is a number: put it in quotes\n"},
		{"containers:\n  a:\n    image: x\n    environment: {A: 1, \"b=c\": x, \"\": y, D: "
		 "~, "
		 "bad: x, E: a/b, \"F\\n\": z, G: [1]}\n",
		 "f:4:22: containers.a.environment.A: must be a string, but is a number: put it in "
		 "quotes, \"1\"\n"
		 "f:4:25: containers.a.environment.b=c: a name may not have '=' in it\n"
		 "f:4:35: containers.a.environment: a name may not be empty\n"
		 "f:4:45: containers.a.environment.D: must be a string, but is null: put it in "
		 "quotes, \"~\"\n"
		 "f:4:48: containers.a.environment.bad: is a bad name\n"
		 "f:4:59: containers.a.environment.E: must not have a slash in it\n"
		 "f:4:64: containers.a.environment.(key): a name may not have control characters "
		 "in "
		 "it\n"
		 "f:4:77: containers.a.environment.G: must be a string, but is a list\n"},
		{"containers:\n  a:\n    image: x\n    timeout: 1\n    any_number: 1.5\n    "
		 "update: yes\n"
		 "    mounts: [{readonly: 1}, x, ~]\n    command: x\n    custom: {}\n",
		 "f:4:14: containers.a.timeout: must be from 2 to 10\n"
		 "f:5:17: containers.a.any_number: must be a whole number\n"
		 "f:6:13: containers.a.update: must be true or false (without quotes)\n"
		 "f:7:14: containers.a.mounts[0].source: is missing, and required\n"
		 "f:7:25: containers.a.mounts[0].readonly: must be true or false (without quotes)\n"
		 "f:7:29: containers.a.mounts[1]: must be a map (key: value), but is a string\n"
		 "f:7:32: containers.a.mounts[2].source: is missing, and required\n"
		 "f:8:14: containers.a.command: must be a list, but is a string\n"
		 "f:9:13: containers.a.custom: must be a list, but is a map\n"},
		{"containers:\n  a:\n    image: x\n    timeout: 3\n    any_number: '1'\n"
		 "    command: [a, b/c, [d]]\n    mounts: {}\n    environment: []\n",
		 "f:4:14: containers.a.timeout: must be even\n"
		 "f:5:17: containers.a.any_number: must be a whole number\n"
		 "f:6:18: containers.a.command[1]: must not have a slash in it\n"
		 "f:6:23: containers.a.command[2]: must be a string, but is a list\n"
		 "f:7:13: containers.a.mounts: must be a list, but is a map\n"
		 "f:8:18: containers.a.environment: must be a map (key: value), but is a list\n"},
		{"containers: {a: {image: x, timeout: x}}\n",
		 "f:1:37: containers.a.timeout: must be a whole number from 2 to 10\n"},
		/* unknown and refused keys */
		{"containers: {a: {image: x, comand: []}}\n",
		 "f:1:28: containers.a.comand: unknown key; did you mean 'command'?\n"},
		{"contianers: {}\n", "f:1:1: contianers: unknown key; did you mean 'containers'?\n"
				     "f:1:1: containers: is missing, and required\n"},
		{"containers: {a: {image: x, devices: []}}\n",
		 "f:1:28: containers.a.devices: policy forbids it: devices\n"},
		{"containers: {a: {image: x, privileged: 1}}\n",
		 "f:1:28: containers.a.privileged: unknown key\n"},
		{"containers: {}\n\"a\\nb\": 1\n", "f:2:1: (key): unknown key\n"},
		/* what the parser found, and the rest */
		{"containers: {}\nhostname: &x a/b\nhostname: c\n",
		 "f:2:11: anchors are not supported\n"
		 "f:2:11: hostname: must not have a slash in it\n"
		 "f:3:1: the key 'hostname' is given twice, first on line 2\n"},
		{"containers: {}\nhostname: &x a\n", "f:2:11: anchors are not supported\n"},
		{"containers: {a: {image: x}, a: {image: 2, mounts: [1]}}\ncontainers: {}\n",
		 "f:1:29: the key 'a' is given twice, first on line 1\n"
		 "f:1:52: containers.a.mounts[0]: must be a map (key: value), but is a number\n"
		 "f:2:1: the key 'containers' is given twice, first on line 1\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(pod_done)
		struct pod pod = {0};
		_cleanup_free_ char *problems = NULL;

		assert_int_equal(decode(cases[i].yaml, &pod, &problems), -EINVAL);
		if (!streq(problems, cases[i].problems))
			fail_msg("%s\ngot:\n%swanted:\n%s", cases[i].yaml, problems,
				 cases[i].problems);
	}
}

/* Long and strange keys neither overrun the path nor show up in it. */
static void test_paths(void **state _unused_)
{
	char path[256], key[256], yaml[512];

	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	for (int n = 60; n < 70; n++) {
		_cleanup_(pod_done)
		struct pod pod = {0};
		_cleanup_free_ char *problems = NULL;

		snprintf(yaml, sizeof(yaml), "containers:\n  %.*s: {}\n", n, key);
		assert_int_equal(decode(yaml, &pod, &problems), -EINVAL);
		assert_int_equal(strstr(problems, "(key)") != NULL, n > 64);
		assert_int_equal(strstr(problems, "kkk") != NULL, n <= 64);
	}
	for (size_t n = 0; n < 300; n++) {
		struct problems p = {0};
		struct schema_context ctx = {.problems = &p};
		size_t length;

		for (size_t i = 0; i < n; i++)
			schema_enter(&ctx, "abc");
		snprintf(path, sizeof(path), "%s", ctx.path);
		length = schema_enter(&ctx, "def");
		schema_enter(&ctx, "[1]");
		schema_leave(&ctx, length);
		assert_int_equal(strncmp(path, ctx.path, sizeof(path) - 1), 0);
		assert_true(strlen(ctx.path) < sizeof(ctx.path));
	}
}

static void test_nearest(void **state _unused_)
{
	static const struct {
		const char *key, *nearest;
	} cases[] = {
		{"image", "image"},
		{"imag", "image"},
		{"imaeg", "image"},
		{"images", "image"},
		{"enviroment", "environment"},
		{"evnironmetn", "environment"},
		{"envrmnt", NULL},
		{"timeuot", "timeout"},
		{"device", NULL},
		{"xyz", NULL},
		{"", NULL},
		{"any-number", "any_number"},
		{"imageimageimageimageimageimageimageimageimage", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *nearest = schema_nearest(&container_schema, cases[i].key);

		if (!nearest != !cases[i].nearest || (nearest && !streq(nearest, cases[i].nearest)))
			fail_msg("%s: %s", cases[i].key, nearest ? nearest : "none");
	}
}

/* A file as large as may be, everything in it wrong. */
static void test_large(void **state _unused_)
{
	_cleanup_free_ char *yaml = xmalloc(YAML_INPUT_MAX), *problems = NULL;
	_cleanup_(pod_done)
	struct pod pod = {0};
	size_t n = 0;

	for (unsigned i = 0; n < YAML_INPUT_MAX - 40; i++)
		n += (size_t)snprintf(yaml + n, YAML_INPUT_MAX - n, "containerz%u: {a: [b]}\n", i);
	assert_int_equal(decode(yaml, &pod, &problems), -EINVAL);
	assert_non_null(strstr(problems, "more errors"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_types), cmocka_unit_test(test_empty),
		cmocka_unit_test(test_problems),  cmocka_unit_test(test_paths),
		cmocka_unit_test(test_nearest),	  cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
