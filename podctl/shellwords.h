/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Splits a command line into words as a POSIX shell does, without any expansion. Pure. */
#pragma once

#include "common/base.h"

#define SHELLWORDS_MAX 4096

/*
 * Blanks separate; '...' keeps all, "..." keeps all but \" \\ \$ \` and \NEWLINE, a backslash
 * outside keeps the next byte; backslash-newline vanishes. $, *, ;, # and friends are plain bytes.
 * Returns NULL and adds the words to *ret (which may be none), or what is wrong, *ret untouched.
 */
const char *shellwords_split(const char *text, struct strv *ret);
