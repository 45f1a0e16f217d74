/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One request: how curl is told what to send and whom to trust, what becomes of the bytes that
 * come back, and how it ended.
 *
 * What always holds: nothing of the environment (proxies, netrc) or of a reply (redirects, other
 * protocols) changes where a request goes; each buffer has a limit; sockets are CLOEXEC; and a
 * reply of JSON or lines that does not say how long it is (by Content-Length or chunks) is an
 * error, because it could be cut anywhere without anybody seeing it.
 */
#include "engine/private.h"

#include "common/authz_token.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#define STREAM_PIECE 4096L

static bool method_known(const char *method)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "HEAD"};

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (streq(method, methods[i]))
			return true;
	}
	return false;
}

/* Nothing that would end the request line, or be cut off as a fragment. */
bool request_path_valid(const char *path)
{
	if (path[0] != '/')
		return false;
	for (const char *p = path; *p; p++) {
		if (*p <= ' ' || *p > '~' || *p == '#')
			return false;
	}
	return true;
}

/* Keeps why we end a request; the first reason counts. */
static void fail(struct engine_request *r, const struct err *err)
{
	if (r->result < 0)
		return;
	r->result = -err->code;
	r->err = *err;
}

static void fail_too_big(struct engine_request *r, const char *what, size_t limit)
{
	struct err err;

	err_set(&err, EMSGSIZE, "engine %s: %s over %zu bytes", r->engine->host, what, limit);
	fail(r, &err);
}

/* Appends to the body; false when that exceeds limit. One more byte is there for a NUL. */
static bool append(struct engine_request *r, const char *data, size_t size, size_t limit)
{
	if (size > limit - r->size)
		return false;
	if (r->size + size + 1 > r->capacity) {
		if (r->capacity == 0)
			r->capacity = 4096;
		while (r->capacity < r->size + size + 1)
			r->capacity *= 2;
		r->body = xreallocarray(r->body, r->capacity, 1);
	}
	memcpy(r->body + r->size, data, size);
	r->size += size;
	r->body[r->size] = '\0';
	return true;
}

/* What its reader returned. False where the request is to end. */
static bool goes_on(struct engine_request *r, int result)
{
	struct err err;

	if (r->state == REQUEST_DROPPED)
		return false;
	if (result < 0) {
		err_os(&err, -result, "engine %s: stream ended by its reader", r->engine->host);
		fail(r, &err);
	}
	return result >= 0;
}

/* Returns false where the request is to end. */
static bool give_line(struct engine_request *r, engine_line_fn *fn, const char *line, size_t size)
{
	if (size > 0 && line[size - 1] == '\r')
		size--;
	if (size == 0)
		return true;
	return goes_on(r, fn(r->userdata, line, size));
}

/*
 * A line grows beyond our limit: its beginning goes to who wants it, and the rest of it to nobody.
 * Returns false where the request is to end.
 */
static bool give_beginning(struct engine_request *r, const char *data, size_t size)
{
	bool go_on;

	if (!r->on_long_line) {
		fail_too_big(r, "a line", ENGINE_LINE_MAX);
		return false;
	}
	if (size > ENGINE_LINE_MAX - r->size)
		size = ENGINE_LINE_MAX - r->size;
	append(r, data, size, ENGINE_LINE_MAX);
	go_on = give_line(r, r->on_long_line, r->body, r->size);
	r->skipping = true;
	r->size = r->capacity = 0;
	free(take_ptr(r->body));
	return go_on;
}

/* One line, or what is there of it. Returns false where the request is to end. */
static bool give_part(struct engine_request *r, const char *data, size_t size, bool ends)
{
	bool go_on;

	if (r->skipping)
		go_on = true;
	else if (size > ENGINE_LINE_MAX - r->size)
		go_on = give_beginning(r, data, size);
	else if (!ends)
		go_on = append(r, data, size, ENGINE_LINE_MAX);
	else if (r->size == 0)
		go_on = give_line(r, r->on_line, data, size);
	else
		go_on = append(r, data, size, ENGINE_LINE_MAX) &&
			give_line(r, r->on_line, r->body, r->size);
	if (ends) {
		r->size = 0;
		r->skipping = false;
	}
	return go_on;
}

