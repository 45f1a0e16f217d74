/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a command in a container through the engine's exec API, with the caller's terminal or pipes
 * at its ends. Never by entering namespaces: that would keep the host's capabilities and leave the
 * container's cgroup and seccomp filter behind.
 */
#pragma once

#include "engine/engine.h"

struct exec {
	struct engine *engine;
	const char *container_id; /* whole */
	const char *const *argv;  /* ended by NULL */
	const char *user;	  /* NULL: the container's */
	const char *directory;	  /* NULL: the container's */
	const char *const *env;	  /* "K=V", ended by NULL; or NULL */
	const char *term;	  /* for TERM where there is a terminal; NULL: none */
	int in, out, err;	  /* ours */
};

/*
 * Runs it to its end. Where in and out are terminals it gets one of its own, and ours is raw
 * meanwhile. Ends the remote process where we are to end (SIGTERM, SIGHUP, SIGINT without a
 * terminal) or its output has no reader. SIGPIPE must be ignored.
 *
 * 0 and the exit status in *ret: the command's; 128 + N where a signal N ended it or us. -errno: it
 * could not be run, or the connection was lost.
 */
int exec_run(const struct exec *x, int *ret, struct err *err);
