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
/* Sorts, and leaves each uid once, with the first of its names. */
void accounts_sort(struct accounts *a);

/*
 * Resolves entries: "bob", "1001", "@group" (members, primary and supplementary). What does not
 * exist is added to missing ("user bob", "group ops") and left out of ret.
 */
void accounts_resolve(const struct strv *entries, struct accounts *ret, struct strv *missing);

/* What the name service said of one entry, at one moment. */
struct account_answer {
	char *entry;
	struct accounts accounts;
	struct strv missing; /* as of accounts_resolve */
};

struct account_answers {
	struct account_answer *items; /* sorted by entry, none twice */
	size_t n;
};

/* Asks for each of entries, which are sorted, none twice. */
void accounts_ask(const struct strv *entries, struct account_answers *ret);
void account_answers_done(struct account_answers *a);
/*
 * Takes over what newer has, also in place of older answers, and forgets those that are not in
 * wanted (sorted). newer is empty behind.
 */
void account_answers_take(struct account_answers *a, struct account_answers *newer,
			  const struct strv *wanted);

/* All the people that a configuration names. */
struct people {
	struct accounts allowed;     /* guard.allowed_users and allowed_groups */
	struct accounts *pod_users;  /* by index in settings.pods */
	struct accounts *pod_owners; /* by index in settings.pods; only where owners are given */
	size_t n_pods;
	struct strv missing; /* "user bob", "group ops": they do not exist */
	struct strv unknown; /* the same, of those that no answer tells of yet; left out, too */
};
/* The entries of a configuration, for accounts_ask. */
void people_entries(const struct settings *settings, struct strv *ret);
/* From answers that are there: asks nobody. A uid without an answer stands for itself. */
void people_from(const struct settings *settings, const struct account_answers *answers,
		 struct people *ret);
/* The same, all of them asked for now. */
void people_resolve(const struct settings *settings, struct people *ret);
void people_done(struct people *p);
bool people_equal(const struct people *a, const struct people *b);

/*
 * The name of a user of this machine's own /etc/passwd, or NULL: never asks the network, so a
 * program that must not wait may call it for any uid. Caller frees.
 */
char *accounts_local_name(uid_t uid);