static bool give_lines(struct engine_request *r, const char *data, size_t size)
{
	const char *end;

	while ((end = memchr(data, '\n', size))) {
		size_t n = (size_t)(end - data);

		if (!give_part(r, data, n, true))
			return false;
		data += n + 1;
		size -= n + 1;
	}
	return give_part(r, data, size, false);
}

static bool give_data(struct engine_request *r, const char *data, size_t size)
{
	return goes_on(r, r->on_data(r->userdata, data, size));
}

/* Whether the reply says how long it is. */
static bool framed(struct engine_request *r)
{
	struct curl_header *header;
	curl_off_t length = -1;

	curl_easy_getinfo(r->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length >= 0)
		return true;
	return curl_easy_header(r->easy, "Transfer-Encoding", 0, CURLH_HEADER, -1, &header) ==
		       CURLHE_OK &&
	       strcasestr(header->value, "chunked");
}

static size_t on_body(char *data, size_t one, size_t n, void *userdata)
{
	struct engine_request *r = userdata;
	long status = 0;
	bool go_on;
	size_t size;

	assert(one == 1);
	size = n;
	if (r->state == REQUEST_DROPPED)
		return CURL_WRITEFUNC_ERROR;
	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 300 && r->on_line) {
		go_on = give_lines(r, data, size);
	} else if (status < 300 && r->on_data) {
		go_on = give_data(r, data, size);
	} else {
		go_on = append(r, data, size, ENGINE_BODY_MAX);
		if (!go_on)
			fail_too_big(r, "a reply", ENGINE_BODY_MAX);
	}
	return go_on ? size : CURL_WRITEFUNC_ERROR;
}

/*
 * curl keeps all headers, so their number needs an end. And it takes a connection that is closed
 * among them as the end of a reply, so we look for the blank line.
 */
static size_t on_header(char *data, size_t one, size_t n, void *userdata)
{
	struct engine_request *r = userdata;
	size_t size = one * n;

	if (size >= 5 && memcmp(data, "HTTP/", 5) == 0)
		r->headers_ended = false;
	else if (size > 0 && (data[0] == '\r' || data[0] == '\n'))
		r->headers_ended = true;
	version_take_header(r->engine, data, size);
	r->header_bytes += size;
	if (r->header_bytes <= ENGINE_HEADERS_MAX)
		return size;
	fail_too_big(r, "the headers of a reply", ENGINE_HEADERS_MAX);
	return 0;
}

