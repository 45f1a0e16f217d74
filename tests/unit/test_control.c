/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control socket, served by a loop in a child process and asked by the real client; requests
 * that a stranger would send go in raw.
 */
#include "netguard/control.h"

#include "common/guard_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID    "c000000000000000000000000000000000000000000000000000000000000000"
#define NEVER "d000000000000000000000000000000000000000000000000000000000000000"
#define NONE  "e000000000000000000000000000000000000000000000000000000000000000"

/* ---- parsing ---- */

static void test_parse(void **state)
{
	static const struct {
		const char *line;
		int kind; /* -1: refused */
		int timeout;
	} table[] = {
		{"{\"status\":true}", CONTROL_STATUS, 0},
		{"{\"reload\":true}", CONTROL_RELOAD, 0},
		{"{\"wait\":{\"container\":\"" ID "\"}}", CONTROL_WAIT, CONTROL_WAIT_MS_DEFAULT},
		{"{\"wait\":{\"container\":\"" ID "\",\"timeout_ms\":5}}", CONTROL_WAIT, 5},
		{"{\"wait\":{\"container\":\"" ID "\",\"timeout_ms\":9999999999}}", CONTROL_WAIT,
		 CONTROL_WAIT_MS_MAX},
		{"", -1, 0},
		{"x", -1, 0},
		{"[]", -1, 0},
		{"{}", -1, 0},
		{"true", -1, 0},
		{"{\"status\":false}", -1, 0},
		{"{\"status\":1}", -1, 0},
		{"{\"status\":true,\"reload\":true}", -1, 0},
		{"{\"status\":true,\"status\":true}", -1, 0},
		{"{\"stop\":true}", -1, 0},
		{"{\"wait\":{}}", -1, 0},
		{"{\"wait\":{\"container\":\"web\"}}", -1, 0},
		{"{\"wait\":{\"container\":\"" ID "0\"}}", -1, 0},
		{"{\"wait\":{\"container\":\"" ID "\",\"x\":1}}", -1, 0},
		{"{\"wait\":{\"container\":\"" ID "\",\"timeout_ms\":0}}", -1, 0},
		{"{\"wait\":{\"container\":\"" ID "\",\"timeout_ms\":-1}}", -1, 0},
		{"{\"wait\":{\"container\":\"" ID "\",\"timeout_ms\":\"5\"}}", -1, 0},
		{"{\"wait\":{\"container\":\"../../x\"}}", -1, 0},
		{"[[[[[[[[]]]]]]]]", -1, 0},
		{"{\"explain\":{\"from\":\"user:bob\",\"to\":\"pod:web:80\"}}", CONTROL_EXPLAIN, 0},
		{"{\"explain\":{\"from\":\"\",\"to\":\"x\",\"uid\":4294967294}}", CONTROL_EXPLAIN,
		 0},
		{"{\"explain\":{\"from\":\"host\"}}", -1, 0},
		{"{\"denied\":{\"last\":0}}", CONTROL_DENIED, 0},
		{"{\"denied\":{\"last\":10000,\"follow\":false}}", CONTROL_DENIED, 0},
		{"{\"denied\":{}}", -1, 0},
		{"{\"denied\":{\"last\":10001}}", -1, 0},
		{"{\"denied\":{\"last\":-1}}", -1, 0},
		{"{\"denied\":{\"last\":1,\"follow\":1}}", -1, 0},
		{"{\"denied\":{\"last\":1,\"x\":true}}", -1, 0},
		{"{\"explain\":{\"from\":\"host\",\"to\":1}}", -1, 0},
		{"{\"explain\":{\"from\":\"host\",\"to\":\"x\\u0000y\"}}", -1, 0},
		{"{\"explain\":{\"from\":\"host\",\"to\":\"x\",\"y\":1}}", -1, 0},
		{"{\"explain\":{\"from\":\"host\",\"to\":\"x\",\"uid\":-1}}", -1, 0},
		{"{\"explain\":{\"from\":\"host\",\"to\":\"x\",\"uid\":4294967295}}", -1, 0},
		{"{\"explain\":{\"from\":\"host\",\"to\":\"x\",\"uid\":\"0\"}}", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct control_request r;
		struct err err;
		int result = control_request_parse(table[i].line, strlen(table[i].line), &r, &err);

		if ((table[i].kind < 0) != (result < 0))
			fail_msg("%s: %d", table[i].line, result);
		if (result == 0)
			assert_int_equal(r.kind, table[i].kind);
		if (result == 0 && r.kind == CONTROL_WAIT)
			assert_int_equal(r.timeout_ms, table[i].timeout);
	}
}

/* ---- a server ---- */

static struct {
	struct control *control;
	struct source tick;
	int ticks, questions; /* questions: how many waits have asked the engine */
	char big[64 * 1024];
} server;

static json_t *status(void *userdata)
{
	char *big = xmalloc(300001);
	json_t *reply;

	(void)userdata;
	memset(big, 'x', 300000);
	big[300000] = '\0';
	reply = json_pack("{s:s, s:i, s:i}", "big", big, "clients",
			  (int)control_n_clients(server.control), "questions", server.questions);
	free(big);
	return reply;
}

static int reload(void *userdata, struct err *err)
{
	(void)userdata;
	return err_set(err, EINVAL, "line 1 is wrong");
}

static int explain(void *userdata, const struct control_request *r, json_t **ret, struct err *err)
{
	(void)userdata;
	if (streq(r->from, "slow"))
		usleep(60000);
	if (streq(r->from, "nobody"))
		return err_set(err, ENOENT, "no such end");
	*ret = json_pack("{s:s, s:s, s:I}", "from", r->from, "to", r->to, "uid",
			 (json_int_t)r->uid);
	return 0;
}

static json_t *denied(void *userdata, size_t n)
{
	(void)userdata;
	return json_pack("{s:I}", "n", (json_int_t)n);
}

static uint64_t wait_begin(void *userdata, const char *container)
{
	(void)userdata;
	(void)container;
	server.questions++;
	return 7;
}

/* ID comes with the third tick, NEVER does not, others don't exist. */
static int waited(void *userdata, const char *container, uint64_t number, struct err *err)
{
	(void)userdata;
	/* 0: asked by a user, and for nothing that only the engine knows */
	if (number != 7 && number != 0)
		return err_set(err, EIO, "wrong number");
	if (streq(container, ID))
		return server.ticks >= 3;
	return streq(container, NEVER) ? 0 : err_set(err, ENOENT, "no such container");
}

static void on_tick(struct source *s, uint32_t events)
{
	(void)events;
	json_t *line;

	if (!timer_read(s))
		return;
	server.ticks++;
	control_check(server.control);
	/* so much that a socket's buffer is soon full */
	line = json_pack("{s:i, s:s}", "tick", server.ticks, "big", server.big);
	control_publish(server.control, line);
	json_decref(line);
}

static void serve(const char *path)
{
	const struct control_ops ops = {.status = status,
					.reload = reload,
					.explain = explain,
					.denied = denied,
					.wait_begin = wait_begin,
					.waited = waited};
	struct loop *l;
	struct err err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memset(server.big, 'x', sizeof(server.big) - 1);
	if (loop_new(&l, &err) < 0 || control_new(l, path, &ops, &server.control, &err) < 0 ||
	    timer_add(l, &server.tick, on_tick, NULL, &err) < 0)
		_exit(1);
	timer_set(&server.tick, 50, 50);
	loop_run(l, &err);
	_exit(0);
}

struct fixture {
	char dir[32], path[64];
	pid_t pid;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	snprintf(f->dir, sizeof(f->dir), "/tmp/test_control.XXXXXX");
	if (!mkdtemp(f->dir) || chmod(f->dir, 0755) < 0)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/sock", f->dir);
	f->pid = fork();
	if (f->pid == 0)
		serve(f->path);
	for (int i = 0; i < 500 && access(f->path, F_OK) < 0; i++)
		usleep(10000);
	usleep(20000);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static int ask(struct fixture *f, const char *request, int timeout_ms, json_t **ret,
	       struct err *err)
{
	json_t *json = json_loads(request, 0, NULL);
	int r;

	assert_non_null(json);
	r = guard_client_ask_at(f->path, json, timeout_ms, ret, err);
	json_decref(json);
	return r;
}

static void test_requests(void **state)
{
	struct fixture *f = *state;
	json_t *reply = NULL;
	struct stat st;
	struct err err;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	assert_int_equal(ask(f, "{\"status\":true}", 5000, &reply, &err), 0);
	assert_int_equal(json_string_length(json_object_get(reply, "big")), 300000);
	json_decref(reply);
	assert_int_equal(ask(f, "{\"what\":true}", 5000, NULL, &err), -EIO);
	assert_string_equal(err.text, "not a request that is known");
	if (geteuid() == 0) {
		assert_int_equal(ask(f, "{\"reload\":true}", 5000, NULL, &err), -EIO);
		assert_string_equal(err.text, "line 1 is wrong");
	}
}

static void test_waits(void **state)
{
	struct fixture *f = *state;
	struct err err;

	assert_int_equal(ask(f, "{\"wait\":{\"container\":\"" ID "\"}}", 5000, NULL, &err), 0);
	assert_int_equal(ask(f, "{\"wait\":{\"container\":\"" NONE "\"}}", 5000, NULL, &err), -EIO);
	assert_string_equal(err.text, "no such container");
	/* the daemon's time is over first, then ours */
	assert_int_equal(ask(f, "{\"wait\":{\"container\":\"" NEVER "\",\"timeout_ms\":100}}", 5000,
			     NULL, &err),
			 -ETIMEDOUT);
	assert_string_equal(err.text, "the container's addresses did not come in time");
	assert_int_equal(ask(f, "{\"wait\":{\"container\":\"" NEVER "\"}}", 100, NULL, &err),
			 -ETIMEDOUT);
	assert_string_equal(err.text, "netguard did not answer in time");
}

static int raw(const struct fixture *f)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 5};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", f->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	return fd;
}

