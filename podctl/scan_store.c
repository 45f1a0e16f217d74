/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/scan_store.h"

#include "common/file.h"
#include "podctl/lock.h"
#include "podctl/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME	  "alerts"
#define SUFFIX	  ".json"
#define NEW	  "." NAME ".new"
#define STATE_MAX ((size_t)128 * 1024 * 1024)
#define NAME_SIZE sizeof(NAME ".12345678901234567890" SUFFIX)

#define LOCK_WAIT_MS 3000
#define TRIES_MAX    30

int scan_store_open(struct scan_store *ret, struct err *err)
{
	static const char *const parts[] = {"scan", NULL};
	_cleanup_close_ int path = -1, dir = -1, lock = -1;
	int r = rundir_open_state(parts, &path, err);

	if (r < 0)
		return r;
	dir = openat(path, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_os(err, errno, SCAN_STORE_PATH);
	lock = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0)
		return err_os(err, errno, SCAN_STORE_PATH "/lock");
	r = lock_flock(lock, LOCK_WAIT_MS);
	if (r < 0 && r != -EWOULDBLOCK)
		return err_os(err, -r, SCAN_STORE_PATH "/lock");
	*ret = (struct scan_store){.dir = take_fd(&dir), .lock = r < 0 ? -1 : take_fd(&lock)};
	return 0;
}

void scan_store_close(struct scan_store *s)
{
	closep(&s->dir);
	closep(&s->lock);
	*s = (struct scan_store){.dir = -1, .lock = -1};
}

bool scan_store_again(int r, unsigned *tries)
{
	struct timespec pause = {0};
	uint16_t random = 0;

	if (r != -ESTALE || ++*tries >= TRIES_MAX)
		return false;
	/* whoever is as far as we does not stay so */
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	pause.tv_nsec = 1000000L + random * 1000L;
	nanosleep(&pause, NULL);
	return true;
}

/* ---- generations ---- */

static const char *name_of(uint64_t generation, char buf[static NAME_SIZE])
{
	if (generation == 0)
		return NAME SUFFIX; /* of a podctl from before there were numbers */
	snprintf(buf, NAME_SIZE, NAME ".%llu" SUFFIX, (unsigned long long)generation);
	return buf;
}

static bool is_generation(const char *name, uint64_t *ret)
{
	const char *digits = startswith(name, NAME ".");
	char again[NAME_SIZE];

	*ret = 0;
	if (streq(name, NAME SUFFIX))
		return true;
	return digits && text_digits(digits, strspn(digits, "0123456789"), INT64_MAX, ret) &&
	       *ret > 0 && streq(name, name_of(*ret, again));
}

/* Takes those away that are older. */
static void remove_older(int dir, uint64_t generation)
{
	_cleanup_(closedirp)
	DIR *d = file_list(dir);
	const struct dirent *e;
	uint64_t n;

	while (d && (e = readdir(d))) {
		if (is_generation(e->d_name, &n) && n < generation)
			unlinkat(dir, e->d_name, 0);
	}
}

/*
 * The highest. The kernel reads a folder as small as this one at once, so that what is renamed or
 * replaced meanwhile is not missed.
 */
static int newest(int dir, bool *found, uint64_t *ret, struct err *err)
{
	_cleanup_(closedirp)
	DIR *d = file_list(dir);
	const struct dirent *e;
	uint64_t n;

	*found = false;
	*ret = 0;
	if (!d)
		return err_os(err, errno, SCAN_STORE_PATH);
	errno = 0;
	while ((e = readdir(d))) {
		if (!is_generation(e->d_name, &n))
			continue;
		*found = true;
		*ret = n > *ret ? n : *ret;
	}
	return errno ? err_os(err, errno, SCAN_STORE_PATH) : 0;
}

static int stale(struct err *err)
{
	return err_set(err, ESTALE, "others change the alerts all the time: run it again");
}

/* ---- reading ---- */

static int read_state(int fd, struct scan_alerts *ret, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t size = 0;
	int r;

	if (fstat(fd, &st) < 0)
		return err_os(err, errno, "fstat");
	if (st.st_uid != geteuid() || (st.st_mode & 0022))
		return err_set(err, EPERM, "is not ours alone");
	r = file_read_limited(fd, STATE_MAX, &text, &size, err);
	return r < 0 ? r : scan_alerts_parse(text, size, ret, err);
}

int scan_store_load(struct scan_store *s, struct scan_alerts *ret, struct err *err)
{
	_cleanup_close_ int fd = -1;
	char buf[NAME_SIZE];
	const char *name;
	bool found;
	int r = newest(s->dir, &found, &s->generation, err);

	if (r < 0 || !found)
		return r;
	name = name_of(s->generation, buf);
	fd = openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return stale(err);
	if (fd < 0)
		return err_os(err, errno, SCAN_STORE_PATH "/%s", name);
	r = read_state(fd, ret, err);
	if (r < 0)
		err_wrap(err,
			 "the alerts so far can't be read; keep the file elsewhere and remove it "
			 "to begin anew: " SCAN_STORE_PATH "/%s",
			 name);
	return r;
}

/* ---- writing ---- */

/*
 * The file of this very descriptor gets the name, so that what others do to the file of its
 * temporary name makes this fail and puts nothing of theirs in its place.
 */
static int publish(const struct scan_store *s, int fd, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", fd);
	char buf[NAME_SIZE];
	const char *name = name_of(s->generation + 1, buf);
	uint64_t highest;
	bool found;
	int r;

	if (linkat(AT_FDCWD, path, s->dir, name, AT_SYMLINK_FOLLOW) < 0)
		return errno == EEXIST || errno == ENOENT ? stale(err)
							  : err_os(err, errno, "%s", name);
	/* they may be further already, and have removed what had this number */
	r = newest(s->dir, &found, &highest, err);
	if (r == 0 && highest != s->generation + 1) {
		unlinkat(s->dir, name, 0);
		return stale(err);
	}
	if (r == 0 && fsync(s->dir) < 0)
		r = err_os(err, errno, "%s", name);
	if (r == 0)
		remove_older(s->dir, s->generation + 1);
	return r;
}

static int write_state(const struct scan_store *s, const char *text, struct err *err)
{
	_cleanup_close_ int fd = -1;
	int r = 0;

	if (unlinkat(s->dir, NEW, 0) < 0 && errno != ENOENT)
		return err_os(err, errno, NEW);
	fd = openat(s->dir, NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? stale(err) : err_os(err, errno, NEW);
	if (file_write_all(fd, text, strlen(text)) < 0 || fsync(fd) < 0)
		r = err_os(err, errno, NEW);
	if (r == 0)
		r = publish(s, fd, err);
	/* perhaps another one's by now, who then tries again */
	unlinkat(s->dir, NEW, 0);
	return r;
}

int scan_store_save(const struct scan_store *s, const struct scan_alerts *a, struct err *err)
{
	_cleanup_free_ char *text = scan_alerts_format(a);
	int r;

	if (!text)
		return err_set(err, EINVAL, "alerts that are no text");
	r = write_state(s, text, err);
	return r < 0 ? err_wrap(err, SCAN_STORE_PATH) : 0;
}
