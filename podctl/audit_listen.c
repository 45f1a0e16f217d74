/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which sockets of this host's engines listen: those that have an engine's name, as systemd and
 * whoever else makes them for it, and those of programs that are engines. Only what root has open
 * counts: an engine of somebody else is not root. What runs in containers is theirs.
 */
#include "podctl/audit.h"

#include "common/file.h"
#include "common/text.h"
#include "podctl/listening.h"
#include "podctl/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define TABLE_MAX ((size_t)256 * 1024 * 1024) /* a host with very many sockets */

static const char *const programs[] = {
	"dockerd", "containerd", "podman", "crio", "cri-dockerd", "buildkitd",
};

struct search {
	const struct audit_containers *all;
	struct listenings listenings;
	struct strv *sockets;
	struct audit_access *access;
};

static int read_table(const char *path, char **ret, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size;
	int r;

	if (fd < 0)
		return err_os(err, errno, "%s", path);
	r = file_read_limited(fd, TABLE_MAX, ret, &size, err);
	return r < 0 ? err_wrap(err, "%s", path) : 0;
}

static int read_tables(struct listenings *ret, struct err *err)
{
	_cleanup_free_ char *sockets = NULL, *tcp = NULL, *tcp6 = NULL;
	int r = read_table("/proc/net/unix", &sockets, err);

	if (r == 0)
		r = read_table("/proc/net/tcp", &tcp, err);
	/* a host without IPv6 has none */
	if (r == 0 && access("/proc/net/tcp6", F_OK) == 0)
		r = read_table("/proc/net/tcp6", &tcp6, err);
	if (r < 0)
		return r;
	listenings_read_unix(ret, sockets);
	listenings_read_tcp(ret, tcp);
	if (tcp6)
		listenings_read_tcp(ret, tcp6);
	return 0;
}

static bool is_engine(const char *program)
{
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		if (streq(program, programs[i]))
			return true;
	}
	return false;
}

/* Root of the host, in none of the containers. */
static bool is_hosts(const struct search *s, int process)
{
	_cleanup_free_ char *status = threads_slurp(process, "status"),
			    *cgroup = threads_slurp(process, "cgroup");
	const char *uid = status ? strstr(status, "\nUid:\t") : NULL;

	/* "real effective saved fs": the second is what it may */
	uid = uid ? strchr(uid + strlen("\nUid:\t"), '\t') : NULL;
	if (!uid || !cgroup || startswith(uid, "\t0\t") == NULL)
		return false;
	for (size_t i = 0; i < s->all->n; i++) {
		if (strstr(cgroup, s->all->items[i].id))
			return false;
	}
	return true;
}

static void found(struct search *s, const char *program, const struct listening *l)
{
	struct audit_access *a = s->access;

	if (!l->tcp && (is_engine(program) || audit_is_engine_socket(l->where)) &&
	    !strv_has(s->sockets, l->where))
		strv_add(s->sockets, l->where);
	if (!l->tcp || !is_engine(program))
		return;
	for (size_t i = 0; i < a->n_listeners; i++) {
		if (streq(a->listeners[i].address, l->where))
			return; /* a child has it, too */
	}
	ARRAY_PUSH(a->listeners, a->n_listeners) =
		(struct audit_listener){xstrdup(program), xstrdup(l->where)};
}

static void look_at_descriptor(struct search *s, const char *program, int fds, const char *name)
{
	char target[64] = "", *number = target + strlen("socket:[");
	uint64_t inode;

	if (readlinkat(fds, name, target, sizeof(target) - 1) < 0 ||
	    !startswith(target, "socket:["))
		return;
	number[strcspn(number, "]")] = '\0';
	if (!text_number(number, UINT64_MAX, &inode))
		return;
	for (size_t i = 0; i < s->listenings.n; i++) {
		if (s->listenings.items[i].inode == inode)
			found(s, program, &s->listenings.items[i]);
	}
}

/* Gone meanwhile: has nothing open. */
static void look_at_process(struct search *s, const char *pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%s", pid);
	_cleanup_close_ int process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *program = process < 0 ? NULL : threads_slurp(process, "comm");
	_cleanup_close_ int fd = -1;
	_cleanup_(closedirp)
	DIR *fds = NULL;
	const struct dirent *e;

	if (!program || !is_hosts(s, process))
		return;
	program[strcspn(program, "\n")] = '\0';
	fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds = fd < 0 ? NULL : file_list(fd);
	while (fds && (e = readdir(fds)))
		look_at_descriptor(s, program, dirfd(fds), e->d_name);
}

static int look_at_processes(struct search *s, struct err *err)
{
	_cleanup_(closedirp)
	DIR *proc = opendir("/proc");
	const struct dirent *e;

	if (!proc)
		return err_os(err, errno, "/proc");
	while ((e = readdir(proc))) {
		if (*e->d_name >= '1' && *e->d_name <= '9')
			look_at_process(s, e->d_name);
	}
	return 0;
}

int audit_look_at_listeners(const struct audit_containers *all, struct strv *sockets,
			    struct audit_access *ret, struct err *err)
{
	struct search s = {.all = all, .sockets = sockets, .access = ret};
	int r = read_tables(&s.listenings, err);

	if (r == 0)
		r = look_at_processes(&s, err);
	listenings_done(&s.listenings);
	return r;
}
