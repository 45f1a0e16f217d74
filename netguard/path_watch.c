/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The steps of a path under inotify.
 *
 * Always true: a step is watched before it is looked at, so what changes in between is told, and
 * the whole path is followed anew then.
 */
#include "netguard/path_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

/* as the kernel's own */
#define LINKS_MAX 40
/* of the last step everything counts, of the others that they are another file */
#define EVENTS                                                                                     \
	(IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM |        \
	 IN_ONLYDIR)

/* A name in a directory that is watched. */
struct step {
	int wd;
	char *name;
	bool last; /* the file itself, or a link to it */
};

struct steps {
	struct step *items;
	size_t n;
};

struct path_watch {
	int fd;
	char *path; /* absolute */
	struct steps steps;
};

static void steps_done(struct steps *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->items[i].name);
	free(s->items);
	*s = (struct steps){0};
}

int path_watch_new(const char *path, struct path_watch **ret, struct err *err)
{
	_cleanup_(path_watch_freep)
	struct path_watch *w = xcalloc(1, sizeof(*w));
	_cleanup_free_ char *here = NULL;

	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	/* the second limit has the same number, and is one of the user's */
	if (w->fd < 0 && errno == EMFILE)
		return err_set(err, EMFILE,
			       "inotify_init1: Too many open files, or as many watchers as "
			       "sysctl fs.inotify.max_user_instances lets a user have");
	if (w->fd < 0)
		return err_os(err, errno, "inotify_init1");
	if (path[0] == '/') {
		w->path = xstrdup(path);
	} else {
		here = getcwd(NULL, 0);
		if (!here)
			return err_os(err, errno, "the current directory");
		w->path = xasprintf("%s/%s", here, path);
	}
	*ret = take_ptr(w);
	return 0;
}

void path_watch_free(struct path_watch *w)
{
	if (!w)
		return;
	closep(&w->fd);
	steps_done(&w->steps);
	free(w->path);
	free(w);
}

int path_watch_fd(const struct path_watch *w)
{
	return w->fd;
}

/* Where a walk is: `at` has no link in it, "" is the root; `rest` is still to be gone. */
struct walk {
	char *at, *rest;
	unsigned n_links;
};

static void set(char **p, char *text)
{
	free(*p);
	*p = text;
}

/* Takes the next name off the rest; NULL at its end. */
static char *next_name(struct walk *w)
{
	const char *begin = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(begin, "/");
	char *name = n ? xstrndup(begin, n) : NULL;

	set(&w->rest, xstrdup(begin + n + strspn(begin + n, "/")));
	return name;
}

/* Goes through a link, or into what `name` is. False where the path leads nowhere. */
static bool enter(struct walk *w, const char *name)
{
	_cleanup_free_ char *full = xasprintf("%s/%s", w->at, name);
	char target[PATH_MAX];
	ssize_t n = readlink(full, target, sizeof(target) - 1);

	if (n < 0) {
		if (errno != EINVAL) /* no link */
			return false;
		set(&w->at, take_ptr(full));
		return true;
	}
	if (++w->n_links > LINKS_MAX)
		return false;
	target[n] = '\0';
	set(&w->rest, xasprintf("%s/%s", target, w->rest));
	if (target[0] == '/')
		set(&w->at, xstrdup(""));
	return true;
}

/* Watches `name` in the directory where the walk is. 0, or -errno. */
static int watch_step(int fd, const struct walk *w, const char *name, struct steps *steps)
{
	int wd = inotify_add_watch(fd, w->at[0] ? w->at : "/", EVENTS);

	if (wd < 0)
		return -errno;
	ARRAY_PUSH(steps->items, steps->n) =
		(struct step){.wd = wd, .name = xstrdup(name), .last = !w->rest[0]};
	return 0;
}

static int follow(int fd, struct walk *w, struct steps *steps)
{
	for (;;) {
		_cleanup_free_ char *name = next_name(w);
		int r;

		if (!name)
			return 0;
		if (streq(name, "."))
			continue;
		if (streq(name, "..")) {
			char *slash = strrchr(w->at, '/');

			if (slash)
				*slash = '\0';
			continue;
		}
		r = watch_step(fd, w, name, steps);
		/* what is no directory may become one: its own name is watched by now */
		if (r == -ENOENT || r == -ENOTDIR)
			return 0;
		if (r < 0)
			return r;
		if (!enter(w, name))
			return 0;
	}
}

static bool has_wd(const struct steps *s, int wd)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->items[i].wd == wd)
			return true;
	}
	return false;
}

int path_watch_follow(struct path_watch *w, struct err *err)
{
	struct walk walk = {.at = xstrdup(""), .rest = xstrdup(w->path)};
	struct steps before = w->steps;
	int r;

	w->steps = (struct steps){0};
	r = follow(w->fd, &walk, &w->steps);
	for (size_t i = 0; i < before.n; i++)
		if (!has_wd(&w->steps, before.items[i].wd)) /* gone already if its directory is */
			(void)inotify_rm_watch(w->fd, before.items[i].wd);
	if (r < 0)
		err_os(err, -r, "watch %s", walk.at[0] ? walk.at : "/");
	steps_done(&before);
	free(walk.at);
	free(walk.rest);
	return r;
}

static bool matters(const struct path_watch *w, const struct inotify_event *ev)
{
	if (ev->mask & IN_Q_OVERFLOW)
		return true;
	for (size_t i = 0; ev->len > 0 && i < w->steps.n; i++) {
		const struct step *s = &w->steps.items[i];

		/* a directory's times and mode are no matter */
		if (s->wd == ev->wd && streq(s->name, ev->name) &&
		    (s->last || (ev->mask & ~(uint32_t)(IN_ATTRIB | IN_ISDIR)) != 0))
			return true;
	}
	return false;
}

bool path_watch_read(struct path_watch *w)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool ret = false;
	/* once: what is left is told again, and a flood of others' files holds nobody up */
	ssize_t n = read(w->fd, buf, sizeof(buf));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *ev = (const void *)(buf + at);

		ret |= matters(w, ev);
		at += (ssize_t)sizeof(*ev) + ev->len;
	}
	return ret;
}