/* Sends text and reads until the peer closes, or has sent n lines. */
static size_t lines_after(int fd, const char *text, size_t size, size_t n)
{
	size_t lines = 0;
	char c;

	send(fd, text, size, MSG_NOSIGNAL);
	while (lines < n && recv(fd, &c, 1, 0) == 1)
		lines += c == '\n';
	return lines;
}

static void test_raw(void **state)
{
	struct fixture *f = *state;
	static const char two[] = "{\"status\":true}\n{\"status\":true}\n";
	static const char after_wait[] =
		"{\"wait\":{\"container\":\"" ID "\"}}\n{\"status\":true}\n";
	char *long_line = xmalloc(100000);
	struct err err;
	char c;
	int fd;

	memset(long_line, 'x', 100000);
	fd = raw(f);
	assert_int_equal(lines_after(fd, two, strlen(two), 2), 2);
	close(fd);
	fd = raw(f);
	assert_int_equal(lines_after(fd, after_wait, strlen(after_wait), 2), 2);
	close(fd);
	/* too long: told so, and the connection ends */
	fd = raw(f);
	assert_int_equal(lines_after(fd, long_line, 100000, 9), 1);
	close(fd);
	/* nonsense: the same, the second line is not looked at */
	fd = raw(f);
	assert_int_equal(lines_after(fd, "x\n{\"status\":true}\n", 18, 9), 1);
	close(fd);
	/* flooding during a wait */
	fd = raw(f);
	send(fd, "{\"wait\":{\"container\":\"" NEVER "\"}}\n", 90, MSG_NOSIGNAL);
	send(fd, long_line, 100000, MSG_NOSIGNAL);
	assert_true(recv(fd, &c, 1, 0) <= 0);
	close(fd);
	/* gone in the middle of a reply */
	fd = raw(f);
	send(fd, two, strlen(two), MSG_NOSIGNAL);
	close(fd);
	free(long_line);
	assert_int_equal(ask(f, "{\"status\":true}", 5000, NULL, &err), 0);
}

