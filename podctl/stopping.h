/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Containers that the engine is stopping: whoever asked for that may be gone, a podctl that was
 * interrupted, and the engine goes on with it all the same. Its lists and inspections say "running"
 * until the end, its events tell.
 */
#pragma once

#include "podctl/plan.h"
#include "podctl/ui.h"

#include "engine/engine.h"

/*
 * Gives those of the pod that are being stopped the state "exited", which they will have. Best
 * effort: an engine that tells no events leaves them as they are.
 */
void stopping_mark(struct engine *e, const char *pod, struct present *present);

/* The same, and waits until they have ended, or should have: whoever starts them then can. */
void stopping_wait(struct engine *e, const struct ui *ui, const char *pod, struct present *present);
