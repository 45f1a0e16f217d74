/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/authz_server.h"

#include "netguard/authz_request.h"
#include "netguard/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

struct authz_peer {
	struct authz_server *server;
	struct source source;
	char *in;
	size_t n_in, capacity;
	char *out; /* the answer that is being written */
	size_t n_out, out_at;
	uint64_t since; /* loop_now_ms of the message's first byte, or the answer's; 0: idle */
	bool asking;	/* asked was called, and no answer came yet */
	bool closing;	/* after the answer */
	bool serving;	/* on the stack of serve */
	bool dropped;	/* on the list of those to be freed when no function has them any more */
	struct authz_peer *next_dropped;
};

struct authz_server {
	struct loop *loop;
	struct authz_server_ops ops;
	struct source listener, timer;
	struct authz_peer **peers;
	size_t n_peers;
	struct authz_peer *dropped;
	size_t buffered; /* capacities of all */
};

static void release(struct authz_peer *p)
{
	p->server->buffered -= p->capacity;
	free(take_ptr(p->in));
	p->n_in = p->capacity = 0;
}

static void drop(struct authz_peer *p)
{
	struct authz_server *s = p->server;

	for (size_t i = 0; i < s->n_peers; i++) {
		if (s->peers[i] == p) {
			s->peers[i] = s->peers[--s->n_peers];
			break;
		}
	}
	if (p->asking)
		s->ops.gone(s->ops.userdata, p);
	p->asking = false;
	source_remove(&p->source);
	release(p);
	free(take_ptr(p->out));
	p->dropped = true;
	p->next_dropped = s->dropped;
	s->dropped = p;
}

/* Called where an event begins: nobody who dropped a peer is on the stack any more. */
static void bury(struct authz_server *s)
{
	while (s->dropped) {
		struct authz_peer *p = s->dropped;

		s->dropped = p->next_dropped;
		free(p);
	}
}

/* ---- answers ---- */

/* False where the peer was dropped. */
static bool write_more(struct authz_peer *p)
{
	int r = unix_send(p->source.fd, p->out, p->n_out, &p->out_at);

	if (r == -EAGAIN) {
		source_set_events(&p->source, EPOLLOUT);
		return true;
	}
	if (r < 0) {
		drop(p);
		return false;
	}
	free(take_ptr(p->out));
	p->n_out = p->out_at = 0;
	p->since = p->n_in > 0 ? loop_now_ms() : 0;
	if (p->closing) {
		drop(p);
		return false;
	}
	source_set_events(&p->source, EPOLLIN);
	return true;
}

static void serve(struct authz_peer *p);

void authz_server_answer(struct authz_peer *p, int status, const char *json)
{
	p->asking = false;
	p->out = xasprintf("HTTP/1.1 %s\r\nContent-Type: application/vnd.docker.plugins.v1.2+json"
			   "\r\nContent-Length: %zu\r\n%s\r\n%s",
			   status == 200 ? "200 OK" : "404 Not Found", strlen(json),
			   p->closing ? "Connection: close\r\n" : "", json);
	p->n_out = strlen(p->out);
	p->out_at = 0;
	p->since = loop_now_ms();
	if (write_more(p) && !p->serving)
		serve(p);
}

/* ---- messages ---- */

static void ask(struct authz_peer *p, const struct authz_http *http)
{
	struct authz_server *s = p->server;
	size_t whole = http->head + http->body;
	_cleanup_free_ char *message = xmemdup(p->in + http->head, http->body + 1);

	message[http->body] = '\0';
	p->n_in -= whole;
	memmove(p->in, p->in + whole, p->n_in);
	/* idle connections hold nothing */
	if (p->n_in == 0)
		release(p);
	p->closing = http->closing;
	p->asking = true;
	p->since = 0;
	source_set_events(&p->source, 0);
	s->ops.asked(s->ops.userdata, p, http->what, message, http->body);
}

/* All whole messages that are there, while none waits for its answer. */
static void serve(struct authz_peer *p)
{
	p->serving = true;
	while (!p->dropped && !p->asking && !p->out && p->n_in > 0) {
		struct authz_http http;
		int r = authz_http_parse(p->in, p->n_in, &http);

		if (r < 0) {
			drop(p);
			break;
		}
		if (r == 0 || p->n_in - http.head < http.body)
			break;
		ask(p, &http);
	}
	p->serving = false;
}

