/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/layers_mounts.h"

#include "podctl/layers_walk.h"
#include "podctl/pod.h"
#include "podctl/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define MOUNTS_MAX 1000 /* each is held against each */
/* Of a container: a tenth of a second, where a thousand mounts of a usual image take a half of it.
 */
#define STEPS_LEFT 50000

void layers_mounts_done(struct layers_mounts *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->items[i].target);
		free(m->items[i].source);
	}
	free(m->items);
	*m = (struct layers_mounts){0};
}

static const char *text_of(json_t *mount, const char *key)
{
	const char *text = json_string_value(json_object_get(mount, key));

	return text ? text : "";
}

void layers_mounts_parse(json_t *config, json_t *host, const char *root, struct layers_mounts *ret)
{
	const char *target;
	json_t *mount;

	json_object_foreach (json_object_get(config, "MountPoints"), target, mount) {
		const char *name = text_of(mount, "Name"), *source = text_of(mount, "Source");
		char *where = NULL;

		/* a volume's is known to the engine only while it is in use */
		if (*name && !strchr(name, '/'))
			where = xasprintf("%s/volumes/%s/_data", root, name);
		else if (*source)
			where = xstrdup(source);
		ARRAY_PUSH(ret->items, ret->n) = (struct layers_mount){xstrdup(target), where};
	}
	json_object_foreach (json_object_get(host, "Tmpfs"), target, mount)
		ARRAY_PUSH(ret->items, ret->n) = (struct layers_mount){xstrdup(target), NULL};
}

static bool is_pin(const struct layers_mount *m)
{
	return m->source && text_path_below(m->source, POD_PIN_FOLDER);
}

const struct layers_mount *layers_mounts_nested(const struct layers_mounts *m)
{
	for (size_t i = 0; i < m->n && m->n <= MOUNTS_MAX; i++) {
		for (size_t j = 0; j < m->n; j++) {
			const char *inner = m->items[i].target, *outer = m->items[j].target;

			if (text_path_below(inner, outer) && !streq(inner, outer) &&
			    is_pin(&m->items[j]))
				return &m->items[i];
		}
	}
	return NULL;
}

/*
 * Whether a link stands on the way, or may: one of those who write there could have put it. What is
 * not there, or no folder, is none.
 */
static bool has_link(const char *source, const char *path, unsigned *left)
{
	_cleanup_close_ int folder = open(source, O_PATH | O_DIRECTORY | O_CLOEXEC), end = -1;

	for (const char *at = path; (at = strchr(at, '/')); at++)
		*left -= *left > 0;
	if (folder >= 0)
		end = walk_open(folder, path + strspn(path, "/"), O_PATH);
	return end < 0 && errno != ENOENT && errno != ENOTDIR;
}

/* One mount within another by its name goes there, unless what is in the other leads elsewhere. */
static bool is_plainly_in(const struct layers_mount *m, const struct layers_mount *around,
			  unsigned *left)
{
	const char *rest = startswith(m->target, around->target);

	return rest && *rest == '/' && !(around->source && has_link(around->source, rest, left));
}

/* Where all of them are: false where that can't be told. */
static bool find_places(int root, const struct layers_mounts *m, unsigned *left, struct strv *ret)
{
	struct strv closed = {0}, first = {0};
	bool known = m->n <= MOUNTS_MAX;
	mode_t mode;

	/* links in there lead anywhere */
	strv_add(&closed, "/proc");
	for (size_t i = 0; i < m->n && known; i++) {
		char *place = NULL;

		known = layers_walk(root, &closed, m->items[i].target, left, &place, &mode);
		strv_take(&first, place);
	}
	strv_done(&closed);
	for (size_t i = 0; i < m->n && known; i++) {
		struct strv others = {0};
		char *place = NULL;

		for (size_t j = 0; j < m->n; j++) {
			if (j != i && !is_plainly_in(&m->items[i], &m->items[j], left))
				strv_add(&others, first.items[j]);
		}
		known = layers_walk(root, &others, m->items[i].target, left, &place, &mode);
		strv_take(ret, place);
		strv_done(&others);
	}
	strv_done(&first);
	return known;
}

static bool may_wait(int root, const struct strv *places, const char *path, unsigned *left)
{
	_cleanup_free_ char *place = NULL;
	mode_t mode = 0;
	bool known = layers_walk(root, places, path, left, &place, &mode);

	/* what is mounted is a file or a folder, whatever is below it */
	return !known ||
	       (!strv_has(places, place) && (S_ISFIFO(mode) || S_ISCHR(mode) || S_ISBLK(mode)));
}

const char *layers_waits_for(int root, const struct layers_mounts *m, const char *const *paths,
			     size_t n)
{
	static const char *const kernel[] = {"/proc", "/sys", "/dev"};
	const char *found = NULL;
	struct strv places = {0};
	unsigned left = STEPS_LEFT;
	bool known = find_places(root, m, &left, &places);

	for (size_t i = 0; i < ARRAY_SIZE(kernel); i++)
		strv_add(&places, kernel[i]);
	for (size_t i = 0; i < n && !found; i++) {
		if (!known || may_wait(root, &places, paths[i], &left))
			found = paths[i];
	}
	strv_done(&places);
	return found;
}
