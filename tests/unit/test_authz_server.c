/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plugin's socket: whole messages, in pieces and in a row, and peers that go or talk nonsense.
 */
#include "netguard/authz_server.h"

#include "common/authz_token.h"
#include "netguard/authz_path.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct fixture {
	char dir[32], path[64];
	struct loop *loop;
	struct authz_server *server;
	struct source stop;
	struct authz_peer *held; /* asked, not answered yet */
	bool hold;
	unsigned asked, gone;
	char last[64]; /* body of the last message */
};

static void on_asked(void *userdata, struct authz_peer *peer, enum authz_http_what what,
		     const char *body, size_t size)
{
	struct fixture *f = userdata;

	f->asked++;
	assert_int_equal(strlen(body), size);
	snprintf(f->last, sizeof(f->last), "%d %.40s", (int)what, body);
	if (f->hold)
		f->held = peer;
	else
		authz_server_answer(peer, 200, "{}");
}

static void on_gone(void *userdata, struct authz_peer *peer)
{
	struct fixture *f = userdata;

	assert_ptr_equal(peer, f->held);
	f->held = NULL;
	f->gone++;
}

static void on_stop(struct source *s, uint32_t events _unused_)
{
	struct fixture *f = s->userdata;

	if (timer_read(s))
		loop_stop(f->loop);
}

