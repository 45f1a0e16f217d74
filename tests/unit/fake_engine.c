/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread accepts, one more for each connection; a pipe that is closed ends them all. */
#include "tests/unit/fake_engine.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct entry {
	struct fake_reply reply;
	bool used;
};

/* What was pushed, and when by the clock of the day: who asks "since" gets it, too, as engines do.
 */
#define PUSHED_MAX 256

struct pushed {
	double at;
	char *chunk;
};

struct conn {
	struct fake_engine *fake;
	pthread_t thread;
	int fd;
	bool streaming, hung_up;
	char *in;
	size_t size;
};

struct fake_engine {
	char dir[32];
	char *path, *host;
	int listener, stop[2];
	pthread_t thread;

	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct entry *entries;
	size_t n_entries;
	struct conn **conns;
	size_t n_conns;
	struct strv kept;
	unsigned n_requests, n_now, n_most, n_streams;
	char *last;
	struct pushed pushed[PUSHED_MAX]; /* a ring */
	size_t n_pushed;
};

static void must(bool ok, const char *what)
{
	if (!ok) {
		perror(what);
		abort();
	}
}

/* Waits for fd or the end; false at the end. */
static bool wait_readable(const struct fake_engine *f, int fd)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = f->stop[0], .events = POLLIN}};

	while (poll(fds, 2, -1) < 0)
		must(errno == EINTR, "poll");
	return fds[1].revents == 0;
}

static bool send_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n < 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

/* Reads one request into c->in; false where the client or the fake went. Returns its length. */
static size_t read_request(struct conn *c)
{
	for (;;) {
		char *end = c->size ? memmem(c->in, c->size, "\r\n\r\n", 4) : NULL;
		size_t have = c->size, need = 0;
		ssize_t n;

		if (end) {
			char *length = strcasestr(c->in, "\r\nContent-Length:");

			need = (size_t)(end - c->in) + 4;
			if (length && length < end)
				need += strtoul(length + 17, NULL, 10);
			if (have >= need)
				return need;
		}
		if (!wait_readable(c->fake, c->fd))
			return 0;
		c->in = xreallocarray(c->in, have + 65536 + 1, 1);
		n = recv(c->fd, c->in + have, 65536, 0);
		if (n <= 0)
			return 0;
		c->size += (size_t)n;
		c->in[c->size] = '\0';
	}
}

static bool fits(const struct fake_reply *r, const char *request)
{
	const char *blank = strchr(request, ' ');

	if (!blank)
		return false;
	if (r->method &&
	    (strlen(r->method) != (size_t)(blank - request) || !startswith(request, r->method)))
		return false;
	return !r->path || startswith(blank + 1, r->path);
}

/* Takes the script's reply to this request. */
static struct fake_reply choose(struct conn *c, const char *request, char **ret_fallback)
{
	struct fake_engine *f = c->fake;
	_cleanup_free_ char *body = NULL;

	for (size_t i = 0; i < f->n_entries; i++) {
		if (f->entries[i].used || !fits(&f->entries[i].reply, request))
			continue;
		f->entries[i].used = !f->entries[i].reply.forever;
		return f->entries[i].reply;
	}
	body = xasprintf("{\"message\":\"no script for %.*s\"}", (int)strcspn(request, "\r\""),
			 request);
	*ret_fallback = fake_http(404, body);
	return (struct fake_reply){.data = *ret_fallback, .size = strlen(*ret_fallback)};
}

static void nap(int ms)
{
	struct timespec ts = {ms / 1000, (ms % 1000) * 1000000L};

	nanosleep(&ts, NULL);
}

static bool send_reply(struct conn *c, const struct fake_reply *r)
{
	size_t size = r->size, first = size;

	if (r->cut && r->cut < size)
		size = first = r->cut;
	if (r->split && r->split < size)
		first = r->split;
	if (r->delay_ms)
		nap(r->delay_ms);
	if (!send_all(c->fd, r->data, first))
		return false;
	if (first == size)
		return true;
	nap(1);
	return send_all(c->fd, r->data + first, size - first);
}

/* The lock is held. request: NULL, or what opened the stream. */
static void catch_up(struct conn *c, const char *request)
{
	struct fake_engine *f = c->fake;
	const char *since = request ? strstr(request, "since=") : NULL;
	double from = since ? strtod(since + strlen("since="), NULL) : 0;
	size_t first = f->n_pushed > PUSHED_MAX ? f->n_pushed - PUSHED_MAX : 0;

	for (size_t i = first; since && i < f->n_pushed; i++) {
		const struct pushed *p = &f->pushed[i % PUSHED_MAX];

		if (p->at >= from)
			send_all(c->fd, p->chunk, strlen(p->chunk));
	}
}

