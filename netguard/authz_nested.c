/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One mount inside of another, which other containers can write to: the runtime makes the folder or
 * the file that the inner one is mounted on, as the host's root, by a path that they can lead
 * elsewhere at that very moment, by a link (CVE-2024-45310). What the engine itself mounts counts,
 * too. Links of an image's can do the same; they are not seen here. Pure.
 */
#include "common/text.h"
#include "netguard/authz_container.h"

struct target {
	char *path;
	bool shared; /* others may write there */
};

struct targets {
	struct target *items;
	size_t n;
};

static void add(struct targets *t, const char *path, bool shared)
{
	ARRAY_PUSH(t->items, t->n) = (struct target){text_clean_path(path), shared};
}

static void add_keys(struct targets *t, json_t *object)
{
	const char *path;
	json_t *value;

	json_object_foreach (object, path, value)
		add(t, path, false);
}

/* Was looked at by authz_check_binds: SOURCE:/TARGET[:MODE]. */
static void add_bind(struct targets *t, const char *text)
{
	const char *target = strchr(text, ':') + 1;
	_cleanup_free_ char *path = xstrndup(target, strcspn(target, ":"));

	add(t, path, true);
}

static void collect(json_t *config, json_t *image, json_t *host, struct targets *ret)
{
	static const char *const own[] = {"/etc/hosts",	       "/etc/hostname", "/etc/resolv.conf",
					  "/sbin/docker-init", "/dev/shm",	"/proc/sys",
					  "/sys/fs/cgroup"};
	json_t *item;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(own); i++)
		add(ret, own[i], false);
	add_keys(ret, authz_field_get(config, "Volumes"));
	add_keys(ret, authz_field_get(image, "Volumes"));
	add_keys(ret, authz_field_get(host, "Tmpfs"));
	json_array_foreach (authz_field_get(host, "Binds"), i, item)
		add_bind(ret, json_string_value(item));
	json_array_foreach (authz_field_get(host, "Mounts"), i, item)
		add(ret, authz_field_text(item, "Target"), *authz_field_text(item, "Source"));
}

/* By their parts: what is inside of a folder follows it at once. */
static int compare(const void *a, const void *b)
{
	const unsigned char *x = (const unsigned char *)((const struct target *)a)->path,
			    *y = (const unsigned char *)((const struct target *)b)->path;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	return (*x == '/' ? 1 : *x) - (*y == '/' ? 1 : *y);
}

int authz_check_nested(const struct authz_context *ctx, json_t *config, json_t *image, json_t *host)
{
	struct targets t = {0};
	const char *around = NULL;
	int r = 0;

	collect(config, image, host, &t);
	qsort(t.items, t.n, sizeof(*t.items), compare);
	for (size_t i = 0; i < t.n && r == 0; i++) {
		const struct target *x = &t.items[i];

		if (around && text_path_below(x->path, around) && !streq(x->path, around))
			r = authz_deny(ctx,
				       "a mount at %s: inside of the one at %s, where others can "
				       "write, no other is allowed",
				       x->path, around);
		else if (x->shared)
			around = x->path;
	}
	for (size_t i = 0; i < t.n; i++)
		free(t.items[i].path);
	free(t.items);
	return r;
}
