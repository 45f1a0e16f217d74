/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What caller.c decides from what it was told: who calls, what is believed, who may. Pure. */
#pragma once

#include "podctl/caller.h"

struct stat;

/* Who this process is; secure: the kernel says that it was given rights (AT_SECURE). */
struct caller_process {
	uid_t uid, euid;
	gid_t gid, egid;
	bool secure;
};

/* Whether the process has no other rights than whoever started it. */
bool caller_is_plain(const struct caller_process *p);

/* Sets uid, gid and switches of *ret. -EPERM where it is not known who calls, or as in caller_init.
 */
int caller_decide(const struct caller_process *p, const char *sudo_uid, const char *sudo_gid,
		  struct caller *ret, struct err *err);

/* Variables that tell of a program between the caller and us; NULL where absent. */
struct caller_between {
	const char *sudo_uid, *pkexec_uid, *doas_user;
};
/* Whether there is one other than sudo: whose callers we would take for root itself. */
bool caller_is_unknown(const struct caller_between *b);
/* Whether the environment is that of somebody who has no fewer rights than we. */
bool caller_is_believed(const struct caller_process *p, const struct caller_between *b);

/* Whether text may be a terminal's name: it goes into a container's environment. NULL: no. */
bool caller_terminal_valid(const char *text);

/* -EPERM where somebody else than the caller or root decides what stands in the file. */
int caller_check_own(uid_t uid, const struct stat *st, struct err *err);

/* Who may run podctl on a pod: p is what the configuration says of it, or NULL. */
enum caller_rule { CALLER_MAY, CALLER_IF_OWNER, CALLER_IF_ADMIN };
enum caller_rule caller_rule_of(uid_t uid, const char *pod, const struct settings_pod *p);
