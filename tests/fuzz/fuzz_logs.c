/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A container's log: the same lines in whatever pieces; and what a terminal gets of them. */
#include "podctl/logs.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_visible(const struct logs_line *line, bool color)
{
	_cleanup_free_ char *text = logs_visible(line->text, line->size, color);

	for (const char *p = text; *p; p++) {
		if (*p == '\033' && color && p[1] == '[') {
			p += 2 + strspn(p + 2, "0123456789;");
			if (*p == 'm')
				continue;
		}
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
			abort();
	}
}

static void on_line(void *userdata, const struct logs_line *line)
{
	uint64_t *sum = userdata;

	if (line->size > LOGS_LINE_MAX || line->text[line->size] ||
	    (line->stream != 1 && line->stream != 2) || strlen(line->stamp) >= LOGS_STAMP_MAX)
		abort();
	check_visible(line, true);
	check_visible(line, false);
	*sum = *sum * 31 + line->size + (uint64_t)line->stream + strlen(line->stamp);
	for (size_t i = 0; i < line->size; i++)
		*sum = *sum * 31 + (unsigned char)line->text[i];
}

static uint64_t read_all(const uint8_t *data, size_t size, size_t piece, bool tty)
{
	uint64_t sum = 0;
	struct logs l;

	logs_init(&l, tty, on_line, &sum);
	for (size_t at = 0; at < size; at += piece) {
		if (logs_feed(&l, data + at, piece < size - at ? piece : size - at) < 0)
			break;
	}
	logs_end(&l);
	logs_done(&l);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int tty = 0; tty < 2; tty++) {
		uint64_t whole = read_all(data, size, size + 1, tty);

		if (read_all(data, size, 1, tty) != whole || read_all(data, size, 7, tty) != whole)
			abort();
	}
	return 0;
}
