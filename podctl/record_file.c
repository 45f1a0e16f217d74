/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/record.h"

#include "common/file.h"
#include "common/settings.h"
#include "podctl/pod.h"
#include "podctl/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".json"

static int open_folder(int *ret, struct err *err)
{
	static const char *const parts[] = {"pods", NULL};

	return rundir_open_state(parts, ret, err);
}

int record_load(const char *pod, struct record *ret, struct err *err)
{
	_cleanup_free_ char *name = xasprintf("%s" SUFFIX, pod), *text = NULL;
	_cleanup_close_ int dir = -1, fd = -1;
	struct stat st;
	size_t size = 0;
	int r = open_folder(&dir, err);

	if (r < 0)
		return r;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_os(err, errno, RECORD_FOLDER "/%s", name);
	if (st.st_uid != geteuid() || (st.st_mode & 0022))
		return err_set(err, EPERM, RECORD_FOLDER "/%s is not ours alone", name);
	r = file_read_limited(fd, RECORD_SIZE_MAX, &text, &size, err);
	if (r == 0)
		r = record_parse(text, size, ret, err);
	return r < 0 ? err_wrap(err, RECORD_FOLDER "/%s", name) : 0;
}

int record_save(const char *pod, const struct record *record, struct err *err)
{
	_cleanup_free_ char *name = xasprintf("%s" SUFFIX, pod), *text = NULL;
	/* of the pod, whose lock the caller has; no pod's name begins with a dot */
	_cleanup_free_ char *fresh = xasprintf(".%s.new", pod);
	_cleanup_close_ int dir = -1, fd = -1;
	int r = open_folder(&dir, err);

	if (r < 0)
		return r;
	if (record_is_empty(record)) {
		if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
			return err_os(err, errno, RECORD_FOLDER "/%s", name);
		return 0;
	}
	text = record_format(record);
	if (!text)
		return err_set(err, E2BIG,
			       "too many mounts and secrets are held, of applies that failed: take "
			       "the pod down first");
	if (unlinkat(dir, fresh, 0) < 0 && errno != ENOENT)
		return err_os(err, errno, RECORD_FOLDER "/%s", fresh);
	fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_os(err, errno, RECORD_FOLDER "/%s", fresh);
	if (file_write_all(fd, text, strlen(text)) < 0 || fsync(fd) < 0 ||
	    renameat(dir, fresh, dir, name) < 0) {
		r = err_os(err, errno, RECORD_FOLDER "/%s", name);
		unlinkat(dir, fresh, 0);
	}
	return r;
}

int record_list(struct strv *ret, struct err *err)
{
	_cleanup_close_ int dir = -1;
	const struct dirent *e;
	int r = open_folder(&dir, err), fd;
	DIR *d;

	if (r < 0)
		return r;
	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		r = err_os(err, errno, RECORD_FOLDER);
		closep(&fd);
		return r;
	}
	while ((e = readdir(d))) {
		size_t n = strlen(e->d_name), end = strlen(SUFFIX);
		_cleanup_free_ char *pod = n > end ? xstrndup(e->d_name, n - end) : NULL;

		if (pod && streq(e->d_name + n - end, SUFFIX) && pod_name_usable(pod))
			strv_take(ret, take_ptr(pod));
	}
	closedir(d);
	return 0;
}
