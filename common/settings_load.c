/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration from its file. Who may write it may open every port and every container, so
 * it is looked at who may: at the opened descriptor, not at the path, which can be exchanged.
 */
#include "common/accounts.h"
#include "common/file.h"
#include "common/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

const char *settings_path(void)
{
	const char *path = secure_getenv("NETGUARD_CONFIG");

	return path && *path ? path : SETTINGS_PATH;
}

static int check_file(int fd, struct stat *ret, struct err *err)
{
	if (fstat(fd, ret) < 0)
		return err_os(err, errno, "fstat");
	if (!S_ISREG(ret->st_mode))
		return err_set(err, EINVAL, "is not a regular file");
	if (ret->st_uid != 0 && ret->st_uid != geteuid())
		return err_set(err, EPERM,
			       "belongs to user %u: it must belong to root, or to the user who "
			       "runs this program",
			       (unsigned)ret->st_uid);
	if (ret->st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, EPERM, "is writable by its group or others: chmod go-w it");
	return 0;
}

/* ctime moves with every change of contents, owner or mode, and nobody sets it back. */
static struct settings_origin origin_of(const struct stat *st)
{
	return (struct settings_origin){
		.device = st->st_dev,
		.inode = st->st_ino,
		.size = st->st_size,
		.changed_s = st->st_ctim.tv_sec,
		.changed_ns = st->st_ctim.tv_nsec,
	};
}

int settings_check_current(const struct settings *s, struct err *err)
{
	const struct settings_origin *was = &s->origin;
	struct settings_origin is;
	struct stat st;

	if (!was->path)
		return 0;
	if (stat(was->path, &st) < 0)
		return err_set(err, ESTALE, "the configuration %s is not there any more",
			       was->path);
	is = origin_of(&st);
	if (is.device != was->device || is.inode != was->inode || is.size != was->size ||
	    is.changed_s != was->changed_s || is.changed_ns != was->changed_ns)
		return err_set(err, ESTALE,
			       "the configuration %s was changed meanwhile: run it again",
			       was->path);
	return 0;
}

/* What to do where it can't be opened: the daemon has a user of its own, podctl is anybody's. */
static int cannot_open(const char *path, int code, struct err *err)
{
	_cleanup_free_ char *name = NULL;
	struct err why;

	if (code == ENOENT && streq(path, SETTINGS_PATH))
		return err_set(err, ENOENT,
			       "%s: No such file or directory; an empty one is enough to begin "
			       "with, see netguard.yml(5)",
			       path);
	if (code != EACCES)
		return err_os(err, code, "%s", path);
	err_os(&why, code, "%s", path);
	name = accounts_local_name(geteuid());
	return err_set(err, EACCES, "%s; the user %s must be able to read it: chmod 644 %s",
		       why.text, name ? name : "of this process", path);
}

int settings_load(const char *path, struct problems *problems, struct settings **ret,
		  struct err *err)
{
	char hostname[HOST_NAME_MAX + 1] = "";
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	struct stat st;
	int r;

	if (!path)
		path = settings_path();
	/* O_NONBLOCK: a FIFO in its place must not make us wait for a writer */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return cannot_open(path, errno, err);
	/* before it is read: a change while it is read is one since then */
	r = check_file(fd, &st, err);
	if (r == 0)
		r = file_read_limited(fd, YAML_INPUT_MAX, &text, &size, err);
	if (r < 0)
		return err_wrap(err, "%s", path);
	if (gethostname(hostname, sizeof(hostname) - 1) < 0)
		return err_os(err, errno, "gethostname");
	r = settings_parse(text, size, hostname, problems, ret);
	if (r < 0)
		return err_set(err, -r, "%s: has %zu error%s", path, problems->n_errors,
			       problems->n_errors == 1 ? "" : "s");
	(*ret)->origin = origin_of(&st);
	(*ret)->origin.path = xstrdup(path);
	return 0;
}
