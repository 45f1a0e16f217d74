/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One request to the engine, as the relay hands it on. Pure.
 *
 * Who asks may be a daemon that somebody has taken over. So nothing that he wrote goes to the
 * engine: what is allowed is understood, and written anew. Strict: other methods than GET, bodies,
 * a bare newline and whatever else two readers could read in two ways is refused.
 * Source: RFC 9112; Docker Engine API v1.41 to v1.52.
 */
#pragma once

#include "common/base.h"

#define RELAY_HEAD_MAX	      16384
/* podman's networks with their interfaces; which of its own API: each since then knows it */
#define RELAY_LIBPOD_NETWORKS "/v4.0.0/libpod/networks/json"

struct relay_request {
	size_t head; /* bytes that it took, with its empty line */
	char *text;  /* for the engine, to be freed; NULL: it is not one that may be asked */
};

/* 1 and *ret: a whole one. 0: not yet. -EINVAL: none that can be understood. */
int relay_request_read(const char *data, size_t size, struct relay_request *ret);
