/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A container's log as the engine streams it with timestamps=1: cut into lines, each with its time
 * and whether it went to standard output or error. And how a line is shown on a terminal. Pure.
 *
 * The text is the container's and hostile. Memory is bounded: a line longer than LOGS_LINE_MAX
 * comes in pieces.
 */
#pragma once

#include "common/base.h"
#include "engine/engine.h"

#define LOGS_LINE_MAX  ((size_t)16 * 1024)
#define LOGS_STAMP_MAX 40

struct logs_line {
	int stream;	   /* 1 stdout, 2 stderr */
	const char *stamp; /* "2026-11-23T01:39:37.123456789Z"; "" where there is none */
	const char *text; /* without the newline; may hold anything, also NUL; a NUL is behind it */
	size_t size;
	bool goes_on; /* a piece: the next line of this stream continues it */
};

typedef void logs_line_fn(void *userdata, const struct logs_line *line);

struct logs {
	bool tty; /* the container has a terminal: one stream, without frames */
	logs_line_fn *line;
	void *userdata;

	/* private */
	struct engine_frames frames;
	struct logs_half {
		char stamp[LOGS_STAMP_MAX]; /* of the line */
		char word[LOGS_STAMP_MAX];  /* what may become one */
		size_t word_size;
		bool in_word;
		char *text;
		size_t size;
	} halves[2];
};

void logs_init(struct logs *l, bool tty, logs_line_fn *line, void *userdata);
void logs_done(struct logs *l);

/* Takes the next bytes: 0, or -EPROTO where they are no frames. */
int logs_feed(struct logs *l, const void *data, size_t size);
/* At the end of the stream: gives what was not ended by a newline. */
void logs_end(struct logs *l);

/*
 * A line for a terminal: control characters, invalid UTF-8 and what reorders text are made visible
 * (^[, \x9b, \u202e); tabs stay; where color is set SGR sequences (colours, bold) stay too, and are
 * ended at the end. Caller frees.
 */
char *logs_visible(const char *text, size_t size, bool color);
