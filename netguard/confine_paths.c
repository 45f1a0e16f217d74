/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Landlock. Source: landlock(7), linux/landlock.h.
 *
 * Reading is not restricted by path: the configuration may be a link to any folder, exchanged at
 * any time, and name services have their files in many places; the process's user can read no more
 * than everybody. What it could do harm with is: writing, making and executing.
 */
#include "netguard/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef UNCONFINED

/* What newer kernels have and the headers here may lack. */
#define ACCESS_FS_REFER	    (1ULL << 13) /* ABI 2 */
#define ACCESS_FS_TRUNCATE  (1ULL << 14) /* ABI 3 */
#define ACCESS_NET_BIND	    (1ULL << 0)	 /* ABI 4 */
#define ACCESS_NET_CONNECT  (1ULL << 1)
#define ACCESS_FS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#define SCOPE_SIGNAL	    (1ULL << 1)	 /* ABI 6 */

#define FS_ABI_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

/* Also in older kernels: they look at as much as they know. */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};

static struct ruleset_attr all_of(int abi, bool tcp)
{
	struct ruleset_attr a = {.fs = FS_ABI_1};

	a.fs &= ~(uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
	if (abi >= 2)
		a.fs |= ACCESS_FS_REFER;
	if (abi >= 3)
		a.fs |= ACCESS_FS_TRUNCATE;
	if (abi >= 4 && !tcp)
		a.net = ACCESS_NET_BIND | ACCESS_NET_CONNECT;
	if (abi >= 5)
		a.fs |= ACCESS_FS_IOCTL_DEV;
	if (abi >= 6)
		a.scoped = SCOPE_SIGNAL;
	return a;
}

static size_t size_for(int abi)
{
	if (abi >= 6)
		return sizeof(struct ruleset_attr);
	return abi >= 4 ? offsetof(struct ruleset_attr, scoped)
			: offsetof(struct ruleset_attr, net);
}

static int allow(int ruleset, const char *path, uint64_t handled, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct landlock_path_beneath_attr beneath = {
		.allowed_access =
			handled & (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
				   LANDLOCK_ACCESS_FS_REMOVE_FILE | ACCESS_FS_TRUNCATE),
		.parent_fd = fd,
	};

	/* not there: then nothing can be written there */
	if (fd < 0)
		return 0;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
		return err_os(err, errno, "Landlock: %s", path);
	return 0;
}

int confine_paths(const struct confine_dir *dirs, size_t n, bool tcp, struct err *err)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0,
			   LANDLOCK_CREATE_RULESET_VERSION);
	_cleanup_close_ int ruleset = -1;
	struct ruleset_attr a;

	if (abi < 1)
		return 0;
	a = all_of((int)abi, tcp);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &a, size_for((int)abi), 0);
	if (ruleset < 0)
		return err_os(err, errno, "Landlock");
	for (size_t i = 0; i < n; i++) {
		int r = allow(ruleset, dirs[i].path, a.fs, err);

		if (r < 0)
			return r;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return err_os(err, errno, "Landlock");
	return 1;
}

#else

int confine_paths(const struct confine_dir *dirs _unused_, size_t n _unused_, bool tcp _unused_,
		  struct err *err _unused_)
{
	return 0;
}

#endif
