/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Clients of the control socket. Each is in one of three states: a request is being read, a wait
 * is pending, or a reply is being written; who follows denials stays in the last. All have a
 * deadline, kept by one timer, but a follower that has read everything.
 */
#include "netguard/control.h"

#include "common/clock.h"
#include "netguard/control_budget.h"
#include "netguard/unix_socket.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

struct client {
	struct control *control;
	struct source source;
	uid_t uid;
	uint64_t deadline; /* loop_now_ms */
	char line[CONTROL_LINE_MAX + 1];
	size_t n_line;
	char *out; /* reply that is being written */
	size_t out_size, out_at;
	bool waiting;
	bool closing;	/* after the reply */
	bool following; /* denials are sent as they come; nothing more is read */
	struct control_request wait;
	uint64_t wait_number;
};

struct control {
	struct loop *loop;
	struct control_ops ops;
	char *path;
	struct source listener, timer;
	struct client **clients;
	size_t n_clients;
	struct control_budget budget;
	/* loop_now_ms: none is accepted before, for want of descriptors or memory; 0: at once */
	uint64_t paused_until;
};

static void drop_client(struct client *c)
{
	struct control *control = c->control;

	for (size_t i = 0; i < control->n_clients; i++) {
		if (control->clients[i] == c) {
			control->clients[i] = control->clients[--control->n_clients];
			break;
		}
	}
	source_remove(&c->source);
	free(c->out);
	free(c);
}

static void set_timer(struct control *c)
{
	uint64_t now = loop_now_ms(), first = c->paused_until ? c->paused_until : UINT64_MAX;

	for (size_t i = 0; i < c->n_clients; i++) {
		if (c->clients[i]->deadline < first)
			first = c->clients[i]->deadline;
	}
	if (first == UINT64_MAX)
		timer_set(&c->timer, 0, 0);
	else
		timer_set(&c->timer, first > now ? first - now : 1, 0);
}

static void set_deadline(struct client *c, uint64_t ms)
{
	c->deadline = loop_now_ms() + ms;
	set_timer(c->control);
}

/* ---- replies ---- */

/* False where the client is gone. */
static bool write_more(struct client *c)
{
	size_t before = c->out_at;
	int r = unix_send(c->source.fd, c->out, c->out_size, &c->out_at);

	if (r < 0 && r != -EAGAIN) {
		drop_client(c);
		return false;
	}
	if (c->following && c->out_at > before)
		set_deadline(c, CONTROL_IDLE_MS);
	if (r < 0) {
		source_set_events(&c->source, EPOLLOUT);
		return true;
	}
	free(take_ptr(c->out));
	c->out_at = c->out_size = 0;
	if (c->closing) {
		drop_client(c);
		return false;
	}
	if (c->following) {
		c->deadline = UINT64_MAX;
		set_timer(c->control);
	}
	source_set_events(&c->source, EPOLLIN);
	return true;
}

/* Takes over reply. False where the client is gone. */
static bool answer(struct client *c, json_t *reply)
{
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;

	json_decref(reply);
	if (!text) {
		drop_client(c);
		return false;
	}
	c->out_size = strlen(text);
	c->out = text;
	/* the newline takes the place of the NUL */
	c->out[c->out_size++] = '\n';
	c->waiting = false;
	set_deadline(c, CONTROL_IDLE_MS);
	return write_more(c);
}

static bool answer_error(struct client *c, int code, const char *text)
{
	const char *reason = code == ETIMEDOUT ? "timeout"
			     : code == EPERM   ? "denied"
			     : code == EINVAL  ? "invalid"
			     : code == ENOENT  ? "unknown"
			     : code == EBUSY   ? "busy"
					       : "failed";
	char printable[ERR_TEXT_MAX];

	return answer(c, json_pack("{s:s, s:s}", "error",
				   text_printable(printable, sizeof(printable), text), "reason",
				   reason));
}

/* ---- requests ---- */

/* False where the client is gone. */
static bool check_wait(struct client *c)
{
	struct control_ops *ops = &c->control->ops;
	struct err err;
	int r = ops->waited(ops->userdata, c->wait.container, c->wait_number, &err);

	if (r < 0)
		return answer_error(c, err.code, err.text);
	if (r > 0)
		return answer(c, json_pack("{s:b}", "ok", 1));
	return true;
}

