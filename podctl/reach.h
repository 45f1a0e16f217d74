/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may open a path, by owner, group, mode and POSIX access list, as acl(5) says. Whoever may
 * write to a socket and go through all folders above it may connect to it; whoever may write to one
 * of these folders may put a socket of his own in its place. Pure.
 */
#pragma once

#include "common/base.h"

#include <sys/types.h>

enum { REACH_GO = 1, REACH_WRITE = 2 }; /* as bits of a mode */

/* Of an access list: a user or a group by number, and what is left to it by the mask. */
struct reach_entry {
	bool is_group;
	uint32_t id;
	unsigned rights;
};

struct reach_node {
	char *path;
	uid_t uid;
	gid_t gid;
	bool sticky;			  /* what lies in it only its owner may replace */
	unsigned owner, group, everybody; /* rights */
	struct reach_entry *list;
	size_t n_list;
};

/* mode: permission bits. */
struct reach_node reach_node_make(const char *path, mode_t mode, uid_t uid, gid_t gid);
void reach_node_done(struct reach_node *node);

/*
 * Takes over the extended attribute system.posix_acl_access (linux/posix_acl_xattr.h). -EINVAL: it
 * is none; *node is as before.
 */
int reach_read_list(struct reach_node *node, const void *data, size_t size);

struct reach_user {
	uid_t uid;
	const gid_t *groups; /* with the first one */
	size_t n_groups;
};

/* Whether user may, without being root; NULL: somebody whom nothing names. */
bool reach_may(const struct reach_node *node, unsigned right, const struct reach_user *user);
/* The folders from the root on, and the socket last. */
bool reach_may_connect(const struct reach_node *nodes, size_t n, const struct reach_user *user);
/* The folder whose contents he may exchange, or NULL. */
const struct reach_node *reach_may_replace(const struct reach_node *nodes, size_t n,
					   const struct reach_user *user);
