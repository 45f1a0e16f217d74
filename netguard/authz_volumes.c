/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/authz_volumes.h"

#include "netguard/authz_fields.h"

void authz_volumes_done(struct authz_volumes *v)
{
	strv_done(&v->filled);
	strv_done(&v->shared);
}

/* ---- of a request ---- */

bool authz_mount_has_nocopy(json_t *mount)
{
	json_t *options = authz_field_get(mount, "VolumeOptions");

	return json_is_true(authz_field_get(options, "NoCopy"));
}

/* Where there are more, each would want a look of its own, and so many are refused. */
static void add(struct strv *names, const char *name)
{
	if (names->n <= AUTHZ_FACTS_MAX)
		strv_add_once(names, name);
}

/* SOURCE:TARGET[:MODE] */
static void add_bind(struct authz_volumes *v, const char *text)
{
	_cleanup_free_ char *source = xstrndup(text, strcspn(text, ":"));
	const char *target = strchr(text, ':');
	const char *mode = target ? strchr(target + 1, ':') : NULL;

	if (target && *source && *source != '/')
		add(mode && text_list_has(mode + 1, "nocopy") ? &v->shared : &v->filled, source);
}

static void add_mount(struct authz_volumes *v, json_t *mount)
{
	const char *source = authz_field_text(mount, "Source");

	if (streq(authz_field_text(mount, "Type"), "volume") && *source)
		add(authz_mount_has_nocopy(mount) ? &v->shared : &v->filled, source);
}

void authz_volumes_of(json_t *body, struct authz_volumes *ret)
{
	json_t *host = authz_field_get(body, "HostConfig"), *item;
	size_t i;

	json_array_foreach (authz_field_get(host, "Binds"), i, item)
		add_bind(ret, json_string_value(item) ?: "");
	json_array_foreach (authz_field_get(host, "Mounts"), i, item)
		add_mount(ret, item);
}

/* ---- of all that are under way ---- */

static const char *common(const struct strv *a, const struct strv *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (strv_has(a, b->items[i]))
			return b->items[i];
	}
	return NULL;
}

const char *authz_volumes_conflict(const struct authz_volumes *under_way,
				   const struct authz_volumes *asked)
{
	const char *name = common(&under_way->filled, &asked->filled);

	if (!name)
		name = common(&under_way->filled, &asked->shared);
	return name ? name : common(&under_way->shared, &asked->filled);
}

static void add_all(struct strv *to, const struct strv *names)
{
	for (size_t i = 0; i < names->n; i++)
		strv_add(to, names->items[i]);
}

void authz_volumes_add(struct authz_volumes *under_way, const struct authz_volumes *asked)
{
	add_all(&under_way->filled, &asked->filled);
	add_all(&under_way->shared, &asked->shared);
}

/* Of each name one: others may share it. */
static void remove_all(struct strv *from, const struct strv *names)
{
	for (size_t i = 0; i < names->n; i++) {
		for (size_t j = 0; j < from->n; j++) {
			if (!streq(from->items[j], names->items[i]))
				continue;
			free(from->items[j]);
			from->items[j] = from->items[--from->n];
			break;
		}
	}
}

void authz_volumes_remove(struct authz_volumes *under_way, const struct authz_volumes *asked)
{
	remove_all(&under_way->filled, &asked->filled);
	remove_all(&under_way->shared, &asked->shared);
}
