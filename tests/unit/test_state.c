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

/* Reads a text as the file's contents. */
static int read_text(const char *text, const char *boot, struct model **ret)
{
	_cleanup_free_ char *copy = xstrdup(text);
	_cleanup_fclose_ FILE *f = fmemopen(copy, strlen(copy), "re");
	struct err err;

	assert_non_null(f);
	return state_read(f, boot, ret, &err);
}

static char *read_whole(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	assert_non_null(f);
	assert_true(getdelim(&text, &room, '\0', f) > 0);
	return text;
}

static void make_folder(char dir[])
{
	assert_non_null(mkdtemp(dir));
}

static void test_round(void **state)
{
	static const char *const lines[] = {
		"web web br-x,10.1.0.2,fd00::2 127.0.0.1|80|8080/udp |1|1 |2|2 |9|9/sctp",
		"other - br-x,-,fd00::3", NULL};
	_cleanup_(model_freep)
	struct model *m = model_make(lines), *back = NULL;
	char dir[] = "/tmp/test_state.XXXXXX";
	_cleanup_free_ char *file = NULL, *text = NULL, *again = NULL;
	struct member bad = {.id = xstrdup("x"), .name = xstrdup("\xff")};
	struct err err;

	(void)state;
	make_folder(dir);
	file = xasprintf("%s/%s", dir, STATE_FILE);
	m->members[0].joined_id = xstrdup("x");
	model_find(m, "web")->ports[1].taken = true;
	/* a guess is not remembered */
	model_find(m, "web")->ports[2].port = 0;
	m->members[0].addresses[0].has_mac =
		mac_parse("02:00:00:00:00:0a", m->members[0].addresses[0].mac);
	model_put(m, &bad);
	assert_int_equal(state_save(dir, m, &err), 0);
	assert_int_equal(state_load(dir, &back, &err), 0);
	text = read_whole(file);
	/* what can't be written is left out */
	assert_int_equal(back->n_members, 2);
	assert_null(model_find(back, "other")->pod);
	assert_int_equal(model_find(back, "web")->ports[0].proto, IPPROTO_UDP);
	assert_int_equal(model_find(back, "web")->ports[2].proto, IPPROTO_SCTP);
	assert_int_equal(state_save(dir, back, &err), 0);
	again = read_whole(file);
	assert_string_equal(again, text);
	model_free(take_ptr(back));
	/* of another boot: nothing runs, but what may be started again has its ports */
	assert_int_equal(read_text(text, "another boot", &back), 1);
	assert_int_equal(back->n_members, 2);
	assert_false(model_find(back, "web")->running);
	assert_int_equal(model_find(back, "web")->n_addresses, 0);
	assert_int_equal(model_find(back, "web")->n_ports, 3);
	assert_true(model_find(back, "web")->ports[1].taken);
	unlink(file);
	rmdir(dir);
}

/* Nothing of a file that ends too early is believed, wherever that is. */
static void test_cut(void **state)
{
	static const char *const lines[] = {"a web br-x,10.1.0.2,-", "b web br-x,10.1.0.3,-",
					    "c db br-x,10.1.0.4,-", NULL};
	_cleanup_(model_freep)
	struct model *m = model_make(lines), *back = NULL;
	char dir[] = "/tmp/test_state.XXXXXX", boot[64];
	_cleanup_free_ char *file = NULL, *text = NULL;
	struct err err;

	(void)state;
	make_folder(dir);
	file = xasprintf("%s/%s", dir, STATE_FILE);
	assert_int_equal(state_save(dir, m, &err), 0);
	text = read_whole(file);
	unlink(file);
	rmdir(dir);
	assert_int_equal(sscanf(text, "{\"version\":2,\"boot\":\"%63[^\"]", boot), 1);
	assert_int_equal(read_text(text, boot, &back), 0);
	assert_int_equal(back->n_members, 3);
	model_free(take_ptr(back));
	for (size_t n = strlen(text) - 1; n > 0; n--) {
		_cleanup_free_ char *part = xstrndup(text, n);

		assert_int_equal(read_text(part, boot, &back), -EINVAL);
	}
}

