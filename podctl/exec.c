/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One loop over: what comes from us (in), what comes from there (the stream), the engine's answers
 * to requests beside it (resize, inspect), and signals. Each direction has one buffer, which is
 * filled again when it is empty: who does not read holds up his own direction only.
 *
 * Output is written where poll says that there is room, and never more than what does not block:
 * else a caller who writes all before reading would wait for us, and we for him.
 */
#include "podctl/exec.h"

#include "common/clock.h"
#include "podctl/exec_create.h"
#include "podctl/pipe_end.h"
#include "podctl/remote.h"
#include "podctl/terminal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define BUFFER_SIZE  PIPE_END_MOST
#define RESIZE_TRIES 20
#define INSPECT_MS   10 /* between tries: the process is not there at once */
#define GRACE_MS     2000
#define LOOK_MS	     2000 /* where the process can't be held: how often the engine is asked for it */
#define SILENCE_MS   5000 /* after its end: more than the engine itself waits for its output */

struct buffer {
	char data[BUFFER_SIZE];
	size_t at, size;
};

struct session {
	const struct exec *x;
	char *start; /* "/exec/ID" */
	bool tty;
	struct engine_stream *stream;
	struct terminal terminal;
	struct remote remote;
	int signals;
	struct pipe_end out, err_out;
	struct buffer up, down; /* to the container; from it */
	struct engine_frames frames;
	bool in_ended, up_closed, stream_ended;
	unsigned resize_tries;
	struct engine_request *resizing, *inspecting; /* in flight */
	bool held;		     /* the remote process is, as far as it can be */
	bool gone;		     /* it has ended; what it wrote may still come */
	int64_t looked_at, heard_at; /* ms: the last inspection; what came last, or its end */
	int blocked_on;		     /* the stream (1, 2) whose end had no room */
	int ended_by;		     /* signal, 0: none */
	int result;		     /* -errno */
	struct err *err;
};

/* ---- requests beside the stream ---- */

static void resize(struct session *s);

static void resized(void *userdata, const struct engine_reply *reply)
{
	struct session *s = userdata;
	struct err ignored;

	s->resizing = NULL;
	/* the process may not be there yet */
	if (engine_reply_check(reply, &ignored) < 0 && s->resize_tries > 0) {
		s->resize_tries--;
		resize(s);
	}
}

static void resize(struct session *s)
{
	_cleanup_free_ char *path = NULL;
	unsigned rows, columns;

	if (!s->tty || !terminal_size(s->x->in, &rows, &columns))
		return;
	if (s->resizing)
		engine_cancel(s->x->engine, s->resizing);
	path = xasprintf("%s/resize?h=%u&w=%u", s->start, rows, columns);
	s->resizing = engine_start(s->x->engine, &(struct engine_call){.method = "POST",
								       .path = path,
								       .done = resized,
								       .userdata = s});
}

static void is_gone(struct session *s)
{
	if (!s->gone)
		s->heard_at = clock_ms();
	s->gone = true;
}

static void inspected(void *userdata, const struct engine_reply *reply)
{
	struct session *s = userdata;
	struct err ignored;

	s->inspecting = NULL;
	if (engine_reply_check(reply, &ignored) == 0) {
		json_t *pid = json_object_get(reply->json, "Pid"),
		       *container = json_object_get(reply->json, "ContainerID");
		json_int_t n = json_integer_value(pid);

		if (n <= 0 || n > INT_MAX)
			return; /* not there yet */
		if (!json_is_true(json_object_get(reply->json, "Running")))
			is_gone(s);
		/* a process of another container would be none that we started */
		else if (!s->held && json_is_string(container) &&
			 streq(json_string_value(container), s->x->container_id))
			remote_hold(&s->remote, (pid_t)n, s->x->container_id);
	} else {
		is_gone(s);
	}
	s->held = true; /* as far as it can be */
}

