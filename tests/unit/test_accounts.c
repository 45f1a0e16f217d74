/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Resolving people, against a name service of our own: the C library's functions are replaced by
 * ones that know a handful of users and want a buffer larger than anybody starts with.
 */
#include "common/accounts.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>

/* what the look-ups want as a buffer; more than is ever given: they fail for good */
static size_t wanted_size;
static size_t next_user;
static int broken; /* errno of all look-ups, or 0 */
static unsigned interruptions;

static const struct passwd users[] = {
	{.pw_name = (char[]){"root"}, .pw_uid = 0, .pw_gid = 0},
	{.pw_name = (char[]){"bob"}, .pw_uid = 1001, .pw_gid = 100},
	{.pw_name = (char[]){"carol"}, .pw_uid = 1002, .pw_gid = 50},
	{.pw_name = (char[]){"dave"}, .pw_uid = 1003, .pw_gid = 50},
	/* a second name for the same uid, and a name that looks like a uid */
	{.pw_name = (char[]){"toor"}, .pw_uid = 0, .pw_gid = 7},
	{.pw_name = (char[]){"1001"}, .pw_uid = 1500, .pw_gid = 7},
};

static char *no_members[] = {NULL};
static char *web_members[] = {(char[]){"bob"}, (char[]){"gone"}, (char[]){"dave"}, NULL};
static char *odd_members[] = {(char[]){"0"}, (char[]){"1001"}, NULL};
static const struct group groups[] = {
	{.gr_name = (char[]){"staff"}, .gr_gid = 50, .gr_mem = no_members},
	{.gr_name = (char[]){"webteam"}, .gr_gid = 60, .gr_mem = web_members},
	{.gr_name = (char[]){"odd"}, .gr_gid = 61, .gr_mem = odd_members},
	{.gr_name = (char[]){"empty"}, .gr_gid = 62, .gr_mem = no_members},
};

static int user_at(size_t i, struct passwd *pw, size_t size, struct passwd **ret)
{
	*ret = NULL;
	if (interruptions > 0) {
		interruptions--;
		return EINTR;
	}
	if (broken)
		return broken;
	if (size < wanted_size)
		return ERANGE;
	if (i < ARRAY_SIZE(users)) {
		*pw = users[i];
		*ret = pw;
	}
	return 0;
}

int getpwnam_r(const char *name, struct passwd *pw, char *buf _unused_, size_t size,
	       struct passwd **ret)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(users) && !streq(users[i].pw_name, name))
		i++;
	return user_at(i, pw, size, ret);
}

int getpwuid_r(uid_t uid, struct passwd *pw, char *buf _unused_, size_t size, struct passwd **ret)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(users) && users[i].pw_uid != uid)
		i++;
	return user_at(i, pw, size, ret);
}

void setpwent(void)
{
	next_user = 0;
}

void endpwent(void)
{
	next_user = 999;
}

int getpwent_r(struct passwd *pw, char *buf _unused_, size_t size, struct passwd **ret)
{
	int e = next_user < ARRAY_SIZE(users) ? user_at(next_user, pw, size, ret) : ENOENT;

	if (e == ENOENT)
		*ret = NULL;
	if (e == 0)
		next_user++;
	return e;
}

static int group_at(size_t i, struct group *gr, size_t size, struct group **ret)
{
	*ret = NULL;
	if (broken)
		return broken;
	if (size < wanted_size)
		return ERANGE;
	if (i < ARRAY_SIZE(groups)) {
		*gr = groups[i];
		*ret = gr;
	}
	return 0;
}

int getgrnam_r(const char *name, struct group *gr, char *buf _unused_, size_t size,
	       struct group **ret)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(groups) && !streq(groups[i].gr_name, name))
		i++;
	return group_at(i, gr, size, ret);
}

int getgrgid_r(gid_t gid, struct group *gr, char *buf _unused_, size_t size, struct group **ret)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(groups) && groups[i].gr_gid != gid)
		i++;
	return group_at(i, gr, size, ret);
}

static int setup(void **state _unused_)
{
	wanted_size = 5000;
	broken = 0;
	interruptions = 0;
	return 0;
}

/* "UID=NAME ..." of accounts, then "| missing, ...". Caller frees. */
static char *show(const struct accounts *a, const struct strv *missing)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (size_t i = 0; i < a->n; i++)
		fprintf(f, "%s%u=%s", i > 0 ? " " : "", a->items[i].uid, a->items[i].name);
	for (size_t i = 0; i < missing->n; i++)
		fprintf(f, "%s%s", i > 0 ? ", " : " | ", missing->items[i]);
	fclose(f);
	return text;
}