/* Room for some more; false where there is no more. */
static bool make_room(struct authz_peer *p)
{
	size_t limit = AUTHZ_MESSAGE_MAX + AUTHZ_HEAD_MAX;
	size_t capacity = p->capacity ? p->capacity * 2 : 16384;

	/* one more is for the NUL behind a message that is copied */
	if (p->n_in + 1 < p->capacity)
		return true;
	capacity = capacity > limit ? limit : capacity;
	if (p->capacity == limit ||
	    p->server->buffered + capacity - p->capacity > AUTHZ_BUFFERS_MAX)
		return false;
	p->in = xreallocarray(p->in, capacity, 1);
	p->server->buffered += capacity - p->capacity;
	p->capacity = capacity;
	return true;
}

static void on_peer(struct source *s, uint32_t events)
{
	struct authz_peer *p = s->userdata;
	ssize_t n;

	bury(p->server);
	if (events & (EPOLLERR | EPOLLHUP)) {
		drop(p);
		return;
	}
	if (p->out) {
		if (write_more(p))
			serve(p);
		return;
	}
	if (p->asking || !make_room(p)) {
		drop(p);
		return;
	}
	n = recv(s->fd, p->in + p->n_in, p->capacity - p->n_in - 1, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop(p);
		return;
	}
	if (!p->since)
		p->since = loop_now_ms();
	p->n_in += (size_t)n;
	serve(p);
}

/* The one that has been idle is closed for a new one: the engine connects again where it needs. */
static bool make_place(struct authz_server *s)
{
	if (s->n_peers < AUTHZ_PEERS_MAX)
		return true;
	for (size_t i = 0; i < s->n_peers; i++) {
		if (!s->peers[i]->asking && !s->peers[i]->since) {
			drop(s->peers[i]);
			return true;
		}
	}
	return false;
}

static void on_connect(struct source *source, uint32_t events _unused_)
{
	struct authz_server *s = source->userdata;
	struct ucred peer;
	_cleanup_close_ int fd = unix_accept(source->fd, &peer);
	struct authz_peer *p;
	struct err err;

	if (fd < 0 || (peer.uid != 0 && peer.uid != geteuid()) || !make_place(s))
		return;
	p = xcalloc(1, sizeof(*p));
	p->server = s;
	p->source = SOURCE_NONE;
	if (source_own(s->loop, &p->source, &fd, EPOLLIN, on_peer, p, &err) < 0) {
		free(p);
		return;
	}
	ARRAY_PUSH(s->peers, s->n_peers) = p;
}

static void on_timer(struct source *source, uint32_t events _unused_)
{
	struct authz_server *s = source->userdata;
	uint64_t now = loop_now_ms();

	if (!timer_read(source))
		return;
	bury(s);
	for (size_t i = s->n_peers; i-- > 0;) {
		struct authz_peer *p;

		if (i >= s->n_peers)
			continue;
		p = s->peers[i];
		if (p->since && !p->asking && now - p->since > AUTHZ_READ_MS)
			drop(p);
	}
}

/* ---- life ---- */

int authz_server_listen(const char *path, int *ret, struct err *err)
{
	return unix_listen_alone(path, 0600, 512, ret, err);
}

int authz_server_new(struct loop *l, int listener, const struct authz_server_ops *ops,
		     struct authz_server **ret, struct err *err)
{
	_cleanup_(authz_server_freep)
	struct authz_server *s = xcalloc(1, sizeof(*s));
	_cleanup_close_ int fd = listener;
	int r;

	s->loop = l;
	s->ops = *ops;
	s->listener = s->timer = SOURCE_NONE;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return err_os(err, errno, "the plugin's socket");
	r = timer_add(l, &s->timer, on_timer, s, err);
	if (r < 0)
		return r;
	timer_set(&s->timer, AUTHZ_READ_MS / 4, AUTHZ_READ_MS / 4);
	r = source_own(l, &s->listener, &fd, EPOLLIN, on_connect, s, err);
	if (r < 0)
		return r;
	*ret = take_ptr(s);
	return 0;
}

void authz_server_free(struct authz_server *s)
{
	if (!s)
		return;
	while (s->n_peers > 0)
		drop(s->peers[0]);
	bury(s);
	free(s->peers);
	source_remove(&s->listener);
	source_remove(&s->timer);
	free(s);
}
