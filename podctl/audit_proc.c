/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the kernel says of a container's first process, of what else runs in it, and of the paths
 * that it mounts. All of a process is read below one descriptor of /proc/PID, which never becomes
 * another process's: when that one is gone, reading fails.
 */
#include "podctl/audit.h"

#include "podctl/host_groups.h"
#include "podctl/threads.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The value behind "\nKey:\t", or NULL. */
static const char *field(const char *status, const char *key)
{
	_cleanup_free_ char *want = xasprintf("\n%s:\t", key);
	const char *at = strstr(status, want);

	return at ? at + strlen(want) : NULL;
}

static void read_user_namespace(int dir, ino_t *ret)
{
	struct stat st;

	*ret = fstatat(dir, "ns/user", &st, 0) == 0 ? st.st_ino : 0;
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
	cgroup = threads_slurp(dir, "cgroup");
	status = threads_slurp(dir, "status");
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
	p->any_root = p->uid == 0;
	read_user_namespace(dir, &p->user_namespace);
	p->caps_effective = strtoull(effective, NULL, 16);
	p->caps_bounding = strtoull(bounding, NULL, 16);
	p->no_new_privileges = *nnp == '1';
	p->seccomp = *seccomp == '2';
	apparmor = threads_slurp(dir, "attr/apparmor/current");
	if (apparmor) {
		apparmor[strcspn(apparmor, "\n")] = '\0';
		p->apparmor = take_ptr(apparmor);
	}
	p->known = true;
}

/* ---- what else runs ---- */

struct looking {
	struct audit_containers *all;
	const struct audit_groups *groups;
	ino_t own_namespace;
};

/* "real effective saved fs": who is root by one of them is it again when it likes. */
static bool is_root(const char *uids)
{
	char *end;

	for (int i = 0; i < 4; i++, uids = end) {
		unsigned long uid = strtoul(uids, &end, 10);

		if (end != uids && uid == 0)
			return true;
	}
	return false;
}

/* A line of numbers: those of its groups that are known. */
static uint64_t group_bits(const struct audit_groups *groups, const char *gids)
{
	uint64_t bits = 0;

	for (char *end; gids && *gids != '\n'; gids = end) {
		unsigned long gid = strtoul(gids, &end, 10);

		if (end == gids)
			break;
		bits |= audit_groups_bit(groups, gid);
		end += strspn(end, " \t");
	}
	return bits;
}

static void add_thread(const struct looking *l, int dir, struct audit_process *p)
{
	_cleanup_free_ char *status = threads_slurp(dir, "status");
	const char *uids = status ? field(status, "Uid") : NULL,
		   *bounding = status ? field(status, "CapBnd") : NULL;
	ino_t namespace;

	if (!uids || !bounding)
		return;
	p->any_root |= is_root(uids);
	p->groups_any |= group_bits(l->groups, field(status, "Gid"));
	p->groups_any |= group_bits(l->groups, field(status, "Groups"));
	/* all capabilities in a user namespace of its own making are none */
	read_user_namespace(dir, &namespace);
	if (namespace == l->own_namespace || namespace == p->user_namespace)
		p->caps_any |= strtoull(bounding, NULL, 16);
}

static void look_at_thread(void *userdata, int dir)
{
	const struct looking *l = userdata;
	_cleanup_free_ char *cgroup = threads_slurp(dir, "cgroup");

	for (size_t i = 0; cgroup && i < l->all->n; i++) {
		struct audit_container *c = &l->all->items[i];

		if (c->process.known && strstr(cgroup, c->id))
			add_thread(l, dir, &c->process);
	}
}

int audit_look_at_processes(struct audit_containers *all, const struct audit_groups *groups)
{
	struct looking l = {.all = all, .groups = groups};
	struct stat st;

	if (stat("/proc/self/ns/user", &st) == 0)
		l.own_namespace = st.st_ino;
	return threads_each(look_at_thread, &l);
}

/* ---- what is mounted ---- */

static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void look_at_mount(struct audit_mount *m, const char *socket)
{
	const char *from = m->real ? m->real : m->source;
	char *real = NULL;

	if (m->filesystem || (!streq(m->type, "bind") && !m->real))
		return;
	if (socket && is_same_file(from, socket))
		real = xstrdup(socket); /* by whatever name */
	else
		real = realpath(from, NULL);
	if (real && !streq(real, from)) {
		free(m->real);
		m->real = real;
	} else {
		free(real);
	}
}

void audit_look_at_mounts(struct audit_containers *all, const char *socket)
{
	for (size_t i = 0; i < all->n; i++) {
		for (size_t k = 0; k < all->items[i].n_mounts; k++)
			look_at_mount(&all->items[i].mounts[k], socket);
	}
}

/* ---- groups of this host ---- */

int audit_look_at_groups(struct audit_groups *ret, struct err *err)
{
	struct host_groups here = {0};
	int r = host_groups_look(&here, err);

	for (size_t i = 0; i < here.n; i++) {
		const struct host_group_here *h = &here.items[i];

		audit_groups_add(ret, h->gid, h->group->name, h->group->owns);
	}
	host_groups_done(&here);
	return r;
}