static void inspect(struct session *s)
{
	_cleanup_free_ char *path = xasprintf("%s/json", s->start);

	s->looked_at = clock_ms();
	s->inspecting = engine_start(s->x->engine, &(struct engine_call){.method = "GET",
									 .path = path,
									 .done = inspected,
									 .userdata = s});
}

/* ---- bytes ---- */

/* Where it is known that a whole frame's piece goes to one end, as much of it as fits. */
struct piece {
	int stream;
	const char *data;
	size_t size;
};

static int take_piece(void *userdata, int stream, const void *data, size_t size)
{
	struct piece *p = userdata;

	*p = (struct piece){stream, data, size};
	return 1;
}

/*
 * Writes some of what came. 0: go on; 1: the end has no room now. The frames' state is moved on
 * only by what was written.
 */
static int give(struct session *s, bool out_ready, bool err_ready)
{
	struct buffer *b = &s->down;

	while (b->at < b->size) {
		struct engine_frames frames = s->frames;
		struct piece p = {1, b->data + b->at, b->size - b->at};
		const struct pipe_end *to;
		size_t before;
		int r = 0, n;

		if (!s->tty)
			r = engine_frames_feed(&frames, b->data + b->at, b->size - b->at,
					       take_piece, &p);
		if (r < 0) {
			err_set(s->err, EPROTO, "the engine's stream is none");
			return -EPROTO;
		}
		if (!s->tty && r == 0) { /* headers only */
			s->frames = frames;
			b->at = b->size;
			break;
		}
		to = p.stream == 2 ? &s->err_out : &s->out;
		s->blocked_on = p.stream;
		if (!(p.stream == 2 ? err_ready : out_ready))
			return 1;
		n = pipe_end_write(to, p.data, p.size);
		if (n < 0) {
			err_os(s->err, -n, "output");
			return n;
		}
		before = (size_t)(p.data - (b->data + b->at));
		if (!s->tty) {
			/* the header, and of the payload what went out */
			struct piece ignored;

			frames = s->frames;
			(void)engine_frames_feed(&frames, b->data + b->at, before + (size_t)n,
						 take_piece, &ignored);
			s->frames = frames;
		}
		b->at += before + (size_t)n;
		if ((size_t)n < p.size || to->most < BUFFER_SIZE)
			return 1;
	}
	return 0;
}

static int from_stream(struct session *s)
{
	ssize_t n;

	if (s->down.at < s->down.size)
		return 0;
	n = engine_stream_read(s->stream, s->down.data, sizeof(s->down.data));
	if (n == -EAGAIN)
		return 0;
	if (n < 0) {
		err_os(s->err, (int)-n, "connection to the engine");
		return (int)n;
	}
	s->stream_ended = n == 0;
	s->heard_at = clock_ms();
	s->down.at = 0;
	s->down.size = (size_t)n;
	return 0;
}

static void from_us(struct session *s)
{
	ssize_t n = read(s->x->in, s->up.data, sizeof(s->up.data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	s->up.at = 0;
	s->up.size = n > 0 ? (size_t)n : 0;
	/* a terminal that hung up gives EIO: as an end */
	s->in_ended = n <= 0;
}

static int to_stream(struct session *s)
{
	while (s->up.at < s->up.size) {
		ssize_t n = engine_stream_write(s->stream, s->up.data + s->up.at,
						s->up.size - s->up.at);

		if (n == -EAGAIN)
			return 0;
		if (n < 0) {
			/* it reads no more: not the end of what it writes */
			s->in_ended = true;
			s->up.at = s->up.size;
			break;
		}
		s->up.at += (size_t)n;
	}
	if (s->in_ended && s->up.at == s->up.size && !s->up_closed) {
		s->up_closed = true;
		engine_stream_close_write(s->stream);
	}
	return 0;
}

/* ---- signals ---- */

static void on_signal(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGWINCH:
			s->resize_tries = 0;
			resize(s);
			break;
		case SIGCONT:
			if (s->tty)
				terminal_make_raw(&s->terminal, s->x->in);
			resize(s);
			break;
		default:
			s->ended_by = (int)info.ssi_signo;
		}
	}
}