/* Who is apart stays so after a restart, with and without the engine's word. */
static void test_kept_apart(void **state)
{
	static const char *const lines[] = {"p acct br-x,10.1.0.2,-", "a acct br-x,10.1.0.3,-",
					    "b acct br-x,10.1.0.4,-", NULL};
	static const char old[] =
		"{\"version\":2,\"boot\":\"x\",\"members\":[\n"
		"{\"id\":\"a\",\"name\":\"a\",\"pod\":\"acct\",\"ours\":false,"
		"\"running\":false,\"host_network\":false,\"joined\":null,\"unguarded\":null,"
		"\"addresses\":[],\"ports\":[]},\n"
		"{\"id\":\"p\",\"name\":\"p\",\"pod\":\"acct\",\"ours\":true,"
		"\"running\":false,\"host_network\":false,\"joined\":null,\"unguarded\":null,"
		"\"addresses\":[],\"ports\":[]}\n]}\n";
	_cleanup_(model_freep)
	struct model *m = model_make(lines), *back = NULL;
	char dir[] = "/tmp/test_state.XXXXXX";
	_cleanup_free_ char *file = NULL;
	struct err err;

	(void)state;
	make_folder(dir);
	file = xasprintf("%s/%s", dir, STATE_FILE);
	model_find(m, "p")->ours = true;
	model_find(m, "a")->yields = true;
	model_keep_apart(m);
	assert_int_equal(state_save(dir, m, &err), 0);
	assert_int_equal(state_load(dir, &back, &err), 0);
	unlink(file);
	rmdir(dir);
	model_keep_apart(back);
	assert_string_equal(model_find(back, "a")->pod, "acct/others");
	assert_string_equal(model_find(back, "b")->pod, "acct");
	/* it is still known what it calls itself */
	model_remove(back, "p");
	model_keep_apart(back);
	assert_string_equal(model_find(back, "a")->pod, "acct");
	model_free(take_ptr(back));
	/* a file that was written before anybody yielded */
	assert_int_equal(read_text(old, "x", &back), 0);
	assert_true(model_find(back, "a")->yields);
	assert_false(model_find(back, "p")->yields);
}

/* Written in parts while members come and go: each that stays is there once. */
static void test_parts(void **state)
{
	_cleanup_(model_freep)
	struct model *m = model_new(), *back = NULL;
	_cleanup_(state_saving_freep)
	struct state_saving *s = NULL;
	char dir[] = "/tmp/test_state.XXXXXX";
	_cleanup_free_ char *file = NULL;
	unsigned parts = 0;
	struct err err;
	int r;

	(void)state;
	make_folder(dir);
	file = xasprintf("%s/%s", dir, STATE_FILE);
	for (unsigned i = 0; i < 100; i++) {
		struct member member = {.id = xasprintf("%03u", i), .name = xstrdup("n")};

		model_put(m, &member);
	}
	assert_int_equal(state_save_begin(dir, &s, &err), 0);
	while ((r = state_save_some(s, m, 7, &err)) > 0) {
		struct member member = {.id = xasprintf("%03ux", parts), .name = xstrdup("n")};

		/* the one that was written last goes: the next is found all the same */
		model_remove(m, parts % 2 ? "006" : "013");
		model_put(m, &member);
		parts++;
		assert_int_equal(access(file, F_OK), -1);
	}
	assert_int_equal(r, 0);
	assert_true(parts >= 14);
	assert_int_equal(state_load(dir, &back, &err), 0);
	for (unsigned i = 14; i < 100; i++) {
		_cleanup_free_ char *id = xasprintf("%03u", i);

		assert_non_null(model_find(back, id));
	}
	state_saving_free(take_ptr(s));
	/* given up: what is in place stays */
	assert_int_equal(state_save_begin(dir, &s, &err), 0);
	assert_int_equal(state_save_some(s, m, 7, &err), 1);
	state_saving_free(take_ptr(s));
	model_free(take_ptr(back));
	assert_int_equal(state_load(dir, &back, &err), 0);
	unlink(file);
	assert_int_equal(rmdir(dir), 0); /* nothing else was left */
}

#define MEMBER(pod, addresses, ports)                                                              \
	"{\"version\":2,\"boot\":\"b\",\"members\":[\n{\"id\":\"i\",\"name\":\"n\",\"pod\":" pod   \
	",\"ours\":true,\"running\":true,\"host_network\":false,\"joined\":null,"                  \
	"\"unguarded\":null,\"addresses\":" addresses ",\"ports\":" ports "}\n]}\n"
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
		{"{\"version\":2,\"boot\":\"b\",\"members\":[\n]}\n", true},
		{"[]", false},
		{"{}", false},
		{"\n", false},
		{"[\n]}\n", false},
		{"{\"version\":1,\"boot\":\"b\",\"members\":[\n]}\n", false},
		{"{\"version\":2,\"boot\":\"b\",\"members\":[]}\n", false},
		{"{\"version\":2,\"boot\":\"b\",\"members\":[\n7\n]}\n", false},
		{"{\"version\":2,\"boot\":\"b\",\"members\":[\n]}\n]}\n", false},
		{"{\"version\":2,\"boot\":\"b\",\"members\":[\n\n]}\n", false},
		{"{\"version\":2,\"boot\":\"b\",\"members\":[{},\n]}\n", false},
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
		int r = read_text(table[i].json, "b", &m);

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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),	   cmocka_unit_test(test_cut),
		cmocka_unit_test(test_kept_apart), cmocka_unit_test(test_parts),
		cmocka_unit_test(test_refused),	   cmocka_unit_test(test_files)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
