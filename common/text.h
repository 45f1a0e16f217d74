/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text from outside: fit for one line, compared with patterns, read as numbers. No allocation. */
#pragma once

#include "common/base.h"

/*
 * Makes a string from outside (names, labels, an engine's message) fit for one line of a terminal
 * or a log: control bytes, DEL, bytes that are no valid UTF-8, and bidirectional overrides become
 * '?', at most size - 1 bytes. Returns buf.
 */
char *text_printable(char *buf, size_t size, const char *text);

/* Length of the UTF-8 sequence at text (1..4) and its code point, or 0 where it is not valid. */
size_t text_utf8_at(const char *text, uint32_t *ret);
/* Whether text_printable leaves this code point as it is. */
bool text_harmless(uint32_t c);
/* Whether the glob matches all of text, where a star stands for any text. */
bool text_matches(const char *text, const char *glob);
/* Whether a path is the folder, or one below it by its name. */
bool text_path_below(const char *path, const char *folder);

/* Whether word is one of a list with commas: "ro" of "ro,nocopy". */
bool text_list_has(const char *list, const char *word);

/* As Go's filepath.Clean has it below a container's root: "a//b/../c" is "/a/c", "/" is "". */
char *text_clean_path(const char *path);

/*
 * The first n bytes of text as a decimal number up to max: digits only, one at least, also with
 * zeros before it. *ret stays as it is where they are none.
 */
bool text_digits(const char *text, size_t n, uint64_t max, uint64_t *ret);
/* All of text as such a number, without zeros before it. */
bool text_number(const char *text, uint64_t max, uint64_t *ret);
/* All of text as a uid or gid; the highest means "none" to the kernel, and is none here. */
bool text_id(const char *text, uint32_t *ret);
