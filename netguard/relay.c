/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/relay.h"

#include "netguard/relay_request.h"
#include "netguard/unix_socket.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BACK_MAX 65536
#define PAUSE_MS 20

struct pair {
	struct relay *relay;
	struct source client, engine; /* engine: none before the first question */
	char in[RELAY_HEAD_MAX];
	size_t n_in;
	char *up; /* the question that is being written */
	size_t n_up, up_at;
	char back[BACK_MAX]; /* of an answer, what the client has not taken yet */
	size_t n_back, back_at;
	bool ending; /* when the client has taken it */
};

struct relay {
	struct loop *loop;
	struct source listener;
	char *path;
	struct pair **pairs;
	size_t n_pairs;
};

static void drop(struct pair *p)
{
	struct relay *r = p->relay;

	for (size_t i = 0; i < r->n_pairs; i++) {
		if (r->pairs[i] == p) {
			r->pairs[i] = r->pairs[--r->n_pairs];
			break;
		}
	}
	source_remove(&p->client);
	source_remove(&p->engine);
	free(p->up);
	free(p);
}

/*
 * Each side is listened to while there is room for what it says: who is slow holds up himself. That
 * an engine is gone which is not listened to is told once, not in each round.
 */
static void set_events(struct pair *p)
{
	bool back = p->n_back > 0, room = !p->up && !p->ending && p->n_in < sizeof(p->in);

	source_set_events(&p->client, (back ? EPOLLOUT : 0U) | (room ? EPOLLIN : 0U));
	if (p->engine.fd >= 0)
		source_set_events(&p->engine,
				  (p->up ? EPOLLOUT : 0U) | (back ? EPOLLONESHOT : EPOLLIN));
}

/* ---- answers ---- */

/* False where the pair was dropped. */
static bool write_back(struct pair *p)
{
	int r = p->n_back > 0 ? unix_send(p->client.fd, p->back, p->n_back, &p->back_at) : 0;

	if (r == 0)
		p->n_back = p->back_at = 0;
	if ((r < 0 && r != -EAGAIN) || (r == 0 && p->ending)) {
		drop(p);
		return false;
	}
	return true;
}

/* Ours, where the engine is not asked. */
static bool answer(struct pair *p, const char *status, const char *why)
{
	json_auto_t *json = json_pack("{s:s}", "message", why);
	_cleanup_free_ char *message = json_dumps(json, JSON_COMPACT);
	int n = snprintf(p->back, sizeof(p->back),
			 "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
			 "Connection: close\r\n\r\n%s",
			 status, message ? strlen(message) : 0, message ? message : "");

	p->n_back = (size_t)n;
	p->ending = true;
	return write_back(p);
}

/* ---- questions ---- */

static bool write_up(struct pair *p)
{
	int r = p->up ? unix_send(p->engine.fd, p->up, p->n_up, &p->up_at) : 0;

	if (r == -EAGAIN)
		return true;
	free(take_ptr(p->up));
	if (r == 0)
		return true;
	drop(p);
	return false;
}

static bool serve(struct pair *p);

static void on_engine(struct source *s, uint32_t events)
{
	struct pair *p = s->userdata;
	ssize_t n;

	/* it is gone, which is seen again when the client has taken what there is */
	if (p->n_back > 0 && !(events & EPOLLOUT))
		return;
	if ((events & EPOLLOUT) && (!write_up(p) || !serve(p)))
		return;
	if (p->n_back == 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
		n = recv(s->fd, p->back, sizeof(p->back), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		p->n_back = n > 0 ? (size_t)n : 0;
		p->ending = n <= 0;
		if (!write_back(p))
			return;
	}
	set_events(p);
}

static bool ask(struct pair *p, char *question)
{
	_cleanup_close_ int fd = -1;
	struct err err;

	p->up = question;
	p->n_up = strlen(question);
	p->up_at = 0;
	if (p->engine.fd >= 0 ||
	    (unix_connect(p->relay->path, &fd, &err) == 0 &&
	     source_own(p->relay->loop, &p->engine, &fd, EPOLLIN, on_engine, p, &err) == 0))
		return write_up(p);
	free(take_ptr(p->up));
	return answer(p, "503 Service Unavailable", err.text);
}

/* All whole questions that are there. False where the pair was dropped. */
static bool serve(struct pair *p)
{
	while (!p->up && !p->ending && p->n_in > 0) {
		struct relay_request request;
		int r = relay_request_read(p->in, p->n_in, &request);

		if (r == 0)
			break;
		/* behind an answer that is under way there is no place for another */
		if (r < 0 || (!request.text && p->engine.fd >= 0)) {
			drop(p);
			return false;
		}
		p->n_in -= request.head;
		memmove(p->in, p->in + request.head, p->n_in);
		if (!(request.text ? ask(p, request.text)
				   : answer(p, "403 Forbidden", "the guard may not ask this")))
			return false;
	}
	return true;
}

static void on_client(struct source *s, uint32_t events)
{
	struct pair *p = s->userdata;
	ssize_t n;

	if (events & (EPOLLHUP | EPOLLERR)) {
		drop(p);
		return;
	}
	if ((events & EPOLLOUT) && !write_back(p))
		return;
	if (events & EPOLLIN) {
		n = recv(s->fd, p->in + p->n_in, sizeof(p->in) - p->n_in, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			drop(p);
			return;
		}
		p->n_in += (size_t)n;
		if (!serve(p))
			return;
	}
	set_events(p);
}

/* ---- life ---- */

static void on_connect(struct source *s, uint32_t events _unused_)
{
	struct relay *r = s->userdata;
	struct ucred peer;
	_cleanup_close_ int fd = unix_accept(s->fd, &peer);
	struct err ignored;
	struct pair *p;

	/* for want of descriptors or memory he waits, and the loop would only ask again and again
	 */
	if (fd < 0 && fd != -EAGAIN)
		poll(NULL, 0, PAUSE_MS);
	if (fd < 0 || r->n_pairs >= RELAY_PAIRS_MAX)
		return;
	p = xcalloc(1, sizeof(*p));
	p->relay = r;
	p->client = p->engine = SOURCE_NONE;
	if (source_own(r->loop, &p->client, &fd, EPOLLIN, on_client, p, &ignored) < 0)
		free(p);
	else
		ARRAY_PUSH(r->pairs, r->n_pairs) = p;
}

int relay_new(struct loop *l, int listener, const char *engine, struct relay **ret, struct err *err)
{
	_cleanup_(relay_freep)
	struct relay *r = xcalloc(1, sizeof(*r));
	_cleanup_close_ int fd = listener;
	int result;

	r->loop = l;
	r->listener = SOURCE_NONE;
	r->path = xstrdup(engine);
	result = source_own(l, &r->listener, &fd, EPOLLIN, on_connect, r, err);
	if (result < 0)
		return result;
	*ret = take_ptr(r);
	return 0;
}

void relay_free(struct relay *r)
{
	if (!r)
		return;
	while (r->n_pairs > 0)
		drop(r->pairs[0]);
	free(r->pairs);
	free(r->path);
	source_remove(&r->listener);
	free(r);
}
