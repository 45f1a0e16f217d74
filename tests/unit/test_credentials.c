/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config.json as docker reads it: which entry is a registry's, and what is sent of it. */
#include "podctl/credentials.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>

static char *describe(const struct credential *c)
{
	return xasprintf("%s|%s|%s|%s|%s", c->server, c->helper ? c->helper : "-",
			 c->username ? c->username : "-", c->password ? c->password : "-",
			 c->identity_token ? c->identity_token : "-");
}

#define BOB   "Ym9iOnB3" /* bob:pw */
#define HUB   "https://index.docker.io/v1/"
#define STORE "\"credsStore\":\"pass\""

static void test_find(void **state _unused_)
{
	static const struct {
		const char *config, *host, *want; /* NULL: -EINVAL */
	} cases[] = {
		{"{}", "r:5000", "r:5000|-|-|-|-"},
		{"{\"auths\":7}", "r:5000", "r:5000|-|-|-|-"},
		{"{\"auths\":{\"r:5000\":{\"auth\":\"" BOB "\"}}}", "r:5000", "r:5000|-|bob|pw|-"},
		{"{\"auths\":{\"r:5000\":{\"auth\":\"" BOB "\"}}}", "r:500", "r:500|-|-|-|-"},
		{"{\"auths\":{\"r:5000\":{\"auth\":\"" BOB "\"}}}", "r", "r|-|-|-|-"},
		{"{\"auths\":{\"r\":{\"auth\":\"" BOB "\"}}}", "evil.r", "evil.r|-|-|-|-"},
		{"{\"auths\":{\"https://r/v2/\":{\"auth\":\"" BOB "\"}}}", "r", "r|-|bob|pw|-"},
		{"{\"auths\":{\"http://r\":{\"auth\":\"" BOB "\"}}}", "r", "r|-|bob|pw|-"},
		/* the exact name goes before others that mean the same */
		{"{\"auths\":{\"https://r/\":{\"username\":\"x\"},\"r\":{\"auth\":\"" BOB "\"}}}",
		 "r", "r|-|bob|pw|-"},
		{"{\"auths\":{\"" HUB "\":{\"auth\":\"" BOB "\"}}}", "docker.io",
		 HUB "|-|bob|pw|-"},
		{"{\"auths\":{\"index.docker.io\":{\"auth\":\"" BOB "\"}}}", "docker.io",
		 HUB "|-|bob|pw|-"},
		{"{\"auths\":{\"docker.io\":{\"auth\":\"" BOB "\"}}}", "docker.io", HUB "|-|-|-|-"},
		{"{\"auths\":{\"r\":{\"username\":\"u\",\"password\":\"p\"}}}", "r", "r|-|u|p|-"},
		{"{\"auths\":{\"r\":{\"username\":\"u\",\"password\":\"p\",\"auth\":\"" BOB "\"}}}",
		 "r", "r|-|bob|pw|-"},
		{"{\"auths\":{\"r\":{\"identitytoken\":\"t\",\"auth\":\"\"}}}", "r", "r|-|-|-|t"},
		{"{\"auths\":{\"r\":{}}," STORE "}", "r", "r|pass|-|-|-"},
		{"{\"auths\":{\"r\":{\"auth\":\"" BOB
		 "\"}},\"credHelpers\":{\"r\":\"ecr-login\"}," STORE "}",
		 "r", "r|ecr-login|-|-|-"},
		{"{\"credHelpers\":{\"x\":\"y\"}}", "r", "r|-|-|-|-"},
		{"{\"credHelpers\":{\"" HUB "\":\"y\"}}", "docker.io", HUB "|y|-|-|-"},
		{"{\"credHelpers\":{\"r\":\"\"}}", "r", "r|-|-|-|-"},
		/* a helper's name is part of a program's */
		{"{\"credHelpers\":{\"r\":\"../../tmp/x\"}}", "r", NULL},
		{"{\"credHelpers\":{\"r\":\"a b\"}}", "r", NULL},
		{"{\"credHelpers\":{\"r\":7}}", "r", NULL},
		{"{\"credsStore\":[\"pass\"]}", "r", NULL},
		{"{\"credsStore\":"
		 "\"0123456789012345678901234567890123456789012345678901234567890123"
		 "4\"}",
		 "r", NULL},
		{"{\"auths\":{\"r\":7}}", "r", NULL},
		{"{\"auths\":{\"r\":{\"auth\":\"Ym9\"}}}", "r", NULL},
		{"{\"auths\":{\"r\":{\"auth\":\"!!!!\"}}}", "r", NULL},
		{"{\"auths\":{\"r\":{\"auth\":\"Ym9i\"}}}", "r", NULL}, /* bob */
		{"{\"auths\":{\"r\":{\"auth\":\"OnB3\"}}}", "r", NULL}, /* :pw */
		{"{\"auths\":{\"r\":{\"username\":7}}}", "r", NULL},
		{"{\"auths\":{\"r\":{\"identitytoken\":{}}}}", "r", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct credentials c = {0};
		struct credential found = {0};
		struct err err = {0};
		int r;

		assert_int_equal(
			credentials_parse(cases[i].config, strlen(cases[i].config), &c, &err), 0);
		r = credentials_find(&c, cases[i].host, &found, &err);
		if ((r < 0) != !cases[i].want)
			fail_msg("%zu: %d %s", i, r, err.text);
		if (r < 0) {
			/* nothing of what stands there is told */
			assert_null(strstr(err.text, "tmp"));
			assert_null(strstr(err.text, "!!!!"));
			assert_null(found.server);
		} else {
			_cleanup_free_ char *got = describe(&found);

			assert_string_equal(got, cases[i].want);
		}
		credential_done(&found);
		credentials_done(&c);
	}
}

static void test_parse(void **state _unused_)
{
	static const char *const wrong[] = {"", "[]", "s3cr3t", "{\"a\":1,\"a\":1}", "{", "{} x"};
	struct credentials c = {0};
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(credentials_parse(wrong[i], strlen(wrong[i]), &c, &err), -EINVAL);
		assert_null(c.root);
		assert_null(strstr(err.text, "s3cr3t"));
	}
}