static bool serve(struct client *c, const char *line, size_t size)
{
	struct control_ops *ops = &c->control->ops;
	struct control_request request;
	struct err err;
	json_t *reply;

	if (control_request_parse(line, size, &request, &err) < 0) {
		c->closing = true;
		return answer_error(c, EINVAL, err.text);
	}
	switch (request.kind) {
	case CONTROL_STATUS:
		reply = ops->status(ops->userdata);
		if (reply)
			json_object_set_new(reply, "ok", json_true());
		return answer(c, reply);
	case CONTROL_EXPLAIN:
		if (ops->explain(ops->userdata, &request, &reply, &err) < 0)
			return answer_error(c, err.code, err.text);
		if (reply)
			json_object_set_new(reply, "ok", json_true());
		return answer(c, reply);
	case CONTROL_DENIED:
		if (c->uid != 0)
			return answer_error(c, EPERM, "only root may see who was denied what");
		reply = ops->denied(ops->userdata, (size_t)request.last);
		c->following = request.follow;
		if (reply)
			json_object_set_new(reply, "ok", json_true());
		return answer(c, reply);
	case CONTROL_RELOAD:
		if (c->uid != 0)
			return answer_error(c, EPERM, "only root may ask for that");
		if (ops->reload(ops->userdata, &err) < 0)
			return answer_error(c, err.code, err.text);
		return answer(c, json_pack("{s:b}", "ok", 1));
	case CONTROL_WAIT:
		c->waiting = true;
		c->wait = request;
		/* a question outlives who asked it: what users ask for is answered as it is known
		 */
		c->wait_number =
			c->uid == 0 ? ops->wait_begin(ops->userdata, request.container) : 0;
		set_deadline(c, (uint64_t)request.timeout_ms);
		return check_wait(c);
	}
	return true;
}

/* Why a user's question is refused, or NULL. */
static const char *too_much(struct control *c, uid_t uid)
{
	const char *why = control_budget_refuses(&c->budget, uid);
	size_t unread = 0;

	if (why)
		return why;
	for (size_t i = 0; i < c->n_clients; i++)
		unread += c->clients[i]->uid ? c->clients[i]->out_size - c->clients[i]->out_at : 0;
	if (unread >= CONTROL_UNREAD_MAX)
		return "users don't read the replies to what they asked: try again in a second";
	return NULL;
}

/* Serves one line, at its sender's cost. False where the client is gone. */
static bool serve_at_cost(struct client *c, const char *line, size_t size)
{
	struct control *control = c->control;
	uid_t uid = c->uid;
	const char *why;
	int64_t before;
	bool there;

	if (uid == 0)
		return serve(c, line, size);
	why = too_much(control, uid);
	if (why) {
		/* to refuse costs, too: not line by line */
		c->closing = true;
		return answer_error(c, EBUSY, why);
	}
	before = clock_ns();
	there = serve(c, line, size);
	control_budget_spend(&control->budget, uid, (uint64_t)(clock_ns() - before) / 1000);
	return there;
}

/* Serves the lines that are there, while no reply is pending. */
static void serve_lines(struct client *c)
{
	while (!c->waiting && !c->out && !c->following) {
		char *end = memchr(c->line, '\n', c->n_line);
		char line[CONTROL_LINE_MAX + 1];
		size_t size;

		if (!end && c->n_line == sizeof(c->line)) {
			c->closing = true;
			answer_error(c, EINVAL, "the request is too long");
			return;
		}
		if (!end)
			return;
		size = (size_t)(end - c->line);
		memcpy(line, c->line, size);
		c->n_line -= size + 1;
		memmove(c->line, end + 1, c->n_line);
		if (!serve_at_cost(c, line, size))
			return;
	}
}

static void on_client(struct source *s, uint32_t events)
{
	struct client *c = s->userdata;
	ssize_t n;

	if (events & EPOLLERR) {
		drop_client(c);
		return;
	}
	if (c->out) {
		if (!write_more(c))
			return;
		serve_lines(c);
		return;
	}
	/* a follower has said all that it may */
	if (c->n_line == sizeof(c->line) || c->following) {
		/* more than one line in advance, during a wait: nobody needs that */
		drop_client(c);
		return;
	}
	n = recv(s->fd, c->line + c->n_line, sizeof(c->line) - c->n_line, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_client(c);
		return;
	}
	c->n_line += (size_t)n;
	serve_lines(c);
}

static bool too_many(const struct control *c, uid_t uid)
{
	size_t n = 0;

	/* the last ones are root's: nobody can keep podctl out */
	if (c->n_clients >= CONTROL_CLIENTS_MAX - (uid == 0 ? 0 : CONTROL_CLIENTS_FOR_ROOT))
		return true;
	for (size_t i = 0; i < c->n_clients; i++)
		n += c->clients[i]->uid == uid;
	return uid != 0 && n >= CONTROL_CLIENTS_PER_USER;
}

