/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names of users and groups to uids, by the system's name service. I/O: not for pure modules;
 * what they need comes in as a struct accounts made beforehand.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"
#include "common/settings.h"

#include <sys/types.h>

/* One user of the configuration, resolved: uid, the name to print, and what it came from. */
struct account {
	uid_t uid;
	char *name; /* "bob", or the number where no such user exists */
};

struct accounts {
	struct account *items; /* sorted by uid, no uid twice */
	size_t n;
};

void accounts_done(struct accounts *a);
bool accounts_has(const struct accounts *a, uid_t uid);

/*
 * Resolves entries: "bob", "1001", "@group" (members, primary and supplementary). What does not
 * exist is added to missing ("user bob", "group ops") and left out of ret.
 */
void accounts_resolve(const struct strv *entries, struct accounts *ret, struct strv *missing);

/* All the people that a configuration names, resolved at one moment. */
struct people {
	struct accounts allowed;     /* guard.allowed_users and allowed_groups */
	struct accounts *pod_users;  /* by index in settings.pods */
	struct accounts *pod_owners; /* by index in settings.pods; only where owners are given */
	size_t n_pods;
	struct strv missing;
};
void people_resolve(const struct settings *settings, struct people *ret);
void people_done(struct people *p);
bool people_equal(const struct people *a, const struct people *b);

/*
 * The name of a user of this machine's own /etc/passwd, or NULL: never asks the network, so a
 * program that must not wait may call it for any uid. Caller frees.
 */
char *accounts_local_name(uid_t uid);
