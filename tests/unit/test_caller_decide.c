/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who calls, what is believed of the environment, who may: what only another process could try. */
#include "podctl/caller_decide.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>

static const struct caller_process root,
	bob = {.uid = 1000, .euid = 1000, .gid = 1000, .egid = 1000},
	set_user_id = {.uid = 1000, .gid = 1000, .egid = 1000},
	set_group_id = {.uid = 1000, .euid = 1000, .gid = 1000, .egid = 0},
	with_capabilities = {.uid = 1000, .euid = 1000, .gid = 1000, .egid = 1000, .secure = true};

static void test_decide(void **state _unused_)
{
	static const struct {
		const char *name;
		const struct caller_process *process;
		const char *sudo_uid, *sudo_gid;
		const char *why; /* NULL: allowed */
		uid_t uid;
		bool switches;
	} table[] = {
		{"root", &root, NULL, NULL, NULL, 0, false},
		{"a user", &bob, NULL, NULL, NULL, 1000, false},
		{"a user, by sudo", &root, "1000", "1000", NULL, 1000, true},
		{"root, by sudo", &root, "0", "0", NULL, 0, false},
		{"a user as that user, by sudo", &bob, "1000", "1000", NULL, 1000, false},
		{"a user as another, by sudo", &bob, "1001", "1001", "run by sudo as root", 0,
		 false},
		{"a user as root, by sudo", &bob, "0", "0", "run by sudo as root", 0, false},
		{"installed set-user-id", &set_user_id, NULL, NULL, "set-user-id", 0, false},
		{"that with a lie", &set_user_id, "0", "0", "set-user-id", 0, false},
		{"installed set-group-id", &set_group_id, NULL, NULL, "set-user-id", 0, false},
		{"with capabilities", &with_capabilities, NULL, NULL, "capabilities", 0, false},
		{"without a group", &root, "1000", NULL, "not known", 0, false},
		{"a group that is none", &root, "1000", "x", "not known", 0, false},
		{"empty", &root, "", "0", "not known", 0, false},
		{"zeroes in front", &root, "00", "0", "not known", 0, false},
		{"a sign", &root, "-1", "0", "not known", 0, false},
		{"behind the digits", &root, "1:", "0", "not known", 0, false},
		{"none", &root, "4294967295", "0", "not known", 0, false},
		{"around to root", &root, "4294967296", "0", "not known", 0, false},
		{"too long", &root, "18446744073709551616", "0", "not known", 0, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct caller c = {.uid = 7};
		struct err err = {0};
		int r = caller_decide(table[i].process, table[i].sudo_uid, table[i].sudo_gid, &c,
				      &err);

		if (r != (table[i].why ? -EPERM : 0) ||
		    (table[i].why && !strstr(err.text, table[i].why)))
			fail_msg("%s: %d %s", table[i].name, r, err.text);
		/* written on success only */
		assert_int_equal(c.uid, r < 0 ? 7 : table[i].uid);
		assert_int_equal(c.switches, table[i].switches);
	}
}

static void test_believed(void **state _unused_)
{
	static const struct {
		const struct caller_process *process;
		struct caller_between between;
		bool unknown, believed;
	} table[] = {
		{&root, {NULL, NULL, NULL}, false, true},
		{&bob, {NULL, NULL, NULL}, false, true},
		{&root, {"1000", NULL, NULL}, false, false},
		{&root, {"", NULL, NULL}, false, false},
		{&root, {"1000", "1000", "bob"}, false, false},
		{&root, {NULL, "1000", NULL}, true, false},
		{&root, {NULL, NULL, "bob"}, true, false},
		{&set_user_id, {NULL, NULL, NULL}, false, false},
		{&set_group_id, {NULL, NULL, NULL}, false, false},
		{&with_capabilities, {NULL, NULL, NULL}, false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (caller_is_unknown(&table[i].between) != table[i].unknown ||
		    caller_is_believed(table[i].process, &table[i].between) != table[i].believed)
			fail_msg("line %zu", i);
	}
}

static void test_terminal(void **state _unused_)
{
	static const struct {
		const char *text;
		bool valid;
	} table[] = {
		{"xterm-256color", true},
		{"a+b.c_D9", true},
		{NULL, false},
		{"", false},
		{"x y", false},
		{"x\ny", false},
		{"../x", false},
		{"$(id)", false},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (caller_terminal_valid(table[i].text) != table[i].valid)
			fail_msg("%s", table[i].text ? table[i].text : "none");
}

static void test_own(void **state _unused_)
{
	static const struct {
		uid_t owner;
		mode_t mode;
		int r;
	} table[] = {
		{1000, 0600, 0},      {1000, 0644, 0},	    {0, 0644, 0},      {1001, 0600, -EPERM},
		{1000, 0620, -EPERM}, {1000, 0602, -EPERM}, {0, 0666, -EPERM},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct stat st = {.st_uid = table[i].owner,
					.st_mode = S_IFREG | table[i].mode};
		struct err err;

		assert_int_equal(caller_check_own(1000, &st, &err), table[i].r);
	}
}

static void test_rules(void **state _unused_)
{
	static const struct settings_pod owned = {.owners_given = true}, other;
	static const struct {
		uid_t uid;
		const char *pod;
		const struct settings_pod *p;
		enum caller_rule rule;
	} table[] = {
		{0, "web", &owned, CALLER_MAY},
		{0, "jail_bob", NULL, CALLER_MAY},
		{1000, "web", NULL, CALLER_MAY},
		{1000, "web", &other, CALLER_MAY},
		{1000, "web", &owned, CALLER_IF_OWNER},
		{1000, "jail_bob", NULL, CALLER_IF_ADMIN},
		{1000, "jail_bob", &other, CALLER_IF_ADMIN},
		{1000, "jail_bob", &owned, CALLER_IF_OWNER},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(caller_rule_of(table[i].uid, table[i].pod, table[i].p),
				 table[i].rule);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decide),	 cmocka_unit_test(test_believed),
		cmocka_unit_test(test_terminal), cmocka_unit_test(test_own),
		cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
