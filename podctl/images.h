/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Getting images: pulled in parallel, each once; and our own pause image, loaded when absent. */
#pragma once

#include "engine/engine.h"
#include "podctl/caller.h"
#include "podctl/plan.h"
#include "podctl/ui.h"

/*
 * Pulls those that are not here, and those to be updated that no digest names; in parallel, each
 * once. Their ids and labels are set anew. All are tried; err is the first that failed, the others
 * are told to ui. No failure, but a warning, is an update of an image that is here, unless its
 * registry refuses it to the caller. caller: whose credentials are used (NULL: none).
 */
int images_pull(struct engine *e, struct plan_images *images, const struct caller *caller,
		const struct ui *ui, struct err *err);

/* Makes sure that the engine has the pause image under this name. */
int images_load_pause(struct engine *e, const char *name, const struct ui *ui, struct err *err);
