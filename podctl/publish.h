/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published ports: [[IP:]HOST[-HOST]:]CONTAINER[-CONTAINER][/tcp|/udp]. Pure. */
#pragma once

#include "common/addr.h"
#include "common/base.h"

struct publish {
	struct addr ip;			/* AF_UNSPEC: every address of the host */
	uint16_t host_first, host_last; /* 0: an ephemeral port of the engine's choice */
	uint16_t first, last;		/* the container's; as many as the host's */
	uint8_t proto;			/* IPPROTO_TCP or IPPROTO_UDP */
};

/* Returns NULL and sets *ret, or what is wrong, *ret untouched. */
const char *publish_parse(const char *text, struct publish *ret);

/* Whether two entries want one host port on one address. */
bool publish_overlap(const struct publish *a, const struct publish *b);
