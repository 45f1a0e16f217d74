/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/live.h"

#include "common/clock.h"
#include "engine/engine.h"

#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TICK_MS	     100
#define SLOW_TICK_MS 500 /* where nothing is drawn */
#define COLUMNS_MIN  20
#define LINES_MAX    64

struct live {
	int fd;
	size_t n;
	live_line_fn *line; /* NULL: no block */
	void *userdata;
	size_t widths[LINES_MAX]; /* of the lines on the screen */
	size_t n_shown;
	int64_t drawn_ms;
};

static bool window(int fd, size_t *ret_columns, size_t *ret_rows)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return false;
	/* 0: a terminal that nobody told its size */
	*ret_columns = size.ws_col > 0 ? size.ws_col : 80;
	*ret_rows = size.ws_row > 0 ? size.ws_row : 24;
	return true;
}

size_t live_columns(int fd)
{
	size_t columns, rows;

	return isatty(fd) && window(fd, &columns, &rows) ? columns : 0;
}

struct live *live_new(int fd)
{
	struct live *l;
	size_t columns, rows;

	if (!isatty(fd) || !window(fd, &columns, &rows) || columns < COLUMNS_MIN || rows < 4)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->fd = fd;
	return l;
}

void live_free(struct live *l)
{
	live_end(l);
	free(l);
}

void live_begin(struct live *l, size_t n, live_line_fn *line, void *userdata)
{
	if (!l)
		return;
	live_end(l);
	l->n = n;
	l->line = line;
	l->userdata = userdata;
	l->drawn_ms = 0;
}

/* Characters that take a column: all but colours and the later bytes of UTF-8. */
static size_t columns_of(const char *text)
{
	size_t n = 0;

	for (const char *p = text; *p; p++) {
		if (*p == '\033') {
			while (*p && *p != 'm')
				p++;
			if (!*p)
				break;
		} else {
			n += ((unsigned char)*p & 0xc0) != 0x80;
		}
	}
	return n;
}

void live_hide(struct live *l)
{
	size_t columns, rows, up = 0;

	if (!l || l->n_shown == 0)
		return;
	if (window(l->fd, &columns, &rows)) {
		/* the terminal may have become narrower since, and folded our lines */
		for (size_t i = 0; i < l->n_shown; i++)
			up += l->widths[i] == 0 ? 1 : (l->widths[i] + columns - 1) / columns;
		up = up < rows ? up : rows - 1;
		printf("\033[%zuA\r\033[J", up);
		fflush(stdout);
	}
	l->n_shown = 0;
}

static void draw(struct live *l)
{
	size_t columns, rows, at_most;

	live_hide(l);
	if (!window(l->fd, &columns, &rows) || columns < COLUMNS_MIN || rows < 4)
		return;
	at_most = rows - 2 < LINES_MAX ? rows - 2 : LINES_MAX;
	for (size_t i = 0; i < l->n && l->n_shown < at_most; i++) {
		/* the last column is left free: some terminals go to the next line there */
		_cleanup_free_ char *text = l->line(l->userdata, i, columns - 1);

		if (!text)
			continue;
		l->widths[l->n_shown++] = columns_of(text);
		printf("%s\n", text);
	}
	fflush(stdout);
}

void live_tick(struct live *l)
{
	int64_t now = clock_ms();

	if (!l || !l->line || now - l->drawn_ms < TICK_MS)
		return;
	draw(l);
	l->drawn_ms = now;
}

int64_t live_timeout(const struct live *l, int64_t wanted)
{
	return l && l->line && (wanted < 0 || wanted > TICK_MS) ? TICK_MS : wanted;
}

void live_end(struct live *l)
{
	if (!l)
		return;
	live_hide(l);
	l->line = NULL;
	l->n = 0;
}

void live_wait(struct live *l, struct engine *e, void (*tick)(void *userdata), void *userdata)
{
	bool drawn = l && l->line;

	if (!drawn && !tick) {
		engine_wait(e);
		return;
	}
	while (engine_in_flight(e) > 0) {
		struct pollfd pfd = {.fd = engine_fd(e), .events = POLLIN};

		poll(&pfd, 1, drawn ? TICK_MS : SLOW_TICK_MS);
		engine_dispatch(e);
		if (tick)
			tick(userdata);
		live_tick(l);
	}
}
