/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/lock.h"

#include "common/clock.h"
#include "common/file.h"
#include "podctl/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_MS  50
#define LOCKS_MAX 1000

int lock_flock(int fd, int wait_ms)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	int64_t due = clock_ms() + wait_ms;

	while (flock(fd, LOCK_EX | (wait_ms < 0 ? 0 : LOCK_NB)) < 0) {
		if (errno == EWOULDBLOCK && clock_ms() >= due)
			return -EWOULDBLOCK;
		if (errno == EWOULDBLOCK)
			nanosleep(&pause, NULL);
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/* Who holds it, as the kernel tells it: "1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF". 0:
 * not known. */
static int holder(int fd)
{
	FILE *f = fopen("/proc/locks", "re");
	struct stat st;
	char line[256];
	int found = 0;

	while (f && fstat(fd, &st) == 0 && !found && fgets(line, sizeof(line), f)) {
		unsigned long long inode;
		unsigned a, b;
		int pid;

		/* NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers */
		if (sscanf(line, "%*u: FLOCK ADVISORY WRITE %d %x:%x:%llu ", &pid, &a, &b,
			   &inode) == 4 &&
		    inode == st.st_ino && a == major(st.st_dev) && b == minor(st.st_dev) && pid > 0)
			found = pid;
	}
	if (f)
		fclose(f);
	return found;
}

static int held(const char *pod, int fd, struct err *err)
{
	int pid = holder(fd);
	char process[32] = "";

	if (pid > 0)
		snprintf(process, sizeof(process), " (process %d)", pid);
	if (streq(pod, LOCK_SECRETS))
		return err_set(err, EWOULDBLOCK,
			       "another podctl%s prepares the folder of secrets and does not go "
			       "on: end it, and run this again",
			       process);
	return err_set(err, EWOULDBLOCK, "another podctl%s is at work on pod %s", process, pod);
}

/* Whether the name stands for the file that fd is of: who has its lock may have taken that away. */
static bool is_named(int folder, const char *name, int fd)
{
	struct stat st, named;

	return fstat(fd, &st) == 0 && fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == named.st_dev && st.st_ino == named.st_ino;
}

/*
 * Takes one away that nobody holds, and that has nothing to say to the next. Under its lock, so
 * that whoever opened it before us and gets the lock after us sees that it is gone.
 */
static void remove_idle(int folder, const char *name)
{
	_cleanup_close_ int fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && !lock_unended(fd) &&
	    is_named(folder, name, fd))
		unlinkat(folder, name, 0);
}

/* Names cost whoever may run podctl on many of them nothing, and /run has room for so many files.
 */
static void make_room(int folder)
{
	_cleanup_(closedirp)
	DIR *d = file_list(folder);
	struct strv names = {0};
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			strv_add(&names, e->d_name);
	}
	for (size_t i = 0; names.n > LOCKS_MAX && i < names.n; i++)
		remove_idle(folder, names.items[i]);
	strv_done(&names);
}

static int open_lock(int folder, const char *pod)
{
	int fd = openat(folder, pod, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	make_room(folder);
	return openat(folder, pod, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int lock_take(const char *pod, int wait_ms, int *ret, struct err *err)
{
	static const char *const parts[] = {"locks", NULL};
	_cleanup_close_ int folder = -1, fd = -1;
	int r = rundir_open(parts, &folder, err);

	if (r < 0)
		return r;
	do {
		closep(&fd);
		fd = open_lock(folder, pod);
		if (fd < 0)
			return err_os(err, errno, "lock of pod %s", pod);
		r = lock_flock(fd, wait_ms);
		/* else two would hold two files of one name */
	} while (r == 0 && !is_named(folder, pod, fd));
	if (r == -EWOULDBLOCK)
		return held(pod, fd, err);
	if (r < 0)
		return err_os(err, -r, "lock of pod %s", pod);
	*ret = take_fd(&fd);
	return 0;
}

/* by the file's size, which takes no room */
void lock_begin(int lock)
{
	(void)!ftruncate(lock, 1);
}

void lock_end(int lock)
{
	(void)!ftruncate(lock, 0);
}

bool lock_unended(int lock)
{
	struct stat st;

	return fstat(lock, &st) < 0 || st.st_size > 0;
}
