/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine writes each message as a frame that begins with its time. Messages longer than 16 KiB
 * come as several, of which only the last ends in a newline.
 */
#include "podctl/logs.h"

#include "common/err.h"

#include <errno.h>
#include <stdio.h>

#define SGR_MAX 48

void logs_init(struct logs *l, bool tty, logs_line_fn *line, void *userdata)
{
	*l = (struct logs){.tty = tty, .line = line, .userdata = userdata};
	l->halves[0].in_word = l->halves[1].in_word = true;
}

void logs_done(struct logs *l)
{
	free(l->halves[0].text);
	free(l->halves[1].text);
	*l = (struct logs){0};
}

static void give(struct logs *l, int stream, bool goes_on)
{
	struct logs_half *h = &l->halves[stream - 1];
	struct logs_line line = {.stream = stream,
				 .stamp = h->stamp,
				 .text = h->text ? h->text : "",
				 .size = h->size,
				 .goes_on = goes_on};

	if (h->text)
		h->text[h->size] = '\0';
	l->line(l->userdata, &line);
	h->size = 0;
}

static void put(struct logs *l, int stream, char c)
{
	struct logs_half *h = &l->halves[stream - 1];

	if (c == '\n') {
		give(l, stream, false);
		/* only where a terminal's output has no frames to say where a message begins */
		h->in_word = l->tty;
		return;
	}
	if (!h->text)
		h->text = xmalloc(LOGS_LINE_MAX + 1);
	if (h->size == LOGS_LINE_MAX)
		give(l, stream, true);
	h->text[h->size++] = c;
}

static bool is_stamp(const char *word)
{
	return strlen(word) >= 20 && strspn(word, "0123456789-:.TZ+") == strlen(word) &&
	       word[4] == '-' && word[10] == 'T';
}

/* The first word of a message is over: a time, or text like any other. */
static void end_word(struct logs *l, int stream)
{
	struct logs_half *h = &l->halves[stream - 1];

	h->in_word = false;
	h->word[h->word_size] = '\0';
	if (is_stamp(h->word)) {
		/* the line has the time of its first message */
		if (h->size == 0)
			memcpy(h->stamp, h->word, sizeof(h->stamp));
		h->word_size = 0;
		return;
	}
	if (h->size == 0)
		h->stamp[0] = '\0';
	for (size_t i = 0; i < h->word_size; i++)
		put(l, stream, h->word[i]);
	h->word_size = 0;
}

static void take(struct logs *l, int stream, const char *data, size_t size)
{
	struct logs_half *h = &l->halves[stream - 1];

	for (size_t i = 0; i < size; i++) {
		if (!h->in_word) {
			put(l, stream, data[i]);
		} else if (data[i] == ' ' || data[i] == '\n' || data[i] == '\0' ||
			   h->word_size == LOGS_STAMP_MAX - 1) {
			bool was_stamp;

			h->word[h->word_size] = '\0';
			was_stamp = is_stamp(h->word);
			end_word(l, stream);
			if (!(was_stamp && data[i] == ' '))
				put(l, stream, data[i]);
		} else {
			h->word[h->word_size++] = data[i];
		}
	}
}

static int on_frame(void *userdata, int stream, const void *data, size_t size)
{
	struct logs *l = userdata;
	struct logs_half *h = &l->halves[stream - 1];

	take(l, stream, data, size);
	if (engine_frames_whole(&l->frames)) {
		if (h->in_word)
			end_word(l, stream);
		h->in_word = true;
	}
	return 0;
}

int logs_feed(struct logs *l, const void *data, size_t size)
{
	if (!l->tty)
		return engine_frames_feed(&l->frames, data, size, on_frame, l);
	take(l, 1, data, size);
	return 0;
}

void logs_end(struct logs *l)
{
	for (int stream = 1; stream <= 2; stream++) {
		struct logs_half *h = &l->halves[stream - 1];

		if (h->in_word && h->word_size > 0)
			end_word(l, stream);
		if (h->size > 0)
			give(l, stream, false);
	}
}

/* Length of a sequence that only changes colours, or 0. */
static size_t sgr_length(const char *text, size_t size)
{
	size_t n = 2;

	if (size < 3 || text[0] != '\033' || text[1] != '[')
		return 0;
	while (n < size && n < SGR_MAX && ((text[n] >= '0' && text[n] <= '9') || text[n] == ';'))
		n++;
	return n < size && text[n] == 'm' ? n + 1 : 0;
}

char *logs_visible(const char *text, size_t size, bool color)
{
	char *out = NULL;
	size_t n = 0;
	bool colored = false;
	FILE *f = xopen_memstream(&out, &n);

	/* what a terminal's newline leaves */
	if (size > 0 && text[size - 1] == '\r')
		size--;
	for (size_t i = 0; i < size;) {
		unsigned char c = (unsigned char)text[i];
		size_t sgr = color ? sgr_length(text + i, size - i) : 0, len;
		uint32_t code = 0;

		if (sgr > 0) {
			fwrite(text + i, 1, sgr, f);
			colored = true;
			i += sgr;
			continue;
		}
		if (c < 0x20 || c == 0x7f) {
			if (c == '\t')
				putc(c, f);
			else
				fprintf(f, "^%c", c ^ 0x40);
			i++;
			continue;
		}
		len = text_utf8_at(text + i, &code);
		if (len == 0 || len > size - i)
			fprintf(f, "\\x%02x", c);
		else if (!text_harmless(code))
			fprintf(f, "\\u%04x", code);
		else
			fwrite(text + i, 1, len, f);
		i += len == 0 || len > size - i ? 1 : len;
	}
	if (colored)
		fputs("\033[0m", f);
	xclose_memstream(f, &out);
	return out;
}