static int on_line(void *userdata, const json_t *line)
{
	int *n = userdata;

	if (*n == 0 && json_integer_value(json_object_get(line, "n")) != 3)
		return -EBADMSG;
	if (*n > 0 && !json_is_integer(json_object_get(line, "tick")))
		return -EBADMSG;
	return ++*n == 5;
}

static void test_following(void **state)
{
	struct fixture *f = *state;
	json_t *request = json_pack("{s:{s:i, s:b}}", "denied", "last", 3, "follow", 1), *reply;
	static const char text[] = "{\"denied\":{\"last\":1,\"follow\":true}}\n";
	struct err err;
	size_t n = 0;
	char buf[4096];
	ssize_t got;
	int lines = 0, fd;

	assert_int_equal(
		ask(f, "{\"explain\":{\"from\":\"a\",\"to\":\"b\",\"uid\":7}}", 5000, &reply, &err),
		0);
	assert_int_equal(json_integer_value(json_object_get(reply, "uid")), 7);
	json_decref(reply);
	assert_int_equal(
		ask(f, "{\"explain\":{\"from\":\"nobody\",\"to\":\"b\"}}", 5000, NULL, &err), -EIO);
	assert_string_equal(err.text, "no such end");
	if (geteuid() != 0) {
		json_decref(request);
		skip();
	}
	assert_int_equal(ask(f, "{\"denied\":{\"last\":3}}", 5000, &reply, &err), 0);
	json_decref(reply);
	/* one that reads gets them all */
	assert_int_equal(guard_client_follow_at(f->path, request, 5000, on_line, &lines, &err), 1);
	assert_int_equal(lines, 5);
	json_decref(request);
	/* one that does not read is dropped with what it has not read */
	fd = raw(f);
	send(fd, text, strlen(text), MSG_NOSIGNAL);
	usleep(1500000);
	while ((got = recv(fd, buf, sizeof(buf), 0)) > 0)
		n += (size_t)got;
	assert_int_equal(got, 0);
	assert_true(n > 64 * 1024 && n < 20 * 64 * 1024);
	close(fd);
	/* one that says more is dropped */
	fd = raw(f);
	send(fd, text, strlen(text), MSG_NOSIGNAL);
	assert_true(recv(fd, buf, sizeof(buf), 0) > 0);
	send(fd, text, strlen(text), MSG_NOSIGNAL);
	do
		got = recv(fd, buf, sizeof(buf), 0);
	while (got > 0);
	assert_true(got == 0 || errno == ECONNRESET);
	close(fd);
}

