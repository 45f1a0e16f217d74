/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pull stream: layers, sums, failures; and how far it is, in words. */
#include "podctl/pull.h"
#include "podctl/pull_progress.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>

static void feed(struct pull *p, const char *line)
{
	struct err err = {0};

	if (pull_line(p, line, strlen(line), &err) < 0)
		fail_msg("%s: %s", line, err.text);
}

#define LAYER(id, status) "{\"status\":\"" status "\",\"progressDetail\":{},\"id\":\"" id "\"}"
#define BYTES(id, status, now, all)                                                                \
	"{\"status\":\"" status "\",\"progressDetail\":{\"current\":" now ",\"total\":" all        \
	"},\"id\":\"" id "\"}"
#define A "aaaaaaaaaaaa"
#define B "bbbbbbbbbbbb"

static void test_failures(void **state _unused_)
{
	static const struct {
		const char *line;
		int r;
		const char *says;
	} cases[] = {
		{"", 0, ""},
		{"\r", 0, ""},
		{"{}", 0, ""},
		{"{\"status\":7,\"id\":[],\"progressDetail\":\"x\"}", 0, ""},
		{"{\"error\":\"manifest unknown\"}", -EIO, "manifest unknown"},
		{"{\"errorDetail\":{\"message\":\"denied\"},\"error\":\"x\"}", -EIO, "denied"},
		{"{\"errorDetail\":{}}", -EIO, "not why"},
		{"{\"errorDetail\":7}", -EIO, "not why"},
		{"{\"error\":{\"message\":1}}", -EIO, "not why"},
		/* what a registry says does not drive a terminal */
		{"{\"error\":\"\\u001b[2Jgone\"}", -EIO, "?[2Jgone"},
		{"[]", -EPROTO, "not JSON"},
		{"{", -EPROTO, "not JSON"},
		{"{\"a\":1,\"a\":2}", -EPROTO, "not JSON"},
		{"hello", -EPROTO, "not JSON"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pull p = {0};
		struct err err = {0};

		if (pull_line(&p, cases[i].line, strlen(cases[i].line), &err) != cases[i].r ||
		    !strstr(err.text, cases[i].says))
			fail_msg("%s: %s", cases[i].line, err.text);
		assert_int_equal(p.n, 0);
		pull_done(&p);
	}
}

static void expect(const struct pull *p, enum pull_state state, size_t fetched, size_t layers,
		   int64_t loaded, int64_t total)
{
	struct pull_sum sum;

	pull_sum(p, &sum);
	assert_int_equal(sum.state, state);
	assert_int_equal(sum.fetched, fetched);
	assert_int_equal(sum.layers, layers);
	assert_int_equal(sum.loaded, loaded);
	assert_int_equal(sum.total, total);
}

static void test_layers(void **state _unused_)
{
	struct pull p = {0};

	expect(&p, PULL_WAITING, 0, 0, 0, 0);
	feed(&p, LAYER("latest", "Pulling from library/busybox"));
	/* a tag can look like a layer */
	feed(&p, LAYER(A, "Pulling from library/busybox"));
	expect(&p, PULL_WAITING, 0, 0, 0, 0);
	feed(&p, LAYER(A, "Pulling fs layer"));
	feed(&p, LAYER(B, "Pulling fs layer"));
	feed(&p, LAYER("cccccccccccc", "Already exists"));
	expect(&p, PULL_WAITING, 0, 2, 0, 0);
	feed(&p, BYTES(A, "Downloading", "100", "1000"));
	feed(&p, BYTES(B, "Downloading", "900", "1000"));
	expect(&p, PULL_DOWNLOADING, 0, 2, 1000, 2000);
	feed(&p, LAYER(B, "Retrying in 5 seconds"));
	expect(&p, PULL_DOWNLOADING, 0, 2, 100, 2000);
	feed(&p, LAYER(B, "Download complete"));
	feed(&p, LAYER(A, "Verifying Checksum"));
	expect(&p, PULL_DOWNLOADED, 0, 2, 2000, 2000);
	feed(&p, BYTES(A, "Extracting", "5", "7"));
	feed(&p, LAYER(B, "Pull complete"));
	expect(&p, PULL_EXTRACTING, 1, 2, 2000, 2000);
	feed(&p, LAYER(A, "Pull complete"));
	expect(&p, PULL_DONE, 2, 2, 2000, 2000);
	pull_done(&p);
}

static void test_hostile_sizes(void **state _unused_)
{
	struct pull p = {0};
	struct pull_sum sum;

	feed(&p, BYTES(A, "Downloading", "-5", "-7"));
	expect(&p, PULL_DOWNLOADING, 0, 1, 0, 0);
	feed(&p, BYTES(A, "Downloading", "9223372036854775807", "9223372036854775807"));
	/* of one that shrinks, what was loaded is no more than the whole */
	feed(&p, BYTES(A, "Downloading", "9223372036854775807", "3"));
	pull_sum(&p, &sum);
	assert_true(sum.loaded <= sum.total);
	for (unsigned i = 0; i < 2 * PULL_LAYERS_MAX; i++) {
		_cleanup_free_ char *line = xasprintf(
			"{\"status\":\"Downloading\",\"id\":\"%012x\",\"progressDetail\":"
			"{\"current\":9223372036854775807,\"total\":9223372036854775807}}",
			i);

		feed(&p, line);
	}
	assert_int_equal(p.n, PULL_LAYERS_MAX);
	pull_sum(&p, &sum);
	assert_true(sum.total > 0 && sum.loaded == sum.total);
	pull_done(&p);
}

static void test_refusals(void **state _unused_)
{
	static const struct {
		const char *text;
		bool refused;
	} cases[] = {
		{"Get \"http://127.0.0.1:5001/v2/x/manifests/latest\": no basic auth credentials",
		 true},
		{"unauthorized: authentication required", true},
		{"pull access denied for x, repository does not exist or may require 'docker "
		 "login': denied: requested access to the resource is denied",
		 true},
		{"error parsing HTTP 403 response body: Forbidden", true},
		{"login attempt to http://x/v2/ failed with status: 401 Unauthorized", true},
		{"manifest for busybox:9 not found: manifest unknown: manifest unknown", false},
		{"Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: "
		 "connection refused",
		 false},
		{"toomanyrequests: You have reached your pull rate limit.", false},
		{"received unexpected HTTP status: 503 Service Unavailable", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (pull_is_refusal(cases[i].text) != cases[i].refused)
			fail_msg("%s", cases[i].text);
	}
}

static void test_sizes(void **state _unused_)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} cases[] = {
		{-1, "0 B"},
		{0, "0 B"},
		{999, "999 B"},
		{1000, "1.0 kB"},
		{1999, "1.9 kB"},
		{999999, "999.9 kB"},
		{1000000, "1.0 MB"},
		{45678901, "45.6 MB"},
		{1234567890, "1.2 GB"},
		{INT64_MAX, "9223.3 PB"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = size_text(cases[i].bytes);

		assert_string_equal(text, cases[i].text);
	}
}

static void expect_line(const struct pull *p, size_t columns, const char *want)
{
	_cleanup_free_ char *line = pull_progress_line("busybox:latest", p, columns);

	assert_string_equal(line, want);
}

static void test_lines(void **state _unused_)
{
	struct pull p = {0};

	expect_line(&p, 60, "busybox:latest  asking the registry");
	feed(&p, LAYER(A, "Pulling fs layer"));
	expect_line(&p, 60, "busybox:latest  waiting");
	feed(&p, BYTES(A, "Downloading", "500000", "1000000"));
	expect_line(&p, 80, "busybox:latest  [===============>              ]  500.0 kB of 1.0 MB");
	expect_line(&p, 50, "busybox:latest  [======>     ]  500.0 kB of 1.0 MB");
	expect_line(&p, 30, "box:latest  500.0 kB of 1.0 MB");
	feed(&p, LAYER(A, "Download complete"));
	expect_line(&p, 60, "busybox:latest  unpacking, 0 of 1 layers");
	feed(&p, LAYER(A, "Pull complete"));
	expect_line(&p, 60, "busybox:latest  finishing");
	/* whatever the width, no line is wider */
	feed(&p, BYTES(B, "Downloading", "1", "999999999"));
	for (size_t columns = 0; columns < 200; columns++) {
		_cleanup_free_ char *line =
			pull_progress_line("registry.example.com/a/b:c", &p, columns);

		assert_true(strlen(line) <= columns);
	}
	pull_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failures),      cmocka_unit_test(test_layers),
		cmocka_unit_test(test_hostile_sizes), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_sizes),	      cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
