/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/jail_change.h"

#include "podctl/host_groups.h"
#include "podctl/inside.h"
#include "podctl/jail_file.h"
#include "podctl/jail_system.h"
#include "podctl/run.h"

#include <errno.h>
#include <pwd.h>
#include <unistd.h>

#define UID_MIN	   1000
#define UID_NOBODY 65534

/* ---- shared ---- */

/* What the passwd database says of a user, copied: other calls overwrite it. */
struct user {
	uid_t uid;
	gid_t gid;
	char *shell, *home;
};

static void user_done(struct user *u)
{
	free(u->shell);
	free(u->home);
}

static bool find_user(const char *name, struct user *ret)
{
	const struct passwd *pw = getpwnam(name);

	if (!pw)
		return false;
	*ret = (struct user){pw->pw_uid, pw->pw_gid, xstrdup(pw->pw_shell), xstrdup(pw->pw_dir)};
	return true;
}

/* The others' list with this one or without it. Shallow: items of with are not copied. */
static struct jails choose(const struct jails *all, const char *user, const struct jail *with)
{
	struct jails chosen = {0};
	bool placed = !with;

	for (size_t i = 0; i < all->n; i++) {
		if (!placed && strcmp(all->items[i].user, user) > 0) {
			ARRAY_PUSH(chosen.items, chosen.n) = *with;
			placed = true;
		}
		if (!streq(all->items[i].user, user))
			ARRAY_PUSH(chosen.items, chosen.n) = all->items[i];
	}
	if (!placed)
		ARRAY_PUSH(chosen.items, chosen.n) = *with;
	return chosen;
}

static int write_system(const struct jail_change *c, const struct jails *all, const char *user,
			const struct jail *with, const char *folder, struct err *err)
{
	struct jails chosen = choose(all, user, with);
	enum jail_sshd sshd = JAIL_SSHD_NONE;
	int r = jail_write_system(&chosen, folder, with ? user : NULL, &sshd, err);

	free(chosen.items);
	if (r < 0)
		return r;
	switch (sshd) {
	case JAIL_SSHD_RELOADED:
		ui_say(c->ui, "sudo and sshd know, and sshd has read it");
		break;
	case JAIL_SSHD_NOT_RUNNING:
		ui_say(c->ui, "sudo and sshd know; sshd does not run, or does not say where");
		break;
	default:
		ui_say(c->ui, "sudo knows; there is no sshd here: add the user again when one "
			      "comes");
	}
	return 0;
}

static int run_podctl(const char *folder, const char *command, const char *what, struct err *err)
{
	_cleanup_free_ char *podctl = xasprintf("%s/podctl", folder);
	const char *const argv[] = {podctl, "--quiet", command, what, NULL};
	int r = run(argv, NULL, err);

	if (r > 0)
		return err_set(err, EIO, "podctl %s %s failed", command, what);
	return r;
}

/* ---- add ---- */

struct adding {
	const struct jail_change *c;
	struct jails all;
	struct jail jail;
	struct user user;
	char *folder, *shell, *pod, *pod_path;
	bool made_pod_file, made_home, had_pod, recorded, wrote_system;
};

static int check_user(struct adding *a, const char *name, struct err *err)
{
	if (!jail_user_valid(name))
		return err_set(err, EINVAL,
			       "a jail is a pod, so its user's name has letters, digits, _ and - "
			       "only, and at most %d",
			       JAIL_NAME_MAX);
	if (!find_user(name, &a->user))
		return err_set(err, ENOENT, "there is no user %s: adduser %s", name, name);
	if (a->user.uid == 0)
		return err_set(err, EPERM, "user %s is root, whom no jail holds", name);
	if (!a->c->force && (a->user.uid < UID_MIN || a->user.uid == UID_NOBODY))
		return err_set(err, EPERM,
			       "user %s has uid %u, as services have, which may need their shell; "
			       "--force, if it is a person",
			       name, (unsigned)a->user.uid);
	return host_groups_check_user(name, a->user.gid, err);
}