#define SLOW "{\"explain\":{\"from\":\"slow\",\"to\":\"x\"}}\n"

/* Sends a line and reads a short one: whether it has this text. */
static bool line_has(int fd, const char *line, const char *text)
{
	char buf[256];
	size_t n = 0;

	send(fd, line, strlen(line), MSG_NOSIGNAL);
	while (n < sizeof(buf) - 1 && recv(fd, buf + n, 1, 0) == 1 && buf[n] != '\n')
		n++;
	buf[n] = '\0';
	return strstr(buf, text) != NULL;
}

/* As nobody: waits are answered by what is known, and the engine is never asked. */
static int waits_of_a_stranger(const struct fixture *f)
{
	static const char here[] = "{\"wait\":{\"container\":\"" ID "\"}}\n",
			  never[] = "{\"wait\":{\"container\":\"" NEVER "\",\"timeout_ms\":1}}\n",
			  none[] = "{\"wait\":{\"container\":\"" NONE "\"}}\n";
	int fd;

	if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
		return 1;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = raw(f);
	if (!line_has(fd, here, "\"ok\":true"))
		return 2;
	for (int i = 0; i < 20; i++) {
		if (!line_has(fd, none, "no such container") || !line_has(fd, never, "in time"))
			return 3;
	}
	close(fd);
	return 0;
}

