/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Getting images: pulled in parallel, each once; and our own pause image, loaded when absent. */
#pragma once

#include "engine/engine.h"
#include "podctl/caller.h"
#include "podctl/plan.h"
#include "podctl/ui.h"

/*
 * Pulls those without an id and those to be updated, in parallel, each once, and sets their ids and
 * labels anew. All are tried; err is the first that failed. caller: whose credentials are used
 * (NULL: none).
 */
int images_pull(struct engine *e, struct plan_images *images, const struct caller *caller,
		const struct ui *ui, struct err *err);

/* Makes sure that the engine has the pause image under this name. */
int images_load_pause(struct engine *e, const char *name, const struct ui *ui, struct err *err);

/*
 * A line of the engine's pull stream: 0, or -EIO with what it reports. Lines that say nothing of
 * failure, of whatever shape, are fine. Pure.
 */
int images_pull_line(const char *line, size_t size, struct err *err);
