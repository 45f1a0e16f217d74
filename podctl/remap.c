/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/remap.h"

#include <errno.h>

/* The first of a range of ids, which is not root's. */
static bool parse_first(const char *text, size_t n, uint32_t *ret)
{
	uint64_t id;

	if (!text_digits(text, n, UINT32_MAX - REMAP_RANGE, &id) || id == 0)
		return false;
	*ret = (uint32_t)id;
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
	if (!dot || !parse_first(name + 1, (size_t)(dot - name - 1), &uid) ||
	    !parse_first(dot + 1, strlen(dot + 1), &gid))
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
