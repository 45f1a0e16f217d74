/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/caller_decide.h"

#include "podctl/jail.h"

#include <errno.h>
#include <sys/stat.h> /* lint: types only */

bool caller_is_plain(const struct caller_process *p)
{
	return p->uid == p->euid && p->gid == p->egid && !p->secure;
}

int caller_decide(const struct caller_process *p, const char *sudo_uid, const char *sudo_gid,
		  struct caller *ret, struct err *err)
{
	uint32_t uid = p->uid, gid = p->gid;

	if (!caller_is_plain(p))
		return err_set(err, EPERM,
			       "is not made to be installed set-user-id or with capabilities; use "
			       "sudo");
	if (sudo_uid && (!text_id(sudo_uid, &uid) || !sudo_gid || !text_id(sudo_gid, &gid)))
		return err_set(err, EPERM,
			       "who calls is not known: SUDO_UID or SUDO_GID is no number. Use "
			       "sudo, not pkexec or doas");
	if (uid != p->euid && p->euid != 0)
		return err_set(err, EPERM, "cannot take the rights of user %u: run by sudo as root",
			       (unsigned)uid);
	ret->uid = uid;
	ret->gid = gid;
	ret->switches = uid != p->euid;
	return 0;
}

bool caller_is_unknown(const struct caller_between *b)
{
	return !b->sudo_uid && (b->pkexec_uid || b->doas_user);
}

bool caller_is_believed(const struct caller_process *p, const struct caller_between *b)
{
	return !b->sudo_uid && !caller_is_unknown(b) && caller_is_plain(p);
}

bool caller_terminal_valid(const char *text)
{
	size_t n = text ? strlen(text) : 0;

	return n > 0 && n <= 64 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._") ==
		       n;
}

int caller_check_own(uid_t uid, const struct stat *st, struct err *err)
{
	if (st->st_uid != uid && st->st_uid != 0)
		return err_set(err, EPERM, "is another user's");
	if (st->st_mode & 022)
		return err_set(err, EPERM, "may be written by others: chmod go-w it");
	return 0;
}

enum caller_rule caller_rule_of(uid_t uid, const char *pod, const struct settings_pod *p)
{
	if (uid == 0)
		return CALLER_MAY;
	if (p && p->owners_given)
		return CALLER_IF_OWNER;
	return jail_is_pod(pod) ? CALLER_IF_ADMIN : CALLER_MAY;
}
