/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams of lines: split and joined anywhere, ended by either side, and lines as events. */
#include "engine/engine.h"
#include "tests/unit/fake_engine.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define LONGEST ((size_t)8 * 1024 * 1024) /* of a line */
#define HEAD	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

struct fixture {
	struct fake_engine *fake;
	struct engine *engine;
	struct strv lines;
	struct strv beginnings; /* of lines that were too long */
	int stop_after, answer; /* the reader's answer to the line of that number */
	int done;
	int result, status;
	struct err err;
	volatile int stop;
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
	strv_done(&f->lines);
	strv_done(&f->beginnings);
	free(f);
	return 0;
}

static int on_line(void *userdata, const char *line, size_t size)
{
	struct fixture *f = userdata;

	strv_take(&f->lines, xstrndup(line, size));
	f->stop = 1;
	return (int)f->lines.n == f->stop_after ? f->answer : 0;
}

static void on_done(void *userdata, const struct engine_reply *reply)
{
	struct fixture *f = userdata;

	f->done++;
	f->result = reply->result;
	f->status = reply->status;
	f->err = reply->err;
	f->stop = 1;
}

static struct engine_request *start(struct fixture *f)
{
	struct engine_call call = {.method = "GET",
				   .path = "/events",
				   .timeout_ms = -1,
				   .on_line = on_line,
				   .done = on_done,
				   .userdata = f};

	strv_done(&f->lines);
	f->done = 0;
	f->stop = 0;
	return engine_start(f->engine, &call);
}

static void check_lines(struct fixture *f, const char *const *lines)
{
	size_t i;

	for (i = 0; lines[i]; i++) {
		assert_true(i < f->lines.n);
		assert_string_equal(f->lines.items[i], lines[i]);
	}
	assert_int_equal(f->lines.n, i);
}

static void test_split_everywhere(void **state)
{
	static const char *const lines[] = {"{\"a\":1}", "{\"b\":\"c\"}", "three", NULL};
	static const char text[] = "{\"a\":1}\n{\"b\":\"c\"}\r\n\n\r\nthree\n";
	struct fixture *f = *state;

	/* chunks of every size, in two packets cut at every byte */
	for (size_t chunk = 1; chunk <= sizeof(text); chunk++) {
		_cleanup_free_ char *reply = fake_http_chunked(200, text, chunk);
		size_t step = chunk == 1 || chunk == 7 || chunk == sizeof(text) ? 1 : 29;

		for (size_t split = 1; split < strlen(reply); split += step) {
			fake_engine_add(f->fake,
					&(struct fake_reply){.data = reply, .split = split});
			start(f);
			engine_wait(f->engine);
			assert_int_equal(f->done, 1);
			assert_int_equal(f->result, 0);
			check_lines(f, lines);
		}
	}
	assert_int_equal(fake_engine_connections(f->fake), 1);
}

/* Lines come as soon as they are there, and the stream's end is an error unless it was told. */
static void test_live(void **state)
{
	static const char *const lines[] = {"one", "two", "three", NULL};
	struct fixture *f = *state;

	fake_engine_add(f->fake, &(struct fake_reply){.data = HEAD, .end = FAKE_STREAM});
	start(f);
	while (fake_engine_requests(f->fake) == 0)
		engine_dispatch(f->engine);
	fake_engine_push(f->fake, 1, "one\ntw");
	assert_int_equal(engine_wait_until(f->engine, &f->stop), 1);
	assert_int_equal(f->lines.n, 1);
	f->stop = 0;
	fake_engine_push(f->fake, 1, "o\nthree\nfour");
	while (f->lines.n < 3)
		engine_wait_until(f->engine, &f->stop);
	assert_int_equal(f->done, 0);
	fake_engine_hang_up(f->fake);
	engine_wait(f->engine);
	assert_int_equal(f->done, 1);
	assert_int_equal(f->result, -ECONNRESET);
	check_lines(f, lines); /* "four" was cut */
}

