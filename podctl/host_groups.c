/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/host_groups.h"

#include "common/groups.h"
#include "common/guard_client.h"

#include <errno.h>

#define AN_ENGINE "another engine's socket, which is root"

/*
 * The names that distributions and engines give them. Those that do not lead out show the one who
 * is in them more than others see, but are no way to root's rights.
 */
static const struct host_group known[] = {
	{"root", "what root lets its group do", true},
	{"docker", "the engine's socket, which is root", true},
	/* to read only: the guard's own folder is its user's, and its relay answers, no more */
	{GUARD_USER, "netguard's own files", false},
	{"disk", "the host's disks", true},
	{"shadow", "everybody's password hashes", true},
	{"kmem", "the host's memory", true},
	{"mem", "the host's memory", true},
	/* each makes machines of his own with it, not those of others */
	{"kvm", "the host's virtual machines' device", false},
	/* a machine can be given any of the host's files */
	{"libvirt", "the host's virtual machines", true},
	{"lxd", AN_ENGINE, true},
	{"incus-admin", AN_ENGINE, true},
	{"incus", AN_ENGINE, true},
	{"podman", AN_ENGINE, true},
	{"sudo", "who may be root", true},
	{"wheel", "who may be root", true},
	{"admin", "who may be root", true},
	/* there are secrets in logs, but those that should not be there */
	{"adm", "the host's logs", false},
	{"systemd-journal", "the host's logs", false},
	/* to write on them, not to type */
	{"tty", "everybody's terminals", false},
	/* to type, too: into root's session, where one is on the console */
	{"input", "what is typed on the host", true},
};

void host_groups_done(struct host_groups *g)
{
	free(g->items);
	*g = (struct host_groups){0};
}

/* 1, 0 or -errno, as groups_find. */
static int find(const struct host_group *group, gid_t *ret, struct err *err)
{
	/* root's is that of number 0, whatever its name is here */
	*ret = 0;
	return group == &known[0] ? 1 : groups_find(group->name, ret, err);
}

int host_groups_look(struct host_groups *ret, struct err *err)
{
	struct host_groups here = {0};
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		gid_t gid;
		int r = find(&known[i], &gid, err);

		if (r > 0)
			ARRAY_PUSH(here.items, here.n) = (struct host_group_here){&known[i], gid};
		else if (r < 0)
			result = r;
	}
	*ret = here;
	return result;
}

static int refuse(const char *user, const char *group, struct err *err)
{
	return err_set(err, EPERM,
		       "user %s is in group %s, which leads out of any jail: gpasswd -d %s %s",
		       user, group, user, group);
}

/* By number, which is what files go by. */
static int check_numbers(const char *user, const struct group_list *groups, struct err *err)
{
	struct host_groups here = {0};
	int r = host_groups_look(&here, err);

	for (size_t i = 0; i < here.n && r == 0; i++) {
		const struct host_group_here *h = &here.items[i];

		if (h->group->leads_out && group_list_has(groups, h->gid))
			r = refuse(user, h->group->name, err);
	}
	host_groups_done(&here);
	return r;
}

/* By name, which is what sudo goes by: there can be more than one of a name. */
static int check_name(const char *user, gid_t gid, struct err *err)
{
	_cleanup_free_ char *name = NULL;
	int r = groups_name(gid, &name, err);

	for (size_t i = 0; i < ARRAY_SIZE(known) && r > 0; i++) {
		if (known[i].leads_out && streq(known[i].name, name))
			return refuse(user, name, err);
	}
	return r < 0 ? r : 0;
}

int host_groups_check_user(const char *user, gid_t primary, struct err *err)
{
	struct group_list groups = {0};
	int r = groups_of_user(user, primary, &groups, err);

	if (r == 0)
		r = check_numbers(user, &groups, err);
	for (size_t i = 0; i < groups.n && r == 0; i++)
		r = check_name(user, groups.items[i], err);
	group_list_done(&groups);
	return r;
}