static void test_waits_of_strangers(void **state)
{
	struct fixture *f = *state;
	json_t *reply = NULL;
	struct err err;
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0)
		_exit(waits_of_a_stranger(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (int asked = 0; asked < 2; asked++) {
		assert_int_equal(ask(f, "{\"status\":true}", 5000, &reply, &err), 0);
		assert_int_equal(json_integer_value(json_object_get(reply, "questions")), asked);
		json_decref(reply);
		/* root's do ask */
		ask(f, "{\"wait\":{\"container\":\"" ID "\"}}", 5000, NULL, &err);
	}
}

/* As nobody: so many connections and no more, no reload; root still gets through. */
static int as_stranger(const struct fixture *f)
{
	int fds[CONTROL_CLIENTS_PER_USER + 1];
	char c;

	if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
		return 1;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fds[0] = raw(f);
	if (lines_after(fds[0], "{\"reload\":true}\n", 16, 1) != 1)
		return 2;
	/* refused, and nothing follows */
	if (!line_has(fds[0], "{\"denied\":{\"last\":1,\"follow\":true}}\n", "\"denied\"}"))
		return 6;
	usleep(200000);
	if (recv(fds[0], &c, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN)
		return 7;
	/* what it asks for costs it, not others: after two of these it is refused for a second */
	if (!line_has(fds[0], SLOW, "\"ok\":true"))
		return 8;
	/* or later, where each of them has a second to itself because the machine is busy */
	for (int i = 0; !line_has(fds[0], SLOW, "\"reason\":\"busy\""); i++) {
		if (i == 100)
			return 11;
	}
	/* and closed: to refuse line after line would cost, too */
	if (recv(fds[0], &c, 1, 0) != 0)
		return 10;
	close(fds[0]);
	usleep(1100000);
	fds[0] = raw(f);
	if (!line_has(fds[0], SLOW, "\"ok\":true"))
		return 9;
	for (size_t i = 1; i < ARRAY_SIZE(fds); i++)
		fds[i] = raw(f);
	/* the last is closed at once */
	if (recv(fds[ARRAY_SIZE(fds) - 1], &c, 1, 0) != 0)
		return 3;
	if (lines_after(fds[1], "{\"status\":true}\n", 16, 1) != 1)
		return 4;
	pause();
	return 5;
}

static void test_strangers(void **state)
{
	struct fixture *f = *state;
	json_t *reply = NULL;
	struct err err;
	pid_t pid, ended = 0;
	int clients = 0, status = 0;

	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0)
		_exit(as_stranger(f));
	for (int i = 0; i < 9000 && !ended && clients != CONTROL_CLIENTS_PER_USER + 1; i++) {
		usleep(20000);
		ended = waitpid(pid, &status, WNOHANG);
		assert_int_equal(ask(f, "{\"status\":true}", 5000, &reply, &err), 0);
		clients = (int)json_integer_value(json_object_get(reply, "clients"));
		json_decref(reply);
	}
	usleep(50000);
	if (ended || waitpid(pid, &status, WNOHANG) != 0)
		fail_msg("the stranger ended at %d", WEXITSTATUS(status));
	assert_int_equal(clients, CONTROL_CLIENTS_PER_USER + 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* One uid: asks until it is refused. 0: for what it asked for itself; 1: for what all did. */
static int as_one_of_many(const struct fixture *f, uid_t uid)
{
	char buf[256];
	int fd;

	if (setgroups(0, NULL) < 0 || setgid(uid) < 0 || setuid(uid) < 0)
		return 2;
	fd = raw(f);
	for (int i = 0; i < 100; i++) {
		ssize_t n;

		if (send(fd, SLOW, strlen(SLOW), MSG_NOSIGNAL) < 0)
			return 3;
		n = recv(fd, buf, sizeof(buf) - 1, 0);
		if (n <= 0)
			return 4;
		buf[n] = '\0';
		if (strstr(buf, "\"reason\":\"busy\""))
			return strstr(buf, "this user") ? 0 : 1;
	}
	return 5;
}

/* Somebody with many uids has no more of the daemon's time than all users have. */
static void test_many_uids(void **state)
{
	struct fixture *f = *state;
	int refused[2] = {0};
	pid_t pids[12];

	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(as_one_of_many(f, 70000 + (uid_t)i));
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		int status = 0;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		refused[WEXITSTATUS(status)]++;
	}
	assert_true(refused[1] > 0);
}

#define HOARDERS 24

static size_t hoard(const struct fixture *f)
{
	static const char ask_status[] = "{\"status\":true}\n";
	size_t n = 0;
	int fds[HOARDERS];
	char buf[4096];

	for (size_t i = 0; i < HOARDERS; i++) {
		if (setresuid(71000 + (uid_t)i, 71000 + (uid_t)i, 0) < 0)
			_exit(100);
		fds[i] = raw(f);
		send(fds[i], ask_status, sizeof(ask_status) - 1, MSG_NOSIGNAL);
		if (setresuid(0, 0, 0) < 0)
			_exit(101);
		usleep(120000);
	}
	for (size_t i = 0; i < HOARDERS; i++) {
		ssize_t got = recv(fds[i], buf, sizeof(buf) - 1, MSG_DONTWAIT);

		buf[got > 0 ? got : 0] = '\0';
		/* where all is slow (valgrind), their time is up before their replies are too many
		 */
		n += strstr(buf, "don't read") || strstr(buf, "asked for too much");
	}
	return n;
}

/* Replies that nobody reads don't pile up: 24 of 300 kB are asked for. */
static void test_unread(void **state)
{
	struct fixture *f = *state;
	int status = 0;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0)
		_exit((int)hoard(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) > 0 && WEXITSTATUS(status) < HOARDERS);
}

static void test_nobody_there(void **state)
{
	struct fixture f = {.path = "/tmp/test_control.none/sock"};
	struct err err;

	(void)state;
	assert_int_equal(ask(&f, "{\"status\":true}", 1000, NULL, &err), -ENOTCONN);
}

/* What is not a daemon: silence, an end, no JSON, JSON that says nothing. */
static void test_strange_servers(void **state)
{
	static const struct {
		const char *reply; /* NULL: silence */
		int want;
	} table[] = {{NULL, -ETIMEDOUT},
		     {"", -ECONNRESET},
		     {"{\"ok\":true", -ECONNRESET},
		     {"x\n", -EPROTO},
		     {"[]\n", -EPROTO},
		     {"{}\n", -EPROTO},
		     {"{\"ok\":1}\n", -EPROTO},
		     {"{\"ok\":true,\"ok\":true}\n", -EPROTO},
		     {"{\"error\":\"no\",\"reason\":\"denied\"}\n", -EPERM},
		     {"{\"ok\":true,\"error\":\"no\"}\n", -EIO}};
	struct fixture f = {.dir = "/tmp/test_control.XXXXXX"};
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(f.dir));
	snprintf(f.path, sizeof(f.path), "%s/sock", f.dir);
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", f.path);
	assert_int_equal(bind(listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(listener, 4), 0);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		pid_t pid = fork();

		if (pid == 0) {
			int fd = accept(listener, NULL, NULL);
			char buf[256];

			if (recv(fd, buf, sizeof(buf), 0) > 0 && table[i].reply)
				send(fd, table[i].reply, strlen(table[i].reply), MSG_NOSIGNAL);
			if (!table[i].reply)
				pause();
			_exit(0);
		}
		if (ask(&f, "{\"status\":true}", table[i].reply ? 5000 : 100, NULL, &err) !=
		    table[i].want)
			fail_msg("%zu: %s", i, err.text);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	close(listener);
	unlink(f.path);
	rmdir(f.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test_setup_teardown(test_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_following, setup, teardown),
		cmocka_unit_test_setup_teardown(test_raw, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waits_of_strangers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_strangers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_uids, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unread, setup, teardown),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_strange_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
