/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far a pull is, in words and as a bar. Pure. */
#pragma once

#include "podctl/pull.h"

/* "512 B", "1.9 MB": decimal units, as docker prints them. Caller frees. */
char *size_text(int64_t bytes);

/*
 * One line of at most columns characters: the image's name (of printable ASCII), cut at its
 * beginning where it is too long, and a bar where the size is known. Caller frees.
 */
char *pull_progress_line(const char *name, const struct pull *p, size_t columns);
