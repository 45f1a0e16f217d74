/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which modules a line of nsswitch.conf names. */
#include "netguard/nss_modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_parse(void **state _unused_)
{
	static const struct {
		const char *line, *wanted;
	} cases[] = {
		{"passwd: files systemd sss\n", "files systemd sss "},
		{" passwd\t:\tfiles\tldap", "files ldap "},
		{"passwd:files", "files "},
		{"passwd: files [NOTFOUND=return] ldap # passwd: db\n", "files ldap "},
		{"passwd: sss[!UNAVAIL=return SUCCESS=merge]files", "sss files "},
		{"passwd: files files", "files "},
		{"passwd: files [NOTFOUND=return", "files "},
		{"passwd:", ""},
		{"passwd", ""},
		{"", ""},
		{"# passwd: files", ""},
		{"passwd_compat: nis", ""},
		{"group: files", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(strv_done)
		struct strv got = {0};
		_cleanup_free_ char *text = xstrdup("");

		nss_modules_parse(cases[i].line, "passwd", &got);
		for (size_t j = 0; j < got.n; j++) {
			char *longer = xasprintf("%s%s ", text, got.items[j]);

			free(text);
			text = longer;
		}
		if (!streq(text, cases[i].wanted))
			fail_msg("'%s': got '%s', wanted '%s'", cases[i].line, text,
				 cases[i].wanted);
	}
}

/* Whatever this machine has. */
static void test_load(void **state _unused_)
{
	nss_modules_load(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse),
					   cmocka_unit_test(test_load)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
