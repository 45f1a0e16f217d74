/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logs: cut into lines whatever the pieces that they come in, and made fit for a terminal. */
#include "podctl/logs.h"

#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#define STAMP "2026-11-23T01:39:37.123456789Z"
#define LATER "2026-11-23T01:39:38.000000000Z"

struct buffer {
	char *data;
	size_t size;
};

static void frame(struct buffer *b, int stream, const char *text, size_t size)
{
	unsigned char header[8] = {(unsigned char)stream,
				   0,
				   0,
				   0,
				   (unsigned char)(size >> 24),
				   (unsigned char)(size >> 16),
				   (unsigned char)(size >> 8),
				   (unsigned char)size};

	b->data = xreallocarray(b->data, b->size + 8 + size, 1);
	memcpy(b->data + b->size, header, 8);
	memcpy(b->data + b->size + 8, text, size);
	b->size += 8 + size;
}

/* "STREAM stamp|text\n", + for a line that goes on. */
static void note(void *userdata, const struct logs_line *line)
{
	char **all = userdata;
	char *more = xasprintf("%s%d%s %s|%s\n", *all, line->stream, line->goes_on ? "+" : "",
			       streq(line->stamp, STAMP)   ? "S"
			       : streq(line->stamp, LATER) ? "L"
							   : line->stamp,
			       line->text);

	assert_true(line->size <= LOGS_LINE_MAX && line->text[line->size] == '\0');
	free(*all);
	*all = more;
}

static char *read_all(const void *data, size_t size, size_t piece, bool tty, int want)
{
	char *all = xstrdup("");
	struct logs l;
	int r = 0;

	logs_init(&l, tty, note, &all);
	for (size_t at = 0; at < size && r == 0; at += piece) {
		/* a copy, so that a read behind it shows */
		size_t n = piece < size - at ? piece : size - at;
		_cleanup_free_ char *copy = xmemdup((const char *)data + at, n);

		r = logs_feed(&l, copy, n);
	}
	assert_int_equal(r, want);
	logs_end(&l);
	logs_done(&l);
	return all;
}

static void test_lines(void **state _unused_)
{
	static const struct {
		const char *frames[4]; /* the first byte: stream */
		const char *want;
	} cases[] = {
		{{"1" STAMP " hello\n"}, "1 S|hello\n"},
		{{"1" STAMP " a\n", "2" LATER " b\n", "1" LATER " c\n"}, "1 S|a\n2 L|b\n1 L|c\n"},
		{{"1" STAMP " \n"}, "1 S|\n"},
		{{"1" STAMP "\n"}, "1 S|\n"},
		/* one message in several frames has the time of the first */
		{{"1" STAMP " half", "2" STAMP " other\n", "1" LATER " way\n"},
		 "2 S|other\n1 S|halfway\n"},
		{{"1" STAMP " never ended"}, "1 S|never ended\n"},
		{{"1" STAMP " two\nin one\n"}, "1 S|two\n1 S|in one\n"},
		/* no time: text like any other */
		{{"1hello world\n"}, "1 |hello world\n"},
		{{"1hello\n"}, "1 |hello\n"},
		{{"1x"}, "1 |x\n"},
		{{"1\n"}, "1 |\n"},
		{{"10123456789012345678901234567890123456789012345678901234567890 x\n"},
		 "1 |0123456789012345678901234567890123456789012345678901234567890 x\n"},
		{{"1" STAMP " a\n", "1untimed\n"}, "1 S|a\n1 |untimed\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buffer b = {0};

		for (size_t j = 0; j < ARRAY_SIZE(cases[i].frames) && cases[i].frames[j]; j++)
			frame(&b, cases[i].frames[j][0] - '0', cases[i].frames[j] + 1,
			      strlen(cases[i].frames[j]) - 1);
		for (size_t piece = 1; piece <= b.size; piece++) {
			_cleanup_free_ char *got = read_all(b.data, b.size, piece, false, 0);

			if (!streq(got, cases[i].want))
				fail_msg("case %zu in pieces of %zu: %s", i, piece, got);
		}
		free(b.data);
	}
}

static void test_terminal(void **state _unused_)
{
	static const char raw[] = STAMP " a\r\n" LATER " b\r\n" STAMP " c";

	for (size_t piece = 1; piece < sizeof(raw); piece++) {
		_cleanup_free_ char *got = read_all(raw, sizeof(raw) - 1, piece, true, 0);

		assert_string_equal(got, "1 S|a\r\n1 L|b\r\n1 S|c\n");
	}
}

static void test_long(void **state _unused_)
{
	size_t size = strlen(STAMP) + 1 + 3 * LOGS_LINE_MAX, n = 0;
	char *text = xmalloc(size);
	struct buffer b = {0};
	_cleanup_free_ char *got = NULL;

	memset(text, 'x', size);
	memcpy(text, STAMP " ", strlen(STAMP) + 1);
	text[size - 1] = '\n';
	frame(&b, 2, text, size);
	got = read_all(b.data, b.size, 4096, false, 0);
	for (const char *p = got; (p = strstr(p, "2+ S|")); p++)
		n++;
	assert_int_equal(n, 2);
	assert_non_null(strstr(got, "\n2 S|x"));
	free(text);
	free(b.data);
}

static void test_no_frames(void **state _unused_)
{
	_cleanup_free_ char *got = read_all("not a frame", 11, 3, false, -EPROTO);

	assert_string_equal(got, "");
}

static void test_visible(void **state _unused_)
{
	static const struct {
		const char *text;
		size_t size; /* 0: strlen */
		bool color;
		const char *want;
	} cases[] = {
		{"plain \xc3\xa4\ttab", 0, true, "plain \xc3\xa4\ttab"},
		{"line\r", 0, true, "line"},
		{"over\rwritten", 0, true, "over^Mwritten"},
		{"\033[31mred\033[0m", 0, true, "\033[31mred\033[0m\033[0m"},
		{"\033[31mred", 0, false, "^[[31mred"},
		{"\033[mx", 0, true, "\033[mx\033[0m"},
		{"\033[2J\033]0;title\007", 0, true, "^[[2J^[]0;title^G"},
		{"\033[31", 0, true, "^[[31"},
		{"\033[1;999999999999999999999999999999999999999999999999mx", 0, true,
		 "^[[1;999999999999999999999999999999999999999999999999mx"},
		{"\033[?25l", 0, true, "^[[?25l"},
		{"a\0b", 3, true, "a^@b"},
		{"\x7f\x08", 0, true, "^?^H"},
		{"\xc2\x9b"
		 "2J",
		 0, true, "\\u009b2J"},
		{"\x9b"
		 "2J\xff",
		 0, true, "\\x9b2J\\xff"},
		{"\xe2\x80\xae"
		 "evil",
		 0, true, "\\u202eevil"},
		/* a character that the end cuts */
		{"x\xe2\x80\xae", 3, true, "x\\xe2\\x80"},
		{"", 0, true, ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size = cases[i].size ? cases[i].size : strlen(cases[i].text);
		char *copy = xmalloc(size + 1), *got;

		memcpy(copy, cases[i].text, size);
		copy[size] = '\0';
		got = logs_visible(copy, size, cases[i].color);
		assert_string_equal(got, cases[i].want);
		free(got);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),	cmocka_unit_test(test_terminal),
		cmocka_unit_test(test_long),	cmocka_unit_test(test_no_frames),
		cmocka_unit_test(test_visible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
