/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups of users, against a name service of our own: the C library's functions are replaced by
 * ones that say what a test wants. And what of them is known for what it owns.
 */
#include "common/groups.h"
#include "podctl/caller.h"
#include "podctl/host_groups.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <grp.h>
#include <unistd.h>

static gid_t of_user[80000];
static int n_of_user;
static bool no_memory;
static const char *broken; /* the name, or number, that can't be looked up */
static int broken_by;	   /* errno then */

static const struct group all[] = {
	{.gr_name = (char[]){"wheel"}, .gr_gid = 0},
	{.gr_name = (char[]){"engine"}, .gr_gid = 106},
	{.gr_name = (char[]){"docker"}, .gr_gid = 106},
	{.gr_name = (char[]){"adm"}, .gr_gid = 4},
	{.gr_name = (char[]){"staff"}, .gr_gid = 50},
	{.gr_name = (char[]){"sudo"}, .gr_gid = 27},
	{.gr_name = (char[]){"sudo"}, .gr_gid = 5027},
};

int getgrouplist(const char *user _unused_, gid_t group, gid_t *groups, int *n)
{
	int room = *n;

	if (no_memory)
		return -1;
	of_user[0] = group;
	*n = n_of_user;
	memcpy(groups, of_user, (size_t)(n_of_user < room ? n_of_user : room) * sizeof(*groups));
	return n_of_user > room ? -1 : n_of_user;
}

static struct group *found(size_t i, const char *asked)
{
	static struct group g;

	if (i < ARRAY_SIZE(all))
		g = all[i];
	if (streq_null(broken, asked))
		errno = broken_by;
	return i < ARRAY_SIZE(all) && !streq_null(broken, asked) ? &g : NULL;
}

struct group *getgrnam(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(all) && !streq(all[i].gr_name, name))
		i++;
	return found(i, name);
}

struct group *getgrgid(gid_t gid)
{
	_cleanup_free_ char *number = xasprintf("%u", (unsigned)gid);
	size_t i = 0;

	while (i < ARRAY_SIZE(all) && all[i].gr_gid != gid)
		i++;
	return found(i, number);
}

static int setup(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(of_user); i++)
		of_user[i] = (gid_t)(100000 + i);
	n_of_user = 1;
	no_memory = false;
	broken = NULL;
	return 0;
}

static void test_of_user(void **state _unused_)
{
	static const int counts[] = {1, 63, 64, 65, 200, 1024, 1025, GROUP_LIST_MAX};
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct group_list groups = {0};

		n_of_user = counts[i];
		assert_int_equal(groups_of_user("bob", 7, &groups, &err), 0);
		assert_int_equal(groups.n, counts[i]);
		assert_memory_equal(groups.items, of_user, groups.n * sizeof(gid_t));
		assert_int_equal(groups.items[0], 7);
		assert_true(group_list_has(&groups, 7));
		assert_int_equal(group_list_has(&groups, 100001), counts[i] > 1);
		/* room for one more */
		ARRAY_PUSH(groups.items, groups.n) = 8;
		assert_true(group_list_has(&groups, 8));
		group_list_done(&groups);
		assert_null(groups.items);
	}
}

/* No part of them for the whole. */
static void test_too_many(void **state _unused_)
{
	struct group_list groups = {0};
	struct err err;

	n_of_user = GROUP_LIST_MAX + 1;
	assert_int_equal(groups_of_user("bob", 7, &groups, &err), -E2BIG);
	assert_string_equal(err.text, "user bob is in more than 65536 groups");
	no_memory = true;
	assert_int_equal(groups_of_user("bob", 7, &groups, &err), -ENOMEM);
	assert_null(groups.items);
	assert_int_equal(groups.n, 0);
}

