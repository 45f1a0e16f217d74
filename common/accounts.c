/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names to uids by NSS. Who is not found is left out and told: a name never stands for more than
 * the system says at this moment.
 *
 * A group's members are those its entry lists and those who have it as primary group. The latter
 * are found by going through all users that NSS enumerates; a directory service that does not
 * enumerate hides them.
 */
#include "common/accounts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>

/* What one look-up at NSS needs: a buffer that grows until the entry fits. */
#define BUFFER_FIRST 1024
#define BUFFER_MAX   ((size_t)16 * 1024 * 1024)

static bool buffer_grow(char **buf, size_t *size)
{
	if (*size >= BUFFER_MAX)
		return false;
	*size = *size ? *size * 2 : BUFFER_FIRST;
	*buf = xreallocarray(*buf, *size, 1);
	return true;
}

/* name: NULL to look for uid. *ret_name: caller frees. */
static bool find_user(const char *name, uid_t uid, uid_t *ret_uid, char **ret_name)
{
	_cleanup_free_ char *buf = NULL;
	size_t size = 0;
	struct passwd pw, *found = NULL;
	int e = ERANGE;

	while ((e == ERANGE && buffer_grow(&buf, &size)) || e == EINTR)
		e = name ? getpwnam_r(name, &pw, buf, size, &found)
			 : getpwuid_r(uid, &pw, buf, size, &found);
	if (e != 0 || !found)
		return false;
	*ret_uid = found->pw_uid;
	*ret_name = xstrdup(found->pw_name);
	return true;
}

static void miss(struct strv *missing, const char *what, const char *name)
{
	_cleanup_free_ char *text = xasprintf("%s %s", what, name);

	strv_add_once(missing, text);
}

static void add_user(struct accounts *a, const char *entry, struct strv *missing)
{
	char *name = NULL;
	uint32_t id;
	uid_t uid;

	if (text_id(entry, &id)) {
		if (!find_user(NULL, id, &uid, &name))
			name = xstrdup(entry);
		ARRAY_PUSH(a->items, a->n) = (struct account){.uid = id, .name = name};
	} else if (find_user(entry, 0, &uid, &name)) {
		ARRAY_PUSH(a->items, a->n) = (struct account){.uid = uid, .name = name};
	} else {
		miss(missing, "user", entry);
	}
}

/* The group's gid and the names that its entry lists. */
static bool find_group(const char *entry, gid_t *ret_gid, struct strv *ret_members)
{
	_cleanup_free_ char *buf = NULL;
	size_t size = 0;
	struct group gr, *found = NULL;
	uint32_t gid;
	bool numeric = text_id(entry, &gid);
	int e = ERANGE;

	while ((e == ERANGE && buffer_grow(&buf, &size)) || e == EINTR)
		e = numeric ? getgrgid_r(gid, &gr, buf, size, &found)
			    : getgrnam_r(entry, &gr, buf, size, &found);
	if (e != 0 || !found)
		return false;
	for (char **m = found->gr_mem; *m; m++)
		strv_add(ret_members, *m);
	*ret_gid = found->gr_gid;
	return true;
}

static void add_primary_members(struct accounts *a, gid_t gid)
{
	_cleanup_free_ char *buf = NULL;
	size_t size = 0;
	struct passwd pw, *found = NULL;

	buffer_grow(&buf, &size);
	setpwent();
	for (;;) {
		int e = getpwent_r(&pw, buf, size, &found);

		/* the entry that did not fit is given again */
		if (e == ERANGE && buffer_grow(&buf, &size))
			continue;
		if (e == EINTR)
			continue;
		if (e != 0 || !found)
			break;
		if (found->pw_gid == gid)
			ARRAY_PUSH(a->items, a->n) = (struct account){
				.uid = found->pw_uid,
				.name = xstrdup(found->pw_name),
			};
	}
	endpwent();
}

static void add_group(struct accounts *a, const char *group, struct strv *missing)
{
	_cleanup_(strv_done)
	struct strv members = {0};
	gid_t gid;

	if (!find_group(group, &gid, &members)) {
		miss(missing, "group", group);
		return;
	}
	for (size_t i = 0; i < members.n; i++) {
		char *name = NULL;
		uid_t uid;

		/* by name only: a member called "0" is not root */
		if (find_user(members.items[i], 0, &uid, &name))
			ARRAY_PUSH(a->items, a->n) = (struct account){.uid = uid, .name = name};
		else
			miss(missing, "user", members.items[i]);
	}
	add_primary_members(a, gid);
}

void accounts_resolve(const struct strv *entries, struct accounts *ret, struct strv *missing)
{
	struct accounts a = {0};

	for (size_t i = 0; i < entries->n; i++) {
		const char *group = startswith(entries->items[i], "@");

		if (group)
			add_group(&a, group, missing);
		else
			add_user(&a, entries->items[i], missing);
	}
	accounts_sort(&a);
	*ret = a;
}

void accounts_ask(const struct strv *entries, struct account_answers *ret)
{
	struct account_answers a = {0};

	for (size_t i = 0; i < entries->n; i++) {
		const struct strv one = {.items = &entries->items[i], .n = 1};
		struct account_answer answer = {.entry = xstrdup(entries->items[i])};

		accounts_resolve(&one, &answer.accounts, &answer.missing);
		ARRAY_PUSH(a.items, a.n) = answer;
	}
	*ret = a;
}

char *accounts_local_name(uid_t uid)
{
	_cleanup_fclose_ FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	while (f && (entry = fgetpwent(f))) {
		if (entry->pw_uid == uid)
			return xstrdup(entry->pw_name);
	}
	return NULL;
}
