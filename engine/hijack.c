/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * curl makes the connection (and TLS), as for every request; the request and the head of its reply
 * are ours, because curl has no way to hand over a connection after an upgrade. The head is hostile
 * input: bounded, its status line strict, and of its fields only Content-Length is looked at, for
 * the message of an error.
 */
#include "engine/private.h"

#include "common/clock.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <strings.h>
#include <sys/socket.h>

struct engine_stream {
	CURL *easy;
	int fd;
	bool tls;
	char *head; /* what came behind the reply's head already */
	size_t at, size;
};

void engine_stream_free(struct engine_stream *s)
{
	if (!s)
		return;
	curl_easy_cleanup(s->easy);
	free(s->head);
	free(s);
}

int engine_stream_fd(const struct engine_stream *s)
{
	return s->fd;
}

static SSL *ssl_of(const struct engine_stream *s)
{
	struct curl_tlssessioninfo *info = NULL;

	if (!s->tls || curl_easy_getinfo(s->easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK ||
	    !info || info->backend != CURLSSLBACKEND_OPENSSL)
		return NULL;
	return info->internals;
}

bool engine_stream_pending(const struct engine_stream *s)
{
	SSL *ssl = ssl_of(s);

	return s->at < s->size || (ssl && SSL_pending(ssl) > 0);
}

static ssize_t moved(CURLcode code, size_t n)
{
	switch (code) {
	case CURLE_OK:
		return (ssize_t)n;
	case CURLE_AGAIN:
		return -EAGAIN;
	default:
		return -ECONNRESET;
	}
}

static ssize_t receive(struct engine_stream *s, void *data, size_t size)
{
	size_t n = 0;
	CURLcode code = curl_easy_recv(s->easy, data, size, &n);

	return moved(code, n);
}

ssize_t engine_stream_read(struct engine_stream *s, void *data, size_t size)
{
	size_t left = s->size - s->at;

	if (left == 0)
		return receive(s, data, size);
	if (size > left)
		size = left;
	memcpy(data, s->head + s->at, size);
	s->at += size;
	return (ssize_t)size;
}

ssize_t engine_stream_write(struct engine_stream *s, const void *data, size_t size)
{
	size_t n = 0;
	CURLcode code = curl_easy_send(s->easy, data, size, &n);

	return moved(code, n);
}

void engine_stream_close_write(struct engine_stream *s)
{
	SSL *ssl = ssl_of(s);

	/* under TLS the end is a message of its own; the socket must stay open for it */
	if (ssl)
		SSL_shutdown(ssl);
	else
		shutdown(s->fd, SHUT_WR);
}

/* ---- making one ---- */

/* Waits for the socket until deadline. */
static int wait_socket(const struct engine_stream *s, short events, int64_t deadline)
{
	for (;;) {
		struct pollfd pfd = {.fd = s->fd, .events = events};
		int64_t left = deadline - clock_ms();
		int r;

		if (left <= 0)
			return -ETIMEDOUT;
		r = poll(&pfd, 1, (int)left);
		if (r > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return -errno;
	}
}

static int send_all(struct engine_stream *s, const char *text, int64_t deadline)
{
	size_t size = strlen(text);

	while (size > 0) {
		ssize_t n = engine_stream_write(s, text, size);
		int r = 0;

		if (n >= 0) {
			text += n;
			size -= (size_t)n;
		} else {
			r = n == -EAGAIN ? wait_socket(s, POLLOUT, deadline) : (int)n;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* Reads more behind what there is, up to limit bytes. 0: the end; else -errno or 1. */
static int read_more(struct engine_stream *s, size_t limit, int64_t deadline)
{
	for (;;) {
		ssize_t n;
		int r;

		if (s->size >= limit)
			return -EMSGSIZE;
		n = receive(s, s->head + s->size, limit - s->size);
		if (n >= 0) {
			s->size += (size_t)n;
			s->head[s->size] = '\0';
			return n > 0;
		}
		r = n == -EAGAIN ? wait_socket(s, POLLIN, deadline) : (int)n;
		if (r < 0)
			return r;
	}
}

static size_t content_length(const char *head, const char *end)
{
	static const char name[] = "\r\nContent-Length:";

	for (const char *at = head; (at = strchr(at, '\r')) && at < end; at++) {
		if (strncasecmp(at, name, sizeof(name) - 1) == 0) {
			uint64_t n;
			size_t digits;

			at += sizeof(name) - 1;
			at += strspn(at, " \t");
			digits = strspn(at, "0123456789");
			if (text_digits(at, digits, HEAD_BODY_MAX, &n))
				return n;
			return digits > 0 ? HEAD_BODY_MAX : 0;
		}
	}
	return 0;
}

int head_parse(const char *text, struct head *ret)
{
	const char *end = strstr(text, "\r\n\r\n");
	struct head head = {0};
	uint64_t status;

	if (!end)
		return 0;
	if (!startswith(text, "HTTP/1.1 ") || !text_digits(text + 9, 3, 599, &status) ||
	    status < 100)
		return -EPROTO;
	head.status = (int)status;
	head.body = (size_t)(end - text) + 4;
	head.length = content_length(text, end);
	*ret = head;
	return 1;
}

/* What the engine says went wrong. */
static int refused(struct engine_stream *s, const char *host, const struct head *head,
		   int64_t deadline, struct err *err)
{
	size_t want = head->body + head->length;
	json_auto_t *json = NULL;
	const char *message = NULL;
	char shown[512];
	struct err ignored;

	while (s->size < want && read_more(s, HEAD_MAX + HEAD_BODY_MAX, deadline) > 0)
		;
	if (engine_json_parse(s->head + head->body, s->size - head->body, &json, &ignored) == 0)
		message = json_string_value(json_object_get(json, "message"));
	return err_set(err,
		       head->status == 404   ? ENOENT
		       : head->status == 409 ? EEXIST
					     : EIO,
		       "engine %s: %s", host,
		       text_printable(shown, sizeof(shown), message ? message : "refused"));
}

static int read_head(struct engine_stream *s, const char *host, int64_t deadline, struct err *err)
{
	struct head head;
	int r;

	s->head = xcalloc(1, HEAD_MAX + HEAD_BODY_MAX + 1);
	while ((r = head_parse(s->head, &head)) == 0) {
		r = read_more(s, HEAD_MAX, deadline);
		if (r == 0)
			r = -ECONNRESET;
		if (r < 0)
			return err_os(err, -r, "engine %s", host);
	}
	if (r < 0)
		return err_set(err, EPROTO, "engine %s: no HTTP reply", host);
	s->at = head.body;
	/* 200 from engines that do not know the upgrade */
	if (head.status == 101 || head.status == 200)
		return 0;
	return refused(s, host, &head, deadline, err);
}

static int connect_stream(struct engine *e, struct engine_stream *s, struct err *err)
{
	char why[CURL_ERROR_SIZE] = "", shown[CURL_ERROR_SIZE];
	curl_socket_t fd = CURL_SOCKET_BAD;
	long os_error = 0;
	CURLcode code;

	s->easy = curl_easy_init();
	if (!s->easy)
		abort();
	s->tls = e->tls;
	code = request_set_peer(e, s->easy);
	code = code ? code : curl_easy_setopt(s->easy, CURLOPT_URL, e->base);
	code = code ? code : curl_easy_setopt(s->easy, CURLOPT_CONNECT_ONLY, 1L);
	code = code ? code
		    : curl_easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)ENGINE_TIMEOUT_MS);
	curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, why);
	code = code ? code : curl_easy_perform(s->easy);
	curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, NULL);
	code = code ? code : curl_easy_getinfo(s->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (code == CURLE_OK && fd != CURL_SOCKET_BAD) {
		s->fd = fd;
		return 0;
	}
	curl_easy_getinfo(s->easy, CURLINFO_OS_ERRNO, &os_error);
	return err_set(err, request_errno(code, os_error), "engine %s: %s", e->host,
		       text_printable(shown, sizeof(shown), *why ? why : curl_easy_strerror(code)));
}

int engine_hijack(struct engine *e, const char *path, json_t *body, struct engine_stream **ret,
		  struct err *err)
{
	_cleanup_(engine_stream_freep)
	struct engine_stream *s = xcalloc(1, sizeof(*s));
	_cleanup_free_ char *text = json_dumps(body, JSON_COMPACT), *request = NULL;
	_cleanup_free_ char *token = request_token_header(e);
	int64_t deadline = clock_ms() + ENGINE_TIMEOUT_MS;
	int r;

	s->fd = -1;
	if (!text || !request_path_valid(path))
		return err_set(err, EINVAL, "request for the engine: bad path or JSON");
	r = connect_stream(e, s, err);
	if (r < 0)
		return r;
	request = xasprintf("POST /v%s%s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: netguard\r\n"
			    "Content-Type: application/json\r\nContent-Length: %zu\r\n"
			    "Connection: Upgrade\r\nUpgrade: tcp\r\n%s%s\r\n%s",
			    e->api_version, path, strlen(text), token ? token : "",
			    token ? "\r\n" : "", text);
	r = send_all(s, request, deadline);
	if (r < 0)
		return err_os(err, -r, "engine %s", e->host);
	r = read_head(s, e->host, deadline, err);
	if (r < 0)
		return r;
	*ret = take_ptr(s);
	return 0;
}
