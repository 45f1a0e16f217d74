/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/groups.h"

#include <errno.h>
#include <grp.h>

#define GROUPS_FIRST 64

void group_list_done(struct group_list *g)
{
	free(g->items);
	*g = (struct group_list){0};
}

bool group_list_has(const struct group_list *g, gid_t gid)
{
	for (size_t i = 0; i < g->n; i++) {
		if (g->items[i] == gid)
			return true;
	}
	return false;
}

int groups_of_user(const char *name, gid_t primary, struct group_list *ret, struct err *err)
{
	_cleanup_free_ gid_t *items = NULL;
	int room = GROUPS_FIRST, n;

	for (;;) {
		items = xreallocarray(items, (size_t)room, sizeof(*items));
		n = room;
		if (getgrouplist(name, primary, items, &n) >= 0)
			break;
		/* n is how many there are, also those that did not fit */
		if (n <= room)
			return err_set(err, ENOMEM, "the groups of user %s can't be told", name);
		if (n > GROUP_LIST_MAX)
			return err_set(err, E2BIG, "user %s is in more than %d groups", name,
				       GROUP_LIST_MAX);
		while (room < n)
			room *= 2;
	}
	*ret = (struct group_list){take_ptr(items), (size_t)n};
	return 0;
}

/* getgrnam(3): with each of these, too, a service says that it has none. */
static bool says_none(int e)
{
	return e == 0 || e == ENOENT || e == ESRCH || e == EBADF || e == EPERM;
}

int groups_find(const char *name, gid_t *ret, struct err *err)
{
	const struct group *g;

	errno = 0;
	g = getgrnam(name);
	if (!g)
		return says_none(errno) ? 0 : err_os(err, errno, "group %s", name);
	*ret = g->gr_gid;
	return 1;
}

int groups_name(gid_t gid, char **ret, struct err *err)
{
	const struct group *g;

	errno = 0;
	g = getgrgid(gid);
	if (!g)
		return says_none(errno) ? 0 : err_os(err, errno, "group %u", (unsigned)gid);
	*ret = xstrdup(g->gr_name);
	return 1;
}
