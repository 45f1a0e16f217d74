/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/config.h"

#include "common/log.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEOPLE_EVERY_MS 60000
/* an editor writes, renames and changes modes in a row: look when it is done */
#define SETTLE_MS	20

struct config {
	char *path, *file; /* file: its last component */
	struct settings *settings;
	struct people people;
	char *problem;
	struct stat seen; /* of the file as it was read last; zero: not there */
	struct source inotify, settle, minute;
	config_changed_fn *changed;
	void *userdata;
};

static void log_problems(const struct config *c, const struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct problem *q = &p->items[i];

		log_msg(q->warning ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, "%s:%u:%u: %s%s%s",
			c->path, q->mark.line, q->mark.column, q->path, q->path[0] ? ": " : "",
			q->text);
	}
}

static void log_missing(const struct people *people)
{
	for (size_t i = 0; i < people->missing.n; i++)
		log_warning("%s does not exist; the rest of the configuration holds",
			    people->missing.items[i]);
}

/* On success *ret is new settings; the reason for failure is logged and told. */
static int load(struct config *c, struct settings **ret, struct err *err)
{
	_cleanup_(problems_done)
	struct problems problems = {0};
	int r;

	if (stat(c->path, &c->seen) < 0)
		c->seen = (struct stat){0};
	r = settings_load(c->path, &problems, ret, err);

	log_problems(c, &problems);
	if (r < 0 && problems.n_errors > 0)
		return err_set(err, EINVAL, "%s has %zu error%s", c->path, problems.n_errors,
			       problems.n_errors == 1 ? "" : "s");
	return r;
}

static int load_defaults(struct settings **ret, struct err *err)
{
	_cleanup_(problems_done)
	struct problems problems = {0};
	char hostname[HOST_NAME_MAX + 1] = "";

	if (gethostname(hostname, sizeof(hostname) - 1) < 0)
		return err_os(err, errno, "gethostname");
	if (settings_parse("", 0, hostname, &problems, ret) < 0)
		return err_set(err, EINVAL, "an empty configuration is not valid");
	return 0;
}

int config_new(const char *path, bool closed, struct config **ret, struct err *err)
{
	_cleanup_(config_freep)
	struct config *c = xcalloc(1, sizeof(*c));
	const char *slash;
	int r;

	c->inotify = c->settle = c->minute = SOURCE_NONE;
	c->path = xstrdup(path ? path : settings_path());
	slash = strrchr(c->path, '/');
	c->file = xstrdup(slash ? slash + 1 : c->path);
	r = load(c, &c->settings, err);
	if (r < 0 && closed) {
		c->problem = xstrdup(err->text);
		log_error("%s; until it is mended, only root reaches containers", err->text);
		r = load_defaults(&c->settings, err);
	}
	if (r < 0)
		return r;
	people_resolve(c->settings, &c->people);
	log_missing(&c->people);
	*ret = take_ptr(c);
	return 0;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	source_remove(&c->inotify);
	source_remove(&c->settle);
	source_remove(&c->minute);
	people_done(&c->people);
	settings_free(c->settings);
	free(c->problem);
	free(c->path);
	free(c->file);
	free(c);
}

int config_reload(struct config *c, struct err *err)
{
	struct settings *fresh = NULL;
	int r = load(c, &fresh, err);

	free(take_ptr(c->problem));
	if (r < 0) {
		c->problem = xstrdup(err->text);
		log_error("%s; what was in force before stays", err->text);
		return r;
	}
	people_done(&c->people);
	settings_free(c->settings);
	c->settings = fresh;
	people_resolve(c->settings, &c->people);
	log_missing(&c->people);
	log_notice("%s is in force", c->path);
	c->changed(c->userdata, true);
	return 0;
}

static void on_settled(struct source *s, uint32_t events _unused_)
{
	struct config *c = s->userdata;
	struct err err;

	if (timer_read(s))
		config_reload(c, &err); /* logged there */
}

static void on_inotify(struct source *s, uint32_t events _unused_)
{
	struct config *c = s->userdata;
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(s->fd, buf, sizeof(buf));
	bool ours = false;

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *ev = (const struct inotify_event *)(buf + at);

		/* an overflow may have hidden ours */
		ours |= (ev->mask & IN_Q_OVERFLOW) || (ev->len > 0 && streq(ev->name, c->file));
		at += (ssize_t)sizeof(*ev) + ev->len;
	}
	if (ours)
		timer_set(&c->settle, SETTLE_MS, 0);
}

static void on_minute(struct source *s, uint32_t events _unused_)
{
	struct config *c = s->userdata;
	struct people fresh = {0};

	if (!timer_read(s))
		return;
	people_resolve(c->settings, &fresh);
	if (people_equal(&fresh, &c->people)) {
		people_done(&fresh);
		return;
	}
	people_done(&c->people);
	c->people = fresh;
	log_notice("users or groups changed");
	log_missing(&c->people);
	c->changed(c->userdata, false);
}

int config_watch(struct config *c, struct loop *l, config_changed_fn *changed, void *userdata,
		 struct err *err)
{
	_cleanup_free_ char *dir = xstrdup(c->path);
	_cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char *slash = strrchr(dir, '/');
	struct stat now;
	int r;

	c->changed = changed;
	c->userdata = userdata;
	if (fd < 0)
		return err_os(err, errno, "inotify_init1");
	if (slash)
		slash[slash == dir] = '\0';
	if (inotify_add_watch(fd, slash ? dir : ".",
			      IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB | IN_CREATE) < 0)
		return err_os(err, errno, "watch %s", dir);
	r = source_add(l, &c->inotify, fd, EPOLLIN, on_inotify, c, err);
	if (r < 0)
		return r;
	c->inotify.owns_fd = true;
	take_fd(&fd);
	r = timer_add(l, &c->settle, on_settled, c, err);
	if (r < 0)
		return r;
	r = timer_add(l, &c->minute, on_minute, c, err);
	if (r < 0)
		return r;
	timer_set(&c->minute, PEOPLE_EVERY_MS, PEOPLE_EVERY_MS);
	/* an edit after the file was read and before it was watched */
	if (stat(c->path, &now) < 0)
		now = (struct stat){0};
	if (now.st_ino != c->seen.st_ino || now.st_size != c->seen.st_size ||
	    now.st_mtim.tv_sec != c->seen.st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != c->seen.st_mtim.tv_nsec)
		timer_set(&c->settle, SETTLE_MS, 0);
	return 0;
}

const struct settings *config_settings(const struct config *c)
{
	return c->settings;
}

const struct people *config_people(const struct config *c)
{
	return &c->people;
}

const char *config_path(const struct config *c)
{
	return c->path;
}

const char *config_problem(const struct config *c)
{
	return c->problem;
}
