/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's user and capabilities. Source: capabilities(7), prctl(2).
 *
 * CAP_NET_ADMIN is for all that it asks of the kernel: tables and their log (nfnetlink), ending
 * connections (ctnetlink) and sockets (SOCK_DESTROY), switching bridges and looking into the
 * namespaces of containers (rtnetlink). All else that it does is anybody's, or its user's.
 */
#include "netguard/confine.h"

#include "common/groups.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENGINE_GROUP "docker"

struct caps {
	struct __user_cap_data_struct word[_LINUX_CAPABILITY_U32S_3];
};

static int get_caps(struct caps *ret)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};

	memset(ret, 0, sizeof(*ret));
	return syscall(SYS_capget, &head, ret->word) < 0 ? -errno : 0;
}

static bool has(const struct caps *c, unsigned cap)
{
	return c->word[cap / 32].effective & (1U << cap % 32);
}

bool confine_may_keep(void)
{
	struct caps caps;

	return get_caps(&caps) == 0 && has(&caps, CAP_NET_ADMIN);
}

/* ---- folders ---- */

/* Only what is root's and has no other name: no file from elsewhere by a hard link. */
static void give_file(int dir, const char *name, uid_t uid, gid_t gid)
{
	_cleanup_close_ int fd =
		openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	    st.st_uid == 0)
		(void)!fchown(fd, uid, gid); /* who needs the file says that it can't */
}

/* What fails here (a full disk, a read-only one) fails again where the folder is needed, and is
 * told there: that the table stands comes first. */
static void make_dir(const struct confine_dir *d, const struct passwd *owner)
{
	_cleanup_close_ int fd = -1;

	(void)mkdir(d->path, d->mode);
	if (!owner)
		return;
	fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fchown(fd, owner->pw_uid, owner->pw_gid) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(d->files) && d->files[i]; i++)
		give_file(fd, d->files[i], owner->pw_uid, owner->pw_gid);
}

/* ---- the process ---- */

/* The limit of what could be had by executing something; without CAP_SETPCAP whoever started us
 * has set it. */
static int limit_caps(const struct caps *have, struct err *err)
{
	for (unsigned long cap = 0; has(have, CAP_SETPCAP) && prctl(PR_CAPBSET_READ, cap) >= 0;
	     cap++) {
		if (cap != CAP_NET_ADMIN && prctl(PR_CAPBSET_DROP, cap) < 0)
			return err_os(err, errno, "capability bounding set");
	}
	return 0;
}

/* Nothing more to give up: systemd has done it, and then its filter may forbid capset. */
static bool only_net_admin(const struct caps *c)
{
	for (unsigned i = 0; i < ARRAY_SIZE(c->word); i++) {
		uint32_t want = i == CAP_NET_ADMIN / 32 ? 1U << CAP_NET_ADMIN % 32 : 0;

		if (c->word[i].effective != want || c->word[i].permitted != want)
			return false;
	}
	return true;
}

static int keep_net_admin(const struct caps *have, struct err *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct caps caps = {0};

	caps.word[CAP_NET_ADMIN / 32].effective = 1U << CAP_NET_ADMIN % 32;
	caps.word[CAP_NET_ADMIN / 32].permitted = 1U << CAP_NET_ADMIN % 32;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    (!only_net_admin(have) && syscall(SYS_capset, &head, caps.word) < 0))
		return err_os(err, errno, "capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_os(err, errno, "no_new_privs");
	return 0;
}

/*
 * Its own groups, and the engine's: who was not started by systemd has no relay that asks the
 * engine for it.
 */
static int join_groups(const struct passwd *who, struct err *err)
{
	struct group_list groups = {0};
	const struct group *engine;
	int r = groups_of_user(who->pw_name, who->pw_gid, &groups, err);

	if (r < 0)
		return r;
	engine = getgrnam(ENGINE_GROUP);
	if (engine)
		ARRAY_PUSH(groups.items, groups.n) = engine->gr_gid;
	r = setgroups(groups.n, groups.items) < 0 ? err_os(err, errno, "setgroups") : 0;
	group_list_done(&groups);
	return r;
}

static int become(const struct passwd *who, struct err *err)
{
	if (join_groups(who, err) < 0)
		return err_wrap(err, "become user %s", who->pw_name);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    setresgid(who->pw_gid, who->pw_gid, who->pw_gid) < 0 ||
	    setresuid(who->pw_uid, who->pw_uid, who->pw_uid) < 0)
		return err_os(err, errno, "become user %s", who->pw_name);
	return 0;
}

int confine_user(const char *name, const struct confine_dir *dirs, size_t n, struct err *err)
{
	const struct passwd *owner = NULL;
	struct caps have;
	int r = get_caps(&have);

	if (r < 0)
		return err_os(err, -r, "capabilities");
	if (geteuid() == 0)
		owner = getpwnam(name);
	/* root by another name would only look like less */
	if (owner && (owner->pw_uid == 0 || owner->pw_gid == 0))
		return err_set(err, EPERM, "user %s is root, or in its group", name);
	for (size_t i = 0; i < n; i++)
		make_dir(&dirs[i], owner);
	if ((r = limit_caps(&have, err)) < 0 || (owner && (r = become(owner, err)) < 0) ||
	    (r = keep_net_admin(&have, err)) < 0)
		return r;
	return geteuid() != 0;
}
