/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/scan_store.h"

#include "common/file.h"
#include "podctl/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME	  "alerts.json"
#define STATE_MAX ((size_t)128 * 1024 * 1024)

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
	while (flock(lock, LOCK_EX) < 0) {
		if (errno != EINTR)
			return err_os(err, errno, SCAN_STORE_PATH "/lock");
	}
	*ret = (struct scan_store){take_fd(&dir), take_fd(&lock)};
	return 0;
}

void scan_store_close(struct scan_store *s)
{
	closep(&s->dir);
	closep(&s->lock);
	*s = (struct scan_store){-1, -1};
}

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

int scan_store_load(const struct scan_store *s, struct scan_alerts *ret, struct err *err)
{
	_cleanup_close_ int fd =
		openat(s->dir, NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_os(err, errno, SCAN_STORE_PATH "/" NAME);
	r = read_state(fd, ret, err);
	if (r < 0)
		err_wrap(err, "the alerts so far can't be read; keep the file elsewhere and remove "
			      "it to begin anew: " SCAN_STORE_PATH "/" NAME);
	return r;
}

int scan_store_save(const struct scan_store *s, const struct scan_alerts *a, struct err *err)
{
	_cleanup_free_ char *text = scan_alerts_format(a);
	int r;

	if (!text)
		return err_set(err, EINVAL, "alerts that are no text");
	r = file_replace(s->dir, NAME, text, strlen(text), err);
	return r < 0 ? err_wrap(err, SCAN_STORE_PATH) : 0;
}
