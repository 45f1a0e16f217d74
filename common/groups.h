/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which groups a user is in, by the system's name service: what all ask who act with his rights, or
 * judge them. I/O: not for pure modules.
 *
 * There is one answer where it can't be told: an error, and no list. A part of the groups is no
 * answer, since it can be too few (what he has is overlooked) and too many (a file that keeps a
 * group out lets him in). Who asks then refuses, or says that it was not looked at.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#include <sys/types.h>

/* As many as the kernel lets a process be in (NGROUPS_MAX): who is in more has no rights to take.
 */
#define GROUP_LIST_MAX 65536

struct group_list {
	gid_t *items; /* as ARRAY_PUSH wants it */
	size_t n;
};
void group_list_done(struct group_list *g);
bool group_list_has(const struct group_list *g, gid_t gid);

/*
 * All groups of a user: primary, which is the caller's to know, and those that have him as a
 * member. 0, -E2BIG: more than GROUP_LIST_MAX, -ENOMEM; *ret is untouched then. The C library does
 * not tell a service that does not answer from one that knows of no group.
 */
int groups_of_user(const char *name, gid_t primary, struct group_list *ret, struct err *err);

/* A group by its name. 1 and *ret; 0: there is none; -errno: that can't be told. */
int groups_find(const char *name, gid_t *ret, struct err *err);
/* Its name by its number. Caller frees *ret. Returns the same. */
int groups_name(gid_t gid, char **ret, struct err *err);
