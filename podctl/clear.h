/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A name that was free and is taken after all: a podctl that was killed may have left the engine a
 * request to carry out. What it made is the pod's own, was never started, and goes; whatever else
 * bears the name is left alone.
 */
#pragma once

#include "engine/engine.h"

/* err NULL: the name is free, or is going to be: the engine reserves it before it can be seen. */
typedef void clear_done_fn(void *userdata, const struct err *err);

/* done comes from the engine's dispatch. Strings are copied. */
void clear_name(struct engine *e, const char *pod, const char *name, clear_done_fn *done,
		void *userdata);
