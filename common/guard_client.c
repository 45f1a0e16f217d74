/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's side of the control socket: everything under one deadline, every reply bounded. */
#include "common/guard_client.h"

#include "common/clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* What the daemon gets to answer in after the time that it was told is over. */
#define GRACE_MS 1000

/* Waits for events until the deadline: 0 when ready, -ETIMEDOUT. */
static int wait_for(int fd, short events, int64_t deadline)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		int64_t left = deadline - clock_ms();
		int n;

		if (left <= 0)
			return -ETIMEDOUT;
		n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static int connect_to(const char *path, int64_t deadline, int *ret)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	while (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		/* the daemon's backlog is full, and nothing tells when it no longer is */
		if (clock_ms() >= deadline)
			return -ETIMEDOUT;
		poll(NULL, 0, 10);
	}
	*ret = take_fd(&fd);
	return 0;
}

/* root, ourselves, or to whom root has given the socket's folder: the daemon's own user */
static int check_peer(int fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder = slash ? xstrndup(path, (size_t)(slash - path)) : NULL;
	struct stat st;
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return -errno;
	if (peer.uid == 0 || peer.uid == geteuid())
		return 0;
	if (!folder || lstat(folder, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != peer.uid)
		return -EPERM;
	return 0;
}

static int send_all(int fd, const char *data, size_t size, int64_t deadline)
{
	while (size > 0) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			int r = wait_for(fd, POLLOUT, deadline);

			if (r < 0)
				return r;
			continue;
		}
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/* What was received and not yet given out. */
struct reader {
	int fd;
	char *buf;
	size_t size, room;
	size_t taken; /* of it, the last line and its newline */
};

/* One more line, without its newline; good until the next call. deadline: INT64_MAX: none. */
static int read_line(struct reader *r, int64_t deadline, const char **ret, size_t *ret_size)
{
	size_t looked = 0;

	r->size -= r->taken;
	if (r->size)
		memmove(r->buf, r->buf + r->taken, r->size);
	r->taken = 0;
	for (;;) {
		char *end =
			r->size > looked ? memchr(r->buf + looked, '\n', r->size - looked) : NULL;
		ssize_t n;

		if (end) {
			*ret_size = (size_t)(end - r->buf);
			*ret = r->buf;
			r->taken = *ret_size + 1;
			return 0;
		}
		looked = r->size;
		if (r->size == r->room) {
			if (r->room >= GUARD_REPLY_MAX)
				return -EMSGSIZE;
			r->room = r->room ? r->room * 2 : 4096;
			r->buf = xreallocarray(r->buf, r->room, 1);
		}
		n = recv(r->fd, r->buf + r->size, r->room - r->size, 0);
		if (n < 0 && errno == EAGAIN) {
			int result = wait_for(r->fd, POLLIN, deadline);

			if (result < 0)
				return result;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		r->size += (size_t)n;
	}
}

static int read_object(struct reader *r, int64_t deadline, json_t **ret, struct err *err)
{
	const char *line = NULL;
	size_t size = 0;
	int result = read_line(r, deadline, &line, &size);

	if (result == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT, "netguard did not answer in time");
	if (result < 0)
		return err_os(err, -result, "netguard's control socket");
	*ret = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(*ret)) {
		json_decref(*ret);
		*ret = NULL;
		return err_set(err, EPROTO, "netguard's reply is no JSON object");
	}
	return 0;
}

static int send_object(int fd, json_t *request, int64_t deadline, struct err *err)
{
	_cleanup_free_ char *line = NULL;
	char *text;
	int r;

	text = json_dumps(request, JSON_COMPACT);
	if (!text)
		return err_set(err, EINVAL, "the request is no JSON that can be sent");
	line = xasprintf("%s\n", text);
	free(text);
	r = send_all(fd, line, strlen(line), deadline);
	if (r == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT, "netguard did not answer in time");
	/* who was refused at once may still have been told why: read, whatever sending said */
	if (r < 0 && r != -EPIPE && r != -ECONNRESET)
		return err_os(err, -r, "netguard's control socket");
	return 0;
}

static int check_reply(json_t *reply, struct err *err)
{
	const char *text = json_string_value(json_object_get(reply, "error"));
	const char *reason = json_string_value(json_object_get(reply, "reason"));
	char printable[256];
	int code = EIO;

	if (!text && json_is_true(json_object_get(reply, "ok")))
		return 0;
	if (!text)
		return err_set(err, EPROTO, "netguard's reply says neither ok nor what is wrong");
	if (reason && streq(reason, "timeout"))
		code = ETIMEDOUT;
	else if (reason && streq(reason, "denied"))
		code = EPERM;
	return err_set(err, code, "%s", text_printable(printable, sizeof(printable), text));
}

static int open_socket(const char *path, int64_t deadline, int *ret, struct err *err)
{
	_cleanup_close_ int fd = -1;
	int r = connect_to(path, deadline, &fd);

	if (r == -ENOENT || r == -ECONNREFUSED)
		return err_set(err, ENOTCONN, "netguard is not running (nobody answers at %s)",
			       path);
	if (r < 0)
		return err_os(err, -r, "connect to %s", path);
	if (check_peer(fd, path) < 0)
		return err_set(err, EPERM, "%s is not held by root", path);
	*ret = take_fd(&fd);
	return 0;
}

/* The first reply, which says ok; reader->fd is open then. */
static int begin(const char *path, json_t *request, int timeout_ms, struct reader *reader,
		 json_t **ret, struct err *err)
{
	int64_t deadline = clock_ms() + (timeout_ms > 0 ? timeout_ms : 0);
	json_t *reply = NULL;
	int r;

	r = open_socket(path, deadline, &reader->fd, err);
	if (r == 0)
		r = send_object(reader->fd, request, deadline, err);
	if (r == 0)
		r = read_object(reader, deadline, &reply, err);
	if (r == 0)
		r = check_reply(reply, err);
	if (r == 0)
		*ret = json_incref(reply);
	json_decref(reply);
	return r;
}

static void reader_done(struct reader *r)
{
	closep(&r->fd);
	free(r->buf);
}

int guard_client_ask_at(const char *path, json_t *request, int timeout_ms, json_t **ret,
			struct err *err)
{
	_cleanup_(reader_done)
	struct reader reader = {.fd = -1};
	json_t *reply = NULL;
	int r = begin(path, request, timeout_ms, &reader, &reply, err);

	if (r == 0 && ret)
		*ret = reply;
	else
		json_decref(reply);
	return r;
}

int guard_client_follow(json_t *request, int timeout_ms, guard_client_fn *fn, void *userdata,
			struct err *err)
{
	return guard_client_follow_at(GUARD_SOCKET_PATH, request, timeout_ms, fn, userdata, err);
}

int guard_client_follow_at(const char *path, json_t *request, int timeout_ms, guard_client_fn *fn,
			   void *userdata, struct err *err)
{
	_cleanup_(reader_done)
	struct reader reader = {.fd = -1};
	json_t *line = NULL;
	int r = begin(path, request, timeout_ms, &reader, &line, err);

	while (r == 0) {
		r = fn(userdata, line);
		json_decref(line);
		line = NULL;
		if (r == 0)
			r = read_object(&reader, INT64_MAX, &line, err);
	}
	return r;
}

int guard_client_ask(json_t *request, int timeout_ms, json_t **ret, struct err *err)
{
	return guard_client_ask_at(GUARD_SOCKET_PATH, request, timeout_ms, ret, err);
}

/* The daemon's own answer, which names the reason, is to come before our patience ends. */
static int64_t patience(int timeout_ms)
{
	return clock_ms() + timeout_ms + GRACE_MS;
}

int guard_client_wait_begin(const char *container_id, int timeout_ms, int *ret_fd, struct err *err)
{
	json_t *request = json_pack("{s:{s:s, s:i}}", "wait", "container", container_id,
				    "timeout_ms", timeout_ms);
	_cleanup_close_ int fd = -1;
	int r;

	if (!request)
		return err_set(err, EINVAL, "the container's id is no text");
	r = open_socket(GUARD_SOCKET_PATH, patience(timeout_ms), &fd, err);
	if (r == 0)
		r = send_object(fd, request, patience(timeout_ms), err);
	json_decref(request);
	if (r == 0)
		*ret_fd = take_fd(&fd);
	return r;
}

int guard_client_wait_end(int fd, int timeout_ms, struct err *err)
{
	_cleanup_(reader_done)
	struct reader reader = {.fd = fd};
	json_t *reply = NULL;
	int r = read_object(&reader, patience(timeout_ms), &reply, err);

	if (r == 0)
		r = check_reply(reply, err);
	json_decref(reply);
	return r;
}

int guard_client_wait(const char *container_id, int timeout_ms, struct err *err)
{
	int fd = -1, r = guard_client_wait_begin(container_id, timeout_ms, &fd, err);

	return r < 0 ? r : guard_client_wait_end(fd, timeout_ms, err);
}

bool guard_client_running(void)
{
	_cleanup_close_ int fd = -1;

	return connect_to(GUARD_SOCKET_PATH, clock_ms() + 1000, &fd) == 0 &&
	       check_peer(fd, GUARD_SOCKET_PATH) == 0;
}
