/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/engine.h"
#include "tests/unit/fake_engine.h"

#include <errno.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>

struct seen {
	char text[256];
	size_t n;
	int stop; /* returned at the first piece */
};

static int piece(void *userdata, int stream, const void *data, size_t size)
{
	struct seen *s = userdata;

	if (s->n == 0 || s->text[s->n - 1] != (char)('0' + stream)) {
		if (s->n > 0)
			s->text[s->n++] = ' ';
	} else {
		s->n--; /* another piece of the same stream */
	}
	memcpy(s->text + s->n, data, size);
	s->n += size;
	s->text[s->n++] = (char)('0' + stream);
	return s->stop;
}

#define FRAMES(s) s, sizeof(s) - 1

static void test_frames(void **state _unused_)
{
	static const struct {
		const char *data;
		size_t size;
		int r;
		const char *want;
		bool whole;
	} cases[] = {
		{FRAMES(""), 0, "", true},
		{FRAMES("\1\0\0\0\0\0\0\2hi"), 0, "hi1", true},
		{FRAMES("\0\0\0\0\0\0\0\2hi"), 0, "hi1", true},
		{FRAMES("\1\0\0\0\0\0\0\2hi\2\0\0\0\0\0\0\3err"), 0, "hi1 err2", true},
		{FRAMES("\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\1e"), 0, "e2", true},
		{FRAMES("\1\0\0\0\0\0\0\5hi"), 0, "hi1", false},
		{FRAMES("\1\0\0\0\0\0"), 0, "", false},
		{FRAMES("\1\0\0\0\377\377\377\377hi"), 0, "hi1", false},
		{FRAMES("\3\0\0\0\0\0\0\2hi"), 0, "hi2", true},
		{FRAMES("\4\0\0\0\0\0\0\2hi"), -EPROTO, "", false},
		{FRAMES("\1\0\1\0\0\0\0\2hi"), -EPROTO, "", false},
		{FRAMES("plain text"), -EPROTO, "", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		/* however the bytes come in */
		for (size_t step = 1; step <= 12; step++) {
			struct engine_frames f = {0};
			struct seen seen = {0};
			int r = 0;

			for (size_t at = 0; at < cases[i].size && r == 0; at += step) {
				size_t n = cases[i].size - at < step ? cases[i].size - at : step;

				r = engine_frames_feed(&f, cases[i].data + at, n, piece, &seen);
			}
			if (r != cases[i].r || !streq(seen.text, cases[i].want) ||
			    engine_frames_whole(&f) != cases[i].whole)
				fail_msg("%zu by %zu: %d \"%s\"", i, step, r, seen.text);
		}
	}
}

static void test_stop(void **state _unused_)
{
	static const char data[] = "\1\0\0\0\0\0\0\2hi\2\0\0\0\0\0\0\3err";
	struct engine_frames f = {0};
	struct seen seen = {.stop = -EPIPE};

	assert_int_equal(engine_frames_feed(&f, data, sizeof(data) - 1, piece, &seen), -EPIPE);
	assert_string_equal(seen.text, "hi1");
}

/* Reads to the end. */
static void read_all(struct engine_stream *s, char *buf, size_t size)
{
	size_t n = 0;

	for (;;) {
		ssize_t got = engine_stream_read(s, buf + n, size - 1 - n);
		struct pollfd pfd = {.fd = engine_stream_fd(s), .events = POLLIN};

		if (got == 0)
			break;
		if (got == -EAGAIN) {
			assert_int_equal(poll(&pfd, 1, 5000), 1);
			continue;
		}
		assert_true(got > 0);
		n += (size_t)got;
	}
	buf[n] = '\0';
}

static void test_hijack(void **state _unused_)
{
	static const struct {
		const char *reply;
		size_t split;
		int r;
		const char *want; /* the stream, or what err says */
	} cases[] = {
		{"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nhello", 0, 0, "hello"},
		{"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nhello", 30, 0, "hello"},
		{"HTTP/1.1 101 UPGRADED\r\n\r\nhello", 27, 0, "hello"},
		{"HTTP/1.1 200 OK\r\n\r\nhello", 0, 0, "hello"},
		{"HTTP/1.1 101 UPGRADED\r\n\r\n", 0, 0, ""},
		{"HTTP/1.1 404 Not Found\r\nContent-Length: 21\r\n\r\n{\"message\":\"no such\"}", 0,
		 -ENOENT, "no such"},
		{"HTTP/1.1 409 Conflict\r\ncontent-length: 21\r\n\r\n{\"message\":\"is stopp\"}",
		 60, -EEXIST, "is stopp"},
		{"HTTP/1.1 500 Oops\r\nContent-Length: 999999999\r\n\r\nshort", 0, -EIO, "refused"},
		{"HTTP/1.1 500 Oops\r\n\r\n", 0, -EIO, "refused"},
		{"HTTP/1.0 101 UPGRADED\r\n\r\n", 0, -EPROTO, "no HTTP"},
		{"HTTP/1.1 1x1 UPGRADED\r\n\r\n", 0, -EPROTO, "no HTTP"},
		{"HTTP/1.1 999 UPGRADED\r\n\r\n", 0, -EPROTO, "no HTTP"},
		{"SSH-2.0\r\n\r\n", 0, -EPROTO, "no HTTP"},
		{"HTTP/1.1 101 UPGRADED\r\n", 0, -ECONNRESET, "reset"},
		{"HTTP/1.1 1", 0, -ECONNRESET, "reset"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(fake_engine_freep)
		struct fake_engine *fake = fake_engine_new();
		_cleanup_(engine_freep)
		struct engine *e = NULL;
		_cleanup_(engine_stream_freep)
		struct engine_stream *s = NULL;
		json_auto_t *body = json_pack("{s:b}", "Tty", 0);
		_cleanup_free_ char *asked = NULL;
		struct err err = {0};
		char got[64];
		int r;

		fake_engine_add(fake, &(struct fake_reply){.data = cases[i].reply,
							   .split = cases[i].split,
							   .end = FAKE_CLOSE});
		assert_int_equal(engine_new(fake_engine_host(fake), &e, &err), 0);
		r = engine_hijack(e, "/exec/1/start", body, &s, &err);
		if (r != cases[i].r)
			fail_msg("%zu: %d %s", i, r, err.text);
		asked = fake_engine_last(fake);
		assert_non_null(strstr(asked, "POST /v1.41/exec/1/start HTTP/1.1\r\n"));
		assert_non_null(strstr(asked, "{\"Tty\":false}"));
		if (r < 0) {
			if (!strstr(err.text, cases[i].want))
				fail_msg("%zu: %s", i, err.text);
			continue;
		}
		read_all(s, got, sizeof(got));
		assert_string_equal(got, cases[i].want);
	}
}

static void test_hijack_limits(void **state _unused_)
{
	_cleanup_(fake_engine_freep)
	struct fake_engine *fake = fake_engine_new();
	_cleanup_(engine_freep)
	struct engine *e = NULL;
	_cleanup_(engine_stream_freep)
	struct engine_stream *s = NULL;
	json_auto_t *body = json_object();
	_cleanup_free_ char *flood = xcalloc(1, 40000);
	struct err err = {0};

	memset(flood, 'x', 39999);
	memcpy(flood, "HTTP/1.1 101 UPGRADED\r\n", 23);
	assert_int_equal(engine_new(fake_engine_host(fake), &e, &err), 0);
	fake_engine_add(fake, &(struct fake_reply){.data = flood, .end = FAKE_CLOSE});
	assert_int_equal(engine_hijack(e, "/x", body, &s, &err), -EMSGSIZE);
	assert_int_equal(engine_hijack(e, "/x\r\nX: y", body, &s, &err), -EINVAL);
	assert_int_equal(engine_hijack(e, "/x", NULL, &s, &err), -EINVAL);
	engine_free(take_ptr(e));
	assert_int_equal(engine_new("unix:///nonexistent/socket", &e, &err), 0);
	assert_int_equal(engine_hijack(e, "/x", body, &s, &err), -ECONNREFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_hijack),
		cmocka_unit_test(test_hijack_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
