/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which version of the API is spoken: the highest that the engine and we know. Newer engines
 * refuse old versions (Docker 29 takes 1.44 and later), older ones refuse new ones.
 */
#include "engine/json.h"
#include "engine/private.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

/* "1.N" in plain decimal, N below 1000. */
static bool parse_version(const char *text, unsigned *ret)
{
	const char *digits = startswith(text, "1.");
	uint64_t n;

	if (!digits || !text_number(digits, 999, &n))
		return false;
	*ret = (unsigned)n;
	return true;
}

/* The highest that both know. */
static void take_version(struct engine *e, unsigned newest)
{
	e->api_minor = newest < ENGINE_API_MINOR_MAX ? newest : ENGINE_API_MINOR_MAX;
	snprintf(e->api_version, sizeof(e->api_version), "1.%u", e->api_minor);
}

int engine_use_version(struct engine *e, json_t *version, struct err *err)
{
	_cleanup_free_ char *newest_text = NULL, *oldest_text = NULL;
	char newest_print[32], oldest_print[32];
	unsigned newest, oldest = 0;
	int r;

	r = json_need_object(version, "version", err);
	if (r < 0)
		return r;
	r = json_get_string(version, "", "ApiVersion", &newest_text, err);
	if (r < 0)
		return r;
	r = json_get_string(version, "", "MinAPIVersion", &oldest_text, err);
	if (r < 0)
		return r;
	text_printable(newest_print, sizeof(newest_print), newest_text);
	text_printable(oldest_print, sizeof(oldest_print), oldest_text);
	if (!parse_version(newest_text, &newest) ||
	    (oldest_text[0] && !parse_version(oldest_text, &oldest)) || oldest > newest)
		return err_set(err, EPROTONOSUPPORT,
			       "engine %s: API versions \"%s\" to \"%s\" make no sense", e->host,
			       oldest_print, newest_print);
	if (newest < ENGINE_API_MINOR_MIN || oldest > ENGINE_API_MINOR_MAX)
		return err_set(err, EPROTONOSUPPORT,
			       "engine %s: takes API versions %s to %s, we speak 1.%u to 1.%u",
			       e->host, oldest_text[0] ? oldest_print : "1.0", newest_print,
			       ENGINE_API_MINOR_MIN, ENGINE_API_MINOR_MAX);
	take_version(e, newest);
	return 0;
}

bool engine_version_is_podman(const json_t *version)
{
	json_t *components = json_object_get(version, "Components"), *component;
	size_t i;

	json_array_foreach (components, i, component) {
		const char *name = json_string_value(json_object_get(component, "Name"));

		if (name && streq(name, "Podman Engine"))
			return true;
	}
	return false;
}

void version_take_header(struct engine *e, const char *data, size_t size)
{
	static const char name[] = "api-version:";
	char text[32] = "";
	unsigned minor;
	size_t n = sizeof(name) - 1;

	if (size <= n || size - n >= sizeof(text) || strncasecmp(data, name, n) != 0)
		return;
	memcpy(text, data + n, size - n);
	text[strcspn(text, "\r\n")] = '\0';
	if (parse_version(text + strspn(text, " \t"), &minor))
		e->told_minor = minor;
}

int engine_agree(struct engine *e, struct err *err)
{
	/* too old: what it says of itself makes the message */
	if (e->told_minor < ENGINE_API_MINOR_MIN)
		return engine_negotiate(e, err);
	take_version(e, e->told_minor);
	return 0;
}

int engine_negotiate(struct engine *e, struct err *err)
{
	struct engine_call call = {.method = "GET", .path = "/version", .unversioned = true};
	json_auto_t *version = NULL;
	int r;

	r = engine_do(e, &call, &version, err);
	if (r < 0)
		return r;
	return engine_use_version(e, version, err);
}

const char *engine_api_version(const struct engine *e)
{
	return e->api_version;
}
