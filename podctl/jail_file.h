/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What jails have on the disk: the records, root's alone, and the files of other programs, each
 * written beside the old one, checked by its program, and then put in its place.
 */
#pragma once

#include "podctl/jail.h"
#include "podctl/remap.h"

/* -ENOENT: there is none. */
int jail_load(const char *user, struct jail *ret, struct err *err);
int jail_save(const struct jail *j, struct err *err);
int jail_remove(const char *user, struct err *err);
/* All records; one that can't be read is an error. */
int jail_list(struct jails *ret, struct err *err);

/*
 * Where our programs are: the folder of the running one, which with all above it must be root's and
 * writable by nobody else, since sudo and sshd will run what is there. Caller frees.
 */
int jail_programs(char **ret, struct err *err);

/*
 * Makes a file what text says, NULL: takes it away. check: a command that is run with the new
 * file's name put behind it, ended by NULL, or NULL: the file takes its place only where it ends
 * with 0. 0, or 1: it was so already. The folder must be there.
 */
int jail_write(const char *path, const char *text, mode_t mode, const char *const *check,
	       struct err *err);

/*
 * Makes the pod file from text where there is none, and checks that it is root's and nobody else
 * can write it. 0, or 1: it was there.
 */
int jail_write_pod(const char *user, const char *text, struct err *err);
int jail_check_pod(const char *user, struct err *err);

/*
 * The jail's home, MOUNT_ROOT/jail_USER/home, and its etc/passwd and etc/group: made where they are
 * not there. *ret_made: whether the pod had no folder before. That is set also where it fails.
 */
int jail_make_home(const struct jail *j, gid_t gid, const struct settings *settings,
		   struct remap *remap, bool *ret_made, struct err *err);
/* Takes away what it made, as far as nothing else is in it. */
void jail_unmake_home(const char *user, const struct settings *settings);
