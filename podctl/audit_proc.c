/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the kernel says of a container's first process. All is read below one descriptor of
 * /proc/PID, which never becomes another process's: when that one is gone, reading fails.
 */
#include "podctl/audit.h"

#include "common/file.h"

#include <fcntl.h>

#define STATUS_MAX ((size_t)16384)

/* A whole small file, or NULL. Caller frees. */
static char *slurp(int dir, const char *name)
{
	_cleanup_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	struct err ignored;
	size_t size;

	if (fd < 0 || file_read_limited(fd, STATUS_MAX, &text, &size, &ignored) < 0)
		return NULL;
	return text;
}

/* The value behind "\nKey:\t", or NULL. */
static const char *field(const char *status, const char *key)
{
	_cleanup_free_ char *want = xasprintf("\n%s:\t", key);
	const char *at = strstr(status, want);

	return at ? at + strlen(want) : NULL;
}

void audit_look_at_proc(struct audit_container *c)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d", (int)c->pid), *cgroup = NULL,
			    *status = NULL, *apparmor = NULL;
	_cleanup_close_ int dir = -1;
	const char *uid, *effective, *bounding, *nnp, *seccomp;
	struct audit_process *p = &c->process;

	if (c->pid <= 0)
		return;
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	cgroup = slurp(dir, "cgroup");
	status = slurp(dir, "status");
	if (!cgroup || !status || !*c->id || !strstr(cgroup, c->id))
		return;
	uid = field(status, "Uid");
	effective = field(status, "CapEff");
	bounding = field(status, "CapBnd");
	nnp = field(status, "NoNewPrivs");
	seccomp = field(status, "Seccomp");
	if (!uid || !effective || !bounding || !nnp || !seccomp)
		return;
	/* "real effective saved fs": the second is what it may */
	uid += strcspn(uid, "\t");
	p->uid = (uid_t)strtoul(uid, NULL, 10);
	p->caps_effective = strtoull(effective, NULL, 16);
	p->caps_bounding = strtoull(bounding, NULL, 16);
	p->no_new_privileges = *nnp == '1';
	p->seccomp = *seccomp == '2';
	apparmor = slurp(dir, "attr/apparmor/current");
	if (apparmor) {
		apparmor[strcspn(apparmor, "\n")] = '\0';
		p->apparmor = take_ptr(apparmor);
	}
	p->known = true;
}
