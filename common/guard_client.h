/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asking the daemon over its control socket: one request, one reply, each one line of JSON.
 *
 * Used by podctl and by netguard's own subcommands. The socket's path can't be chosen: who runs
 * podctl through sudo chooses the environment, and must not choose what podctl believes. The
 * reply is believed only where root (or the running user) holds the other end.
 *
 * Requests:  {"status": true}   {"wait": {"container": ID, "timeout_ms": N}}   {"reload": true}
 *            {"explain": {"from": TEXT, "to": TEXT, "uid": N}}
 *            {"denied": {"last": N, "follow": BOOL}}: root only; then a line for each denial
 * Replies:   {"ok": true, ...}  {"error": TEXT, "reason": "timeout" | "denied" | "invalid" | ...}
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#include <jansson.h>

/* whom the daemon runs as; he is in the group docker */
#define GUARD_USER	  "_netguard"
#define GUARD_SOCKET_PATH "/run/netguard/control.sock"
#define GUARD_REPLY_MAX	  ((size_t)64 * 1024 * 1024)

/* Whether a daemon accepts connections just now. */
bool guard_client_running(void);

/*
 * Sends request (borrowed) and waits for the reply, timeout_ms for all of it. 0 and *ret (may be
 * NULL; a new reference) where the daemon says ok. -ENOTCONN: no daemon runs; -ETIMEDOUT: no
 * answer in time, or the daemon says so; -EPERM: the daemon refuses; -EPROTO: no sensible reply;
 * -EIO: any other error that the daemon told, in err.
 */
int guard_client_ask(json_t *request, int timeout_ms, json_t **ret, struct err *err);

/*
 * Sends request and gives the first reply, and then each further line, to fn (borrowed), until fn
 * returns other than 0, which is returned, or the daemon goes: -ECONNRESET. timeout_ms is for the
 * first reply only. Errors as guard_client_ask.
 */
typedef int guard_client_fn(void *userdata, const json_t *line);
int guard_client_follow(json_t *request, int timeout_ms, guard_client_fn *fn, void *userdata,
			struct err *err);

/*
 * Waits until the kernel's table has all addresses of this running container (full id). Returns
 * as guard_client_ask. timeout_ms: at most; the daemon is told the same time.
 */
int guard_client_wait(const char *container_id, int timeout_ms, struct err *err);

/*
 * The same in two parts, for who has other things to do meanwhile: when *ret_fd is readable, or
 * time is up, comes the end, which waits at most timeout_ms (and a second) more, and closes it.
 */
int guard_client_wait_begin(const char *container_id, int timeout_ms, int *ret_fd, struct err *err);
int guard_client_wait_end(int fd, int timeout_ms, struct err *err);

/* The same with another socket, for tests. */
int guard_client_follow_at(const char *path, json_t *request, int timeout_ms, guard_client_fn *fn,
			   void *userdata, struct err *err);
int guard_client_ask_at(const char *path, json_t *request, int timeout_ms, json_t **ret,
			struct err *err);