static int open_signals(struct session *s, sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGCONT);
	pthread_sigmask(SIG_BLOCK, &set, before);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? err_os(s->err, errno, "signalfd") : 0;
}

/* ---- the loop ---- */

enum { AT_IN, AT_OUT, AT_ERR, AT_STREAM, AT_ENGINE, AT_SIGNALS, AT_REMOTE, AT_COUNT };

static void fill_polls(const struct session *s, struct pollfd p[static AT_COUNT])
{
	bool waiting = s->down.at < s->down.size, sending = s->up.at < s->up.size;

	p[AT_IN] = (struct pollfd){s->in_ended || sending ? -1 : s->x->in, POLLIN, 0};
	/* POLLERR is told even where nothing is asked for: a reader that is gone */
	p[AT_OUT] = (struct pollfd){s->out.fd, waiting && s->blocked_on != 2 ? POLLOUT : 0, 0};
	p[AT_ERR] = (struct pollfd){s->err_out.fd, waiting && s->blocked_on == 2 ? POLLOUT : 0, 0};
	p[AT_STREAM] =
		(struct pollfd){engine_stream_fd(s->stream),
				(short)((waiting ? 0 : POLLIN) | (sending ? POLLOUT : 0)), 0};
	p[AT_ENGINE] = (struct pollfd){engine_fd(s->x->engine), POLLIN, 0};
	p[AT_SIGNALS] = (struct pollfd){s->signals, POLLIN, 0};
	p[AT_REMOTE] = (struct pollfd){s->gone ? -1 : s->remote.pidfd, POLLIN, 0};
	if (p[AT_STREAM].events == 0)
		p[AT_STREAM].fd = -1;
}

/* One round. */
static int turn(struct session *s)
{
	struct pollfd p[AT_COUNT];
	bool pending = s->down.at == s->down.size && engine_stream_pending(s->stream);
	int timeout = pending ? 0 : !s->held ? INSPECT_MS : -1, r = 0;

	if (timeout < 0 && (s->gone || s->remote.pidfd < 0))
		timeout = LOOK_MS;

	fill_polls(s, p);
	if (poll(p, AT_COUNT, timeout) < 0 && errno != EINTR)
		return err_os(s->err, errno, "poll");
	if (p[AT_SIGNALS].revents)
		on_signal(s);
	if (p[AT_ENGINE].revents)
		engine_dispatch(s->x->engine);
	if (!s->inspecting && !s->gone &&
	    (!s->held || (s->remote.pidfd < 0 && clock_ms() - s->looked_at >= LOOK_MS)))
		inspect(s);
	if (p[AT_REMOTE].revents)
		is_gone(s);
	if (p[AT_IN].revents)
		from_us(s);
	if (p[AT_IN].revents || p[AT_STREAM].revents & POLLOUT || (s->in_ended && !s->up_closed))
		r = to_stream(s);
	if (r == 0 && (pending || p[AT_STREAM].revents & (POLLIN | POLLHUP | POLLERR)))
		r = from_stream(s);
	/* of a socket it is told by a hangup that nobody reads any more */
	if (r == 0 && p[AT_OUT].revents & (POLLERR | POLLHUP))
		r = err_os(s->err, EPIPE, "output");
	if (r == 0) {
		r = give(s, p[AT_OUT].revents & POLLOUT || s->out.most == BUFFER_SIZE,
			 p[AT_ERR].revents & POLLOUT || s->err_out.most == BUFFER_SIZE);
		r = r > 0 ? 0 : r;
	}
	/* an engine that restarts the container meanwhile may forget to end the stream */
	if (s->gone && s->down.at == s->down.size && clock_ms() - s->heard_at >= SILENCE_MS)
		s->stream_ended = true;
	return r;
}

