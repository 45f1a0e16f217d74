/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The token that opens the engine: which files are believed, and that a failure leaves none behind.
 */
#include "common/authz_token.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define GOOD "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct fixture {
	char dir[32];
	char path[64];
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/test_authz_token.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/token", f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	(void)rmdir(f->path);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static void put(const struct fixture *f, const char *text, mode_t mode)
{
	int fd = open(f->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* whether nothing but the token is in the folder */
static bool alone(const struct fixture *f)
{
	DIR *d = opendir(f->dir);
	bool others = false;

	assert_non_null(d);
	for (const struct dirent *e = readdir(d); e; e = readdir(d))
		others |= e->d_name[0] != '.' && !streq(e->d_name, "token");
	closedir(d);
	return !others;
}

static const struct {
	const char *text;
	mode_t mode;
	int r;
} files[] = {
	{GOOD, 0600, 0},
	{GOOD "\n", 0400, 0},
	{GOOD "\n", 0640, 0},
	/* who else may write could choose it, who else may read has it */
	{GOOD, 0644, -EPERM},
	{GOOD, 0604, -EPERM},
	{GOOD, 0602, -EPERM},
	{GOOD, 0601, -EPERM},
	{GOOD, 0620, -EPERM},
	{GOOD, 0660, -EPERM},
	{"", 0600, -EINVAL},
	{"\n", 0600, -EINVAL},
	{GOOD "\n\n", 0600, -EINVAL},
	{GOOD "0", 0600, -EINVAL},
	{GOOD GOOD, 0600, -EINVAL},
	{&GOOD[1], 0600, -EINVAL},
	{"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", 0600, -EINVAL},
	{"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n", 0600, -EINVAL},
	{"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg", 0600, -EINVAL},
	{"0123456789abcdef 123456789abcdef0123456789abcdef0123456789abcdef", 0600, -EINVAL},
};

static void test_read(void **state)
{
	const struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char token[AUTHZ_TOKEN_SIZE] = "untouched";
		int r;

		put(f, files[i].text, files[i].mode);
		r = authz_token_read(f->path, token);
		if (r != files[i].r || !streq(token, r == 0 ? GOOD : "untouched"))
			fail_msg("%zu: %d, %s", i, r, token);
		unlink(f->path);
	}
}

/* What is no file of ours: none is believed, and none of them holds up who asks. */
static void test_strange(void **state)
{
	const struct fixture *f = *state;
	char token[AUTHZ_TOKEN_SIZE] = "untouched", other[80];

	assert_int_equal(authz_token_read(f->path, token), -ENOENT);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(authz_token_read(f->path, token), -EPERM);
	assert_int_equal(rmdir(f->path), 0);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(authz_token_read(f->path, token), -EPERM);
	unlink(f->path);
	put(f, GOOD, 0600);
	snprintf(other, sizeof(other), "%s/other", f->dir);
	assert_int_equal(rename(f->path, other), 0);
	assert_int_equal(symlink(other, f->path), 0);
	assert_int_equal(authz_token_read(f->path, token), -ELOOP);
	unlink(f->path);
	unlink(other);
	if (geteuid() == 0) {
		put(f, GOOD, 0600);
		assert_int_equal(chown(f->path, 65534, 65534), 0);
		assert_int_equal(authz_token_read(f->path, token), -EPERM);
	}
	assert_string_equal(token, "untouched");
}

static void test_make(void **state)
{
	const struct fixture *f = *state;
	char first[AUTHZ_TOKEN_SIZE] = "", again[AUTHZ_TOKEN_SIZE] = "",
	     other[AUTHZ_TOKEN_SIZE] = "";
	struct err err = {0};
	struct stat st;

	assert_int_equal(authz_token_make(f->path, NULL, first, &err), 0);
	assert_int_equal(strspn(first, "0123456789abcdef"), AUTHZ_TOKEN_SIZE - 1);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* it stays: who has read it is not locked out by a restart */
	assert_int_equal(authz_token_make(f->path, NULL, again, &err), 0);
	assert_string_equal(first, again);
	/* one that others can read is no secret: another */
	assert_int_equal(chmod(f->path, 0644), 0);
	assert_int_equal(authz_token_make(f->path, "no such group", other, &err), 0);
	assert_string_not_equal(first, other);
	assert_int_equal(authz_token_read(f->path, again), 0);
	assert_string_equal(other, again);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(alone(f));
	if (geteuid() == 0) {
		unlink(f->path);
		assert_int_equal(authz_token_make(f->path, "daemon", other, &err), 0);
		assert_int_equal(stat(f->path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0640);
		assert_int_not_equal(st.st_gid, 0);
	}
}

/* No folder, no place, a folder in its way: an error, no token, and nothing half-written. */
static void test_make_fails(void **state)
{
	const struct fixture *f = *state;
	const struct rlimit none = {0, RLIM_INFINITY};
	char token[AUTHZ_TOKEN_SIZE] = "untouched", nowhere[80];
	struct rlimit before;
	struct err err = {0};
	int r;

	snprintf(nowhere, sizeof(nowhere), "%s/none/token", f->dir);
	assert_int_equal(authz_token_make(nowhere, NULL, token, &err), -ENOENT);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(authz_token_make(f->path, NULL, token, &err), -EISDIR);
	assert_true(alone(f));
	assert_int_equal(rmdir(f->path), 0);

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	r = authz_token_make(f->path, NULL, token, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(r, -EFBIG);
	assert_true(alone(f));
	assert_int_equal(access(f->path, F_OK), -1);
	assert_string_equal(token, "untouched");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_strange, setup, teardown),
		cmocka_unit_test_setup_teardown(test_make, setup, teardown),
		cmocka_unit_test_setup_teardown(test_make_fails, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
