/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asking for what is known of many containers, one by one but beside each other. The engine does
 * not answer about a container that it is starting, and what is in a container can keep it at that
 * for good: so all have one time together, and one that hangs costs the others nothing.
 */
#pragma once

#include "engine/engine.h"

#define INSPECT_PATIENCE_MS ENGINE_TIMEOUT_MS

struct inspect_item {
	const char *id;
	engine_done_fn *done; /* of GET /containers/ID/json */
	void *userdata;
};

/* Until all are done, or patience_ms are over and little more. */
void inspect_containers(struct engine *e, const struct inspect_item *items, size_t n,
			int patience_ms);
