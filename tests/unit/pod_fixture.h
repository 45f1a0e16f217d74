/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of pod, create and plan share: a configuration, and pods from text. */
#pragma once

#include "podctl/create.h"

/* Everything that a configuration says; NULL: a usual one. Fails the test where it is invalid. */
struct settings *fixture_settings(const char *yaml);

/* All problems as "LINE:COL: path: text", a line each, or "" where the pod is valid. */
char *fixture_problems(const char *name, const char *yaml, const struct settings *settings,
		       struct pod **ret);

/* No values, and a key of zeroes. */
extern const struct values fixture_values;

#define fixture_create(p, s, pause)                                                                \
	(&(struct create){                                                                         \
		.pod = (p), .settings = (s), .values = &fixture_values, .pause_image = (pause)})

/* A valid pod. */
struct pod *fixture_pod(const char *name, const char *yaml, const struct settings *settings);