static void pause_accepting(struct control *c)
{
	c->paused_until = loop_now_ms() + CONTROL_PAUSE_MS;
	source_set_events(&c->listener, 0);
	set_timer(c);
}

static void on_connect(struct source *s, uint32_t events _unused_)
{
	struct control *control = s->userdata;
	struct ucred peer;
	_cleanup_close_ int fd = unix_accept(s->fd, &peer);
	struct client *c;
	struct err err;

	if (fd < 0) {
		/* they wait meanwhile; the loop would only ask again and again */
		if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || fd == -ENOBUFS)
			pause_accepting(control);
		return;
	}
	if (too_many(control, peer.uid))
		return;
	c = xcalloc(1, sizeof(*c));
	c->control = control;
	c->uid = peer.uid;
	c->source = SOURCE_NONE;
	if (source_own(control->loop, &c->source, &fd, EPOLLIN, on_client, c, &err) < 0) {
		free(c);
		return;
	}
	ARRAY_PUSH(control->clients, control->n_clients) = c;
	set_deadline(c, CONTROL_IDLE_MS);
}

static void on_timer(struct source *s, uint32_t events _unused_)
{
	struct control *control = s->userdata;
	uint64_t now = loop_now_ms();

	if (!timer_read(s))
		return;
	if (control->paused_until && control->paused_until <= now) {
		control->paused_until = 0;
		source_set_events(&control->listener, EPOLLIN);
	}
	/* from behind: dropping puts the last one, which was looked at, in the gap */
	for (size_t i = control->n_clients; i-- > 0;) {
		struct client *c;

		if (i >= control->n_clients)
			continue;
		c = control->clients[i];
		if (c->deadline > now)
			continue;
		if (!c->waiting)
			drop_client(c);
		else if (answer_error(c, ETIMEDOUT,
				      "the container's addresses did not come in time"))
			serve_lines(c);
	}
	set_timer(control);
}

void control_check(struct control *c)
{
	for (size_t i = c->n_clients; i-- > 0;) {
		struct client *client;

		/* a reload that one of them asked for comes here again, and drops others */
		if (i >= c->n_clients)
			continue;
		client = c->clients[i];
		if (client->waiting && check_wait(client) && !client->waiting)
			serve_lines(client);
	}
}

/* False where the client is gone, or was dropped for not reading. */
static bool append(struct client *c, const char *text, size_t size)
{
	size_t left = c->out_size - c->out_at;
	char *out;

	if (left + size > CONTROL_FOLLOW_MAX) {
		drop_client(c);
		return false;
	}
	if (left == 0)
		set_deadline(c, CONTROL_IDLE_MS);
	out = xmalloc(left + size);
	if (left)
		memcpy(out, c->out + c->out_at, left);
	memcpy(out + left, text, size);
	free(c->out);
	c->out = out;
	c->out_size = left + size;
	c->out_at = 0;
	return write_more(c);
}

void control_publish(struct control *c, const json_t *line)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;

	for (size_t i = c->n_clients; i-- > 0;) {
		if (!c->clients[i]->following)
			continue;
		if (!text) {
			text = json_dumps(line, JSON_COMPACT);
			if (!text)
				return;
			/* the newline takes the place of the NUL */
			size = strlen(text);
			text[size++] = '\n';
		}
		append(c->clients[i], text, size);
	}
}

/* ---- life ---- */

int control_new(struct loop *l, const char *path, const struct control_ops *ops,
		struct control **ret, struct err *err)
{
	_cleanup_(control_freep)
	struct control *c = xcalloc(1, sizeof(*c));
	_cleanup_close_ int fd = -1;
	int r;

	c->loop = l;
	c->ops = *ops;
	c->listener = c->timer = SOURCE_NONE;
	r = timer_add(l, &c->timer, on_timer, c, err);
	if (r < 0)
		return r;
	r = unix_listen(path, 0666, 128, &fd, err);
	if (r < 0)
		return r;
	c->path = xstrdup(path);
	r = source_own(l, &c->listener, &fd, EPOLLIN, on_connect, c, err);
	if (r < 0)
		return r;
	*ret = take_ptr(c);
	return 0;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	while (c->n_clients > 0)
		drop_client(c->clients[0]);
	free(c->clients);
	source_remove(&c->listener);
	source_remove(&c->timer);
	if (c->path)
		unlink(c->path);
	free(c->path);
	free(c);
}

size_t control_n_clients(const struct control *c)
{
	return c->n_clients;
}