static void set_streaming(struct conn *c, bool on, const char *request)
{
	pthread_mutex_lock(&c->fake->lock);
	catch_up(c, request);
	if (c->streaming != on)
		c->fake->n_streams += on ? 1U : -1U;
	c->streaming = on;
	pthread_cond_broadcast(&c->fake->changed);
	pthread_mutex_unlock(&c->fake->lock);
}

/* Answers one request; false where the connection ends. */
static bool answer(struct conn *c, size_t length)
{
	struct fake_engine *f = c->fake;
	_cleanup_free_ char *request = xstrndup(c->in, length), *fallback = NULL;
	struct fake_reply r;
	bool go_on;
	char byte;

	memmove(c->in, c->in + length, c->size - length + 1);
	c->size -= length;
	pthread_mutex_lock(&f->lock);
	f->n_requests++;
	if (++f->n_now > f->n_most)
		f->n_most = f->n_now;
	free(f->last);
	f->last = xstrdup(request);
	r = choose(c, request, &fallback);
	pthread_mutex_unlock(&f->lock);

	go_on = send_reply(c, &r) && r.end != FAKE_CLOSE;
	pthread_mutex_lock(&f->lock);
	f->n_now--;
	pthread_mutex_unlock(&f->lock);
	if (!go_on || r.end == FAKE_KEEP)
		return go_on;
	if (r.end == FAKE_STREAM)
		set_streaming(c, true, request);
	while (wait_readable(f, c->fd) && recv(c->fd, &byte, 1, 0) > 0)
		;
	set_streaming(c, false, NULL);
	return false;
}

static void *run_conn(void *arg)
{
	struct conn *c = arg;
	size_t length;

	while ((length = read_request(c)) > 0) {
		if (!answer(c, length))
			break;
	}
	shutdown(c->fd, SHUT_RDWR);
	return NULL;
}

static void *run_listener(void *arg)
{
	struct fake_engine *f = arg;

	while (wait_readable(f, f->listener)) {
		struct conn *c = xcalloc(1, sizeof(*c));

		c->fake = f;
		c->fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
		must(c->fd >= 0, "accept4");
		pthread_mutex_lock(&f->lock);
		ARRAY_PUSH(f->conns, f->n_conns) = c;
		must(pthread_create(&c->thread, NULL, run_conn, c) == 0, "pthread_create");
		pthread_mutex_unlock(&f->lock);
	}
	return NULL;
}

struct fake_engine *fake_engine_new(void)
{
	struct fake_engine *f = xcalloc(1, sizeof(*f));
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(f->dir, sizeof(f->dir), "/tmp/fake-engine-XXXXXX");
	must(mkdtemp(f->dir) != NULL, "mkdtemp");
	f->path = xasprintf("%s/engine.sock", f->dir);
	f->host = xasprintf("unix://%s", f->path);
	must(pipe2(f->stop, O_CLOEXEC) == 0, "pipe2");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(f->listener >= 0, "socket");
	must(bind(f->listener, (struct sockaddr *)&address, sizeof(address)) == 0, "bind");
	must(listen(f->listener, 4096) == 0, "listen");
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	must(pthread_create(&f->thread, NULL, run_listener, f) == 0, "pthread_create");
	return f;
}

void fake_engine_free(struct fake_engine *f)
{
	if (!f)
		return;
	closep(&f->stop[1]);
	pthread_join(f->thread, NULL);
	for (size_t i = 0; i < f->n_conns; i++) {
		/* wakes one that can't get rid of its reply */
		shutdown(f->conns[i]->fd, SHUT_RDWR);
		pthread_join(f->conns[i]->thread, NULL);
		close(f->conns[i]->fd);
		free(f->conns[i]->in);
		free(f->conns[i]);
	}
	close(f->stop[0]);
	close(f->listener);
	unlink(f->path);
	rmdir(f->dir);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->changed);
	for (size_t i = 0; i < PUSHED_MAX; i++)
		free(f->pushed[i].chunk);
	free(f->conns);
	free(f->entries);
	strv_done(&f->kept);
	free(f->last);
	free(f->path);
	free(f->host);
	free(f);
}

const char *fake_engine_host(const struct fake_engine *f)
{
	return f->host;
}

void fake_engine_add(struct fake_engine *f, const struct fake_reply *reply)
{
	struct fake_reply mine = *reply;
	char *data;

	mine.size = mine.size ? mine.size : strlen(mine.data);
	/* a client that has enough may be done with it before we are */
	mine.data = data = xmemdup(mine.data, mine.size);
	pthread_mutex_lock(&f->lock);
	strv_take(&f->kept, data);
	ARRAY_PUSH(f->entries, f->n_entries) = (struct entry){.reply = mine};
	pthread_mutex_unlock(&f->lock);
}

