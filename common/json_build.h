/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making JSON without leaving anything out: jansson fails where memory is out, or where a string is
 * no UTF-8, which the caller sees to. What is left out of a request would be what the engine does
 * without, and of a report what is not there. So that aborts (see base.h).
 */
#pragma once

#include <jansson.h>

/* json, which is not NULL. */
json_t *json_must(json_t *json);
/* object[key] = value, taking value over. */
void json_put(json_t *object, const char *key, json_t *value);
/* Adds value to the end, taking it over. */
void json_push(json_t *array, json_t *value);
/* A string; one that is no UTF-8, as names of files need not be, as text_printable shows it. */
json_t *json_text(const char *text);
