/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A block of lines at the end of a terminal's output that is drawn again in place, ten times a
 * second at most. Whoever prints something else hides it first; the next tick draws it below.
 *
 * Nothing of the terminal's state is changed (no hidden cursor, no raw mode), so there is nothing
 * to restore where the program is killed.
 */
#pragma once

#include "common/base.h"

struct engine;
struct live;

/*
 * Text of line i in at most columns characters, printable but for colours (which do not count), or
 * NULL where it has none now. The block frees it.
 */
typedef char *live_line_fn(void *userdata, size_t i, size_t columns);

struct live *live_new(int fd); /* NULL unless fd is a terminal that can do it */
void live_free(struct live *l);
DEFINE_CLEANUP(struct live, live_free);

/* The width of a terminal, 0 where fd is none. */
size_t live_columns(int fd);

/* All accept NULL and then do nothing. */
void live_begin(struct live *l, size_t n, live_line_fn *line, void *userdata);
void live_tick(struct live *l); /* draws where it is time */
/* How long to wait, in ms (-1: for ever), so that the next tick is in time. */
int64_t live_timeout(const struct live *l, int64_t wanted);
void live_hide(struct live *l); /* takes the block off the screen until the next tick */
void live_end(struct live *l);	/* the same for good */

/* As engine_wait; draws meanwhile. tick (or NULL) is called some times a second. */
void live_wait(struct live *l, struct engine *e, void (*tick)(void *userdata), void *userdata);
