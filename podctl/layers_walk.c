/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The engine's way to a file of a container: link by link, ".." by name and not by folder, and what
 * is not there is no obstacle. The kernel's own way differs in both, so it can't be asked.
 *
 * Containers make these ways as long as they like, and the start of the engine waits for us: each
 * step costs the same, however deep it is, and there is an end of them.
 */
#include "podctl/layers_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEPS_MAX	255 /* the engine's */
#define CLOSED_PER_STEP 32  /* as many names are compared in the time that one takes to open */

/* A part that is no link. */
struct place {
	int fd;	    /* -1: it is not there */
	size_t end; /* of its name in here */
};

struct walk {
	int root;
	const struct strv *closed;
	struct place *places;
	size_t n;
	char *here;   /* all parts, "/a/b" */
	bool through; /* something closed, or that could not be looked at */
};

static size_t end_of(const struct walk *w)
{
	return w->n > 0 ? w->places[w->n - 1].end : 0;
}

static void pop(struct walk *w)
{
	if (w->n == 0)
		return;
	closep(&w->places[--w->n].fd);
	w->here[end_of(w)] = '\0';
}

static void push(struct walk *w, const char *name, int fd)
{
	size_t at = end_of(w), size = strlen(name) + 1;

	w->here = xreallocarray(w->here, at + 1 + size, 1);
	w->here[at] = '/';
	memcpy(w->here + at + 1, name, size);
	ARRAY_PUSH(w->places, w->n) = (struct place){fd, at + size};
}

/* -1: it is not there, or can't be reached. */
static int open_next(struct walk *w, const char *name)
{
	int parent = w->n > 0 ? w->places[w->n - 1].fd : w->root, fd;

	if (parent < 0)
		return -1;
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	/* that we have no room for it says nothing of it */
	w->through |= fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM);
	return fd;
}

/* One part. What it leads to, where it is a link, goes before the rest of *path. */
static void step(struct walk *w, const char *name, char **path, const char *rest, mode_t *mode)
{
	_cleanup_close_ int fd = open_next(w, name);
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	w->through |= strv_has(w->closed, w->here);
	*mode = 0;
	if (fd >= 0 && fstat(fd, &st) == 0)
		*mode = st.st_mode;
	if (!S_ISLNK(*mode)) {
		push(w, name, take_fd(&fd));
		*path = xstrdup(rest);
		return;
	}
	n = readlinkat(fd, "", target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	while (*target == '/' && w->n > 0)
		pop(w);
	*path = xasprintf("%s/%s", target, rest);
}

static bool take(unsigned *left, const struct strv *closed)
{
	unsigned cost = 1 + (unsigned)(closed->n / CLOSED_PER_STEP);

	if (*left < cost)
		return false;
	*left -= cost;
	return true;
}

bool layers_walk(int root, const struct strv *closed, const char *path, unsigned *left,
		 char **ret_place, mode_t *ret_mode)
{
	struct walk w = {.root = root, .closed = closed, .here = xstrdup("")};
	char *rest_of_it = xstrdup(path);
	bool near = true;
	mode_t mode = 0;
	unsigned steps = 0;

	for (; *rest_of_it && steps <= STEPS_MAX && near; steps++) {
		_cleanup_free_ char *now = rest_of_it;
		char *rest = now, *name = strsep(&rest, "/");

		near = take(left, closed);
		rest = rest ? rest : now + strlen(now);
		if (!*name || streq(name, ".")) {
			rest_of_it = xstrdup(rest);
		} else if (streq(name, "..")) {
			pop(&w);
			mode = S_IFDIR;
			rest_of_it = xstrdup(rest);
		} else {
			step(&w, name, &rest_of_it, rest, &mode);
		}
	}
	free(rest_of_it);
	*ret_place = take_ptr(w.here);
	*ret_mode = mode;
	for (size_t i = 0; i < w.n; i++)
		closep(&w.places[i].fd);
	free(w.places);
	/* so many links, or so long ways, are nobody's but his who has something in mind */
	return steps <= STEPS_MAX && near && !w.through;
}
