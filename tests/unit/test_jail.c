/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of jails is decided without touching anything: names, the record, what sudo and sshd get. */
#include "podctl/jail.h"
#include "podctl/pod.h"
#include "podctl/shellwords.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

static void test_names(void **state _unused_)
{
	static const struct {
		const char *name;
		bool valid;
	} cases[] = {
		{"bob", true},
		{"b", true},
		{"_x", true},
		{"a-b_c9", true},
		{"ADMINS", true},
		{"abcdefghijklmnopqrstuvwxyz012345", true},
		{"abcdefghijklmnopqrstuvwxyz0123456", false},
		{"", false},
		{"-b", false},
		{"12", false}, /* could be a uid */
		{"ALL", false},
		{"a.b", false},
		{"a b", false},
		{"a,b", false},
		{"a*", false},
		{"!a", false},
		{"%a", false},
		{"../a", false},
		{"a\nroot", false},
		{"\xc3\xa9", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *pod = jail_pod_name(cases[i].name);

		if (jail_user_valid(cases[i].name) != cases[i].valid)
			fail_msg("%s", cases[i].name);
		if (cases[i].valid)
			assert_true(pod_name_usable(pod) && jail_is_pod(pod));
	}
	assert_false(jail_is_pod("web"));
	assert_false(jail_is_pod("jail"));
}

static void test_record(void **state _unused_)
{
	static const char *const shells[] = {"/bin/bash", "", "/opt/a b/sh"};
	static const char *const wrong[] = {
		"",
		"{}",
		"[]",
		"{\"version\": 2, \"user\": \"bob\", \"uid\": 1, \"shell\": \"/bin/sh\"}",
		"{\"version\": 1, \"user\": \"carol\", \"uid\": 1, \"shell\": \"/bin/sh\"}",
		"{\"version\": 1, \"user\": \"bob\\u0000\", \"uid\": 1, \"shell\": \"/bin/sh\"}",
		"{\"version\": 1, \"user\": \"bab\", \"uid\": 1, \"shell\": \"/bin/sh\"}",
		"{\"version\": 1, \"user\": \"bob\", \"uid\": 1, \"shell\": \"/a\x7f\"}",
		"{\"version\": 1, \"user\": \"bob\", \"uid\": 0, \"shell\": \"/bin/sh\"}",
		"{\"version\": 1, \"user\": \"bob\", \"uid\": 4294967295, \"shell\": \"/bin/sh\"}",
		"{\"version\": 1, \"user\": \"bob\", \"uid\": 1, \"shell\": \"bash\"}",
		"{\"version\": 1, \"user\": \"bob\", \"uid\": 1, \"shell\": \"/a:b\"}",
		"{\"version\": 1, \"user\": \"bob\", \"uid\": 1, \"shell\": \"/a\\nroot\"}",
		"{\"version\": 1, \"user\": \"bob\", \"uid\": 1, \"shell\": \"/a\", \"more\": 1}",
		"{\"version\": 1, \"user\": \"bob\", \"uid\": 1, \"uid\": 2, \"shell\": \"/a\"}",
		"{\"version\": 1, \"user\": \"bob\", \"uid\": 1}",
	};
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		struct jail j = {xstrdup("bob"), 1234, xstrdup(shells[i])}, again = {0};
		_cleanup_free_ char *text = jail_record_format(&j);

		assert_int_equal(jail_record_parse("bob", text, strlen(text), &again, &err), 0);
		assert_string_equal(again.user, "bob");
		assert_string_equal(again.shell, shells[i]);
		assert_int_equal(again.uid, 1234);
		assert_int_equal(jail_record_parse("bobby", text, strlen(text), &again, &err),
				 -EINVAL);
		jail_done(&j);
		jail_done(&again);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct jail j = {0};

		if (jail_record_parse("bob", wrong[i], strlen(wrong[i]), &j, &err) != -EINVAL)
			fail_msg("%s", wrong[i]);
		assert_null(j.user);
	}
}

/* Longer than what is read; a shell that no JSON can hold; many to free. */
static void test_record_limits(void **state _unused_)
{
	static const char head[] = "{\"version\": 1, \"user\": \"bob\", \"uid\": 1, \"shell\": ";
	_cleanup_free_ char *slashes = xcalloc(JAIL_SHELL_MAX + 2, 1), *spaces = NULL, *text = NULL;
	char bob[] = "bob", bytes[] = "/bin/\xff";
	struct jail j = {bob, 1234, bytes}, again = {0};
	struct jails list = {0};
	struct err err = {0};

	assert_null(jail_record_format(&j));
	for (int i = 1; i >= 0; i--) {
		memset(slashes, 0, JAIL_SHELL_MAX + 2);
		memset(slashes, '/', (size_t)(JAIL_SHELL_MAX + i));
		free(text);
		text = xasprintf("%s\"%s\"}", head, slashes);
		assert_int_equal(jail_record_parse("bob", text, strlen(text), &again, &err),
				 i ? -EINVAL : 0);
	}
	ARRAY_PUSH(list.items, list.n) = again;
	spaces = xasprintf("%s\"/\"}%*s", head, (int)JAIL_RECORD_MAX, "");
	assert_int_equal(jail_record_parse("bob", spaces, strlen(spaces), &again, &err), -EINVAL);
	jails_done(&list);
	assert_int_equal(list.n, 0);
}

static void test_files(void **state _unused_)
{
	char bob[] = "bob", shell[] = "/bin/sh";
	const struct jail j = {bob, 1234, shell};
	_cleanup_free_ char *path = jail_pod_path("bob"), *passwd = jail_passwd_text(&j, 77),
			    *group = jail_group_text(&j, 77);

	assert_string_equal(path, JAIL_POD_FOLDER "/" JAIL_POD_PREFIX "bob.yml");
	assert_non_null(strstr(passwd, "\nbob:x:1234:77::/home/bob:/bin/sh\n"));
	assert_non_null(strstr(group, "\nbob:x:77:\n"));
}

