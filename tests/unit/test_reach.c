/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/reach.h"

#include <setjmp.h>
#include <cmocka.h>
#include <endian.h>
#include <errno.h>

struct raw {
	uint16_t tag, rights;
	uint32_t id;
};

/* An access list as the kernel gives it. */
static void give_list(struct reach_node *node, const struct raw *raw, size_t n)
{
	size_t size = 4 + n * 8;
	_cleanup_free_ char *data = xcalloc(1, size);

	data[0] = 2;
	for (size_t i = 0; i < n; i++) {
		const uint16_t words[] = {htole16(raw[i].tag), htole16(raw[i].rights)};
		const uint32_t id = htole32(raw[i].id);

		memcpy(data + 4 + i * 8, words, 4);
		memcpy(data + 4 + i * 8 + 4, &id, 4);
	}
	assert_int_equal(reach_read_list(node, data, size), 0);
}

enum { OWNER = 1, USER = 2, OWNING = 4, GROUP = 8, MASK = 16, OTHER = 32 };

static bool may(const struct reach_node *node, uid_t uid, gid_t gid)
{
	const gid_t groups[] = {7777, gid};

	return reach_may(node, REACH_WRITE, &(struct reach_user){uid, groups, 2});
}

static void test_mode(void **state _unused_)
{
	struct reach_node node = reach_node_make("/s", 0140620, 5, 10);

	assert_true(may(&node, 5, 1));
	assert_true(may(&node, 6, 10));
	assert_false(may(&node, 6, 11));
	assert_false(reach_may(&node, REACH_WRITE, NULL));
	reach_node_done(&node);
	/* the first that is meant counts, also where the next gives more */
	node = reach_node_make("/s", 0407, 5, 10);
	assert_false(may(&node, 5, 10));
	assert_false(may(&node, 6, 10));
	assert_true(may(&node, 6, 11));
	assert_true(reach_may(&node, REACH_WRITE, NULL));
	reach_node_done(&node);
}

static void test_list(void **state _unused_)
{
	static const struct raw list[] = {{OWNER, 6, UINT32_MAX}, {USER, 6, 1001},
					  {USER, 4, 1002},	  {OWNING, 0, UINT32_MAX},
					  {GROUP, 7, 20},	  {GROUP, 4, 21},
					  {MASK, 6, UINT32_MAX},  {OTHER, 0, UINT32_MAX}},
				masked[] = {{OWNER, 6, UINT32_MAX},  {USER, 6, 1001},
					    {OWNING, 6, UINT32_MAX}, {GROUP, 7, 20},
					    {MASK, 4, UINT32_MAX},   {OTHER, 2, UINT32_MAX}};
	struct reach_node node = reach_node_make("/s", 0660, 0, 10);

	give_list(&node, list, ARRAY_SIZE(list));
	assert_int_equal(node.n_list, 4);
	assert_true(may(&node, 1001, 1));
	assert_false(may(&node, 1002, 20)); /* named, so no group counts */
	assert_false(may(&node, 1003, 10)); /* the mode's bits are the mask */
	assert_true(may(&node, 1003, 20));
	assert_false(may(&node, 1003, 21));
	assert_false(may(&node, 1003, 22));
	reach_node_done(&node);

	node = reach_node_make("/s", 0642, 0, 10);
	give_list(&node, masked, ARRAY_SIZE(masked));
	assert_false(may(&node, 1001, 1));
	assert_false(may(&node, 1003, 10));
	assert_false(may(&node, 1003, 20));
	assert_true(may(&node, 1003, 21)); /* everybody */
	reach_node_done(&node);
}

static void test_malformed(void **state _unused_)
{
	static const char cases[][12] = {{0}, {2}, {1, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0}};
	static const size_t sizes[] = {0, 3, 4, 11, 12};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
			struct reach_node node = reach_node_make("/s", 0660, 0, 10);
			bool good = i == 1 && sizes[k] == 12;

			assert_int_equal(reach_read_list(&node, cases[i], sizes[k]),
					 good ? 0 : -EINVAL);
			assert_int_equal(node.group, 6);
			reach_node_done(&node);
		}
	}
}

/* The way there, and what can be exchanged on it. */
static void test_way(void **state _unused_)
{
	static const struct {
		mode_t folder;
		uid_t folder_uid;
		mode_t socket;
		uid_t socket_uid;
		bool connects, replaces, all_connect, all_replace;
	} cases[] = {
		{0755, 0, 0660, 0, false, false, false, false},
		{0755, 0, 0666, 0, true, false, true, false},
		{0700, 0, 0666, 0, false, false, false, false},
		{0755, 0, 0600, 1000, true, false, false, false},
		{0755, 0, 0000, 1000, true, false, false, false},
		{0777, 0, 0660, 0, false, true, false, true},
		{01777, 0, 0660, 0, false, false, false, false},
		{0750, 1000, 0666, 0, true, true, false, false},
		{01777, 1000, 0660, 0, false, true, false, false},
		{0775, 0, 0660, 0, false, false, false, false},
	};
	const gid_t group = 1000;
	const struct reach_user user = {1000, &group, 1};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct reach_node nodes[] = {
			reach_node_make("/", 0755, 0, 0),
			reach_node_make("/run", cases[i].folder, cases[i].folder_uid, 0),
			reach_node_make("/run/s", cases[i].socket, cases[i].socket_uid, 0),
		};
		const struct reach_node *folder = reach_may_replace(nodes, 3, &user);

		if (reach_may_connect(nodes, 3, &user) != cases[i].connects ||
		    reach_may_connect(nodes, 3, NULL) != cases[i].all_connect ||
		    (folder == &nodes[1]) != cases[i].replaces ||
		    (reach_may_replace(nodes, 3, NULL) != NULL) != cases[i].all_replace)
			fail_msg("%zu", i);
		for (size_t k = 0; k < 3; k++)
			reach_node_done(&nodes[k]);
	}
	assert_false(reach_may_connect(NULL, 0, NULL));
	assert_null(reach_may_replace(NULL, 0, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