static void test_answer(void **state _unused_)
{
	static const struct {
		const char *answer, *want; /* NULL: -EINVAL */
	} cases[] = {
		{"{\"ServerURL\":\"r\",\"Username\":\"u\",\"Secret\":\"p\"}\n", "r|-|u|p|-"},
		{"{\"Username\":\"<token>\",\"Secret\":\"t\"}", "r|-|-|-|t"},
		{"{\"Username\":\"u\"}", NULL},
		{"{\"Secret\":\"u\"}", NULL},
		{"{\"Username\":\"u\",\"Secret\":7}", NULL},
		{"[]", NULL},
		{"", NULL},
		{"nonsense", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct credential c = {.server = xstrdup("r")};
		_cleanup_free_ char *got = NULL;
		struct err err;
		int r = credential_take_answer(&c, cases[i].answer, strlen(cases[i].answer), &err);

		assert_int_equal(r, cases[i].want ? 0 : -EINVAL);
		got = describe(&c);
		assert_string_equal(got, cases[i].want ? cases[i].want : "r|-|-|-|-");
		credential_done(&c);
	}
	assert_true(credentials_not_found("credentials not found in native keychain\n", 41));
	assert_false(credentials_not_found("credentials", 11));
}

static void test_header(void **state _unused_)
{
	static const struct {
		const char *username, *password, *token, *want;
	} cases[] = {
		{NULL, NULL, NULL, NULL},
		{"bob", "pw", NULL,
		 "eyJ1c2VybmFtZSI6ImJvYiIsInBhc3N3b3JkIjoicHciLCJzZXJ2ZXJhZGRyZXNzIjoiciJ9"},
		{NULL, NULL, "t", "eyJpZGVudGl0eXRva2VuIjoidCIsInNlcnZlcmFkZHJlc3MiOiJyIn0="},
		/* letters of URLs */
		{"?>?>", "~~~~", NULL,
		 "eyJ1c2VybmFtZSI6Ij8-Pz4iLCJwYXNzd29yZCI6In5-fn4iLCJzZXJ2ZXJhZGRyZXNzIjoiciJ9"},
		/* no UTF-8: nothing is sent rather than something else */
		{"b\xff", "pw", NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct credential c = {.server = xstrdup("r"),
				       .username = xstrdup(cases[i].username),
				       .password = xstrdup(cases[i].password),
				       .identity_token = xstrdup(cases[i].token)};
		char *header = credential_header(&c);

		if (cases[i].want)
			assert_string_equal(header, cases[i].want);
		else
			assert_null(header);
		credentials_wipe(header);
		credential_done(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
