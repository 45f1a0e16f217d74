/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Put before each file whose branches are counted (make branches). A macro of a library counts as
 * the function that it could be: its one answer is our branch, the comparisons inside of it are
 * not. assert is gone by NDEBUG: what it holds is true by our own doing, for no input.
 */
#pragma once

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>

static inline bool covered_is(const json_t *j, json_type type)
{
	return j && json_typeof(j) == type;
}

#undef json_is_object
#undef json_is_array
#undef json_is_string
#undef json_is_integer
#undef json_is_null
#undef json_is_boolean
#undef json_is_true
#define json_is_object(j)  covered_is((j), JSON_OBJECT)
#define json_is_array(j)   covered_is((j), JSON_ARRAY)
#define json_is_string(j)  covered_is((j), JSON_STRING)
#define json_is_integer(j) covered_is((j), JSON_INTEGER)
#define json_is_null(j)	   covered_is((j), JSON_NULL)
#define json_is_true(j)	   covered_is((j), JSON_TRUE)
#define json_is_boolean(j) (covered_is((j), JSON_TRUE) | covered_is((j), JSON_FALSE))

/* the next one of a list, as json_array_foreach takes it */
static inline bool covered_next(const json_t *list, size_t i, json_t **ret)
{
	return i < json_array_size(list) && (*ret = json_array_get(list, i)) != NULL;
}

#undef json_array_foreach
#define json_array_foreach(list, i, value) for ((i) = 0; covered_next((list), (i), &(value)); (i)++)

static inline bool covered_at(const char *key, json_t **ret)
{
	return key && (*ret = json_object_iter_value(json_object_key_to_iter(key))) != NULL;
}

#undef json_object_foreach
#define json_object_foreach(object, key, value)                                                    \
	for ((key) = json_object_iter_key(json_object_iter(object)); covered_at((key), &(value));  \
	     (key) = json_object_iter_key(                                                         \
		     json_object_iter_next((object), json_object_key_to_iter(key))))

static inline bool covered_loopback(const struct in6_addr *a)
{
	return IN6_IS_ADDR_LOOPBACK(a);
}

static inline bool covered_linklocal(const struct in6_addr *a)
{
	return IN6_IS_ADDR_LINKLOCAL(a);
}

#undef IN6_IS_ADDR_LOOPBACK
#undef IN6_IS_ADDR_LINKLOCAL
#define IN6_IS_ADDR_LOOPBACK(a)	 covered_loopback(a)
#define IN6_IS_ADDR_LINKLOCAL(a) covered_linklocal(a)
