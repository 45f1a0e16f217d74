/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line of the control socket, parsed. Pure: whatever a stranger writes. */
#pragma once

#include "common/base.h"
#include "common/err.h"

#include <jansson.h>

#define CONTROL_LINE_MAX	4096
#define CONTROL_WAIT_MS_DEFAULT 30000
#define CONTROL_WAIT_MS_MAX	300000

enum control_kind { CONTROL_STATUS, CONTROL_WAIT, CONTROL_RELOAD, CONTROL_EXPLAIN, CONTROL_DENIED };
#define CONTROL_LAST_MAX 10000 /* of denied */
#define CONTROL_END_MAX	 300   /* bytes of explain's from and to */

struct control_request {
	enum control_kind kind;
	char container[65]; /* WAIT: 64 hex digits */
	int timeout_ms;	    /* WAIT */
	/* EXPLAIN; uid: of the user in from, or -1 */
	char from[CONTROL_END_MAX + 1], to[CONTROL_END_MAX + 1];
	int64_t uid;
	/* DENIED */
	int last; /* so many of them */
	bool follow;
};

/*
 * {"status":true}, {"wait":{"container":ID,"timeout_ms":N}}, {"reload":true},
 * {"explain":{"from":TEXT,"to":TEXT,"uid":N}},
 * {"denied":{"last":N,"follow":true}}; nothing besides.
 */
int control_request_parse(const char *line, size_t size, struct control_request *ret,
			  struct err *err);
