/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the daemon and the engine: which questions go on and how they are written, and both ends
 * that are slow, gone or talk nonsense. */
#include "netguard/relay.h"

#include "netguard/relay_request.h"
#include "netguard/unix_socket.h"
#include "tests/unit/peers.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOKEN	     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ASKS(target) "GET " target " HTTP/1.1\r\nHost: x\r\n\r\n"
#define GOES(target) "GET " target " HTTP/1.1\r\nHost: netguard\r\n\r\n"
#define WITH(header) "GET /version HTTP/1.1\r\n" header "\r\n\r\n"

/* ---- questions ---- */

static void test_questions(void **state _unused_)
{
	static const struct {
		const char *in;
		int result;
		const char *out; /* NULL: refused */
	} rows[] = {
		{ASKS("/version"), 1, GOES("/version")},
		{ASKS("/v1.41/containers/json?all=1"), 1, GOES("/v1.41/containers/json?all=1")},
		{ASKS("/v1.41/containers/0ab1/json"), 1, GOES("/v1.41/containers/0ab1/json")},
		{ASKS("/v1.41/networks"), 1, GOES("/v1.41/networks")},
		{ASKS("/v1.41/networks/0ab1"), 1, GOES("/v1.41/networks/0ab1")},
		{ASKS("/v1.41/events?filters=%7B%7D"), 1, GOES("/v1.41/events?filters=%7B%7D")},
		{ASKS("/v4.0.0/libpod/networks/json"), 1, GOES("/v4.0.0/libpod/networks/json")},
		{WITH("Netguard-Token: " TOKEN), 1,
		 "GET /version HTTP/1.1\r\nHost: netguard\r\nNetguard-Token: " TOKEN "\r\n\r\n"},
		{WITH("netguard-token:" TOKEN), 1,
		 "GET /version HTTP/1.1\r\nHost: netguard\r\nNetguard-Token: " TOKEN "\r\n\r\n"},
		{WITH("X-Registry-Auth: e30=\r\nUser-Agent: a b"), 1, GOES("/version")},
		/* questions that tell more than who is where */
		{ASKS("/v1.41/containers/0ab1/archive?path=/etc"), 1, NULL},
		{ASKS("/v1.41/containers/0ab1/logs"), 1, NULL},
		{ASKS("/v1.41/containers/0ab1/attach/ws"), 1, NULL},
		{ASKS("/v1.41/containers/../images/json"), 1, NULL},
		{ASKS("/v1.41/containers/%2e%2e/json"), 1, NULL},
		{ASKS("/v1.41//networks"), 1, NULL},
		{ASKS("/v1.41/secrets"), 1, NULL},
		{ASKS("/v1.41/containers/json?all=1&size=1"), 1, NULL},
		{ASKS("/v1.41/containers/0ab1/json?size=1"), 1, NULL},
		{ASKS("/v1.41/containers/0ab1/json?%73ize=1"), 1, NULL},
		{ASKS("/v4.0.0/libpod/networks/json?x"), 1, NULL},
		{ASKS("/v4.0.0/libpod/containers/json"), 1, NULL},
		{ASKS("/v1.41/events?filters=%0a"), 1, NULL},
		/* what asks for more than an answer, or could be read in two ways */
		{"POST /v1.41/containers/create HTTP/1.1\r\n\r\n", -EINVAL, NULL},
		{"DELETE /v1.41/networks/x HTTP/1.1\r\n\r\n", -EINVAL, NULL},
		{"HEAD /_ping HTTP/1.1\r\n\r\n", -EINVAL, NULL},
		{"get /version HTTP/1.1\r\n\r\n", -EINVAL, NULL},
		{"GET /version HTTP/1.0\r\n\r\n", -EINVAL, NULL},
		{"GET /version\r\n\r\n", -EINVAL, NULL},
		{"GET  HTTP/1.1\r\n\r\n", -EINVAL, NULL},
		{"GET version HTTP/1.1\r\n\r\n", -EINVAL, NULL},
		{"GET /a /b HTTP/1.1\r\n\r\n", -EINVAL, NULL},
		{"GET http://x/version HTTP/1.1\r\n\r\n", -EINVAL, NULL},
		{"\r\nGET /version HTTP/1.1\r\n\r\n", -EINVAL, NULL},
		{WITH("Content-Length: 0"), -EINVAL, NULL},
		{WITH("transfer-encoding: chunked"), -EINVAL, NULL},
		{WITH("Upgrade: tcp"), -EINVAL, NULL},
		{WITH("Expect: 100-continue"), -EINVAL, NULL},
		{WITH("no colon"), -EINVAL, NULL},
		{WITH(": no name"), -EINVAL, NULL},
		{WITH("a b: c"), -EINVAL, NULL},
		{WITH(" folded: x"), -EINVAL, NULL},
		{WITH("A: b\nPOST /x HTTP/1.1"), -EINVAL, NULL},
		{WITH("A: b\rPOST /x HTTP/1.1"), -EINVAL, NULL},
		{WITH("A: \x80"), -EINVAL, NULL},
		{WITH("A: \x7f"), -EINVAL, NULL},
		{WITH("Netguard-Token: " TOKEN "\r\nNetguard-Token: " TOKEN), -EINVAL, NULL},
		{WITH("Netguard-Token: short"), -EINVAL, NULL},
		{WITH("Netguard-Token:   "), -EINVAL, NULL},
		{WITH("Netguard-Token: " TOKEN "0"), -EINVAL, NULL},
		{WITH("Netguard-Token: X123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"
		      "cdef"),
		 -EINVAL, NULL},
		/* not whole */
		{"", 0, NULL},
		{"GET /version HTTP/1.1\r\n", 0, NULL},
		{"GET /version HTTP/1.1\r\nHost: x\r\n\r", 0, NULL},
		{"GET /version HTTP/1.1\nHost: x\n\n", 0, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct relay_request r = {0};

		assert_int_equal(relay_request_read(rows[i].in, strlen(rows[i].in), &r),
				 rows[i].result);
		if (rows[i].result == 1) {
			assert_int_equal(r.head, strlen(rows[i].in));
			if (rows[i].out)
				assert_string_equal(r.text, rows[i].out);
			else
				assert_null(r.text);
		}
		free(r.text);
	}
}

static void test_long(void **state _unused_)
{
	static char head[RELAY_HEAD_MAX + 64];
	struct relay_request r = {0};
	int n = snprintf(head, sizeof(head), "GET /version HTTP/1.1\r\nA: ");

	memset(head + n, 'b', sizeof(head) - (size_t)n);
	assert_int_equal(relay_request_read(head, RELAY_HEAD_MAX - 1, &r), 0);
	assert_int_equal(relay_request_read(head, RELAY_HEAD_MAX, &r), -EINVAL);
	memcpy(head + RELAY_HEAD_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(relay_request_read(head, sizeof(head), &r), 1);
	assert_int_equal(r.head, RELAY_HEAD_MAX);
	free(r.text);
	/* the end is beyond what is looked at */
	memset(head + RELAY_HEAD_MAX - 4, 'b', 4);
	memcpy(head + RELAY_HEAD_MAX - 2, "\r\n\r\n", 4);
	assert_int_equal(relay_request_read(head, sizeof(head), &r), -EINVAL);
}

/* ---- both ends ---- */

struct fixture {
	struct peers peers;
	char engine_path[64];
	struct relay *relay;
	int engine; /* listens; not there before open_engine */
	unsigned rounds;
};

static void on_round(void *userdata)
{
	struct fixture *f = userdata;

	f->rounds++;
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err err;
	int fd = -1;

	peers_begin(&f->peers);
	snprintf(f->engine_path, sizeof(f->engine_path), "%s/engine", f->peers.dir);
	f->engine = -1;
	if (unix_listen(f->peers.path, 0600, 16, &fd, &err) < 0 ||
	    relay_new(f->peers.loop, fd, f->engine_path, &f->relay, &err) < 0)
		return -1;
	loop_set_after(f->peers.loop, on_round, f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	relay_free(f->relay);
	closep(&f->engine);
	unlink(f->engine_path);
	peers_end(&f->peers);
	free(f);
	return 0;
}

static void open_engine(struct fixture *f)
{
	struct err err;

	assert_int_equal(unix_listen(f->engine_path, 0600, 16, &f->engine, &err), 0);
}

/* The engine's end of a connection that the relay has made. */
static int take_call(struct fixture *f)
{
	struct ucred peer;
	int fd = unix_accept(f->engine, &peer);

	assert_true(fd >= 0);
	return fd;
}

static void test_hands_on(void **state)
{
	static const char question[] = ASKS("/networks");
	struct fixture *f = *state;
	int fd = peers_dial(&f->peers), engine;
	char buf[1024];

	open_engine(f);
	for (size_t i = 0; i + 1 < sizeof(question); i++) {
		peers_say(fd, (char[]){question[i], '\0'});
		peers_run(&f->peers);
	}
	engine = take_call(f);
	assert_string_equal(peers_heard(engine, buf), GOES("/networks"));
	/* whatever the answer is, and in pieces */
	peers_say(engine, "HTTP/1.1 200 OK\r\n");
	peers_run(&f->peers);
	assert_string_equal(peers_heard(fd, buf), "HTTP/1.1 200 OK\r\n");
	peers_say(engine, "\r\n[]");
	peers_run(&f->peers);
	assert_string_equal(peers_heard(fd, buf), "\r\n[]");
	/* the next ones by the same connection, two at once */
	peers_say(fd, ASKS("/version") ASKS("/networks/a"));
	peers_run(&f->peers);
	assert_string_equal(peers_heard(engine, buf), GOES("/version") GOES("/networks/a"));
	/* the engine ends it: what it said before still comes */
	peers_say(engine, "last");
	close(engine);
	peers_run(&f->peers);
	assert_string_equal(peers_heard(fd, buf), "last(end)");
	close(fd);
}

static void test_refuses(void **state)
{
	struct fixture *f = *state;
	int fd = peers_dial(&f->peers), engine;
	struct ucred peer;
	char buf[1024];

	open_engine(f);
	peers_say(fd, ASKS("/images/json"));
	peers_run(&f->peers);
	peers_heard(fd, buf);
	assert_non_null(strstr(buf, "HTTP/1.1 403 "));
	assert_non_null(strstr(buf, "{\"message\":\"the guard may not ask this\"}(end)"));
	close(fd);
	/* nonsense, and a body behind a question */
	fd = peers_dial(&f->peers);
	peers_say(fd, "POST /containers/create HTTP/1.1\r\n\r\n");
	peers_run(&f->peers);
	assert_string_equal(peers_heard(fd, buf), "(end)");
	close(fd);
	assert_int_equal(unix_accept(f->engine, &peer), -EAGAIN);
	fd = peers_dial(&f->peers);
	peers_say(fd, ASKS("/version") "POST /containers/create HTTP/1.1\r\n\r\n");
	peers_run(&f->peers);
	engine = take_call(f);
	assert_string_equal(peers_heard(engine, buf), GOES("/version") "(end)");
	assert_string_equal(peers_heard(fd, buf), "(end)");
	close(engine);
	close(fd);
	/* behind a good one, a refused one has no answer of ours */
	fd = peers_dial(&f->peers);
	peers_say(fd, ASKS("/version") ASKS("/images/json"));
	peers_run(&f->peers);
	assert_string_equal(peers_heard(fd, buf), "(end)");
	close(fd);
}

static void test_no_engine(void **state)
{
	struct fixture *f = *state;
	int fd = peers_dial(&f->peers);
	char buf[1024];

	peers_say(fd, ASKS("/version"));
	peers_run(&f->peers);
	peers_heard(fd, buf);
	assert_non_null(strstr(buf, "HTTP/1.1 503 "));
	assert_non_null(strstr(buf, "/engine: No such file or directory\"}(end)"));
	close(fd);
}

/* A client that does not read holds up the engine, and nobody else; nothing of the answer is lost,
 * also where the engine is gone long before it is read. */
static void test_slow(void **state)
{
	static char piece[8192];
	struct fixture *f = *state;
	int slow = peers_dial(&f->peers), quick = peers_dial(&f->peers), engine, other;
	size_t sent = 0, got = 0;
	char buf[1024];
	ssize_t n;

	open_engine(f);
	peers_say(slow, ASKS("/events"));
	peers_run(&f->peers);
	engine = take_call(f);
	peers_heard(engine, buf);
	for (unsigned round = 0; round < 20; round++) {
		while ((n = send(engine, piece, sizeof(piece), MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
			sent += (size_t)n;
		peers_run(&f->peers);
	}
	assert_true(sent > 65536 && sent < (size_t)4 * 1024 * 1024);
	close(engine);
	f->rounds = 0;
	peers_run(&f->peers);
	/* which is not told in each round of the loop */
	assert_true(f->rounds < 10);
	peers_say(quick, ASKS("/version"));
	peers_run(&f->peers);
	other = take_call(f);
	assert_string_equal(peers_heard(other, buf), GOES("/version"));
	for (unsigned round = 0; round < 1000; round++) {
		n = recv(slow, piece, sizeof(piece), MSG_DONTWAIT);
		if (n == 0)
			break;
		got += n > 0 ? (size_t)n : 0;
		if (n < 0)
			peers_run(&f->peers);
	}
	assert_int_equal(got, sent);
	close(other);
	close(quick);
	close(slow);
}

static void test_goes(void **state)
{
	struct fixture *f = *state;
	int fd = peers_dial(&f->peers), engine;
	char buf[1024];

	open_engine(f);
	peers_say(fd, ASKS("/events"));
	peers_run(&f->peers);
	engine = take_call(f);
	close(fd);
	peers_run(&f->peers);
	assert_string_equal(peers_heard(engine, buf), GOES("/events") "(end)");
	close(engine);
	/* one that only says that it asks no more */
	fd = peers_dial(&f->peers);
	peers_say(fd, "GET /ver");
	shutdown(fd, SHUT_WR);
	peers_run(&f->peers);
	assert_string_equal(peers_heard(fd, buf), "(end)");
	close(fd);
}

static void test_many(void **state)
{
	int fds[RELAY_PAIRS_MAX + 4];
	struct fixture *f = *state;
	char buf[1024];
	size_t ended = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = peers_dial(&f->peers);
		if (i % 8 == 3) /* their queue is short; the last ones, too */
			peers_run(&f->peers);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		ended += streq(peers_heard(fds[i], buf), "(end)");
		close(fds[i]);
	}
	assert_int_equal(ended, ARRAY_SIZE(fds) - RELAY_PAIRS_MAX);
	/* their places are free again */
	peers_run(&f->peers);
	fds[0] = peers_dial(&f->peers);
	peers_say(fds[0], ASKS("/version"));
	peers_run(&f->peers);
	peers_heard(fds[0], buf);
	assert_non_null(strstr(buf, " 503 "));
	close(fds[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_long),
		cmocka_unit_test_setup_teardown(test_hands_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refuses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_engine, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_slow, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_goes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