/* entries: separated by blanks */
static char *resolve(const char *entries)
{
	_cleanup_(strv_done)
	struct strv v = {0}, missing = {0};
	_cleanup_(accounts_done)
	struct accounts a = {0};

	while (*entries) {
		size_t n = strcspn(entries, " ");

		strv_take(&v, xstrndup(entries, n));
		entries += n + (entries[n] == ' ');
	}
	accounts_resolve(&v, &a, &missing);
	for (size_t i = 0; i < a.n; i++)
		assert_true(accounts_has(&a, a.items[i].uid));
	assert_false(accounts_has(&a, 4242));
	return show(&a, &missing);
}

static void expect(const char *entries, const char *wanted)
{
	_cleanup_free_ char *got = resolve(entries);

	if (!streq(got, wanted))
		fail_msg("'%s': got '%s', wanted '%s'", entries, got, wanted);
}

static void test_resolve(void **state _unused_)
{
	static const struct {
		const char *entries, *wanted;
	} cases[] = {
		{"", ""},
		{"bob", "1001=bob"},
		{"carol bob root", "0=root 1001=bob 1002=carol"},
		{"bob bob 1001", "1001=bob"},
		/* a number is a uid, also where a user is called so */
		{"1001", "1001=bob"},
		{"4711", "4711=4711"},
		{"0", "0=root"},
		{"4294967294", "4294967294=4294967294"},
		/* (uid_t)-1 and above is nobody, least of all user 0 */
		{"4294967295", " | user 4294967295"},
		{"4294967296", " | user 4294967296"},
		{"18446744073709551616", " | user 18446744073709551616"},
		{"0x0", " | user 0x0"},
		{"root toor", "0=root"},
		{"gone bob lost gone", "1001=bob | user gone, user lost"},
		/* groups: listed members, and those who have it as their primary one */
		{"@staff", "1002=carol 1003=dave"},
		{"@webteam", "1001=bob 1003=dave | user gone"},
		{"@60", "1001=bob 1003=dave | user gone"},
		{"@empty", ""},
		{"@nobody @", " | group nobody, group "},
		{"@4294967295", " | group 4294967295"},
		{"@staff @webteam 1003", "1001=bob 1002=carol 1003=dave | user gone"},
		/* members are names only: "0" is not root, "1001" not bob */
		{"@odd", "1500=1001 | user 0"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(cases[i].entries, cases[i].wanted);
}

/* Buffers grow as long as it makes sense, and look-ups that fail leave people out. */
static void test_failures(void **state _unused_)
{
	wanted_size = (size_t)1 << 20;
	expect("bob @staff", "1001=bob 1002=carol 1003=dave");
	wanted_size = (size_t)1 << 40;
	expect("bob @staff 1001", "1001=1001 | user bob, group staff");
	wanted_size = 0;
	interruptions = 3;
	expect("bob", "1001=bob");
	broken = EIO;
	expect("bob @staff", " | user bob, group staff");
}

static struct settings *settings(const char *text)
{
	_cleanup_(problems_done)
	struct problems p = {0};
	struct settings *s = NULL;

	assert_int_equal(settings_parse(text, strlen(text), "h", &p, &s), 0);
	return s;
}

static void test_people(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s =
		settings("guard:\n  allowed_users: [root, gone]\n  allowed_groups: [staff, lost]\n"
			 "pods:\n  web: {owners: [\"@webteam\"], users: [bob, \"@staff\"]}\n"
			 "  db: {users: [gone]}\n");
	_cleanup_(people_done)
	struct people p = {0};
	_cleanup_free_ char *allowed = NULL, *owners = NULL, *web = NULL, *db = NULL;
	const struct strv none = {0};

	people_resolve(s, &p);
	assert_int_equal(p.n_pods, 2);
	allowed = show(&p.allowed, &p.missing);
	assert_string_equal(allowed, "0=root 1002=carol 1003=dave | user gone, group lost");
	owners = show(&p.pod_owners[0], &none);
	assert_string_equal(owners, "1001=bob 1003=dave");
	web = show(&p.pod_users[0], &none);
	assert_string_equal(web, "1001=bob 1002=carol 1003=dave");
	db = show(&p.pod_users[1], &none);
	assert_string_equal(db, "");
	assert_int_equal(p.pod_owners[1].n, 0);
}

static void ask(const char *entries, struct account_answers *ret)
{
	_cleanup_(strv_done)
	struct strv v = {0};

	while (*entries) {
		size_t n = strcspn(entries, " ");

		strv_take(&v, xstrndup(entries, n));
		entries += n + (entries[n] == ' ');
	}
	strv_sort(&v);
	accounts_ask(&v, ret);
}

/* Who was not asked for yet is left out and named, but for a uid. */
static void test_unknown(void **state _unused_)
{
	_cleanup_(settings_freep)
	struct settings *s = settings(
		"guard:\n  allowed_users: [dave, lost]\n  allowed_groups: [ops]\n"
		"pods:\n  web: {owners: [lost], users: [bob, \"1001\", \"4711\", gone]}\n");
	_cleanup_(account_answers_done)
	struct account_answers answers = {0};
	_cleanup_(people_done)
	struct people none = {0}, some = {0};
	_cleanup_free_ char *nobody = NULL, *uids = NULL, *allowed = NULL, *web = NULL;

	people_from(s, &answers, &none);
	nobody = show(&none.allowed, &none.unknown);
	assert_string_equal(nobody, " | user dave, user lost, group ops, user bob, user gone");
	uids = show(&none.pod_users[0], &none.missing);
	assert_string_equal(uids, "1001=1001 4711=4711");
	assert_false(people_equal(&none, &some));

	ask("bob gone dave", &answers);
	people_from(s, &answers, &some);
	allowed = show(&some.allowed, &some.unknown);
	assert_string_equal(allowed, "1003=dave | user lost, group ops");
	/* of one uid's names the first */
	web = show(&some.pod_users[0], &some.missing);
	assert_string_equal(web, "1001=1001 4711=4711 | user gone");
	assert_false(people_equal(&none, &some));
}

/* Newer answers in place of older ones; what nobody wants any more goes. */
static void test_answers(void **state _unused_)
{
	_cleanup_(account_answers_done)
	struct account_answers answers = {0};
	_cleanup_(strv_done)
	struct strv wanted = {0};
	struct account_answers newer = {0};

	ask("@staff bob carol gone", &answers);
	broken = EIO;
	ask("bob dave", &newer);
	strv_add(&wanted, "@staff");
	strv_add(&wanted, "bob");
	strv_add(&wanted, "gone");
	strv_add(&wanted, "lost");
	account_answers_take(&answers, &newer, &wanted);
	assert_int_equal(newer.n, 0);
	assert_int_equal(answers.n, 3);
	assert_string_equal(answers.items[0].entry, "@staff");
	assert_int_equal(answers.items[0].accounts.n, 2);
	assert_string_equal(answers.items[1].entry, "bob");
	assert_int_equal(answers.items[1].accounts.n, 0);
	assert_string_equal(answers.items[1].missing.items[0], "user bob");
	assert_string_equal(answers.items[2].entry, "gone");
	wanted.n = 3;
	free(wanted.items[3]);
	account_answers_take(&answers, &newer, &wanted);
	assert_int_equal(answers.n, 3);
}

static void test_people_equal(void **state _unused_)
{
	static const char *const texts[] = {
		"",
		"guard: {allowed_users: [toor]}\n",
		"guard: {allowed_users: [bob]}\n",
		"guard: {allowed_users: [bob, gone]}\n",
		"guard: {allowed_users: [bob, lost]}\n",
		"pods: {web: {}}\n",
		"pods: {web: {users: [bob]}}\n",
		"pods: {web: {users: [dave]}}\n",
		"pods: {web: {owners: [bob]}}\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(texts); j++) {
			_cleanup_(settings_freep)
			struct settings *s = settings(texts[i]);
			_cleanup_(settings_freep)
			struct settings *t = settings(texts[j]);
			_cleanup_(people_done)
			struct people a = {0}, b = {0};

			people_resolve(s, &a);
			people_resolve(t, &b);
			assert_int_equal(people_equal(&a, &b), i == j);
		}
	}
}

static void test_local_name(void **state _unused_)
{
	_cleanup_free_ char *root = accounts_local_name(0),
			    *nobody = accounts_local_name(4000000000);

	assert_string_equal(root, "root");
	assert_null(nobody);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_local_name),
		cmocka_unit_test_setup(test_resolve, setup),
		cmocka_unit_test_setup(test_failures, setup),
		cmocka_unit_test_setup(test_people, setup),
		cmocka_unit_test_setup(test_unknown, setup),
		cmocka_unit_test_setup(test_answers, setup),
		cmocka_unit_test_setup(test_people_equal, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
