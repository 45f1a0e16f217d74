/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fields of the engine's JSON, each with its type checked. For the decoders of engine/ only.
 *
 * where: dotted path of the object, for messages ("State"); "" for the top. A field that is absent
 * or null is as good as its zero value (Go leaves out what is empty), unless it is required.
 * All return 0 or -EPROTO with the field's path in err, and set *ret only with 0.
 */
#pragma once

#include "engine/engine.h"

int json_get_object(json_t *object, const char *where, const char *key, json_t **ret,
		    struct err *err); /* borrowed; NULL where absent */
int json_get_array(json_t *object, const char *where, const char *key, json_t **ret,
		   struct err *err); /* the same */
int json_get_string(json_t *object, const char *where, const char *key, char **ret,
		    struct err *err); /* copied; "" where absent */
int json_get_int(json_t *object, const char *where, const char *key, int64_t min, int64_t max,
		 int64_t *ret, struct err *err);
int json_get_bool(json_t *object, const char *where, const char *key, bool *ret, struct err *err);
/* An object of strings as a new reference; an empty one where absent. */
int json_get_strings(json_t *object, const char *where, const char *key, json_t **ret,
		     struct err *err);
/* A required id, as engine.h says what ids are. */
int json_get_id(json_t *object, const char *where, const char *key, char **ret, struct err *err);

/* -EPROTO unless it is an object. */
int json_need_object(json_t *json, const char *what, struct err *err);
