/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration from its file. Who may write it may open every port and every container, so
 * it is looked at who may: at the opened descriptor, not at the path, which can be exchanged.
 */
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

static int check_file(int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_os(err, errno, "fstat");
	if (!S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "is not a regular file");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(err, EPERM,
			       "belongs to user %u: it must belong to root, or to the user who "
			       "runs this program",
			       (unsigned)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, EPERM, "is writable by its group or others: chmod go-w it");
	return 0;
}

int settings_load(const char *path, struct problems *problems, struct settings **ret,
		  struct err *err)
{
	char hostname[HOST_NAME_MAX + 1] = "";
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r;

	if (!path)
		path = settings_path();
	/* O_NONBLOCK: a FIFO in its place must not make us wait for a writer */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return err_os(err, errno, "%s", path);
	r = check_file(fd, err);
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
	return 0;
}
