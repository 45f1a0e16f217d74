/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client against a scripted engine: replies of every kind, streams, cancelling, waiting. */
#include "engine/engine.h"
#include "tests/unit/fake_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
	struct fake_engine *fake;
	struct engine *engine;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err err = {0};

	f->fake = fake_engine_new();
	if (engine_new(fake_engine_host(f->fake), &f->engine, &err) < 0)
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	engine_free(f->engine);
	fake_engine_free(f->fake);
	free(f);
	return 0;
}

static int get(struct fixture *f, const char *path, json_t **ret, struct err *err)
{
	struct engine_call call = {.method = "GET", .path = path};

	return engine_do(f->engine, &call, ret, err);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void test_hosts(_unused_ void **state)
{
	static const struct {
		const char *host;
		int result;
	} table[] = {
		{"unix:///var/run/docker.sock", 0},
		{"tcp://127.0.0.1:2375", 0},
		{"tcp://[::1]:2375", 0},
		{"tcp://[::1]", 0},
		{"tcp://engine.example.com", 0},
		{"", -EINVAL},
		{"/var/run/docker.sock", -EINVAL},
		{"unix://var/run/docker.sock", -EINVAL},
		{"unix://", -EINVAL},
		{"unix:///"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 -EINVAL},
		{"ssh://host", -EINVAL},
		{"file:///etc/passwd", -EINVAL},
		{"tcp://", -EINVAL},
		{"tcp://:2375", -EINVAL},
		{"tcp://user@host:2375", -EINVAL},
		{"tcp://host:2375/path", -EINVAL},
		{"tcp://host:2375?x", -EINVAL},
		{"tcp://host\r\nX: y", -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct engine *e = NULL;
		struct err err = {0};
		int r = engine_new(table[i].host, &e, &err);

		if (r != table[i].result)
			fail_msg("%s: %d, not %d", table[i].host, r, table[i].result);
		assert_int_equal(e != NULL, r == 0);
		assert_int_equal(err.text[0] != '\0', r < 0);
		engine_free(e);
	}
}

static void test_no_engine(_unused_ void **state)
{
	static const struct {
		const char *host;
		int result;
		const char *why;
	} table[] = {
		/* never ENOENT: a missing socket is no missing container */
		{"unix:///nonexistent/engine.sock", -ECONNREFUSED, "No such file or directory"},
		{"tcp://127.0.0.1:1", -ECONNREFUSED, "Connection refused"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct engine_call call = {.method = "GET", .path = "/containers/x/json"};
		struct engine *e = NULL;
		struct err err = {0};

		assert_int_equal(engine_new(table[i].host, &e, &err), 0);
		assert_int_equal(engine_do(e, &call, NULL, &err), table[i].result);
		assert_non_null(strstr(err.text, table[i].why));
		assert_non_null(strstr(err.text, table[i].host));
		engine_free(e);
	}
}

/* Whatever stands in the environment of a proxy, the engine is asked. */
static void test_environment(void **state)
{
	struct fixture *f = *state;
	json_t *json = NULL;
	struct err err = {0};

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	fake_engine_json(f->fake, "/v1.41/info", 200, "{\"ID\":\"x\"}");
	assert_int_equal(get(f, "/info", &json, &err), 0);
	assert_string_equal(json_string_value(json_object_get(json, "ID")), "x");
	json_decref(json);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

static void test_replies(void **state)
{
	static const struct {
		const char *reply;
		int result;
		const char *text; /* in err */
	} table[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0, ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull", 0, ""},
		{"HTTP/1.1 204 No Content\r\n\r\n", 0, ""},
		{"HTTP/1.1 304 Not Modified\r\n\r\n", 0, ""},
		{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0,
		 ""},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 0,
		 ""},
		/* the engine's own words */
		{"HTTP/1.1 404 N\r\nContent-Length: 34\r\n\r\n{\"message\":\"No such container: "
		 "x\"}",
		 -ENOENT, "No such container: x"},
		{"HTTP/1.1 409 N\r\nContent-Length: 23\r\n\r\n{\"message\":\"conflict\"} ", -EEXIST,
		 "conflict"},
		{"HTTP/1.1 500 N\r\nContent-Length: 22\r\n\r\n{\"message\":\"\\u001b[31m\"}", -EIO,
		 "HTTP 500"},
		{"HTTP/1.1 500 N\r\nContent-Length: 24\r\n\r\n{\"message\":\"\\u001b[31m\"}", -EIO,
		 "?[31m"},
		{"HTTP/1.1 404 N\r\nContent-Length: 9\r\n\r\nnot found", -ENOENT, "HTTP 404"},
		{"HTTP/1.1 500 N\r\nContent-Length: 0\r\n\r\n", -EIO, "HTTP 500"},
		{"HTTP/1.1 500 N\r\nContent-Length: 13\r\n\r\n{\"message\":1}", -EIO, "HTTP 500"},
		/* redirects are not followed */
		{"HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
		 -EIO, "HTTP 302"},
		/* not whole, not HTTP, not JSON */
		{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", -ECONNRESET, "engine unix://"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}", -EPROTO, "bad JSON"},
		{"HTTP/1.1 200 OK\r\n\r\n{}", -EPROTO, "without a length"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", -ECONNRESET,
		 ""},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
		 -ECONNRESET, ""},
		{"\r\n\r\n\r\n\r\n", -EPROTO, ""},
		{"SSH-2.0-OpenSSH_9.2\r\n", -EPROTO, ""},
		{"{}", -EPROTO, ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"a\":1,\"a\":1}", -EPROTO,
		 "duplicate"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{}{}", -EPROTO, "bad JSON"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\"\xff\xfe\"\n", -EPROTO, "bad JSON"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n[99999999999999999999]", 0, ""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct err err = {0};
		json_t *json = NULL;
		int r;

		fake_engine_clear(f->fake);
		fake_engine_add(f->fake,
				&(struct fake_reply){.data = table[i].reply, .end = FAKE_CLOSE});
		r = get(f, "/x", &json, &err);
		if (table[i].result == -ECONNRESET && r == -EPROTO)
			r = -ECONNRESET; /* bad chunks: versions of curl differ */
		if (r != table[i].result || !strstr(err.text, table[i].text))
			fail_msg("reply %zu \"%s\": %d %s", i, table[i].reply, r, err.text);
		if (r < 0)
			assert_null(json);
		json_decref(json);
	}
}

/* No part of a reply passes for a whole one, however it is framed. */
static void test_cut_everywhere(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *plain = fake_http(200, "{\"a\":[1,2,{\"b\":\"c\"}]}");
	_cleanup_free_ char *chunked = fake_http_chunked(200, "{\"a\":[1,2,{\"b\":\"c\"}]}", 5);
	static const char none[] = "HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n";
	const char *const replies[] = {plain, chunked, none};

	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		/* the line end behind the last chunk carries nothing: versions of curl differ */
		size_t needed = strlen(replies[i]) - (replies[i] == chunked ? 2 : 0);

		for (size_t cut = 1; cut < needed; cut++) {
			struct err err = {0};
			json_t *json = NULL;
			int r;

			fake_engine_clear(f->fake);
			fake_engine_add(f->fake, &(struct fake_reply){.data = replies[i],
								      .cut = cut,
								      .end = FAKE_CLOSE});
			r = get(f, "/x", &json, &err);
			if (r >= 0)
				fail_msg("reply %zu cut after %zu bytes passed", i, cut);
			if (r == -ENOENT || r == -EEXIST)
				fail_msg("reply %zu cut after %zu bytes: %s", i, cut, err.text);
			assert_null(json);
		}
	}
}

static void test_split_everywhere(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *chunked = fake_http_chunked(200, "{\"a\":[1,2,{\"b\":\"c\"}]}", 5);

	for (size_t split = 1; split < strlen(chunked); split++) {
		struct err err = {0};
		json_t *json = NULL;

		fake_engine_add(f->fake, &(struct fake_reply){.data = chunked, .split = split});
		assert_int_equal(get(f, "/x", &json, &err), 0);
		assert_int_equal(json_array_size(json_object_get(json, "a")), 3);
		json_decref(json);
	}
	/* and all of it over one connection */
	assert_int_equal(fake_engine_connections(f->fake), 1);
}

static void test_limits(void **state)
{
	struct fixture *f = *state;
	size_t head, size = (size_t)65 * 1024 * 1024;
	_cleanup_free_ char *big = xmalloc(size), *deep = xmalloc(200001), *deep_reply = NULL;
	_cleanup_free_ char *headers = NULL;
	struct err err = {0};

	head = (size_t)snprintf(big, size, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", size);
	memset(big + head, ' ', size - head);
	fake_engine_add(f->fake,
			&(struct fake_reply){.data = big, .size = size, .end = FAKE_CLOSE});
	assert_int_equal(get(f, "/x", NULL, &err), -EMSGSIZE);
	assert_non_null(strstr(err.text, "a reply over 67108864 bytes"));

	memset(deep, '[', 100000);
	memset(deep + 100000, ']', 100000);
	deep[200000] = '\0';
	deep_reply = fake_http(200, deep);
	fake_engine_add(f->fake, &(struct fake_reply){.data = deep_reply});
	assert_int_equal(get(f, "/x", NULL, &err), -EPROTO);

	/* headers without end, in lines that are each all right */
	headers = xmalloc(1024 * 1024 + 100);
	head = (size_t)snprintf(headers, 100, "HTTP/1.1 200 OK\r\n");
	while (head < 1024 * 1024)
		head += (size_t)snprintf(headers + head, 100, "X-%zu: y\r\n", head);
	fake_engine_add(f->fake, &(struct fake_reply){.data = headers, .end = FAKE_HANG});
	assert_in_range(-get(f, "/x", NULL, &err), 1, 200);
	assert_int_not_equal(err.code, ETIMEDOUT);
}

static void test_timeout(void **state)
{
	struct fixture *f = *state;
	struct engine_call call = {.method = "GET", .path = "/x", .timeout_ms = 100};
	static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{";
	struct err err = {0};
	int64_t began = now_ms();

	fake_engine_add(f->fake, &(struct fake_reply){.data = half, .end = FAKE_HANG});
	assert_int_equal(engine_do(f->engine, &call, NULL, &err), -ETIMEDOUT);
	assert_in_range(now_ms() - began, 90, 5000);
	fake_engine_add(f->fake, &(struct fake_reply){.data = "", .end = FAKE_HANG});
	assert_int_equal(engine_do(f->engine, &call, NULL, &err), -ETIMEDOUT);
	/* the client is as good as new */
	fake_engine_json(f->fake, NULL, 200, "{}");
	assert_int_equal(engine_do(f->engine, &call, NULL, &err), 0);
}

static void test_requests(void **state)
{
	struct fixture *f = *state;
	json_t *body = json_pack("{s:s}", "a", "b\xc3\xa9");
	struct {
		struct engine_call call;
		const char *first, *has, *has_not;
	} table[] = {
		{{.method = "GET", .path = "/containers/json?all=1"},
		 "GET /v1.41/containers/json?all=1 HTTP/1.1\r\n",
		 "\r\nHost: localhost\r\n",
		 "Content-Type"},
		{{.method = "GET", .path = "/version", .unversioned = true},
		 "GET /version HTTP/1.1\r\n",
		 "",
		 "Content-Length"},
		{{.method = "POST", .path = "/containers/create", .json = body},
		 "POST /v1.41/containers/create HTTP/1.1\r\n",
		 "\r\nContent-Type: application/json\r\n",
		 "Expect"},
		{{.method = "POST", .path = "/x", .json = body},
		 "POST ",
		 "\r\n\r\n{\"a\":\"b\xc3\xa9\"}",
		 "@"},
		{{.method = "POST", .path = "/containers/x/start"},
		 "POST /v1.41/containers/x/start HTTP/1.1\r\n",
		 "\r\nContent-Length: 0\r\n",
		 "Content-Type"},
		{{.method = "DELETE", .path = "/containers/x?force=1"},
		 "DELETE /v1.41/containers/x?force=1 HTTP/1.1\r\n",
		 "",
		 "Content-Type"},
		{{.method = "PUT",
		  .path = "/x/archive",
		  .body = "t\0ar",
		  .body_size = 4,
		  .content_type = "application/x-tar"},
		 "PUT /v1.41/x/archive HTTP/1.1\r\n",
		 "\r\nContent-Type: application/x-tar\r\n",
		 "Expect"},
		{{.method = "POST", .path = "/images/create", .registry_auth = "e30="},
		 "POST ",
		 "\r\nX-Registry-Auth: e30=\r\n",
		 "Accept-Encoding"},
		/* dots are sent as they are, not made into another path */
		{{.method = "GET", .path = "/a/../b/./c"},
		 "GET /v1.41/a/../b/./c HTTP/1.1\r\n",
		 "",
		 "@"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_free_ char *last = NULL;
		struct err err = {0};

		fake_engine_json(f->fake, NULL, 200, "{}");
		assert_int_equal(engine_do(f->engine, &table[i].call, NULL, &err), 0);
		last = fake_engine_last(f->fake);
		if (!startswith(last, table[i].first) || !strstr(last, table[i].has) ||
		    strstr(last, table[i].has_not))
			fail_msg("request %zu: %s", i, last);
	}
	json_decref(body);
}

static void test_bad_paths(void **state)
{
	static const char *const paths[] = {"", "x", "/a b", "/a\r\nX: y", "/a#b", "/\xc3\xa9"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct err err = {0};

		assert_int_equal(get(f, paths[i], NULL, &err), -EINVAL);
	}
	assert_int_equal(fake_engine_requests(f->fake), 0);
}

static void test_head(void **state)
{
	struct fixture *f = *state;
	struct engine_call call = {.method = "HEAD", .path = "/_ping", .unversioned = true};
	struct err err = {0};

	for (int i = 0; i < 2; i++) {
		fake_engine_add(f->fake,
				&(struct fake_reply){.data = "HTTP/1.1 200 OK\r\n"
							     "Content-Length: 500\r\n\r\n"});
		assert_int_equal(engine_do(f->engine, &call, NULL, &err), 0);
	}
	assert_int_equal(fake_engine_connections(f->fake), 1);
}

static void raw_done(void *userdata, const struct engine_reply *reply)
{
	assert_int_equal(reply->result, 0);
	assert_null(reply->json);
	assert_int_equal(reply->size, 2);
	assert_string_equal(reply->body, "OK");
	*(int *)userdata += 1;
}

static void test_raw(void **state)
{
	struct fixture *f = *state;
	int done = 0;
	struct engine_call call = {.method = "GET",
				   .path = "/_ping",
				   .unversioned = true,
				   .raw = true,
				   .done = raw_done,
				   .userdata = &done};

	fake_engine_json(f->fake, "/_ping", 200, "OK");
	engine_start(f->engine, &call);
	assert_int_equal(done, 0);
	engine_wait(f->engine);
	assert_int_equal(done, 1);
	/* a raw reply may end with its connection */
	fake_engine_add(f->fake, &(struct fake_reply){.data = "HTTP/1.1 200 OK\r\n\r\nOK",
						      .end = FAKE_CLOSE});
	engine_start(f->engine, &call);
	engine_wait(f->engine);
	assert_int_equal(done, 2);
}

static void test_restarted_engine(void **state)
{
	struct fixture *f = *state;
	static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

	/* a kept connection that the engine closed meanwhile is no error */
	for (int i = 0; i < 5; i++) {
		struct err err = {0};

		fake_engine_add(f->fake, &(struct fake_reply){.data = reply, .end = FAKE_CLOSE});
		assert_int_equal(get(f, "/x", NULL, &err), 0);
	}
	assert_int_equal(fake_engine_connections(f->fake), 5);
}

static void test_sockets_are_cloexec(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	unsigned seen = 0;

	fake_engine_json(f->fake, NULL, 200, "{}");
	assert_int_equal(get(f, "/x", NULL, &err), 0);
	for (int fd = 3; fd < 64; fd++) {
		struct sockaddr_un peer;
		socklen_t size = sizeof(peer);

		/* those that curl has for itself, without a name, give nobody anything */
		if (getpeername(fd, (struct sockaddr *)&peer, &size) < 0 ||
		    size <= sizeof(sa_family_t))
			continue;
		seen++;
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	assert_int_equal(seen, 1);
	assert_true(fcntl(engine_fd(f->engine), F_GETFD) & FD_CLOEXEC);
}

/* ---- many at a time, from the done functions too ---- */

struct crowd {
	struct fixture *f;
	unsigned done, left, failed;
	int stop;
};

static void crowd_done(void *userdata, const struct engine_reply *reply)
{
	struct crowd *c = userdata;
	struct engine_call call = {
		.method = "GET", .path = "/x", .done = crowd_done, .userdata = c};

	c->done++;
	if (reply->result < 0 || reply->status != 200)
		c->failed++;
	if (c->left > 0) {
		c->left--;
		engine_start(c->f->engine, &call);
	}
	if (c->done == 100)
		c->stop = 1;
}

static void test_many(void **state)
{
	struct fixture *f = *state;
	struct crowd c = {.f = f, .left = 1000};
	struct engine_call call = {
		.method = "GET", .path = "/x", .done = crowd_done, .userdata = &c};
	_cleanup_free_ char *reply = fake_http(200, "{}");

	fake_engine_add(f->fake, &(struct fake_reply){.data = reply, .forever = true});
	for (int i = 0; i < 500; i++)
		engine_start(f->engine, &call);
	assert_int_equal(c.done, 0);
	assert_int_equal(engine_wait_until(f->engine, &c.stop), 1);
	assert_in_range(c.done, 100, 1499);
	assert_int_equal(engine_wait_until(f->engine, NULL), 0);
	assert_int_equal(c.done, 1500);
	assert_int_equal(c.failed, 0);
	assert_in_range(fake_engine_connections(f->fake), 1, ENGINE_PARALLEL_MAX);
	assert_in_range(fake_engine_most_at_once(f->fake), 1, ENGINE_PARALLEL_MAX);
}

static void count_done(void *userdata, _unused_ const struct engine_reply *reply)
{
	*(int *)userdata += 1;
}

/* Streams and long waits have no place to wait for: what they wait for may be behind them. */
static void test_streams_do_not_queue(void **state)
{
	struct fixture *f = *state;
	static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	_cleanup_free_ char *reply = fake_http(200, "{}");
	int done = 0;
	struct engine_call wait = {.method = "POST",
				   .path = "/wait",
				   .timeout_ms = -1,
				   .done = count_done,
				   .userdata = &done};
	struct err err = {0};

	fake_engine_add(f->fake, &(struct fake_reply){.path = "/v1.41/wait",
						      .data = head,
						      .end = FAKE_STREAM,
						      .forever = true});
	fake_engine_add(f->fake, &(struct fake_reply){.data = reply, .forever = true});
	for (int i = 0; i < ENGINE_PARALLEL_MAX * 2; i++)
		engine_start(f->engine, &wait);
	assert_int_equal(get(f, "/stop", NULL, &err), 0);
	assert_int_equal(done, 0);
	fake_engine_push(f->fake, ENGINE_PARALLEL_MAX * 2, "{}");
	fake_engine_hang_up(f->fake);
	engine_wait(f->engine);
	assert_int_equal(done, ENGINE_PARALLEL_MAX * 2);
}

/* ---- cancelling ---- */

struct pair {
	struct fixture *f;
	struct engine_request *requests[3];
	int done, lines;
};

static void cancel_others(void *userdata, _unused_ const struct engine_reply *reply)
{
	struct pair *p = userdata;

	p->done++;
	for (size_t i = 0; i < 3; i++)
		engine_cancel(p->f->engine, p->requests[i]);
}

static void test_cancel_in_done(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"/x", "bad path"};

	/* the others are still on their way, or ended in the same moment */
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pair p = {.f = f};
		struct engine_call call = {
			.method = "GET", .path = bad[i], .done = cancel_others, .userdata = &p};

		for (size_t j = 0; j < 3; j++) {
			fake_engine_json(f->fake, NULL, 200, "{}");
			p.requests[j] = engine_start(f->engine, &call);
		}
		/* the one whose done runs may be cancelled too, to no effect */
		engine_wait(f->engine);
		assert_int_equal(p.done, 1);
	}
}

static void test_cancel_early_and_free(void **state)
{
	struct fixture *f = *state;
	int done = 0;
	struct engine_call call = {
		.method = "GET", .path = "/x", .done = count_done, .userdata = &done};
	struct engine_request *r;

	/* a fake without a reply would close at once, and done would tell of it */
	for (int i = 0; i < 4; i++)
		fake_engine_add(f->fake, &(struct fake_reply){.data = "", .end = FAKE_HANG});
	r = engine_start(f->engine, &call);
	engine_cancel(f->engine, r);
	engine_wait(f->engine);
	r = engine_start(f->engine, &call);
	engine_dispatch(f->engine);
	engine_cancel(f->engine, r);
	engine_wait(f->engine);
	engine_start(f->engine, &call);
	engine_dispatch(f->engine);
	engine_start(f->engine, &call);
	engine_free(take_ptr(f->engine)); /* with one under way and one queued */
	assert_int_equal(done, 0);
}

static int line_cancels_all(void *userdata, _unused_ const char *line, _unused_ size_t size)
{
	struct pair *p = userdata;
	struct engine_call call = {
		.method = "GET", .path = "/x", .done = count_done, .userdata = &p->done};
	struct err err = {0};

	p->lines++;
	/* may not wait, but may start and cancel, also itself */
	assert_int_equal(engine_do(p->f->engine, &call, NULL, &err), -EDEADLK);
	for (size_t i = 0; i < 3; i++)
		engine_cancel(p->f->engine, p->requests[i]);
	engine_start(p->f->engine, &call);
	return 0;
}

static void test_cancel_in_stream(void **state)
{
	struct fixture *f = *state;
	struct pair p = {.f = f};
	static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	struct engine_call call = {.method = "GET",
				   .path = "/events",
				   .timeout_ms = -1,
				   .on_line = line_cancels_all,
				   .done = cancel_others,
				   .userdata = &p};
	_cleanup_free_ char *reply = fake_http(200, "{}");

	fake_engine_add(f->fake, &(struct fake_reply){.path = "/v1.41/events",
						      .data = head,
						      .end = FAKE_STREAM,
						      .forever = true});
	fake_engine_add(f->fake, &(struct fake_reply){.data = reply, .forever = true});
	for (size_t i = 0; i < 3; i++)
		p.requests[i] = engine_start(f->engine, &call);
	engine_dispatch(f->engine);
	fake_engine_push(f->fake, 3, "{}\n{}\n");
	engine_wait(f->engine);
	assert_int_equal(p.lines, 1);
	assert_int_equal(p.done, 1); /* that of the request that was started there */
}

static void do_in_done(void *userdata, _unused_ const struct engine_reply *reply)
{
	struct pair *p = userdata;
	struct err err = {0};

	assert_int_equal(get(p->f, "/inner", NULL, &err), 0);
	p->done++;
}

static void test_do_in_done(void **state)
{
	struct fixture *f = *state;
	struct pair p = {.f = f};
	struct engine_call call = {
		.method = "GET", .path = "/outer", .done = do_in_done, .userdata = &p};
	_cleanup_free_ char *reply = fake_http(200, "{}");

	fake_engine_add(f->fake, &(struct fake_reply){.data = reply, .forever = true});
	for (size_t i = 0; i < 3; i++)
		engine_start(f->engine, &call);
	engine_wait(f->engine);
	assert_int_equal(p.done, 3);
	assert_int_equal(fake_engine_requests(f->fake), 6);
}

/* ---- waiting ---- */

static volatile int stop_flag;

static void on_alarm(_unused_ int signal_number)
{
	stop_flag = 1;
}

static void test_signal_ends_wait(void **state)
{
	struct fixture *f = *state;
	int done = 0;
	struct engine_call call = {.method = "GET",
				   .path = "/x",
				   .timeout_ms = -1,
				   .done = count_done,
				   .userdata = &done};
	struct itimerval soon = {.it_value = {0, 50000}};
	struct sigaction action = {.sa_handler = on_alarm}, old;

	fake_engine_add(f->fake, &(struct fake_reply){.data = "", .end = FAKE_HANG});
	engine_start(f->engine, &call);
	stop_flag = 0;
	sigaction(SIGALRM, &action, &old);
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_int_equal(engine_wait_until(f->engine, &stop_flag), 1);
	sigaction(SIGALRM, &old, NULL);
	assert_int_equal(done, 0);
}

/* As a loop uses it: nothing but the descriptor says when to dispatch. */
static void test_fd_is_enough(void **state)
{
	struct fixture *f = *state;
	int done = 0, wakeups = 0;
	struct engine_call calls[] = {
		{.method = "GET", .path = "/x", .done = count_done, .userdata = &done},
		{.method = "GET", .path = "bad", .done = count_done, .userdata = &done},
		{.method = "GET",
		 .path = "/hang",
		 .timeout_ms = 60,
		 .done = count_done,
		 .userdata = &done},
	};
	struct pollfd pfd = {.fd = engine_fd(f->engine), .events = POLLIN};

	fake_engine_add(f->fake,
			&(struct fake_reply){.path = "/v1.41/hang", .data = "", .end = FAKE_HANG});
	fake_engine_add(f->fake, &(struct fake_reply){
					 .data = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
					 .delay_ms = 20});
	assert_int_equal(poll(&pfd, 1, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		engine_start(f->engine, &calls[i]);
	assert_int_equal(done, 0);
	while (done < 3) {
		assert_int_equal(poll(&pfd, 1, 5000), 1);
		engine_dispatch(f->engine);
		wakeups++;
	}
	assert_in_range(wakeups, 1, 60); /* no spinning; a busy machine lets several end at once */
	/* and silence when there is nothing to do */
	for (int i = 0; i < 3 && poll(&pfd, 1, 0) == 1; i++)
		engine_dispatch(f->engine);
	assert_int_equal(poll(&pfd, 1, 100), 0);
}

static void test_negotiate(void **state)
{
	static const struct {
		const char *reply, *version;
		int result;
	} table[] = {
		{"{\"ApiVersion\":\"1.41\",\"MinAPIVersion\":\"1.12\"}", "1.41", 0},
		{"{\"ApiVersion\":\"1.41\"}", "1.41", 0},
		{"{\"ApiVersion\":\"1.45\",\"MinAPIVersion\":\"1.24\"}", "1.45", 0},
		{"{\"ApiVersion\":\"1.52\",\"MinAPIVersion\":\"1.44\"}", "1.52", 0},
		{"{\"ApiVersion\":\"1.60\",\"MinAPIVersion\":\"1.44\"}", "1.52", 0},
		{"{\"ApiVersion\":\"1.60\",\"MinAPIVersion\":\"1.53\"}", "1.41", -EPROTONOSUPPORT},
		{"{\"ApiVersion\":\"1.40\",\"MinAPIVersion\":\"1.12\"}", "1.41", -EPROTONOSUPPORT},
		{"{\"ApiVersion\":\"2.0\"}", "1.41", -EPROTONOSUPPORT},
		{"{\"ApiVersion\":\"1.41/../..\"}", "1.41", -EPROTONOSUPPORT},
		{"{\"ApiVersion\":\"1.041\"}", "1.41", -EPROTONOSUPPORT},
		{"{\"ApiVersion\":\"1.\"}", "1.41", -EPROTONOSUPPORT},
		{"{\"ApiVersion\":\"1.99999999999\"}", "1.41", -EPROTONOSUPPORT},
		{"{\"ApiVersion\":\"1.45\",\"MinAPIVersion\":\"1.46\"}", "1.41", -EPROTONOSUPPORT},
		{"{\"ApiVersion\":\"1.45\",\"MinAPIVersion\":\"x\"}", "1.41", -EPROTONOSUPPORT},
		{"{\"ApiVersion\":1.45}", "1.41", -EPROTO},
		{"{}", "1.41", -EPROTONOSUPPORT},
		{"[]", "1.41", -EPROTO},
		{"", "1.41", -EPROTO},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_(engine_freep)
		struct engine *e = NULL;
		struct err err = {0};
		int r;

		fake_engine_clear(f->fake);
		fake_engine_json(f->fake, "/version", 200, table[i].reply);
		assert_int_equal(engine_new(fake_engine_host(f->fake), &e, &err), 0);
		r = engine_negotiate(e, &err);
		if (r != table[i].result || !streq(engine_api_version(e), table[i].version))
			fail_msg("%s: %d %s", table[i].reply, r, err.text);
	}
}

static void test_escape(_unused_ void **state)
{
	static const char *const table[][2] = {
		{"", ""},
		{"web.app_1-x~", "web.app_1-x~"},
		{"a/b", "a%2Fb"},
		{"a b&c=d?#%", "a%20b%26c%3Dd%3F%23%25"},
		{"{\"label\":[\"x\"]}", "%7B%22label%22%3A%5B%22x%22%5D%7D"},
		{"\xc3\xa9\n", "%C3%A9%0A"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_free_ char *got = engine_escape(table[i][0]);

		assert_string_equal(got, table[i][1]);
	}
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_no_engine),
		cmocka_unit_test(test_escape),
		WITH_FAKE(test_environment),
		WITH_FAKE(test_replies),
		WITH_FAKE(test_cut_everywhere),
		WITH_FAKE(test_split_everywhere),
		WITH_FAKE(test_limits),
		WITH_FAKE(test_timeout),
		WITH_FAKE(test_requests),
		WITH_FAKE(test_bad_paths),
		WITH_FAKE(test_head),
		WITH_FAKE(test_raw),
		WITH_FAKE(test_restarted_engine),
		WITH_FAKE(test_sockets_are_cloexec),
		WITH_FAKE(test_many),
		WITH_FAKE(test_streams_do_not_queue),
		WITH_FAKE(test_cancel_in_done),
		WITH_FAKE(test_cancel_early_and_free),
		WITH_FAKE(test_cancel_in_stream),
		WITH_FAKE(test_do_in_done),
		WITH_FAKE(test_signal_ends_wait),
		WITH_FAKE(test_fd_is_enough),
		WITH_FAKE(test_negotiate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