static void test_ends(void **state)
{
	static const struct {
		const char *reply;
		int result, status;
		size_t lines;
		const char *text;
	} table[] = {
		{HEAD "4\r\none\n\r\n0\r\n\r\n", 0, 200, 1, ""},
		{HEAD "0\r\n\r\n", 0, 200, 0, ""},
		{HEAD "3\r\none\r\n0\r\n\r\n", -EPROTO, 200, 0, "inside a line"},
		{HEAD "4\r\none\n\r\n", -ECONNRESET, 200, 1, ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\none\n", 0, 200, 1, ""},
		{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\none\n", -ECONNRESET, 200, 1, ""},
		{"HTTP/1.1 200 OK\r\n\r\none\n", -EPROTO, 200, 1, "without a length"},
		/* an error's body is no stream */
		{"HTTP/1.1 404 N\r\nContent-Length: 16\r\n\r\n{\"message\":\"x\"}\n", 0, 404, 0,
		 "x"},
		{"HTTP/1.1 500 N\r\nContent-Length: 5\r\n\r\na\nb\nc", 0, 500, 0, "HTTP 500"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		fake_engine_add(f->fake,
				&(struct fake_reply){.data = table[i].reply, .end = FAKE_CLOSE});
		start(f);
		engine_wait(f->engine);
		if (f->result != table[i].result || f->status != table[i].status ||
		    f->lines.n != table[i].lines || !strstr(f->err.text, table[i].text))
			fail_msg("reply %zu: %d HTTP %d, %zu lines, %s", i, f->result, f->status,
				 f->lines.n, f->err.text);
		assert_int_equal(f->done, 1);
	}
}

static void test_reader_ends_it(void **state)
{
	struct fixture *f = *state;

	f->stop_after = 2;
	f->answer = -EBADMSG;
	fake_engine_add(f->fake, &(struct fake_reply){.data = HEAD "10\r\none\ntwo\nthree\nx\n\r\n",
						      .end = FAKE_HANG});
	start(f);
	engine_wait(f->engine);
	assert_int_equal(f->lines.n, 2);
	assert_int_equal(f->result, -EBADMSG);
	assert_int_equal(f->err.code, EBADMSG);
}

/* A line may be 8 MiB long and no longer, whether its end is there or not. */
static void test_longest_line(void **state)
{
	static const struct {
		size_t length;
		bool newline, passes;
	} table[] = {
		{LONGEST, true, true},
		{LONGEST + 1, true, false},
		{LONGEST + 1, false, false},
		{11 * 1024 * 1024, false, false},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_free_ char *text = xmalloc(table[i].length + 2), *reply = NULL;

		memset(text, 'x', table[i].length);
		text[table[i].length] = table[i].newline ? '\n' : '\0';
		text[table[i].length + 1] = '\0';
		reply = fake_http_chunked(200, text, (size_t)4 * 1024 * 1024);
		fake_engine_add(f->fake, &(struct fake_reply){.data = reply});
		start(f);
		engine_wait(f->engine);
		assert_int_equal(f->result, table[i].passes ? 0 : -EMSGSIZE);
		assert_int_equal(f->lines.n, table[i].passes ? 1 : 0);
		if (table[i].passes)
			assert_int_equal(strlen(f->lines.items[0]), table[i].length);
	}
}

static int on_long_line(void *userdata, const char *line, size_t size)
{
	struct fixture *f = userdata;

	assert_int_equal(size, LONGEST);
	strv_take(&f->beginnings, xstrndup(line, 5));
	return f->answer;
}

/* Of one that is longer its beginning is told, and what comes behind it as always. */
static void test_too_long(void **state)
{
	static const char *const lines[] = {"one", "two", "three", NULL};
	static const size_t chunks[] = {100000, 40 * 1024 * 1024};
	struct fixture *f = *state;
	size_t size = LONGEST + 20000000;
	_cleanup_free_ char *text = xmalloc(size + 64);
	struct engine_call call = {.method = "GET",
				   .path = "/events",
				   .timeout_ms = -1,
				   .on_line = on_line,
				   .on_long_line = on_long_line,
				   .done = on_done,
				   .userdata = f};

	/* one of a byte more than may be, and one of much more */
	memset(text, 'x', size + 63);
	memcpy(text, "one\nfirst", 9);
	memcpy(text + 4 + LONGEST + 1, "\ntwo\nother", 10);
	memcpy(text + size + 32, "\nthree\n", 8);
	for (size_t i = 0; i < ARRAY_SIZE(chunks); i++) {
		_cleanup_free_ char *reply = fake_http_chunked(200, text, chunks[i]);

		fake_engine_add(f->fake, &(struct fake_reply){.data = reply});
		strv_done(&f->lines);
		engine_start(f->engine, &call);
		engine_wait(f->engine);
		assert_int_equal(f->result, 0);
		check_lines(f, lines);
		assert_int_equal(f->beginnings.n, 2);
		assert_string_equal(f->beginnings.items[0], "first");
		assert_string_equal(f->beginnings.items[1], "other");
		strv_done(&f->beginnings);
	}
	/* what ends inside of it is cut; what its reader says ends it */
	text[size + 32] = '\0';
	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *reply = fake_http_chunked(200, text, chunks[1]);

		f->answer = i ? -EBADMSG : 0;
		fake_engine_add(f->fake, &(struct fake_reply){.data = reply, .end = FAKE_CLOSE});
		strv_done(&f->lines);
		engine_start(f->engine, &call);
		engine_wait(f->engine);
		assert_int_equal(f->result, i ? -EBADMSG : -EPROTO);
		assert_int_equal(f->beginnings.n, i ? 1 : 2);
		strv_done(&f->beginnings);
	}
}

static int on_data(void *userdata, const void *data, size_t size)
{
	struct fixture *f = userdata;

	strv_take(&f->lines, xstrndup(data, size));
	return (int)f->lines.n == f->stop_after ? f->answer : 0;
}

static void test_data(void **state)
{
	struct fixture *f = *state;
	struct engine_call call = {.method = "GET",
				   .path = "/logs",
				   .timeout_ms = -1,
				   .on_data = on_data,
				   .done = on_done,
				   .userdata = f};

	/* raw streams of the engine end with their connection */
	fake_engine_add(f->fake, &(struct fake_reply){.data = "HTTP/1.1 200 OK\r\n\r\nabc",
						      .end = FAKE_CLOSE});
	engine_start(f->engine, &call);
	engine_wait(f->engine);
	assert_int_equal(f->result, 0);
	assert_int_equal(f->lines.n, 1);
	assert_string_equal(f->lines.items[0], "abc");
	f->stop_after = 2;
	f->answer = -ECANCELED;
	fake_engine_add(f->fake,
			&(struct fake_reply){.data = HEAD "3\r\nabc\r\n", .end = FAKE_HANG});
	engine_start(f->engine, &call);
	engine_wait(f->engine);
	assert_int_equal(f->result, -ECANCELED);
}

/* ---- events ---- */

static void test_event(_unused_ void **state)
{
	/* as 20.10 prints it, and as 1.52 does */
	static const char *const lines[] = {
		"{\"status\":\"start\",\"id\":\"abc\",\"from\":\"busybox\",\"Type\":\"container\","
		"\"Action\":"
		"\"start\",\"Actor\":{\"ID\":\"abc\",\"Attributes\":{\"image\":\"busybox\","
		"\"name\":\"web\"}},"
		"\"scope\":\"local\",\"time\":1795386446,\"timeNano\":1795386446680311639}",
		"{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{\"ID\":\"abc\","
		"\"Attributes\":{"
		"\"image\":\"busybox\",\"name\":\"web\"}},\"scope\":\"local\",\"time\":1795386446,"
		"\"timeNano\":1795386446680311639}\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_(engine_event_done)
		struct engine_event ev = {0};
		struct err err = {0};

		assert_int_equal(engine_event_parse(lines[i], strlen(lines[i]), &ev, &err), 0);
		assert_string_equal(ev.type, "container");
		assert_string_equal(ev.action, "start");
		assert_string_equal(ev.id, "abc");
		assert_string_equal(json_string_value(json_object_get(ev.attributes, "name")),
				    "web");
		assert_int_equal(ev.time_nano, 1795386446680311639);
	}
}

#define EVENT(actor) "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":" actor "}"

static void test_events(_unused_ void **state)
{
	static const struct {
		const char *line;
		const char *text; /* in err; NULL: it is taken */
	} table[] = {
		{EVENT("{\"ID\":\"abc\"}"), NULL},
		{EVENT("{\"ID\":\"abc\",\"Attributes\":null}"), NULL},
		{EVENT("{\"ID\":\"abc\",\"Attributes\":{\"a\":\"b\\u0000c\"}}"), NULL},
		{"{\"Type\":\"image\",\"Action\":\"pull\",\"Actor\":{\"ID\":\"a/b:latest\"}}",
		 NULL},
		{"{\"Type\":\"daemon\",\"Action\":\"reload\"}", NULL},
		{EVENT("{\"ID\":\"a/b\"}"), "Actor.ID: an id expected"},
		{EVENT("{\"ID\":\"..\"}"), "Actor.ID"},
		{EVENT("{\"ID\":\"\"}"), "Actor.ID"},
		{EVENT("{\"ID\":7}"), "Actor.ID"},
		{EVENT("{}"), "Actor.ID"},
		{EVENT("null"), "Actor.ID"},
		{EVENT("[]"), "Actor: an object expected"},
		{EVENT("{\"ID\":\"abc\",\"Attributes\":{\"a\":1}}"),
		 "Attributes.a: a string expected"},
		{EVENT("{\"ID\":\"abc\",\"Attributes\":[]}"), "Actor.Attributes"},
		{EVENT("{\"ID\":\"abc\",\"ID\":\"abd\"}"), "duplicate"},
		{"{\"Type\":\"network\",\"Action\":\"connect\",\"Actor\":{}}", "Actor.ID"},
		{"{\"Type\":1,\"Action\":\"die\"}", "Type: a string expected"},
		{"{\"Action\":\"die\"}", "without Type"},
		{"{\"Type\":\"container\"}", "without Type or Action"},
		{"{\"Type\":\"image\",\"Action\":\"x\",\"timeNano\":-1}", "timeNano"},
		{"{\"Type\":\"image\",\"Action\":\"x\",\"timeNano\":1.5}", "timeNano"},
		{"{\"Type\":\"image\",\"Action\":\"x\",\"timeNano\":\"1\"}", "timeNano"},
		{"[]", "event: an object expected"},
		{"\"x\"", "event: an object expected"},
		{"null", "event: an object expected"},
		{"", "bad JSON"},
		{"{", "bad JSON"},
		{"{} {}", "bad JSON"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct engine_event ev, before;
		struct err err = {0};
		int r;

		memset(&before, 0x5a, sizeof(before));
		ev = before;
		r = engine_event_parse(table[i].line, strlen(table[i].line), &ev, &err);
		if (r != (table[i].text ? -EPROTO : 0) ||
		    (table[i].text && !strstr(err.text, table[i].text)))
			fail_msg("%s: %d %s", table[i].line, r, err.text);
		if (r < 0)
			assert_memory_equal(&ev, &before, sizeof(ev));
		else
			engine_event_done(&ev);
	}
}

/* No beginning of an event is an event. */
static void test_event_cut(_unused_ void **state)
{
	static const char line[] = EVENT("{\"ID\":\"abc\",\"Attributes\":{\"a\":\"b\"}}");

	for (size_t n = 0; n < sizeof(line) - 1; n++) {
		_cleanup_free_ char *part = xmemdup(line, n);
		struct engine_event ev;
		struct err err = {0};

		assert_int_equal(engine_event_parse(part, n, &ev, &err), -EPROTO);
	}
}

/* What comes before the attributes is an event, or there is none. */
static void test_event_shortened(_unused_ void **state)
{
	static const char head[] = "{\"status\":\"die\",\"from\":\"a\\\"{\\\\\",\"Type\":"
				   "\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"abc\","
				   "\"Attributes\":{";
	static const char *const none[] = {
		"",
		"x",
		"{\"Type\":\"container\",\"Actor\":{\"Attributes\":1},\"a\":{\"b\":{",
		"}}}{{{",
		"{\"Type\":\"{{{",
	};
	static const char *const no_event[] = {
		"{\"Action\":\"die\",\"Type\":\"container\",\"Actor\":{\"Attributes\":{\"a\":1",
		"{\"a\":{\"b\":{\"Type\":\"container\"",
		"{{{",
	};
	_cleanup_free_ char *text = xasprintf("%s\"a\":\"%070000d", head, 7);
	_cleanup_free_ char *late = xasprintf("{\"from\":\"%070000d\",%s", 7, head + 1);

	for (size_t n = 0; n <= strlen(text); n += n < sizeof(head) + 9 ? 1 : 9999) {
		_cleanup_free_ char *part = xmemdup(text, n),
				    *event = engine_event_shorten(part, n);
		_cleanup_(engine_event_done)
		struct engine_event ev = {0};
		struct err err;

		if (n < strlen(head)) {
			assert_null(event);
			continue;
		}
		assert_non_null(event);
		assert_int_equal(engine_event_parse(event, strlen(event), &ev, &err), 0);
		assert_string_equal(ev.type, "container");
		assert_string_equal(ev.action, "die");
		assert_string_equal(ev.id, "abc");
		assert_int_equal(json_object_size(ev.attributes), 0);
	}
	assert_null(engine_event_shorten(late, strlen(late)));
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_null(engine_event_shorten(none[i], strlen(none[i])));
	for (size_t i = 0; i < ARRAY_SIZE(no_event); i++) {
		_cleanup_free_ char *event = engine_event_shorten(no_event[i], strlen(no_event[i]));
		struct engine_event ev;
		struct err err;

		assert_non_null(event);
		assert_int_equal(engine_event_parse(event, strlen(event), &ev, &err), -EPROTO);
	}
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FAKE(test_split_everywhere),
		WITH_FAKE(test_live),
		WITH_FAKE(test_ends),
		WITH_FAKE(test_reader_ends_it),
		WITH_FAKE(test_longest_line),
		WITH_FAKE(test_too_long),
		WITH_FAKE(test_data),
		cmocka_unit_test(test_event),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_event_cut),
		cmocka_unit_test(test_event_shortened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
