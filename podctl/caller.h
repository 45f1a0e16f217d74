/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For whom podctl runs, and with whose rights: it is root for somebody who is not.
 *
 * Under sudo the caller is SUDO_UID with SUDO_GID and that user's groups; otherwise the real user.
 * What the caller names is opened with the caller's rights and never with root's. What the
 * caller's environment says is believed only where the caller has no more rights than we.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"
#include "common/groups.h"
#include "common/settings.h"

#include <sys/types.h>

#define CALLER_FILE_MAX ((size_t)1024 * 1024)

struct caller {
	uid_t uid;
	gid_t gid;
	struct group_list groups; /* supplementary; only where it switches */
	char *name;		  /* "bob", or the number */
	char *home;    /* of the passwd database, never $HOME; NULL where there is no such user */
	bool switches; /* the caller is not who we are */
};

/*
 * sudo_uid, sudo_gid: $SUDO_UID and $SUDO_GID, NULL where absent. Garbage in them is an error, and
 * so are groups that can't be told (common/groups.h).
 */
int caller_init(const char *sudo_uid, const char *sudo_gid, struct caller *ret, struct err *err);
void caller_done(struct caller *c);

/*
 * Opens and reads a regular file of at most CALLER_FILE_MAX bytes with the caller's rights; links
 * are followed with them too. Caller frees *ret. err names the path. -errno.
 */
int caller_read_file(const struct caller *c, const char *path, char **ret, size_t *ret_size,
		     struct err *err);

/*
 * The same for a file in the caller's home, which must be the caller's own or root's and writable
 * by nobody else (-EPERM): what stands in it is done in the caller's name.
 */
int caller_read_own_file(const struct caller *c, const char *name, char **ret, size_t *ret_size,
			 struct err *err);

/* Root, or somebody whom sudo lets be root anyway. */
bool caller_is_admin(const struct caller *c);

/*
 * 0, or -EPERM where the configuration gives the pod owners and the caller is none of them. Pods of
 * jails are admins' only, where they have no owners.
 */
int caller_check_owner(const struct caller *c, const struct settings *settings, const char *pod,
		       struct err *err);

/* What of the environment podctl takes notice of, taken before it is cleared. */
struct caller_environment {
	char *sudo_uid, *sudo_gid;
	char *docker_host; /* NULL unless believed */
	bool no_color;
	char *term; /* $TERM where it is a terminal's name; else NULL */
};

/*
 * Takes what is needed and clears the environment: PATH is set anew; NETGUARD_CONFIG, DOCKER_HOST
 * and DOCKER_TLS_VERIFY, DOCKER_CERT_PATH stay only where SUDO_UID is absent and the program was
 * not given its rights by a set-user-id bit. Call first of all. By pkexec or doas: sudo_uid is "",
 * which caller_init refuses.
 */
void caller_take_environment(struct caller_environment *ret);
void caller_environment_done(struct caller_environment *e);
