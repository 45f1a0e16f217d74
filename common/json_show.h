/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON on stdout, for people and programs. */
#pragma once

#include <jansson.h>

/* Indented, and a line's end. In ASCII: a string may come from who would like to drive a terminal.
 */
void json_show(const json_t *json);
