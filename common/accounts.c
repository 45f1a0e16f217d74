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

	if (!strv_has(missing, text))
		strv_add(missing, text);
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

static int compare_accounts(const void *a, const void *b)
{
	const struct account *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void sort_unique(struct accounts *a)
{
	size_t kept = 0;

	if (a->n == 0)
		return;
	qsort(a->items, a->n, sizeof(*a->items), compare_accounts);
	for (size_t i = 1; i < a->n; i++) {
		if (a->items[i].uid == a->items[kept].uid)
			free(a->items[i].name);
		else
			a->items[++kept] = a->items[i];
	}
	a->n = kept + 1;
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
	sort_unique(&a);
	*ret = a;
}

void accounts_done(struct accounts *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->items[i].name);
	free(a->items);
	*a = (struct accounts){0};
}

bool accounts_has(const struct accounts *a, uid_t uid)
{
	for (size_t i = 0; i < a->n; i++) {
		if (a->items[i].uid == uid)
			return true;
	}
	return false;
}

void people_resolve(const struct settings *settings, struct people *ret)
{
	const struct settings_guard *guard = &settings->guard;
	_cleanup_(strv_done)
	struct strv allowed = {0};
	struct people p = {.n_pods = settings_n_pods(settings)};

	for (size_t i = 0; i < guard->allowed_users.n; i++)
		strv_add(&allowed, guard->allowed_users.items[i]);
	for (size_t i = 0; i < guard->allowed_groups.n; i++)
		strv_take(&allowed, xasprintf("@%s", guard->allowed_groups.items[i]));
	accounts_resolve(&allowed, &p.allowed, &p.missing);
	p.pod_users = xcalloc(p.n_pods, sizeof(*p.pod_users));
	p.pod_owners = xcalloc(p.n_pods, sizeof(*p.pod_owners));
	for (size_t i = 0; i < p.n_pods; i++) {
		const struct settings_pod *pod = settings_pod_at(settings, i);

		accounts_resolve(&pod->users, &p.pod_users[i], &p.missing);
		accounts_resolve(&pod->owners, &p.pod_owners[i], &p.missing);
	}
	*ret = p;
}

void people_done(struct people *p)
{
	accounts_done(&p->allowed);
	for (size_t i = 0; i < p->n_pods; i++) {
		accounts_done(&p->pod_users[i]);
		accounts_done(&p->pod_owners[i]);
	}
	free(p->pod_users);
	free(p->pod_owners);
	strv_done(&p->missing);
	*p = (struct people){0};
}

static bool accounts_equal(const struct accounts *a, const struct accounts *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->items[i].uid != b->items[i].uid ||
		    !streq(a->items[i].name, b->items[i].name))
			return false;
	}
	return true;
}

bool people_equal(const struct people *a, const struct people *b)
{
	if (a->n_pods != b->n_pods || a->missing.n != b->missing.n ||
	    !accounts_equal(&a->allowed, &b->allowed))
		return false;
	for (size_t i = 0; i < a->n_pods; i++) {
		if (!accounts_equal(&a->pod_users[i], &b->pod_users[i]) ||
		    !accounts_equal(&a->pod_owners[i], &b->pod_owners[i]))
			return false;
	}
	for (size_t i = 0; i < a->missing.n; i++) {
		if (!streq(a->missing.items[i], b->missing.items[i]))
			return false;
	}
	return true;
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
