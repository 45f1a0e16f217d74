/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading a whole file that somebody else may have put there. I/O: not for pure modules.
 *
 * Open with O_NONBLOCK | O_CLOEXEC | O_NOCTTY, so that a FIFO or a terminal in its place neither
 * blocks nor becomes ours; what is checked is the opened descriptor, never the path again.
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#include <dirent.h>

/*
 * Reads fd to its end. 0 and the bytes in *ret (caller frees; a NUL is put behind them), or:
 * -EISDIR, -EINVAL: not a regular file; -EFBIG: more than max bytes; -errno of reading. err does
 * not name the file: wrap it.
 */
int file_read_limited(int fd, size_t max, char **ret, size_t *ret_size, struct err *err);

/* Writes all of it. 0, or -1 with errno. */
int file_write_all(int fd, const char *data, size_t size);

/* Opens /dev/null for each of standard input, output and error that is closed: a file or socket of
 * ours would get its number, and what is printed. */
void file_open_standard(void);

/* Whether all that was printed is out: 0, -EPIPE (nobody reads it any more), or -errno. */
int file_flush_stdout(void);

/*
 * Puts a file of these contents, mode 0600, in the place of the one of this name in the folder: by
 * way of ".NAME.new", synced, so that after a crash at any moment there is the old or the new one,
 * whole. dir: open for reading. Only one may do so at a time for a name.
 */
int file_replace(int dir, const char *name, const char *data, size_t size, struct err *err);

/* To go through a folder of which there is a descriptor, also O_PATH; NULL with errno. */
DIR *file_list(int folder);
void closedirp(DIR **d); /* for _cleanup_ */
