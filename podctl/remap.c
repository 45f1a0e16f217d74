/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/remap.h"

#include <errno.h>

/* A number in plain decimal that ends at end. */
static bool parse_id(const char *text, const char *end, uint32_t *ret)
{
	uint64_t n = 0;

	if (text == end || end - text > 10)
		return false;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
	}
	if (n == 0 || n > UINT32_MAX - REMAP_RANGE)
		return false;
	*ret = (uint32_t)n;
	return true;
}

static bool is_remapped(json_t *options)
{
	json_t *item;
	size_t i;

	json_array_foreach (options, i, item) {
		const char *text = json_string_value(item);

		/* "name=userns", maybe with more behind a comma */
		if (text && (streq(text, "name=userns") || startswith(text, "name=userns,")))
			return true;
	}
	return false;
}

int remap_parse(json_t *info, uid_t *ret_uid, gid_t *ret_gid, struct err *err)
{
	json_t *options = json_object_get(info, "SecurityOptions");
	const char *root = json_string_value(json_object_get(info, "DockerRootDir"));
	const char *name, *dot;
	uint32_t uid, gid;

	if (options && !json_is_array(options) && !json_is_null(options))
		return err_set(err, EPROTO, "SecurityOptions is no list");
	if (!is_remapped(options)) {
		*ret_uid = 0;
		*ret_gid = 0;
		return 0;
	}
	name = root ? strrchr(root, '/') : NULL;
	dot = name ? strchr(name, '.') : NULL;
	if (!dot || !parse_id(name + 1, dot, &uid) || !parse_id(dot + 1, dot + strlen(dot), &gid))
		return err_set(err, EPROTO,
			       "user namespaces are remapped, but the engine's data folder does "
			       "not tell to whom");
	*ret_uid = uid;
	*ret_gid = gid;
	return 0;
}

int remap_ask(struct remap *r, struct err *err)
{
	struct engine_call call = {.method = "GET", .path = "/info"};
	json_auto_t *info = NULL;
	int result;

	if (r->known)
		return 0;
	result = engine_do(r->engine, &call, &info, err);
	if (result == 0)
		result = remap_parse(info, &r->uid, &r->gid, err);
	if (result < 0)
		return err_wrap(err, "engine's user namespaces");
	r->known = true;
	return 0;
}
