/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A process is a container's when it is in the cgroup that the container's first process was put
 * into, or in its pid namespace (one that was put there from outside is in no such cgroup).
 *
 * Of each thread all is read below one descriptor.
 */
#include "podctl/scan_proc.h"

#include "podctl/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHANGING_MAX 8

/* What tells a container's processes, and how their users are numbered there. */
struct home {
	struct scan_target *target;
	char *cgroup;	 /* "0::/system.slice/docker-ID.scope": begins a line of /proc/PID/cgroup */
	ino_t namespace; /* of pids; 0: the host's own */
	char *uid_map;
};

struct homes {
	struct home *items;
	size_t n;
	ino_t own_namespace;
};

static void homes_done(struct homes *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->items[i].cgroup);
		free(h->items[i].uid_map);
	}
	free(h->items);
}

static int open_process(const char *pid)
{
	_cleanup_free_ char *path = xasprintf("/proc/%s", pid);

	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int read_namespace(int dir, ino_t *ret)
{
	struct stat st;

	if (fstatat(dir, "ns/pid", &st, 0) < 0)
		return -errno;
	*ret = st.st_ino;
	return 0;
}

/* The beginning of the first line with the id, up to the end of the name that has it. */
static char *find_cgroup(const char *text, const char *id)
{
	const char *at = *id ? strstr(text, id) : NULL, *line = at;

	if (!at)
		return NULL;
	while (line > text && line[-1] != '\n')
		line--;
	return xstrndup(line, (size_t)(at - line) + strcspn(at, "/\n"));
}

/* 0; -ESRCH: it ended meanwhile; -errno. */
static int read_home(struct scan_target *t, ino_t own_namespace, struct home *ret)
{
	_cleanup_free_ char *number = xasprintf("%d", (int)t->pid), *cgroup = NULL;
	_cleanup_close_ int dir = open_process(number);
	struct home h = {.target = t};

	if (dir < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	cgroup = threads_slurp(dir, "cgroup");
	if (!cgroup)
		return errno == ENOENT ? -ESRCH : -errno;
	/* else the number may be another process's by now */
	h.cgroup = find_cgroup(cgroup, t->id);
	if (!h.cgroup)
		return -ENXIO;
	h.uid_map = threads_slurp(dir, "uid_map");
	if (!h.uid_map || read_namespace(dir, &h.namespace) < 0) {
		int r = errno == ENOENT ? -ESRCH : -errno;

		free(h.cgroup);
		free(h.uid_map);
		return r;
	}
	if (h.namespace == own_namespace)
		h.namespace = 0;
	*ret = h;
	return 0;
}

static bool in_cgroup(const char *text, const char *cgroup)
{
	while (*text) {
		const char *rest = startswith(text, cgroup);

		if (rest && (*rest == '/' || *rest == '\n' || !*rest))
			return true;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

/* Whose process it is, or NULL. *ret: -errno where that can't be told. */
static struct home *home_of(struct homes *homes, int dir, int *ret)
{
	_cleanup_free_ char *cgroup = threads_slurp(dir, "cgroup");
	ino_t namespace = 0;

	*ret = 0;
	if (!cgroup) {
		*ret = -errno;
		return NULL;
	}
	for (size_t i = 0; i < homes->n; i++) {
		if (in_cgroup(cgroup, homes->items[i].cgroup))
			return &homes->items[i];
	}
	*ret = read_namespace(dir, &namespace);
	for (size_t i = 0; *ret == 0 && i < homes->n; i++) {
		if (homes->items[i].namespace && homes->items[i].namespace == namespace)
			return &homes->items[i];
	}
	return NULL;
}

/* of a file whose owner has no number there: /proc/sys/kernel/overflowuid */
#define UID_OVERFLOW 65534

static bool next_number(const char **at, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(*at, &end, 10);
	if (end == *at || errno != 0)
		return false;
	*at = end;
	return true;
}

/* The number that a user of the host has in the container; the overflow uid where none. */
static uint64_t map_uid(const char *map, uint64_t uid)
{
	uint64_t inside, outside, count;

	/* lines of three numbers: in the container, on the host, how many */
	while (next_number(&map, &inside) && next_number(&map, &outside) &&
	       next_number(&map, &count)) {
		if (uid >= outside && uid - outside < count)
			return inside + (uid - outside);
	}
	return UID_OVERFLOW;
}

static int read_uid(int dir, uint64_t *ret)
{
	_cleanup_free_ char *status = threads_slurp(dir, "status");
	const char *at = status ? strstr(status, "\nUid:\t") : NULL;

	if (!status)
		return -errno;
	/* "real effective saved fs": the second is what it may */
	at = at ? strchr(at + 6, '\t') : NULL;
	if (!at)
		return -EPROTO;
	*ret = strtoull(at, NULL, 10);
	return 0;
}

static int read_executable(int dir, char buf[static PATH_MAX + 1])
{
	ssize_t n = readlinkat(dir, "exe", buf, PATH_MAX);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}

/*
 * Executable and user of one moment: where the executable changes between two looks, again. One
 * that has none is a zombie, or ends just now.
 */
static int read_process(int dir, const char *uid_map, struct scan_process *ret)
{
	char before[PATH_MAX + 1], after[PATH_MAX + 1];
	uint64_t uid = 0;

	for (int i = 0; i < CHANGING_MAX; i++) {
		int r = read_executable(dir, before);

		if (r == 0)
			r = read_uid(dir, &uid);
		if (r == 0)
			r = read_executable(dir, after);
		if (r < 0)
			return r;
		if (streq(before, after)) {
			*ret = (struct scan_process){xstrdup(after), map_uid(uid_map, uid)};
			return 0;
		}
	}
	return -EAGAIN;
}

static bool is_over(int r)
{
	return r == -ESRCH || r == -ENOENT;
}

static void fail_target(struct scan_target *t, int r)
{
	if (is_over(r))
		return;
	/* what is missing among some of them is not known */
	t->watched = false;
	if (t->err.code)
		return;
	if (r == -ENXIO)
		err_set(&t->err, ENXIO,
			"its processes can't be told: its first one is in no cgroup of its name");
	else
		err_os(&t->err, -r, "cannot look at its processes");
}

/* Threads of one process come one after the other, and say mostly the same. */
static void add_process(struct scan_target *t, struct scan_process p)
{
	const struct scan_process *last =
		t->n_processes > 0 ? &t->processes[t->n_processes - 1] : NULL;

	if (last && p.uid == last->uid && streq(p.executable, last->executable))
		free(p.executable);
	else
		ARRAY_PUSH(t->processes, t->n_processes) = p;
}

static void look_at(void *userdata, int dir)
{
	struct homes *homes = userdata;
	struct scan_process p;
	int r = 0;
	struct home *home = home_of(homes, dir, &r);

	if (!home || !home->target->watched)
		return;
	r = read_process(dir, home->uid_map, &p);
	if (r < 0)
		fail_target(home->target, r);
	else
		add_process(home->target, p);
}

int scan_read_processes(struct scan_targets *targets, struct err *err)
{
	struct homes homes = {0};
	struct stat st;
	int r;

	if (stat("/proc/self/ns/pid", &st) < 0)
		return err_os(err, errno, "/proc");
	homes.own_namespace = st.st_ino;
	for (size_t i = 0; i < targets->n; i++) {
		struct scan_target *t = &targets->items[i];
		struct home home;

		r = t->pid > 0 ? read_home(t, homes.own_namespace, &home) : -ESRCH;

		if (r == 0)
			ARRAY_PUSH(homes.items, homes.n) = home;
		else if (t->watched)
			fail_target(t, r);
	}
	r = threads_each(look_at, &homes);
	homes_done(&homes);
	return r < 0 ? err_os(err, -r, "/proc") : 0;
}