/* The remote process is to end: asked first, then made to. */
static void end_remote(struct session *s, int signal)
{
	struct pollfd pfd = {.events = POLLIN};

	/* it may be about to start just now */
	for (int i = 0; i < GRACE_MS / INSPECT_MS && !s->held; i++) {
		struct pollfd wait = {.fd = engine_fd(s->x->engine), .events = POLLIN};

		if (!s->inspecting)
			inspect(s);
		if (poll(&wait, 1, INSPECT_MS) > 0)
			engine_dispatch(s->x->engine);
	}
	pfd.fd = s->remote.pidfd;
	remote_signal(&s->remote, signal);
	if (pfd.fd >= 0 && poll(&pfd, 1, GRACE_MS) == 0)
		remote_signal(&s->remote, SIGKILL);
}

static int exit_status(struct session *s, int *ret)
{
	_cleanup_free_ char *path = xasprintf("%s/json", s->start);
	json_auto_t *json = NULL;
	json_t *code;
	int r;

	/* the stream may end a moment before the engine has noted how */
	for (int i = 0;; i++) {
		r = engine_do(s->x->engine, &(struct engine_call){.method = "GET", .path = path},
			      &json, s->err);
		if (r < 0)
			return r;
		if (!json_is_true(json_object_get(json, "Running")) || i == 50)
			break;
		json_decref(take_ptr(json));
		usleep(INSPECT_MS * 1000);
	}
	code = json_object_get(json, "ExitCode");
	if (!json_is_integer(code))
		return err_set(s->err, EPROTO, "the engine does not say how the command ended");
	*ret = (int)(json_integer_value(code) & 0xff);
	return 0;
}

static int loop(struct session *s, int *ret)
{
	int r = 0;

	while (r == 0 && !s->ended_by && !(s->stream_ended && s->down.at == s->down.size))
		r = turn(s);
	if (s->ended_by || r < 0)
		end_remote(s, s->ended_by ? s->ended_by : SIGHUP);
	terminal_restore(&s->terminal);
	remote_done(&s->remote);
	if (s->ended_by) {
		*ret = 128 + s->ended_by;
		return 0;
	}
	if (r == -EPIPE) {
		*ret = 128 + SIGPIPE;
		return 0;
	}
	return r < 0 ? r : exit_status(s, ret);
}

/* ---- all ---- */

static int start(struct session *s)
{
	_cleanup_free_ char *path = xasprintf("%s/start", s->start);
	json_auto_t *body = json_pack("{s:b, s:b}", "Detach", 0, "Tty", (int)s->tty);

	return engine_hijack(s->x->engine, path, body, &s->stream, s->err);
}

int exec_run(const struct exec *x, int *ret, struct err *err)
{
	struct session *s = xcalloc(1, sizeof(*s));
	sigset_t before;
	int r;

	s->x = x;
	s->err = err;
	s->remote = REMOTE_NONE;
	s->terminal.fd = -1;
	s->resize_tries = RESIZE_TRIES;
	s->tty = terminal_is_one(x->in, x->out);
	pipe_end_widen(x->in);
	s->out = pipe_end_open(x->out);
	s->err_out = pipe_end_open(x->err);
	r = open_signals(s, &before);
	if (r == 0)
		r = exec_create(x, s->tty, &s->start, err);
	if (r == 0)
		r = start(s);
	if (r == 0 && s->tty)
		r = terminal_make_raw(&s->terminal, x->in);
	if (r == 0) {
		resize(s);
		r = loop(s, ret);
	}
	terminal_restore(&s->terminal);
	if (s->resizing)
		engine_cancel(x->engine, s->resizing);
	if (s->inspecting)
		engine_cancel(x->engine, s->inspecting);
	engine_stream_free(s->stream);
	pipe_end_close(&s->out);
	pipe_end_close(&s->err_out);
	closep(&s->signals);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	free(s->start);
	free(s);
	return r;
}
