/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the host's own programs know of jails: sudo, sshd, the user's login shell. Each is asked
 * afterwards whether it means what was written.
 */
#pragma once

#include "podctl/jail.h"

enum jail_sshd {
	JAIL_SSHD_NONE,	       /* not on this host */
	JAIL_SSHD_NOT_RUNNING, /* or its pid is not known: who starts it must reload it */
	JAIL_SSHD_RELOADED,
};

/*
 * Makes sudo's and sshd's files those of these jails. user: for whom both are asked whether it is
 * in force; NULL: nobody. Idempotent. Where it fails files may be changed: call again with others.
 */
int jail_write_system(const struct jails *jails, const char *folder, const char *user,
		      enum jail_sshd *ret, struct err *err);

/* What of it is not in force for one jail; NULL: nothing. Caller frees. */
char *jail_problem(const struct jail *j, const char *folder);

/* Sets the login shell in /etc/passwd. */
int jail_set_shell(const char *user, const char *shell, struct err *err);

/* What a user still has outside the jail, a line each: jobs, processes. Caller empties. */
void jail_left_outside(const char *user, uid_t uid, const char *home, struct strv *ret);
