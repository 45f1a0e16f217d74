/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What podctl and netguard show `netguard authz` to be let through: 256 random bits in a file, sent
 * to the engine as the header Netguard-Token. The engine does not tell its plugin which user is at
 * its socket; who can read the file is root, or, of the one that lets through questions only, the
 * group of the daemon's user. I/O.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#define AUTHZ_TOKEN_DIR	   "/run/netguard-authz" /* not the daemon's folder, who is not root */
#define AUTHZ_TOKEN_PATH   AUTHZ_TOKEN_DIR "/token"
#define AUTHZ_LOOK_PATH	   AUTHZ_TOKEN_DIR "/look.token"
#define AUTHZ_TOKEN_HEADER "Netguard-Token"
#define AUTHZ_TOKEN_SIZE   65 /* 64 hexadecimal digits and the NUL */

/* Whether text is 64 such digits. */
bool authz_token_valid(const char *text);

/*
 * 0; -ENOENT: there is none; -EPERM: others than its owner, who is root or this user, and its group
 * may read it;
 * -EINVAL: what stands in it is no token; -errno. ret is set only on success.
 */
int authz_token_read(const char *path, char ret[static AUTHZ_TOKEN_SIZE]);

/* The token that is there, or a new one. Its folder must exist. group: who may read it, too, where
 * there is one of this name and we may give it to it; NULL: nobody. */
int authz_token_make(const char *path, const char *group, char ret[static AUTHZ_TOKEN_SIZE],
		     struct err *err);