static void test_find(void **state _unused_)
{
	static const int none[] = {0, ENOENT, ESRCH, EBADF, EPERM};
	char *name = NULL;
	struct err err;
	gid_t gid = 1;

	errno = EIO; /* of an earlier call */
	assert_int_equal(groups_find("nobodys", &gid, &err), 0);
	errno = EIO;
	assert_int_equal(groups_name(4321, &name, &err), 0);
	assert_int_equal(gid, 1);
	assert_null(name);
	assert_int_equal(groups_find("staff", &gid, &err), 1);
	assert_int_equal(gid, 50);
	assert_int_equal(groups_name(50, &name, &err), 1);
	assert_string_equal(name, "staff");
	freep(&name);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		broken_by = none[i];
		broken = "staff";
		assert_int_equal(groups_find("staff", &gid, &err), 0);
		broken = "50";
		assert_int_equal(groups_name(50, &name, &err), 0);
	}
	broken_by = EIO;
	assert_int_equal(groups_name(50, &name, &err), -EIO);
	assert_string_equal(err.text, "group 50: Input/output error");
	broken = "staff";
	assert_int_equal(groups_find("staff", &gid, &err), -EIO);
	assert_string_equal(err.text, "group staff: Input/output error");
}

static void test_look(void **state _unused_)
{
	struct host_groups here = {0};
	struct err err;

	assert_int_equal(host_groups_look(&here, &err), 0);
	assert_int_equal(here.n, 5); /* wheel is root's, too */
	assert_string_equal(here.items[0].group->name, "root");
	assert_int_equal(here.items[0].gid, 0);
	assert_string_equal(here.items[1].group->name, "docker");
	assert_int_equal(here.items[1].gid, 106);
	host_groups_done(&here);
	/* the others are looked at all the same, and it is told */
	broken = "docker";
	broken_by = EIO;
	assert_int_equal(host_groups_look(&here, &err), -EIO);
	assert_int_equal(here.n, 4);
	assert_string_equal(here.items[3].group->name, "adm");
	host_groups_done(&here);
}

static int check_bob(gid_t primary, gid_t other, struct err *err)
{
	n_of_user = 2;
	of_user[1] = other;
	err->text[0] = '\0';
	return host_groups_check_user("bob", primary, err);
}

static void test_check_user(void **state _unused_)
{
	struct err err;

	assert_int_equal(check_bob(1001, 50, &err), 0);
	/* to read logs leads nowhere */
	assert_int_equal(check_bob(1001, 4, &err), 0);
	assert_int_equal(check_bob(1001, 27, &err), -EPERM);
	assert_string_equal(err.text, "user bob is in group sudo, which leads out of any jail: "
				      "gpasswd -d bob sudo");
	assert_int_equal(check_bob(27, 50, &err), -EPERM);
	/* by another name of the number, or another number of the name */
	assert_int_equal(check_bob(1001, 106, &err), -EPERM);
	assert_non_null(strstr(err.text, "in group docker,"));
	assert_int_equal(check_bob(1001, 5027, &err), -EPERM);
	assert_int_equal(check_bob(1001, 0, &err), -EPERM);
	assert_non_null(strstr(err.text, "in group root,"));
}

/* Who can't be told of is not let in. */
static void test_check_unknown(void **state _unused_)
{
	struct err err;

	broken = "libvirt";
	broken_by = EIO;
	assert_int_equal(check_bob(1001, 50, &err), -EIO);
	broken = "50";
	assert_int_equal(check_bob(1001, 50, &err), -EIO);
	broken = NULL;
	n_of_user = 70000;
	assert_int_equal(host_groups_check_user("bob", 1001, &err), -E2BIG);
}

/* Nothing is done in the name of who has rights that are not known. */
static void test_caller(void **state _unused_)
{
	struct caller c = {0};
	struct err err;

	if (geteuid() != 0)
		skip();
	n_of_user = 100;
	assert_int_equal(caller_init("65534", "65533", &c, &err), 0);
	assert_int_equal(c.groups.n, 100);
	assert_int_equal(c.groups.items[0], 65533);
	caller_done(&c);
	n_of_user = 70000;
	assert_int_equal(caller_init("65534", "65533", &c, &err), -E2BIG);
	assert_null(c.name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_of_user, setup),
		cmocka_unit_test_setup(test_too_many, setup),
		cmocka_unit_test_setup(test_find, setup),
		cmocka_unit_test_setup(test_look, setup),
		cmocka_unit_test_setup(test_check_user, setup),
		cmocka_unit_test_setup(test_check_unknown, setup),
		cmocka_unit_test_setup(test_caller, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