/* Lets the loop do what it can. */
static void run(struct fixture *f)
{
	struct err err;

	timer_set(&f->stop, 30, 0);
	assert_int_equal(loop_run(f->loop, &err), 0);
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	const struct authz_server_ops ops = {.asked = on_asked, .gone = on_gone, .userdata = f};
	struct err err;
	int fd = -1;

	snprintf(f->dir, sizeof(f->dir), "/tmp/authz.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/socket", f->dir);
	f->stop = SOURCE_NONE;
	if (loop_new(&f->loop, &err) < 0 || timer_add(f->loop, &f->stop, on_stop, f, &err) < 0 ||
	    authz_server_listen(f->path, &fd, &err) < 0 ||
	    authz_server_new(f->loop, fd, &ops, &f->server, &err) < 0)
		return -1;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	authz_server_free(f->server);
	source_remove(&f->stop);
	loop_free(f->loop);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static int dial(const struct fixture *f)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(sa.sun_path, f->path, strlen(f->path));
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* What came, "" for nothing; "(end)" behind it where the other end was closed. */
static const char *heard(int fd, char buf[static 1024])
{
	ssize_t n, at = 0;

	while (at < 1000 && (n = recv(fd, buf + at, (size_t)(1000 - at), MSG_DONTWAIT)) > 0)
		at += n;
	buf[at] = '\0';
	if (at < 1000 && (n == 0 || errno == ECONNRESET))
		memcpy(buf + at, "(end)", 6);
	return buf;
}

#define ASK(body, n) "POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nContent-Length: " #n "\r\n\r\n" body

static void test_pieces(void **state)
{
	static const char message[] = ASK("{\"a\":1}", 7);
	struct fixture *f = *state;
	int fd = dial(f);
	char buf[1024];

	for (size_t i = 0; i + 1 < sizeof(message); i++) {
		say(fd, (char[]){message[i], '\0'});
		if (i % 20 == 0)
			run(f);
		assert_int_equal(f->asked, 0);
	}
	run(f);
	assert_int_equal(f->asked, 1);
	assert_string_equal(f->last, "1 {\"a\":1}");
	assert_non_null(strstr(heard(fd, buf), "200 OK"));
	/* the connection is kept; two at once are answered in order */
	say(fd, ASK("x", 1) ASK("yy", 2));
	run(f);
	assert_int_equal(f->asked, 3);
	assert_string_equal(f->last, "1 yy");
	say(fd, "POST /Plugin.Activate HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	run(f);
	heard(fd, buf);
	assert_non_null(strstr(buf, "Connection: close"));
	assert_non_null(strstr(buf, "(end)"));
	close(fd);
}

static void test_waiting(void **state)
{
	struct fixture *f = *state;
	int one = dial(f), two = dial(f);
	char buf[1024];

	f->hold = true;
	say(one, ASK("a", 1) ASK("b", 1));
	run(f);
	/* the second waits for the first's answer */
	assert_int_equal(f->asked, 1);
	f->hold = false;
	say(two, ASK("c", 1));
	run(f);
	assert_int_equal(f->asked, 2);
	assert_non_null(strstr(heard(two, buf), "200 OK"));
	assert_string_equal(heard(one, buf), "");
	authz_server_answer(f->held, 200, "{}");
	f->held = NULL;
	run(f);
	assert_int_equal(f->asked, 3);
	assert_string_equal(f->last, "1 b");
	/* who goes while it waits is told of */
	f->hold = true;
	say(two, ASK("d", 1));
	run(f);
	close(two);
	run(f);
	assert_int_equal(f->gone, 1);
	assert_null(f->held);
	close(one);
	run(f);
	assert_int_equal(f->gone, 1);
}

static void test_nonsense(void **state)
{
	static const char *const wrong[] = {
		"hello\r\n",
		"GET / HTTP/1.1\r\n\r\n",
		"POST /x HTTP/1.1\r\n\r\n",
		ASK("", 99999999),
	};
	struct fixture *f = *state;
	char buf[1024];
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		fd = dial(f);
		say(fd, wrong[i]);
		run(f);
		assert_string_equal(heard(fd, buf), "(end)");
		close(fd);
	}
	assert_int_equal(f->asked, 0);
	/* and it lives */
	fd = dial(f);
	say(fd, ASK("a", 1));
	run(f);
	assert_int_equal(f->asked, 1);
	close(fd);
	/* nobody else takes its place */
	{
		struct err err;
		int other = -1;

		assert_int_equal(authz_server_listen(f->path, &other, &err), -EADDRINUSE);
	}
}

static void test_token(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *path = xasprintf("%s/token", f->dir);
	char one[AUTHZ_TOKEN_SIZE], two[AUTHZ_TOKEN_SIZE];
	struct stat st;
	struct err err;
	FILE *out;

	assert_int_equal(authz_token_read(path, one), -ENOENT);
	assert_int_equal(authz_token_make(path, NULL, one, &err), 0);
	assert_int_equal(strlen(one), 64);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(authz_token_make(path, NULL, two, &err), 0);
	assert_string_equal(one, two);
	/* one that others can read is not believed, and made anew */
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(authz_token_read(path, two), -EPERM);
	assert_int_equal(authz_token_make(path, NULL, two, &err), 0);
	assert_string_not_equal(one, two);
	out = fopen(path, "we");
	assert_non_null(out);
	fputs("short\n", out);
	fclose(out);
	assert_int_equal(authz_token_read(path, two), -EINVAL);
	/* of a group, where that is there */
	assert_int_equal(authz_token_make(path, "no-such-group", one, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	unlink(path);
	assert_int_equal(authz_token_make(path, "root", two, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, geteuid() == 0 ? 0640 : 0600);
	assert_int_equal(authz_token_read(path, one), 0);
	assert_string_equal(one, two);
	unlink(path);
	assert_int_equal(symlink("/etc/shadow", path), 0);
	assert_true(authz_token_read(path, two) < 0);
	unlink(path);
}

/* What lies in /tmp, others could exchange; so that is all that can be seen without a host of one's
 * own, and the end-to-end test has the rest. */
static void test_path(void **state)
{
	struct fixture *f = *state;
	struct err err;

	assert_int_equal(authz_path_check("/tmp", false, &err), 0);
	assert_int_equal(authz_path_check("/nonexistent", false, &err), -ENOENT);
	assert_int_equal(authz_path_check("/nonexistent/x", false, &err), -ENOENT);
	assert_int_equal(authz_path_check("/dev/null", false, &err), -EPERM);
	assert_int_equal(authz_path_check("/proc/self", false, &err), -EPERM);
	assert_int_equal(authz_path_check("/proc/self/root", false, &err), -EPERM);
	assert_int_equal(authz_path_check("/etc/passwd", false, &err), 0);
	assert_int_equal(authz_path_check("/etc/passwd/x", false, &err), -EPERM);
	assert_int_equal(authz_path_check(f->dir, false, &err), -EPERM);
	assert_non_null(strstr(err.text, "could be exchanged"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_waiting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nonsense, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_token, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_path, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
