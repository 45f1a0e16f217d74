/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine's way to a file of a container: link by link, ".." by name and not by folder, and what
 * is not there is no obstacle. The kernel's own way differs in both, so it can't be asked.
 */
#include "podctl/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEPS_MAX 255 /* the engine's */

/* Parts that are no links. */
static void pop(struct strv *parts)
{
	if (parts->n > 0)
		freep(&parts->items[--parts->n]);
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
static void step(int root, struct strv *parts, const char *name, char **path, const char *rest,
		 mode_t *mode)
{
	_cleanup_close_ int fd = open_parts(root, parts, name);
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	*mode = 0;
	if (fd >= 0 && fstat(fd, &st) == 0)
		*mode = st.st_mode;
	if (!S_ISLNK(*mode)) {
		strv_add(parts, name);
		*path = xstrdup(rest);
		return;
	}
	n = readlinkat(fd, "", target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	while (*target == '/' && parts->n > 0)
		pop(parts);
	*path = xasprintf("%s/%s", target, rest);
}

bool layers_would_wait(int root, const char *path)
{
	struct strv parts = {0};
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
			pop(&parts);
			mode = S_IFDIR;
			left = xstrdup(rest);
		} else {
			step(root, &parts, name, &left, rest, &mode);
		}
	}
	free(left);
	strv_done(&parts);
	/* so many links are nobody's but his who has something in mind */
	return steps > STEPS_MAX || S_ISFIFO(mode) || S_ISCHR(mode) || S_ISBLK(mode);
}
