/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who takes the place of whose socket. */
#include "netguard/unix_socket.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char dir[] = "/tmp/test_unix.XXXXXX", path[64];

static int setup(void **state _unused_)
{
	memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", dir);
	return 0;
}

static int teardown(void **state _unused_)
{
	unlink(path);
	return rmdir(dir);
}

static int listen_alone(int *ret)
{
	struct err err;

	return unix_listen_alone(path, 0600, 1, ret, &err);
}

static void test_dead(void **state _unused_)
{
	_cleanup_close_ int fd = -1, again = -1, peer = -1;
	struct err err;
	struct stat st;

	assert_int_equal(listen_alone(&fd), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	closep(&fd);
	fd = -1;
	assert_int_equal(listen_alone(&again), 0);
	assert_int_equal(unix_connect(path, &peer, &err), 0);
}

static void test_alive(void **state _unused_)
{
	_cleanup_close_ int fd = -1, other = -1;
	int peers[8], n = 0;
	struct err err;

	assert_int_equal(listen_alone(&fd), 0);
	assert_int_equal(listen_alone(&other), -EADDRINUSE);
	/* also where it does not take those who come */
	while (n < 8 && unix_connect(path, &peers[n], &err) == 0)
		n++;
	assert_int_equal(err.code, EAGAIN);
	assert_int_equal(listen_alone(&other), -EADDRINUSE);
	assert_int_equal(other, -1);
	while (n > 0)
		close(peers[--n]);
}

static void test_unknown(void **state _unused_)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), other = -1;
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct stat before, after;

	memcpy(sa.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(lstat(path, &before), 0);
	assert_int_equal(listen_alone(&other), -EPROTOTYPE);
	assert_int_equal(lstat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dead, setup, teardown),
		cmocka_unit_test_setup_teardown(test_alive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
