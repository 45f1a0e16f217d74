/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plugin's socket: whole messages, in pieces and in a row, and peers that go or talk nonsense.
 */
#include "netguard/authz_server.h"

#include "common/authz_token.h"
#include "netguard/authz_path.h"
#include "tests/unit/peers.h"

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
	struct peers peers;
	struct authz_server *server;
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

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	const struct authz_server_ops ops = {.asked = on_asked, .gone = on_gone, .userdata = f};
	struct err err;
	int fd = -1;

	peers_begin(&f->peers);
	if (authz_server_listen(f->peers.path, &fd, &err) < 0 ||
	    authz_server_new(f->peers.loop, fd, &ops, &f->server, &err) < 0)
		return -1;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	authz_server_free(f->server);
	peers_end(&f->peers);
	free(f);
	return 0;
}

#define ASK(body, n) "POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nContent-Length: " #n "\r\n\r\n" body

static void test_pieces(void **state)
{
	static const char message[] = ASK("{\"a\":1}", 7);
	struct fixture *f = *state;
	int fd = peers_dial(&f->peers);
	char buf[1024];

	for (size_t i = 0; i + 1 < sizeof(message); i++) {
		peers_say(fd, (char[]){message[i], '\0'});
		if (i % 20 == 0)
			peers_run(&f->peers);
		assert_int_equal(f->asked, 0);
	}
	peers_run(&f->peers);
	assert_int_equal(f->asked, 1);
	assert_string_equal(f->last, "1 {\"a\":1}");
	assert_non_null(strstr(peers_heard(fd, buf), "200 OK"));
	/* the connection is kept; two at once are answered in order */
	peers_say(fd, ASK("x", 1) ASK("yy", 2));
	peers_run(&f->peers);
	assert_int_equal(f->asked, 3);
	assert_string_equal(f->last, "1 yy");
	peers_say(
		fd,
		"POST /Plugin.Activate HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	peers_run(&f->peers);
	peers_heard(fd, buf);
	assert_non_null(strstr(buf, "Connection: close"));
	assert_non_null(strstr(buf, "(end)"));
	close(fd);
}

static void test_waiting(void **state)
{
	struct fixture *f = *state;
	int one = peers_dial(&f->peers), two = peers_dial(&f->peers);
	char buf[1024];

	f->hold = true;
	peers_say(one, ASK("a", 1) ASK("b", 1));
	peers_run(&f->peers);
	/* the second waits for the first's answer */
	assert_int_equal(f->asked, 1);
	f->hold = false;
	peers_say(two, ASK("c", 1));
	peers_run(&f->peers);
	assert_int_equal(f->asked, 2);
	assert_non_null(strstr(peers_heard(two, buf), "200 OK"));
	assert_string_equal(peers_heard(one, buf), "");
	authz_server_answer(f->held, 200, "{}");
	f->held = NULL;
	peers_run(&f->peers);
	assert_int_equal(f->asked, 3);
	assert_string_equal(f->last, "1 b");
	/* who goes while it waits is told of */
	f->hold = true;
	peers_say(two, ASK("d", 1));
	peers_run(&f->peers);
	close(two);
	peers_run(&f->peers);
	assert_int_equal(f->gone, 1);
	assert_null(f->held);
	close(one);
	peers_run(&f->peers);
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
		fd = peers_dial(&f->peers);
		peers_say(fd, wrong[i]);
		peers_run(&f->peers);
		assert_string_equal(peers_heard(fd, buf), "(end)");
		close(fd);
	}
	assert_int_equal(f->asked, 0);
	/* and it lives */
	fd = peers_dial(&f->peers);
	peers_say(fd, ASK("a", 1));
	peers_run(&f->peers);
	assert_int_equal(f->asked, 1);
	close(fd);
	/* nobody else takes its place */
	{
		struct err err;
		int other = -1;

		assert_int_equal(authz_server_listen(f->peers.path, &other, &err), -EADDRINUSE);
	}
}

static void test_token(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *path = xasprintf("%s/token", f->peers.dir);
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
	assert_int_equal(authz_path_check(f->peers.dir, false, &err), -EPERM);
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
