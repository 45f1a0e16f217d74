/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host's secret is made by whoever comes first: written aside and linked to its name, which
 * fails where somebody else was faster, so that there never is a half of one.
 */
#include "podctl/values.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_FOLDER "/var/lib/podctl"
#define KEY_FILE     "key"

/* 0, or -ENOENT where there is none yet. */
static int read_key(int dir, uint8_t key[static VALUES_KEY_SIZE], struct err *err)
{
	_cleanup_close_ int fd =
		openat(dir, KEY_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_os(err, errno, STATE_FOLDER "/" KEY_FILE);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0077) ||
	    st.st_size != VALUES_KEY_SIZE || read(fd, key, VALUES_KEY_SIZE) != VALUES_KEY_SIZE)
		return err_set(err, EPERM,
			       STATE_FOLDER "/" KEY_FILE
					    " is not what podctl made: %d bytes, root's alone",
			       VALUES_KEY_SIZE);
	return 0;
}

static int make_key(int dir, struct err *err)
{
	_cleanup_free_ char *name = xasprintf(KEY_FILE ".%d", (int)getpid());
	_cleanup_close_ int fd = -1;
	uint8_t key[VALUES_KEY_SIZE];
	int r = 0;

	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return err_os(err, errno, STATE_FOLDER "/%s", name);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_os(err, errno, STATE_FOLDER "/%s", name);
	if (getrandom(key, sizeof(key), 0) != sizeof(key) ||
	    write(fd, key, sizeof(key)) != sizeof(key) || fsync(fd) < 0 ||
	    (linkat(dir, name, dir, KEY_FILE, 0) < 0 && errno != EEXIST))
		r = err_os(err, errno ? errno : EIO, STATE_FOLDER "/" KEY_FILE);
	explicit_bzero(key, sizeof(key));
	unlinkat(dir, name, 0);
	return r;
}

static int load_key(struct values *v, struct err *err)
{
	_cleanup_close_ int dir = -1;
	struct stat st;
	int r;

	if (mkdir(STATE_FOLDER, 0700) < 0 && errno != EEXIST)
		return err_os(err, errno, STATE_FOLDER);
	dir = open(STATE_FOLDER, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &st) < 0)
		return err_os(err, errno, STATE_FOLDER);
	if (st.st_uid != geteuid() || (st.st_mode & 0022))
		return err_set(err, EPERM, STATE_FOLDER " can be written by others");
	r = read_key(dir, v->key, err);
	if (r == -ENOENT)
		r = make_key(dir, err);
	else
		return r;
	return r < 0 ? r : read_key(dir, v->key, err);
}

int values_load(const struct pod *pod _unused_, const struct settings *settings _unused_,
		struct values *ret, struct err *err)
{
	struct values v = {0};
	int r = load_key(&v, err);

	if (r < 0) {
		values_done(&v);
		return r;
	}
	*ret = v;
	return 0;
}
