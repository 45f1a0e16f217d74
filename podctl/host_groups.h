/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The groups of a host that are known for what they own: what a container in one of them is found
 * for (audit), and whom no jail holds (jail).
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#include <sys/types.h>

struct host_group {
	const char *name;
	const char *owns; /* "the host's disks" */
	/* who is in it can become root, or reads or writes what is root's alone: no jail holds him
	 */
	bool leads_out;
};

/* One that this host has, and its number. */
struct host_group_here {
	const struct host_group *group;
	gid_t gid;
};

struct host_groups {
	struct host_group_here *items; /* those that matter most first */
	size_t n;
};
void host_groups_done(struct host_groups *g);

/* -errno and err: one of them could not be looked up; the others are in *ret all the same. */
int host_groups_look(struct host_groups *ret, struct err *err);

/*
 * 0, or -EPERM and what to do, where a user is in a group that leads out of a jail; -errno where
 * that can't be told. primary: his primary group.
 */
int host_groups_check_user(const char *user, gid_t primary, struct err *err);
