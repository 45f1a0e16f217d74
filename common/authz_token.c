/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/authz_token.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGITS "0123456789abcdef"

bool authz_token_valid(const char *text)
{
	return strlen(text) == AUTHZ_TOKEN_SIZE - 1 && strspn(text, DIGITS) == AUTHZ_TOKEN_SIZE - 1;
}

int authz_token_read(const char *path, char ret[static AUTHZ_TOKEN_SIZE])
{
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	char text[AUTHZ_TOKEN_SIZE + 2] = ""; /* one more than a token may have is seen */
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_mode & 037) ||
	    (st.st_uid != 0 && st.st_uid != geteuid()))
		return -EPERM;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	/* a newline behind it is for people */
	if (n == AUTHZ_TOKEN_SIZE && text[n - 1] == '\n')
		text[--n] = '\0';
	if (n != AUTHZ_TOKEN_SIZE - 1 || !authz_token_valid(text))
		return -EINVAL;
	memcpy(ret, text, AUTHZ_TOKEN_SIZE);
	return 0;
}

/* Where that is not allowed, only its owner may read it. */
static void give(int fd, const char *group)
{
	const struct group *g = group ? getgrnam(group) : NULL;

	if (g && fchown(fd, (uid_t)-1, g->gr_gid) == 0)
		(void)fchmod(fd, 0640);
}

static int write_new(const char *path, const char *group, const char *token, struct err *err)
{
	_cleanup_free_ char *fresh = xasprintf("%s.%ld", path, (long)getpid());
	_cleanup_free_ char *line = xasprintf("%s\n", token);
	_cleanup_close_ int fd = -1;

	unlink(fresh);
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_os(err, errno, "%s", fresh);
	give(fd, group);
	if (write(fd, line, strlen(line)) != (ssize_t)strlen(line)) {
		err_os(err, errno ? errno : EIO, "%s", fresh);
		unlink(fresh);
		return -err->code;
	}
	if (rename(fresh, path) < 0) {
		err_os(err, errno, "%s", path);
		unlink(fresh);
		return -err->code;
	}
	return 0;
}

int authz_token_make(const char *path, const char *group, char ret[static AUTHZ_TOKEN_SIZE],
		     struct err *err)
{
	unsigned char random[(AUTHZ_TOKEN_SIZE - 1) / 2];
	char token[AUTHZ_TOKEN_SIZE] = "";
	int r;

	if (authz_token_read(path, ret) == 0)
		return 0;
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_os(err, errno, "getrandom");
	for (size_t i = 0; i < sizeof(random); i++) {
		token[2 * i] = DIGITS[random[i] / 16];
		token[2 * i + 1] = DIGITS[random[i] % 16];
	}
	r = write_new(path, group, token, err);
	if (r == 0)
		memcpy(ret, token, sizeof(token));
	return r;
}
