/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A jail: a host user whose login shell is podctl-shell, which lands in the pod jail_USER. Here is
 * what is known of one and the texts that the system gets for all of them. Pure.
 *
 * Always true: what stands in sudoers and in sshd's configuration follows from the list of jails
 * and the programs' folder alone, so it can be written again at any time, also to undo. Users'
 * names in it are of letters, digits, _ and - only, and so have no meaning there but themselves.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"
#include "common/settings.h"

#include <sys/types.h>

#define JAIL_POD_PREFIX	  "jail_"
#define JAIL_CONTAINER	  "shell" /* of the pod: logins come into this one */
#define JAIL_IMAGE	  "debian:stable-slim"
#define JAIL_NAME_MAX	  32 /* as useradd has it */
#define JAIL_SHELL_MAX	  255
#define JAIL_RECORD_MAX	  ((size_t)4096)
#define JAIL_SESSIONS_MAX 64 /* of one user at a time */

#define JAIL_POD_FOLDER	   "/etc/netguard/jails"
#define JAIL_SUDOERS_PATH  "/etc/sudoers.d/podctl-jail"
/* among Match blocks the first that says something counts, so this file is to be read first */
#define JAIL_SSHD_PATH	   "/etc/ssh/sshd_config.d/00-podctl-jail.conf"
#define JAIL_RECORD_FOLDER "/var/lib/podctl/jails"

struct jail {
	char *user;
	uid_t uid;
	char *shell; /* before; may be "" */
};
void jail_done(struct jail *j);

struct jails {
	struct jail *items; /* by name */
	size_t n;
};
void jails_done(struct jails *j);

/* Whether a user of this name can have one: it becomes part of a pod's name. */
bool jail_user_valid(const char *name);
/* "jail_bob". Caller frees. */
char *jail_pod_name(const char *user);
/* JAIL_POD_FOLDER "/jail_bob.yml". Caller frees. */
char *jail_pod_path(const char *user);
/* Whether a pod of this name is one of a jail, whoever's. */
bool jail_is_pod(const char *pod);

/* The record of one, as JSON. */
char *jail_record_format(const struct jail *j);
/* 0, or -EINVAL where it is not what jail_record_format makes for this user. */
int jail_record_parse(const char *user, const char *text, size_t size, struct jail *ret,
		      struct err *err);

/* ---- texts; caller frees ---- */

/* Whether a program's path stands for itself in sudoers and sshd's configuration. */
bool jail_path_valid(const char *path);
/* folder: of our programs. NULL where there are no jails. */
char *jail_sudoers_text(const struct jails *jails, const char *folder);
char *jail_sshd_text(const struct jails *jails, const char *folder);

/*
 * Whether what `sshd -T -C user=...` prints has all that jail_sshd_text says of one. NULL, or the
 * line that is missing; caller frees.
 */
char *jail_sshd_missing(const char *printed, const char *folder);

/* The first pod file. gid: of the user. */
char *jail_pod_text(const struct jail *j, gid_t gid, const char *image,
		    const struct settings_policy *policy);
char *jail_passwd_text(const struct jail *j, gid_t gid);
char *jail_group_text(const struct jail *j, gid_t gid);

/*
 * What runs sftp-server on the host, "/usr/lib/openssh/sftp-server -R" or "internal-sftp": its
 * options go to *ret. False where it is another command.
 */
bool jail_is_sftp(const char *command, struct strv *ret_options);
