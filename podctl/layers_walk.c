/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine's way to a file of a container: link by link, ".." by name and not by folder, and what
 * is not there is no obstacle. The kernel's own way differs in both, so it can't be asked.
 */
#include "podctl/layers_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEPS_MAX 255 /* the engine's */

struct walk {
	int root;
	const struct strv *closed;
	struct strv parts; /* that are no links */
	bool through;	   /* something closed */
};

static void pop(struct strv *parts)
{
	if (parts->n > 0)
		freep(&parts->items[--parts->n]);
}

static char *join(const struct strv *parts)
{
	char *path = xstrdup("");

	for (size_t i = 0; i < parts->n; i++) {
		char *more = xasprintf("%s/%s", path, parts->items[i]);

		free(path);
		path = more;
	}
	return path;
}

/* -1: it is not there, or can't be reached. */
static int open_parts(int root, const struct strv *parts, const char *last)
{
	int fd = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; fd >= 0 && i <= parts->n; i++) {
		const char *name = i < parts->n ? parts->items[i] : last;
		int next = openat(fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

		close(fd);
		fd = next;
	}
	return fd;
}

/* One part. What it leads to, where it is a link, goes before the rest of *path. */
static void step(struct walk *w, const char *name, char **path, const char *rest, mode_t *mode)
{
	_cleanup_close_ int fd = open_parts(w->root, &w->parts, name);
	_cleanup_free_ char *here = join(&w->parts);
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	w->through |= strv_has(w->closed, here);
	*mode = 0;
	if (fd >= 0 && fstat(fd, &st) == 0)
		*mode = st.st_mode;
	if (!S_ISLNK(*mode)) {
		strv_add(&w->parts, name);
		*path = xstrdup(rest);
		return;
	}
	n = readlinkat(fd, "", target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	while (*target == '/' && w->parts.n > 0)
		pop(&w->parts);
	*path = xasprintf("%s/%s", target, rest);
}

bool layers_walk(int root, const struct strv *closed, const char *path, char **ret_place,
		 mode_t *ret_mode)
{
	struct walk w = {.root = root, .closed = closed};
	char *left = xstrdup(path);
	mode_t mode = 0;
	unsigned steps = 0;

	for (; *left && steps <= STEPS_MAX; steps++) {
		_cleanup_free_ char *now = left;
		char *rest = now, *name = strsep(&rest, "/");

		rest = rest ? rest : now + strlen(now);
		if (!*name || streq(name, ".")) {
			left = xstrdup(rest);
		} else if (streq(name, "..")) {
			pop(&w.parts);
			mode = S_IFDIR;
			left = xstrdup(rest);
		} else {
			step(&w, name, &left, rest, &mode);
		}
	}
	free(left);
	*ret_place = join(&w.parts);
	*ret_mode = mode;
	strv_done(&w.parts);
	/* so many links are nobody's but his who has something in mind */
	return steps <= STEPS_MAX && !w.through;
}
