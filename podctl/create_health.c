/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the engine is told of an image's health check. Each run of one is an exec: the engine's,
 * containerd's and runc's work, outside of the container's limits, and the image says how often.
 *
 * The engine takes from the image each field that a create request leaves out or gives as 0.
 */
#include "podctl/create.h"

#include "common/json_build.h"

#define NS_PER_S  ((json_int_t)1000 * 1000 * 1000)
#define LEAST_NS  (CREATE_HEALTH_LEAST_S * NS_PER_S)
#define INTERVAL  "Interval"
#define BEGINNING "StartInterval" /* engine 25 on; earlier ones know none, and pass it over */

enum verdict { FINE, TOO_SHORT, NOT_KNOWN };

/* 0 and nothing are the engine's own, 30 and 5 seconds. */
static enum verdict look_at(json_t *health, const char *key)
{
	json_t *value = json_object_get(health, key);
	json_int_t ns = json_integer_value(value);

	if (!value || json_is_null(value))
		return FINE;
	if (!json_is_integer(value))
		return NOT_KNOWN;
	return ns != 0 && ns < LEAST_NS ? TOO_SHORT : FINE;
}

static bool runs(json_t *health)
{
	json_t *test = json_object_get(health, "Test");
	const char *kind = json_string_value(json_array_get(test, 0));

	if (!test || json_is_null(test) || (json_is_array(test) && json_array_size(test) == 0))
		return false;
	return !kind || !streq(kind, "NONE");
}

static void lengthen(json_t *health, enum verdict verdict, const char *key)
{
	if (verdict == TOO_SHORT)
		json_put(health, key, json_integer(LEAST_NS));
}

json_t *create_health(json_t *image_config)
{
	json_t *health = json_object_get(image_config, "Healthcheck"), *ret;
	enum verdict usual = look_at(health, INTERVAL), beginning = look_at(health, BEGINNING);

	if (!health || json_is_null(health))
		return NULL;
	if (json_is_object(health) && !runs(health))
		return NULL;
	if (json_is_object(health) && usual == FINE && beginning == FINE)
		return NULL;
	if (!json_is_object(health) || usual == NOT_KNOWN || beginning == NOT_KNOWN) {
		ret = json_pack("{s:[s]}", "Test", "NONE");
	} else {
		ret = json_object();
		lengthen(ret, usual, INTERVAL);
		lengthen(ret, beginning, BEGINNING);
	}
	if (!ret)
		abort();
	return ret;
}
