/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where output goes: a pipe, a file, a terminal, written without blocking. */
#pragma once

#include "common/base.h"

#define PIPE_END_MOST ((size_t)256 * 1024)

struct pipe_end {
	int fd;
	bool owned;  /* opened by us */
	size_t most; /* bytes at a time that do not block once poll says so; PIPE_END_MOST: never */
};

/*
 * A pipe is opened anew, so that it can be written without blocking and without changing it for
 * others. Only what we may write to anyway, or root's rights would give more than the caller has.
 */
struct pipe_end pipe_end_open(int fd);
void pipe_end_close(struct pipe_end *end);

/* As much as does not block: how many bytes, or -errno. */
int pipe_end_write(const struct pipe_end *to, const char *data, size_t size);

/* As far as who made it may: fewer turns for as many bytes. Nothing where it is no pipe. */
void pipe_end_widen(int fd);
