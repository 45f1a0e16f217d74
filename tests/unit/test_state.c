/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state file: what is written comes back, and nothing else does. */
#include "netguard/state.h"
#include "tests/unit/model_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_round(void **state)
{
	static const char *const lines[] = {
		"web web br-x,10.1.0.2,fd00::2 127.0.0.1|80|8080/udp |1|1",
		"other - br-x,-,fd00::3", NULL};
	_cleanup_(model_freep)
	struct model *m = model_make(lines), *back = NULL;
	json_t *json, *again;
	struct err err;

	(void)state;
	m->members[0].joined_id = xstrdup("x");
	m->members[0].addresses[0].has_mac =
		mac_parse("02:00:00:00:00:0a", m->members[0].addresses[0].mac);
	json = state_encode(m, "boot");
	assert_non_null(json);
	assert_int_equal(state_decode(json, "boot", &back, &err), 0);
	again = state_encode(back, "boot");
	assert_true(json_equal(json, again));
	assert_null(model_find(back, "other")->pod);
	assert_int_equal(model_find(back, "web")->ports[0].proto, IPPROTO_UDP);
	json_decref(again);
	again = NULL;
	model_free(take_ptr(back));
	assert_int_equal(state_decode(json, "another boot", &back, &err), -ESTALE);
	assert_null(back);
	json_decref(json);
}

#define MEMBER(pod, addresses, ports)                                                              \
	"{\"version\":1,\"boot\":\"b\",\"members\":[{\"id\":\"i\",\"name\":\"n\",\"pod\":" pod     \
	",\"ours\":true,\"running\":true,\"host_network\":false,\"joined\":null,"                  \
	"\"unguarded\":null,\"addresses\":" addresses ",\"ports\":" ports "}]}"
#define ADDRESS(bridge, ip4, ip6, mac)                                                             \
	"[{\"bridge\":" bridge ",\"ip4\":" ip4 ",\"ip6\":" ip6 ",\"mac\":" mac "}]"
#define PORT(host, port, proto)                                                                    \
	"[{\"host_ip\":\"\",\"host_port\":" host ",\"port\":" port ",\"proto\":" proto "}]"

static void test_refused(void **state)
{
	static const struct {
		const char *json;
		bool good;
	} table[] = {
		{MEMBER("\"web\"", "[]", "[]"), true},
		{MEMBER("null", ADDRESS("\"b\"", "\"10.0.0.1\"", "\"\"", "\"\""), "[]"), true},
		{MEMBER("null", "[]", PORT("80", "80", "\"tcp\"")), true},
		{"[]", false},
		{"{}", false},
		{"{\"version\":2,\"boot\":\"b\",\"members\":[]}", false},
		{"{\"version\":1,\"boot\":\"b\",\"members\":{}}", false},
		{"{\"version\":1,\"boot\":\"b\",\"members\":[7]}", false},
		{MEMBER("7", "[]", "[]"), false},
		{MEMBER("\"no good\"", "[]", "[]"), false},
		{MEMBER("null", "{}", "[]"), false},
		{MEMBER("null", "[]", "null"), false},
		{MEMBER("null", ADDRESS("\"\"", "\"\"", "\"\"", "\"\""), "[]"), false},
		{MEMBER("null", ADDRESS("\"sixteen-bytes-xx\"", "\"\"", "\"\"", "\"\""), "[]"),
		 false},
		{MEMBER("null", ADDRESS("\"b\"", "\"fd00::1\"", "\"\"", "\"\""), "[]"), false},
		{MEMBER("null", ADDRESS("\"b\"", "\"\"", "\"10.0.0.1\"", "\"\""), "[]"), false},
		{MEMBER("null", ADDRESS("\"b\"", "\"10.0.0\"", "\"\"", "\"\""), "[]"), false},
		{MEMBER("null", ADDRESS("\"b\"", "\"\"", "\"\"", "\"zz\""), "[]"), false},
		{MEMBER("null", "[]", PORT("0", "80", "\"tcp\"")), false},
		{MEMBER("null", "[]", PORT("80", "65536", "\"tcp\"")), false},
		{MEMBER("null", "[]", PORT("80", "80", "\"icmp\"")), false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_(model_freep)
		struct model *m = NULL;
		json_t *json = json_loads(table[i].json, 0, NULL);
		struct err err;
		int r;

		assert_non_null(json);
		r = state_decode(json, "b", &m, &err);
		json_decref(json);
		if (r != (table[i].good ? 0 : -EINVAL))
			fail_msg("%zu: %d", i, r);
	}
}

static void test_files(void **state)
{
	static const char *const lines[] = {"web web br-x,10.1.0.2,-", NULL};
	_cleanup_(model_freep)
	struct model *m = model_make(lines), *back = NULL;
	char dir[] = "/tmp/test_state.XXXXXX";
	_cleanup_free_ char *file = NULL, *sub = NULL;
	struct stat st;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	sub = xasprintf("%s/new", dir);
	file = xasprintf("%s/%s", sub, STATE_FILE);
	assert_int_equal(state_load(sub, &back, &err), -ENOENT);
	assert_int_equal(state_save(sub, m, &err), 0);
	assert_int_equal(state_save(sub, m, &err), 0); /* also over an old one */
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(state_load(sub, &back, &err), 0);
	assert_int_equal(back->n_members, 1);
	model_free(take_ptr(back));

	assert_int_equal(truncate(file, st.st_size / 2), 0);
	assert_int_equal(state_load(sub, &back, &err), -EINVAL);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink("/etc/passwd", file), 0);
	assert_int_equal(state_load(sub, &back, &err), -ELOOP);
	assert_int_equal(state_save(file, m, &err), -ENOTDIR);
	unlink(file);
	rmdir(sub);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_round),
					   cmocka_unit_test(test_refused),
					   cmocka_unit_test(test_files)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
