/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The client object: where the engine is, curl's multi handle, and the epoll instance that tells
 * its owner when to dispatch.
 *
 * What always holds: user functions run either in dispatch (done), outside of curl, or inside of a
 * curl callback (on_line, on_data), where in_curl is set and curl itself is not touched: requests
 * started there are queued, requests cancelled there are dropped when curl has returned.
 */
#include "engine/private.h"

#include "common/clock.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define NS_PER_S  1000000000

/* Sets the timer for when, 0: off. A time that has passed fires at once. */
static void arm(struct engine *e, int64_t when)
{
	struct itimerspec spec = {.it_value = {when / NS_PER_S, when % NS_PER_S}};
	int r;

	if (when == e->armed)
		return;
	r = timerfd_settime(e->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
	assert(r == 0);
	(void)r;
	e->armed = when;
}

void engine_kick(struct engine *e)
{
	/* what curl's callbacks start is looked at before the dispatch that called them ends */
	if (!e->in_curl)
		arm(e, 1);
}

static int on_socket(_unused_ CURL *easy, curl_socket_t fd, int what, void *userdata,
		     _unused_ void *socket_data)
{
	struct engine *e = userdata;
	struct epoll_event event = {.data.fd = fd};

	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(e->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	if (what != CURL_POLL_OUT)
		event.events |= EPOLLIN;
	if (what != CURL_POLL_IN)
		event.events |= EPOLLOUT;
	if (epoll_ctl(e->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	return epoll_ctl(e->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -1;
}

static int on_timer(_unused_ CURLM *multi, long timeout_ms, void *userdata)
{
	struct engine *e = userdata;

	e->deadline = timeout_ms < 0 ? 0 : clock_ns() + (int64_t)timeout_ms * NS_PER_MS;
	return 0;
}

static void multi_open(struct engine *e)
{
	e->multi = curl_multi_init();
	if (!e->multi)
		abort();
	curl_multi_setopt(e->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(e->multi, CURLMOPT_SOCKETDATA, e);
	curl_multi_setopt(e->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(e->multi, CURLMOPT_TIMERDATA, e);
	/* room for idle ones too, or curl 8 closes connections that are wanted a moment later */
	curl_multi_setopt(e->multi, CURLMOPT_MAXCONNECTS, 2L * ENGINE_PARALLEL_MAX);
}

/* "host", "host:port", "[::1]:port": nothing that would mean more than that in a URL. */
static bool authority_valid(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n <= 300 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    ".-_:[]") == n &&
	       text[0] != ':';
}

static bool has_port(const char *authority)
{
	const char *bracket = strrchr(authority, ']');

	return strchr(bracket ? bracket : authority, ':') != NULL;
}

static int set_host(struct engine *e, const struct engine_options *o, struct err *err)
{
	const char *rest;

	e->host = xstrdup(o->host ? o->host : ENGINE_DEFAULT_HOST);
	rest = startswith(e->host, "unix://");
	if (rest) {
		if (rest[0] != '/' || strlen(rest) >= sizeof(((struct sockaddr_un *)0)->sun_path))
			return err_set(err, EINVAL, "DOCKER_HOST: no absolute path, or too long");
		e->socket_path = xstrdup(rest);
		e->base = xstrdup("http://localhost");
		return 0;
	}
	rest = startswith(e->host, "tcp://");
	if (!rest || !authority_valid(rest))
		return err_set(err, EINVAL,
			       "DOCKER_HOST: neither unix:///PATH nor tcp://HOST:PORT");
	e->tls = o->tls;
	e->base = xasprintf("http%s://%s%s", o->tls ? "s" : "", rest,
			    has_port(rest) ? ""
			    : o->tls	   ? ":2376"
					   : ":2375");
	if (o->tls && o->cert_path) {
		e->ca = xasprintf("%s/ca.pem", o->cert_path);
		e->cert = xasprintf("%s/cert.pem", o->cert_path);
		e->key = xasprintf("%s/key.pem", o->cert_path);
	}
	return 0;
}

static int open_fds(struct engine *e, struct err *err)
{
	struct epoll_event event = {.events = EPOLLIN};

	e->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (e->epoll_fd < 0)
		return err_os(err, errno, "epoll_create1");
	e->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (e->timer_fd < 0)
		return err_os(err, errno, "timerfd_create");
	event.data.fd = e->timer_fd;
	if (epoll_ctl(e->epoll_fd, EPOLL_CTL_ADD, e->timer_fd, &event) < 0)
		return err_os(err, errno, "epoll_ctl");
	return 0;
}

int engine_new_with(const struct engine_options *options, struct engine **ret, struct err *err)
{
	_cleanup_(engine_freep)
	struct engine *e = xcalloc(1, sizeof(*e));
	int r;

	e->epoll_fd = e->timer_fd = -1;
	e->api_minor = ENGINE_API_MINOR_MIN;
	snprintf(e->api_version, sizeof(e->api_version), "1.%u", e->api_minor);
	TAILQ_INIT(&e->queued);
	TAILQ_INIT(&e->queued_streams);
	TAILQ_INIT(&e->active);
	TAILQ_INIT(&e->finished);
	TAILQ_INIT(&e->dropped);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	multi_open(e);
	r = set_host(e, options, err);
	if (r < 0)
		return r;
	r = open_fds(e, err);
	if (r < 0)
		return r;
	*ret = take_ptr(e);
	return 0;
}

int engine_new(const char *host, struct engine **ret, struct err *err)
{
	return engine_new_with(&(struct engine_options){.host = host}, ret, err);
}

static void free_list(struct engine_requests *list)
{
	struct engine_request *r;

	while ((r = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, r, entry);
		request_free(r);
	}
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	assert(!e->in_curl);
	free_list(&e->queued);
	free_list(&e->queued_streams);
	free_list(&e->active);
	free_list(&e->finished);
	free_list(&e->dropped);
	curl_multi_cleanup(e->multi); /* calls on_socket */
	closep(&e->timer_fd);
	closep(&e->epoll_fd);
	free(e->host);
	free(e->socket_path);
	free(e->token_path);
	free(e->base);
	free(e->ca);
	free(e->cert);
	free(e->key);
	free(e);
	curl_global_cleanup();
}

void engine_set_token_file(struct engine *e, const char *path)
{
	free(e->token_path);
	e->token_path = xstrdup(path);
}

const char *engine_host(const struct engine *e)
{
	return e->host;
}

int engine_fd(const struct engine *e)
{
	return e->epoll_fd;
}

/* Moves r from the active list (or queue) to the finished one; its result is set. */
static void finish(struct engine *e, struct engine_requests *from, struct engine_request *r)
{
	TAILQ_REMOVE(from, r, entry);
	r->state = REQUEST_FINISHED;
	TAILQ_INSERT_TAIL(&e->finished, r, entry);
}

static void activate(struct engine *e, struct engine_requests *queue)
{
	struct engine_request *r;

	while ((r = TAILQ_FIRST(queue)) && !(r->limited && e->n_limited >= ENGINE_PARALLEL_MAX)) {
		if (request_activate(r) < 0) {
			finish(e, queue, r);
			continue;
		}
		TAILQ_REMOVE(queue, r, entry);
		TAILQ_INSERT_TAIL(&e->active, r, entry);
		r->state = REQUEST_ACTIVE;
		e->n_limited += r->limited;
	}
}

/* Takes r out of curl's hands. */
static void deactivate(struct engine *e, struct engine_request *r)
{
	request_deactivate(r);
	e->n_limited -= r->limited;
}

/*
 * curl gives up on a multi handle as a whole when a socket can't be watched. All that it had is
 * lost, and the next requests get a new one.
 */
static void start_over(struct engine *e)
{
	struct engine_request *r;

	while ((r = TAILQ_FIRST(&e->active))) {
		deactivate(e, r);
		r->result = err_set(&r->err, EIO, "engine %s: no way to watch a socket", e->host);
		finish(e, &e->active, r);
	}
	curl_multi_cleanup(e->multi);
	e->deadline = 0;
	multi_open(e);
}

static void drop_cancelled(struct engine *e)
{
	struct engine_request *r;

	while ((r = TAILQ_FIRST(&e->dropped))) {
		TAILQ_REMOVE(&e->dropped, r, entry);
		deactivate(e, r);
		request_free(r);
	}
}

static void act(struct engine *e, curl_socket_t fd, int mask)
{
	CURLMcode code;
	int running = 0;

	e->in_curl = true;
	code = curl_multi_socket_action(e->multi, fd, mask, &running);
	e->in_curl = false;
	drop_cancelled(e);
	if (code != CURLM_OK)
		start_over(e);
}

static void act_on_events(struct engine *e)
{
	struct epoll_event events[64];
	int n = epoll_wait(e->epoll_fd, events, ARRAY_SIZE(events), 0);
	uint64_t expirations;
	int64_t deadline;

	for (int i = 0; i < n; i++) {
		int mask = 0;

		if (events[i].data.fd == e->timer_fd) {
			/* what it was set for is looked at below */
			if (read(e->timer_fd, &expirations, sizeof(expirations)) > 0)
				e->armed = 0;
			continue;
		}
		if (events[i].events & EPOLLIN)
			mask |= CURL_CSELECT_IN;
		if (events[i].events & EPOLLOUT)
			mask |= CURL_CSELECT_OUT;
		if (events[i].events & (EPOLLERR | EPOLLHUP))
			mask |= CURL_CSELECT_ERR;
		/* curl ignores a socket that an earlier event made it close */
		act(e, events[i].data.fd, mask);
	}
	deadline = e->deadline;
	if (deadline != 0 && clock_ns() >= deadline) {
		e->deadline = 0;
		act(e, CURL_SOCKET_TIMEOUT, 0);
	}
}

static void collect(struct engine *e)
{
	struct engine_request *r = NULL;
	CURLMsg *msg;
	CURLcode code;
	int left;

	while ((msg = curl_multi_info_read(e->multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		code = msg->data.result; /* msg does not outlive the next call */
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&r);
		request_conclude(r, code);
		deactivate(e, r);
		finish(e, &e->active, r);
	}
}

/* Done functions may start, cancel and even dispatch: so one at a time from the list's head. */
static void deliver(struct engine *e)
{
	/* what fails while we deliver has its turn in the next dispatch */
	struct engine_request *r, *last = TAILQ_LAST(&e->finished, engine_requests);
	bool was_last = last == NULL;

	while (!was_last && (r = TAILQ_FIRST(&e->finished))) {
		was_last = r == last;
		TAILQ_REMOVE(&e->finished, r, entry);
		r->state = REQUEST_DELIVERING;
		e->n_requests--;
		reply_deliver(r);
		request_free(r);
	}
}

void engine_dispatch(struct engine *e)
{
	assert(!e->in_curl);
	activate(e, &e->queued_streams);
	activate(e, &e->queued);
	act_on_events(e);
	collect(e);
	deliver(e);
	/* places may have become free, and done functions may have started requests */
	activate(e, &e->queued_streams);
	activate(e, &e->queued);
	/* what was just started goes out now: a timer would take its time */
	if (e->deadline != 0 && clock_ns() >= e->deadline) {
		e->deadline = 0;
		act(e, CURL_SOCKET_TIMEOUT, 0);
		collect(e);
	}
	if (!TAILQ_EMPTY(&e->finished))
		engine_kick(e);
	else
		arm(e, e->deadline);
}

void engine_cancel(struct engine *e, struct engine_request *r)
{
	switch (r->state) {
	case REQUEST_DELIVERING:
	case REQUEST_DROPPED:
		return;
	case REQUEST_QUEUED:
		TAILQ_REMOVE(r->limited ? &e->queued : &e->queued_streams, r, entry);
		break;
	case REQUEST_FINISHED:
		TAILQ_REMOVE(&e->finished, r, entry);
		break;
	case REQUEST_ACTIVE:
		TAILQ_REMOVE(&e->active, r, entry);
		if (e->in_curl) {
			TAILQ_INSERT_TAIL(&e->dropped, r, entry);
			r->state = REQUEST_DROPPED;
			e->n_requests--;
			return;
		}
		deactivate(e, r);
		break;
	}
	e->n_requests--;
	request_free(r);
	/* a place may have become free, and curl's timer may have changed */
	engine_kick(e);
}

/* Sleeps until there is something to dispatch or a signal comes; 1: *stop is set. */
static int sleep_until(struct engine *e, const volatile int *stop)
{
	struct pollfd pfd = {.fd = e->epoll_fd, .events = POLLIN};
	sigset_t all, old;
	int stopped;

	/* a signal between the look at *stop and the sleep must not be slept through */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	stopped = stop && *stop;
	if (!stopped)
		ppoll(&pfd, 1, NULL, &old);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return stopped;
}

int engine_wait_until(struct engine *e, const volatile int *stop)
{
	assert(!e->in_curl);
	for (;;) {
		if (stop && *stop)
			return 1;
		if (e->n_requests == 0)
			return 0;
		if (sleep_until(e, stop))
			return 1;
		engine_dispatch(e);
	}
}

void engine_wait(struct engine *e)
{
	engine_wait_until(e, NULL);
}

size_t engine_in_flight(const struct engine *e)
{
	return e->n_requests;
}

struct one_call {
	volatile int done;
	int result;
	json_t *json;
	struct err err;
};

static void one_call_done(void *userdata, const struct engine_reply *reply)
{
	struct one_call *one = userdata;

	one->result = engine_reply_check(reply, &one->err);
	one->json = json_incref(reply->json);
	one->done = 1;
}

int engine_do(struct engine *e, const struct engine_call *call, json_t **ret, struct err *err)
{
	struct one_call one = {0};
	struct engine_request *r;
	json_auto_t *json = NULL;

	if (e->in_curl)
		return err_set(err, EDEADLK, "engine: a reader of a stream may not wait");
	r = engine_start(e, call);
	/* the call's userdata belongs to its on_line or on_data */
	r->done = one_call_done;
	r->done_data = &one;
	engine_wait_until(e, &one.done);
	json = one.json;
	if (one.result < 0) {
		*err = one.err;
		return one.result;
	}
	if (ret)
		*ret = take_ptr(json);
	return 0;
}