/* A program that is started later must not inherit a connection to the engine. */
static curl_socket_t on_open(_unused_ void *userdata, _unused_ curlsocktype purpose,
			     struct curl_sockaddr *address)
{
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static void add_header(struct engine_request *r, const char *line)
{
	r->headers = curl_slist_append(r->headers, line);
	if (!r->headers)
		abort();
}

char *request_token_header(const struct engine *e)
{
	char token[AUTHZ_TOKEN_SIZE];

	/* each time: it may be made, or made anew, while we live */
	if (!e->token_path || !e->socket_path || authz_token_read(e->token_path, token) < 0)
		return NULL;
	return xasprintf("%s: %s", AUTHZ_TOKEN_HEADER, token);
}

static void set_headers(struct engine_request *r, const struct engine_call *call)
{
	_cleanup_free_ char *token = request_token_header(r->engine);

	if (token)
		add_header(r, token);
	/* "NAME:" leaves curl's own header out */
	if (call->json) {
		add_header(r, "Content-Type: application/json");
	} else if (call->body && call->content_type) {
		_cleanup_free_ char *line = xasprintf("Content-Type: %s", call->content_type);

		add_header(r, line);
	} else {
		add_header(r, "Content-Type:");
	}
	if (call->registry_auth) {
		_cleanup_free_ char *line = xasprintf("X-Registry-Auth: %s", call->registry_auth);

		add_header(r, line);
	}
	add_header(r, "Expect:");
	curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
}

static void set_method(struct engine_request *r, const struct engine_call *call)
{
	const char *body = r->payload ? r->payload : call->body;
	size_t size = r->payload ? strlen(r->payload) : call->body_size;

	if (streq(call->method, "HEAD")) {
		r->head = true;
		curl_easy_setopt(r->easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (body || streq(call->method, "POST") || streq(call->method, "PUT")) {
		curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)(body ? size : 0));
		curl_easy_setopt(r->easy, CURLOPT_POSTFIELDS, body ? body : "");
	}
	curl_easy_setopt(r->easy, CURLOPT_CUSTOMREQUEST, call->method);
}

/* curl reads up to 100 pieces at once, and whoever sorts them (logs) has to hold them all */
static void set_pieces(struct engine_request *r, const struct engine_call *call)
{
	if (call->on_data && call->timeout_ms < 0)
		curl_easy_setopt(r->easy, CURLOPT_BUFFERSIZE, STREAM_PIECE);
}

static void set_timeouts(struct engine_request *r, int timeout_ms)
{
	long connect = ENGINE_TIMEOUT_MS;

	if (timeout_ms == 0)
		timeout_ms = ENGINE_TIMEOUT_MS;
	if (timeout_ms > 0) {
		curl_easy_setopt(r->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
		connect = timeout_ms < connect ? timeout_ms : connect;
	}
	curl_easy_setopt(r->easy, CURLOPT_CONNECTTIMEOUT_MS, connect);
	/* a peer that went away without a word is noticed also where nothing is sent */
	curl_easy_setopt(r->easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(r->easy, CURLOPT_TCP_KEEPIDLE, 30L);
	curl_easy_setopt(r->easy, CURLOPT_TCP_KEEPINTVL, 10L);
}

/* Where to connect and whom to trust. Any of these that fails leaves the request unsent. */
CURLcode request_set_peer(const struct engine *e, CURL *easy)
{
	CURLcode c = CURLE_OK;

	c = c ? c : curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
	c = c ? c : curl_easy_setopt(easy, CURLOPT_PROXY, "");
	c = c ? c : curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	c = c ? c : curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	c = c ? c : curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	c = c ? c : curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	c = c ? c : curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, e->tls ? "https" : "http");
	if (e->socket_path)
		c = c ? c : curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, e->socket_path);
	if (e->ca) {
		c = c ? c : curl_easy_setopt(easy, CURLOPT_CAINFO, e->ca);
		/* only that one, not the system's too */
		c = c ? c : curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
		c = c ? c : curl_easy_setopt(easy, CURLOPT_SSLCERT, e->cert);
		c = c ? c : curl_easy_setopt(easy, CURLOPT_SSLKEY, e->key);
	}
	/* a name that is still looked up when its time is over: the thread is left to itself, where
	 * curl would wait for it, and who dispatches with it */
	c = c ? c : curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	/* OpenSSL may raise SIGPIPE, which curl then holds off; without TLS it needs not */
	c = c ? c : curl_easy_setopt(easy, CURLOPT_NOSIGNAL, e->tls ? 0L : 1L);
	return c;
}

static CURLcode set_up(struct engine_request *r, const struct engine_call *call)
{
	const struct engine *e = r->engine;
	_cleanup_free_ char *url = NULL;
	CURLcode code;

	url = call->unversioned ? xasprintf("%s%s", e->base, call->path)
				: xasprintf("%s/v%s%s", e->base, e->api_version, call->path);
	curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
	curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, r->curl_error);
	curl_easy_setopt(r->easy, CURLOPT_USERAGENT, "netguard");
	curl_easy_setopt(r->easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(r->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(r->easy, CURLOPT_HEADERDATA, r);
	set_timeouts(r, call->timeout_ms);
	set_pieces(r, call);
	set_headers(r, call);
	set_method(r, call);
	code = request_set_peer(r->engine, r->easy);
	return code ? code : curl_easy_setopt(r->easy, CURLOPT_URL, url);
}

struct engine_request *engine_start(struct engine *e, const struct engine_call *call)
{
	struct engine_request *r = xcalloc(1, sizeof(*r));
	CURLcode code;

	assert(method_known(call->method));
	r->engine = e;
	r->raw = call->raw;
	r->on_line = call->on_line;
	r->on_long_line = call->on_long_line;
	r->on_data = call->on_data;
	r->done = call->done;
	r->userdata = r->done_data = call->userdata;
	r->limited = !call->on_line && !call->on_data && call->timeout_ms >= 0 &&
		     call->timeout_ms <= ENGINE_TIMEOUT_MS;
	r->easy = curl_easy_init();
	if (!r->easy)
		abort();
	if (call->json) {
		r->payload = json_dumps(call->json, JSON_COMPACT);
		if (!r->payload)
			r->result = err_set(&r->err, EINVAL, "request for the engine: bad JSON");
	}
	if (r->result == 0 && !request_path_valid(call->path))
		r->result = err_set(&r->err, EINVAL, "request for the engine: bad path");
	if (r->result == 0) {
		code = set_up(r, call);
		if (code != CURLE_OK)
			r->result = err_set(&r->err, EIO, "engine %s: %s", e->host,
					    curl_easy_strerror(code));
	}
	if (r->limited)
		TAILQ_INSERT_TAIL(&e->queued, r, entry);
	else
		TAILQ_INSERT_TAIL(&e->queued_streams, r, entry);
	e->n_requests++;
	engine_kick(e);
	return r;
}

int request_activate(struct engine_request *r)
{
	CURLMcode code;

	if (r->result < 0)
		return r->result;
	code = curl_multi_add_handle(r->engine->multi, r->easy);
	if (code == CURLM_OK)
		return 0;
	r->result =
		err_set(&r->err, EIO, "engine %s: %s", r->engine->host, curl_multi_strerror(code));
	return r->result;
}

void request_deactivate(struct engine_request *r)
{
	if (!r->easy)
		return;
	/* without effect where it was never added */
	curl_multi_remove_handle(r->engine->multi, r->easy);
	curl_easy_cleanup(r->easy);
	r->easy = NULL;
}

/*
 * What a curl error means to callers. Never ENOENT or EEXIST: those are the engine's own answers,
 * and no socket must not look like no container.
 */
int request_errno(CURLcode code, long os_error)
{
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return os_error == EACCES || os_error == EPERM ? EACCES : ECONNREFUSED;
	case CURLE_COULDNT_RESOLVE_HOST:
		return EHOSTUNREACH;
	case CURLE_OPERATION_TIMEDOUT:
		return ETIMEDOUT;
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		return ECONNRESET;
	default:
		return EPROTO;
	}
}

static void conclude_failure(struct engine_request *r, CURLcode code)
{
	const char *why = r->curl_error[0] ? r->curl_error : curl_easy_strerror(code);
	char printable[CURL_ERROR_SIZE], reason[128];
	long os_error = 0;

	if (code == CURLE_COULDNT_CONNECT) {
		curl_easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &os_error);
		if (os_error > 0)
			why = strerror_r((int)os_error, reason, sizeof(reason));
	}
	r->result = err_set(&r->err, request_errno(code, os_error), "engine %s: %s",
			    r->engine->host, text_printable(printable, sizeof(printable), why));
}

void request_conclude(struct engine_request *r, CURLcode code)
{
	struct err err;
	long status = 0;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	r->status = (int)status;
	if (r->result < 0)
		return;
	if (code != CURLE_OK) {
		conclude_failure(r, code);
		return;
	}
	if (!r->headers_ended) {
		err_set(&err, ECONNRESET, "engine %s: a reply cut in its headers", r->engine->host);
		fail(r, &err);
		return;
	}
	if (r->raw || r->on_data || r->head || status < 200 || status == 204 || status == 304)
		return;
	if (!framed(r)) {
		err_set(&err, EPROTO, "engine %s: a reply without a length", r->engine->host);
		fail(r, &err);
	} else if (r->on_line && status < 300 && (r->size > 0 || r->skipping)) {
		err_set(&err, EPROTO, "engine %s: a stream that ends inside a line",
			r->engine->host);
		fail(r, &err);
	}
}

void request_free(struct engine_request *r)
{
	request_deactivate(r);
	curl_slist_free_all(r->headers);
	free(r->payload);
	free(r->body);
	free(r);
}