/* What the user had before: of the record, where there is one. */
static int take_former(struct adding *a, const char *name, struct err *err)
{
	struct jail old = {0};
	int r = jail_load(name, &old, err);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && old.uid != a->user.uid) {
		jail_done(&old);
		return err_set(err, EEXIST,
			       "the jail of %s is of another user of that name: podctl jail rm %s",
			       name, name);
	}
	a->recorded = r == 0;
	if (r == 0) {
		a->jail = old;
		return 0;
	}
	if (streq(a->user.shell, a->shell))
		return err_set(err, EEXIST,
			       "the login shell of %s is %s, and what it was before is not known: "
			       "usermod -s /bin/bash %s",
			       name, a->shell, name);
	a->jail = (struct jail){xstrdup(name), a->user.uid, xstrdup(a->user.shell)};
	return 0;
}

static int make_pod(struct adding *a, struct err *err)
{
	const struct jail_change *c = a->c;
	_cleanup_free_ char *text = jail_pod_text(&a->jail, a->user.gid, c->image,
						  &c->settings->policy),
			    *id = NULL;
	struct remap remap = {.engine = c->engine};
	struct err ignored;
	int r = jail_write_pod(a->jail.user, text, err);

	if (r < 0)
		return r;
	a->made_pod_file = r == 0;
	if (a->made_pod_file)
		ui_say(c->ui, "made %s", a->pod_path);
	r = jail_make_home(&a->jail, a->user.gid, c->settings, &remap, &a->made_home, err);
	if (r < 0)
		return r;
	ui_say(c->ui, "home is %s/%s/home", c->settings->mount_root, a->pod);
	a->had_pod = inside_find(c->engine, a->pod, JAIL_CONTAINER, &id, &ignored) != -ENOENT;
	r = run_podctl(a->folder, "apply", a->pod_path, err);
	if (r < 0)
		return r;
	freep(&id);
	r = inside_find(c->engine, a->pod, JAIL_CONTAINER, &id, err);
	if (r < 0)
		return err_wrap(err, "logins come into " JAIL_CONTAINER);
	ui_say(c->ui, "pod %s runs", a->pod);
	return 0;
}

static int add(struct adding *a, struct err *err)
{
	const struct jail_change *c = a->c;
	int r = make_pod(a, err);

	if (r == 0)
		r = jail_save(&a->jail, err);
	if (r >= 0) {
		a->wrote_system = true;
		r = write_system(c, &a->all, a->jail.user, &a->jail, a->folder, err);
	}
	/* the last: from here on there is no other way in */
	if (r >= 0 && !streq(a->user.shell, a->shell)) {
		r = jail_set_shell(a->jail.user, a->shell, err);
		if (r == 0)
			ui_say(c->ui, "login shell is %s, was %s", a->shell,
			       *a->jail.shell ? a->jail.shell : "not given");
	}
	return r < 0 ? r : 0;
}

static void undo(struct adding *a)
{
	const struct jail_change *c = a->c;
	struct err err = {0};

	/* a jail that was there before stays as it was */
	if (a->recorded)
		return;
	if (a->wrote_system) {
		if (write_system(c, &a->all, a->jail.user, NULL, a->folder, &err) < 0)
			ui_error(c->ui, "cannot undo it: %s", err.text);
		if (jail_remove(a->jail.user, &err) < 0)
			ui_error(c->ui, "cannot undo it: %s", err.text);
	}
	if (!a->had_pod && a->made_pod_file && run_podctl(a->folder, "down", a->pod, &err) < 0)
		ui_error(c->ui, "cannot undo it: %s", err.text);
	if (a->made_pod_file)
		(void)unlink(a->pod_path);
	if (a->made_home)
		jail_unmake_home(a->jail.user, c->settings);
}

