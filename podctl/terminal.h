/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The caller's terminal while a program runs in a container: raw, so that every key goes there, and
 * put back on whatever way we end but SIGKILL.
 */
#pragma once

#include "common/base.h"

#include <termios.h>

struct terminal {
	int fd; /* -1: none */
	bool raw;
	struct termios before;
};

/* Whether both are terminals. */
bool terminal_is_one(int in, int out);
/* Makes fd raw. -errno. Nothing is done where it is raw already. */
int terminal_make_raw(struct terminal *t, int fd);
/* Puts back what was; may be called twice. */
void terminal_restore(struct terminal *t);
/* Rows and columns; false where they are not known. */
bool terminal_size(int fd, unsigned *ret_rows, unsigned *ret_columns);