void fake_engine_clear(struct fake_engine *f)
{
	pthread_mutex_lock(&f->lock);
	free(f->entries);
	f->entries = NULL;
	f->n_entries = 0;
	pthread_mutex_unlock(&f->lock);
}

void fake_engine_replace(struct fake_engine *f, const struct fake_reply *replies, size_t n)
{
	pthread_mutex_lock(&f->lock);
	f->n_entries = 0;
	for (size_t i = 0; i < n; i++) {
		struct fake_reply mine = replies[i];
		char *data;

		mine.size = mine.size ? mine.size : strlen(mine.data);
		mine.data = data = xmemdup(mine.data, mine.size);
		strv_take(&f->kept, data);
		if (mine.path) {
			strv_add(&f->kept, mine.path);
			mine.path = f->kept.items[f->kept.n - 1];
		}
		ARRAY_PUSH(f->entries, f->n_entries) = (struct entry){.reply = mine};
	}
	pthread_mutex_unlock(&f->lock);
}

bool fake_engine_left(struct fake_engine *f, size_t i)
{
	bool left;

	pthread_mutex_lock(&f->lock);
	left = i < f->n_entries && !f->entries[i].used;
	pthread_mutex_unlock(&f->lock);
	return left;
}

char *fake_http(int status, const char *body)
{
	return xasprintf("HTTP/1.1 %d Text\r\nContent-Type: application/json\r\n"
			 "Api-Version: 1.41\r\nContent-Length: %zu\r\n\r\n%s",
			 status, strlen(body), body);
}

char *fake_http_chunked(int status, const char *body, size_t chunk)
{
	char *all = xasprintf("HTTP/1.1 %d Text\r\nTransfer-Encoding: chunked\r\n\r\n", status);

	for (size_t left = strlen(body); left > 0;) {
		size_t n = left < chunk ? left : chunk;
		char *more = xasprintf("%s%zx\r\n%.*s\r\n", all, n, (int)n, body);

		free(all);
		all = more;
		body += n;
		left -= n;
	}
	body = all;
	all = xasprintf("%s0\r\n\r\n", all);
	freep(&body);
	return all;
}

void fake_engine_json(struct fake_engine *f, const char *path, int status, const char *body)
{
	_cleanup_free_ char *data = fake_http(status, body);

	fake_engine_add(f, &(struct fake_reply){.path = path, .data = data});
}

void fake_engine_push(struct fake_engine *f, unsigned n, const char *text)
{
	char *chunk = xasprintf("%zx\r\n%s\r\n", strlen(text), text);
	struct pushed *p;
	struct timespec now;

	pthread_mutex_lock(&f->lock);
	while (f->n_streams < n)
		pthread_cond_wait(&f->changed, &f->lock);
	clock_gettime(CLOCK_REALTIME, &now);
	p = &f->pushed[f->n_pushed++ % PUSHED_MAX];
	free(p->chunk);
	*p = (struct pushed){(double)now.tv_sec + (double)now.tv_nsec / 1e9, chunk};
	for (size_t i = 0; i < f->n_conns; i++) {
		if (f->conns[i]->streaming)
			send_all(f->conns[i]->fd, chunk, strlen(chunk));
	}
	pthread_mutex_unlock(&f->lock);
}

/* Not that there is none: who was hung up on may be back already. */
static bool is_hanging_up(const struct fake_engine *f)
{
	for (size_t i = 0; i < f->n_conns; i++) {
		if (f->conns[i]->streaming && f->conns[i]->hung_up)
			return true;
	}
	return false;
}

void fake_engine_hang_up(struct fake_engine *f)
{
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->n_conns; i++) {
		if (!f->conns[i]->streaming)
			continue;
		f->conns[i]->hung_up = true;
		shutdown(f->conns[i]->fd, SHUT_RDWR);
	}
	while (is_hanging_up(f))
		pthread_cond_wait(&f->changed, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

static unsigned locked(struct fake_engine *f, const unsigned *value)
{
	unsigned v;

	pthread_mutex_lock(&f->lock);
	v = *value;
	pthread_mutex_unlock(&f->lock);
	return v;
}

unsigned fake_engine_requests(struct fake_engine *f)
{
	return locked(f, &f->n_requests);
}

unsigned fake_engine_connections(struct fake_engine *f)
{
	unsigned n;

	pthread_mutex_lock(&f->lock);
	n = (unsigned)f->n_conns;
	pthread_mutex_unlock(&f->lock);
	return n;
}

unsigned fake_engine_most_at_once(struct fake_engine *f)
{
	return locked(f, &f->n_most);
}

char *fake_engine_last(struct fake_engine *f)
{
	char *last;

	pthread_mutex_lock(&f->lock);
	last = xstrdup(f->last);
	pthread_mutex_unlock(&f->lock);
	return last;
}