int jail_add(const struct jail_change *c, const char *name, struct err *err)
{
	struct adding a = {.c = c, .pod = jail_pod_name(name), .pod_path = jail_pod_path(name)};
	struct strv left = {0};
	int r = check_user(&a, name, err);

	if (r == 0)
		r = jail_programs(&a.folder, err);
	if (r == 0)
		r = jail_list(&a.all, err);
	if (r == 0) {
		a.shell = xasprintf("%s/podctl-shell", a.folder);
		r = take_former(&a, name, err);
	}
	if (r == 0) {
		r = add(&a, err);
		if (r < 0)
			undo(&a);
	}
	if (r == 0)
		jail_left_outside(name, a.user.uid, a.user.home, &left);
	for (size_t i = 0; i < left.n; i++)
		ui_error(c->ui, "note: %s", left.items[i]);
	strv_done(&left);
	jails_done(&a.all);
	jail_done(&a.jail);
	user_done(&a.user);
	free(a.folder);
	free(a.shell);
	free(a.pod);
	free(a.pod_path);
	return r;
}

/* ---- rm ---- */

/* 1: there was nothing to put back. */
static int put_shell_back(const struct jail_change *c, const char *name, const struct jail *jail,
			  const char *shell, struct err *err)
{
	struct user user = {0};
	int r = 1;

	if (!find_user(name, &user) || !streq(user.shell, shell))
		r = 1;
	else if (!jail)
		r = err_set(err, ENOENT,
			    "what login shell %s had before is not known: usermod -s /bin/bash %s",
			    name, name);
	else
		r = jail_set_shell(name, jail->shell, err);
	if (r == 0)
		ui_say(c->ui, "login shell is %s again", *jail->shell ? jail->shell : "not given");
	user_done(&user);
	return r;
}

static int end_pod(const struct jail_change *c, const char *name, const char *folder,
		   struct err *err)
{
	_cleanup_free_ char *pod = jail_pod_name(name), *path = jail_pod_path(name);
	int r = run_podctl(folder, "down", pod, err);

	if (r < 0)
		return r;
	ui_say(c->ui, "pod %s is down; what the user had stays in %s/%s", pod,
	       c->settings->mount_root ? c->settings->mount_root : "mount_root", pod);
	if (c->purge && unlink(path) < 0 && errno != ENOENT)
		return err_os(err, errno, "%s", path);
	if (!c->purge && access(path, F_OK) == 0)
		ui_say(c->ui, "%s stays, for another time", path);
	return 0;
}

static int rm(const struct jail_change *c, const char *name, const struct jails *all,
	      const struct jail *jail, const char *folder, struct err *err)
{
	_cleanup_free_ char *shell = xasprintf("%s/podctl-shell", folder);
	struct err first = {0};
	int r = put_shell_back(c, name, jail, shell, &first), next;

	/* one step that fails keeps none of the others from being done */
	next = write_system(c, all, name, NULL, folder, err);
	if (next >= 0)
		next = end_pod(c, name, folder, err);
	if (r < 0) {
		*err = first;
		return r;
	}
	/* the record stays until all of it is done */
	return next < 0 ? next : jail_remove(name, err);
}

int jail_rm(const struct jail_change *c, const char *name, struct err *err)
{
	_cleanup_free_ char *folder = NULL, *shell = NULL;
	struct jails all = {0};
	struct jail jail = {0};
	struct user user = {0};
	int r, known;

	if (!jail_user_valid(name))
		return err_set(err, ENOENT, "user %s has no jail", name);
	r = jail_programs(&folder, err);
	if (r == 0)
		r = jail_list(&all, err);
	if (r < 0)
		return r;
	shell = xasprintf("%s/podctl-shell", folder);
	known = jail_load(name, &jail, err);
	if (known < 0 && known != -ENOENT)
		r = known;
	else if (known < 0 && !(find_user(name, &user) && streq(user.shell, shell)))
		r = err_set(err, ENOENT, "user %s has no jail", name);
	else
		r = rm(c, name, &all, known == 0 ? &jail : NULL, folder, err);
	user_done(&user);
	jails_done(&all);
	jail_done(&jail);
	return r < 0 ? r : 0;
}
