/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Globs over paths and names:
 *
 *	*	any text without a slash		?	one character that is no slash
 *	**	any text, slashes too			\x	x itself
 *
 * A slash and two stars at the end take the folder itself, too; between two slashes, also no
 * folder at all.
 *
 * Anything else stands for itself. Pure.
 */
#pragma once

#include "common/base.h"

/*
 * The work is at most length of the pattern times length of the text: neither can make it slow.
 * Bytes of text that are no UTF-8 count as a character each.
 */
bool glob_match(const char *pattern, const char *text);