static void test_texts(void **state _unused_)
{
	char bob[] = "bob", carol[] = "carol", shell[] = "/bin/sh";
	struct jail items[] = {{bob, 1234, shell}, {carol, 1235, shell}};
	struct jails two = {items, 2}, none = {0};
	_cleanup_free_ char *sudoers = jail_sudoers_text(&two, "/usr/bin"),
			    *sshd = jail_sshd_text(&two, "/usr/bin"), *missing = NULL;

	assert_null(jail_sudoers_text(&none, "/usr/bin"));
	assert_null(jail_sshd_text(&none, "/usr/bin"));
	assert_non_null(strstr(sudoers, "\n#1234 ALL = (root) NOPASSWD: NOSETENV: "
					"/usr/bin/podctl-enter # bob\n#1235 "));
	assert_non_null(strstr(sshd, "\nMatch User bob,carol\n\tForceCommand "
				     "/usr/bin/podctl-shell\n"));
	assert_non_null(strstr(sshd, "\n\tDisableForwarding yes\n"));
	assert_string_equal(strrchr(sshd, 'M'), "Match all\n");
	assert_true(jail_path_valid("/usr/local/bin"));
	assert_false(jail_path_valid("/a b"));
	assert_false(jail_path_valid("/a,b"));
	assert_false(jail_path_valid("a"));
	/* as sshd -T prints it */
	missing = jail_sshd_missing(
		"port 22\nforcecommand /usr/bin/podctl-shell\ndisableforwarding yes\n"
		"allowtcpforwarding no\nallowstreamlocalforwarding no\nallowagentforwarding no\n"
		"x11forwarding no\npermittunnel no\ngatewayports no\npermituserrc no\n"
		"permittty yes\nclientaliveinterval 30\nclientalivecountmax 3",
		"/usr/bin");
	assert_null(missing);
	missing = jail_sshd_missing("forcecommand /usr/bin/podctl-shell\ndisableforwarding yes\n"
				    "allowtcpforwarding yes\n",
				    "/usr/bin");
	assert_string_equal(missing, "AllowTcpForwarding no");
	free(missing);
	missing = jail_sshd_missing("forcecommand none\n", "/usr/bin");
	assert_string_equal(missing, "ForceCommand /usr/bin/podctl-shell");
	free(missing);
	missing = jail_sshd_missing("forcecommand /usr/bin/podctl-shell.old\n", "/usr/bin");
	assert_string_equal(missing, "ForceCommand /usr/bin/podctl-shell");
}

/* The first pod file is one that podctl takes, under whatever policy. */
static void test_pod(void **state _unused_)
{
	static const char *const settings_texts[] = {
		"mount_root: /srv/pods\n",
		("mount_root: /srv/pods\npolicy: {max_memory: 100M, max_pids: 64, max_cpus: 0.5, "
		 "require_user: true, allow_root_user: false}\n"),
		"mount_root: /srv/pods\npolicy: {max_memory: 8G, max_pids: 10000, max_cpus: 4}\n",
	};
	char bob[] = "bob", shell[] = "/bin/sh";
	struct jail j = {bob, 1234, shell};

	for (size_t i = 0; i < ARRAY_SIZE(settings_texts); i++) {
		_cleanup_(settings_freep)
		struct settings *settings = NULL;
		_cleanup_(pod_freep)
		struct pod *pod = NULL;
		struct problems problems = {0};
		_cleanup_free_ char *text = NULL;

		assert_int_equal(settings_parse(settings_texts[i], strlen(settings_texts[i]),
						"host", &problems, &settings),
				 0);
		text = jail_pod_text(&j, 1234, JAIL_IMAGE, &settings->policy);
		if (pod_parse("jail_bob", text, strlen(text), settings, &problems, &pod) < 0) {
			problems_print(&problems, "jail_bob.yml", stderr);
			fail_msg("%s", text);
		}
		assert_non_null(pod_find_container(pod, JAIL_CONTAINER));
		problems_done(&problems);
	}
}

static void test_sftp(void **state _unused_)
{
	static const struct {
		const char *command;
		int options; /* -1: it is none */
	} cases[] = {
		{"/usr/lib/openssh/sftp-server", 0},
		{"internal-sftp", 0},
		{"sftp-server", 0},
		{"/usr/libexec/sftp-server -f AUTHPRIV -R", 3},
		{"internal-sftp -R", 1},
		{"/x/internal-sftp", -1},
		{"sftp-servers", -1},
		{"echo sftp-server", -1},
		{"", -1},
		{"   ", -1},
		{"'", -1},
		{"scp -t x", -1},
	};

	char longer[SHELLWORDS_MAX + 2] = "";
	struct strv none = {0};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strv options = {0};
		bool is = jail_is_sftp(cases[i].command, &options);

		if (is != (cases[i].options >= 0) || (is && (int)options.n != cases[i].options))
			fail_msg("%s: %d, %zu options", cases[i].command, is, options.n);
		strv_done(&options);
	}
	memset(longer, ' ', sizeof(longer) - 1);
	memcpy(longer, "sftp-server", strlen("sftp-server"));
	assert_false(jail_is_sftp(longer, &none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_record),
		cmocka_unit_test(test_texts), cmocka_unit_test(test_pod),
		cmocka_unit_test(test_sftp),  cmocka_unit_test(test_record_limits),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests_name("jail", tests, NULL, NULL);
}
