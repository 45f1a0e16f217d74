/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A listening unix socket, and those who come to it: what the daemon and the plugin share. */
#pragma once

#include "common/base.h"
#include "common/err.h"

#include <sys/socket.h>
#include <sys/types.h>

/*
 * Makes the socket at path anew, of this mode (0600: its owner's alone) from its first moment on.
 * The caller sees to it that nobody listens there. *ret does not block. 0, or -errno and err.
 */
int unix_listen(const char *path, mode_t mode, int backlog, int *ret, struct err *err);
/*
 * The same in place of a dead one only: -EADDRINUSE where somebody listens there, and another
 * -errno where that can't be told.
 */
int unix_listen_alone(const char *path, mode_t mode, int backlog, int *ret, struct err *err);
/* *ret does not block, nor does this: -EAGAIN where the queue of who listens is full. 0, or -errno
 * and err. */
int unix_connect(const char *path, int *ret, struct err *err);

/* The next one who came, not blocking, and who that is; or -errno. */
int unix_accept(int listener, struct ucred *ret_peer);

/*
 * Sends the size bytes at data from *at on, which goes with what was sent. 0: all of it; -EAGAIN:
 * the peer has to read first; another -errno: it is gone.
 */
int unix_send(int fd, const char *data, size_t size, size_t *at);
