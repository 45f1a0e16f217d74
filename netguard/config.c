/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/config.h"

#include "common/log.h"
#include "netguard/names.h"
#include "netguard/path_watch.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

/* whether the file is another is looked at where nothing told (a mount over it) */
#define EVERY_MS     60000
/* the same where nothing tells of edits, see follow_file */
#define UNTOLD_MS    1000
/* an editor writes, renames and changes modes in a row: look when it is done */
#define SETTLE_MS    20
/* what the host lacked to read it may be there again soon */
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS EVERY_MS

struct config {
	char *path;
	struct settings *settings;
	struct names *names; /* NULL: nobody asks who the people are */
	char *problem;
	bool closed;
	unsigned retry_ms;	  /* not 0: it could not be read for want of something */
	struct stat seen;	  /* of the file as it was read last; zero: not there */
	struct loop *loop;	  /* NULL until config_watch */
	struct path_watch *watch; /* NULL: the kernel has none for us */
	bool untold;		  /* edits are not told of, which the log knows */
	struct source edits, settle, regular;
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

/* The first error with its place, and how many more there are. */
static int name_problem(const struct config *c, const struct problems *p, struct err *err)
{
	for (size_t i = 0; i < p->n; i++) {
		_cleanup_free_ char *text = NULL;

		if (p->items[i].warning)
			continue;
		text = problem_format(&p->items[i], c->path);
		if (p->n_errors == 1)
			return err_set(err, EINVAL, "%s", text);
		return err_set(err, EINVAL, "%s (and %zu more error%s)", text, p->n_errors - 1,
			       p->n_errors == 2 ? "" : "s");
	}
	return err_set(err, EINVAL, "%s is not valid", c->path);
}

static struct stat look(const struct config *c)
{
	struct stat st;

	if (stat(c->path, &st) < 0)
		memset(&st, 0, sizeof(st));
	return st;
}

/* Not what the file is or says: want of descriptors or memory, or a disk that fails. */
static bool may_pass(int r)
{
	switch (-r) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EIO:
	case EINTR:
	case EAGAIN:
	case ENOBUFS:
		return true;
	default:
		return false;
	}
}

/* It is read again until that succeeds, later and later: nothing else would tell of it. */
static void retry_later(struct config *c, int r)
{
	bool again = r < 0 && may_pass(r);

	c->retry_ms = again ? timer_longer(c->retry_ms, RETRY_MIN_MS, RETRY_MAX_MS) : 0;
	if (c->retry_ms && c->settle.fd >= 0)
		timer_set(&c->settle, c->retry_ms, 0);
}

static void on_edit(struct source *s, uint32_t events _unused_)
{
	struct config *c = s->userdata;

	if (path_watch_read(c->watch))
		timer_set(&c->settle, SETTLE_MS, 0);
}

static int open_watch(struct config *c, struct err *err)
{
	int r;

	if (c->watch)
		return 0;
	r = path_watch_new(c->path, &c->watch, err);
	if (r == 0)
		r = source_add(c->loop, &c->edits, path_watch_fd(c->watch), EPOLLIN, on_edit, c,
			       err);
	if (r < 0)
		path_watch_free(take_ptr(c->watch));
	return r;
}

/*
 * Has the kernel tell of edits from now on. It counts what it watches by uid, and processes in
 * containers may have ours and have used up all there is: then nothing is given up but that edits
 * are told of at once.
 */
static void follow_file(struct config *c)
{
	bool before = c->untold;
	struct err why;

	c->untold = open_watch(c, &why) < 0 || path_watch_follow(c->watch, &why) < 0;
	if (c->untold && !before)
		log_warning("%s; edits of %s are looked for each second", why.text, c->path);
	if (c->untold != before)
		timer_set(&c->regular, c->untold ? UNTOLD_MS : EVERY_MS,
			  c->untold ? UNTOLD_MS : EVERY_MS);
}

/* On success *ret is new settings; the reason for failure is logged and told. */
static int load(struct config *c, struct settings **ret, struct err *err)
{
	_cleanup_(problems_done)
	struct problems problems = {0};
	int r;

	if (c->loop)
		follow_file(c);
	c->seen = look(c);
	r = settings_load(c->path, &problems, ret, err);
	retry_later(c, r);
	log_problems(c, &problems);
	return r < 0 && problems.n_errors > 0 ? name_problem(c, &problems, err) : r;
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

int config_read(const char *path, bool closed, struct config **ret, struct err *err)
{
	_cleanup_(config_freep)
	struct config *c = xcalloc(1, sizeof(*c));
	int r;

	c->edits = c->settle = c->regular = SOURCE_NONE;
	c->path = xstrdup(path ? path : settings_path());
	r = load(c, &c->settings, err);
	if (r < 0 && closed) {
		c->problem = xstrdup(err->text);
		log_error("%s; until it is mended, only root reaches containers", err->text);
		r = load_defaults(&c->settings, err);
		c->closed = true;
	}
	if (r < 0)
		return r;
	*ret = take_ptr(c);
	return 0;
}

void config_look_up(struct config *c)
{
	names_free(c->names);
	c->names = names_ask_now(c->settings);
}

int config_new(const char *path, bool closed, struct config **ret, struct err *err)
{
	int r = config_read(path, closed, ret, err);

	if (r == 0)
		config_look_up(*ret);
	return r;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	source_remove(&c->edits);
	source_remove(&c->settle);
	source_remove(&c->regular);
	path_watch_free(c->watch);
	names_free(c->names);
	settings_free(c->settings);
	free(c->problem);
	free(c->path);
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
	if (c->names)
		names_follow(c->names, fresh);
	settings_free(c->settings);
	c->settings = fresh;
	c->closed = false;
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

/* The file is not the one that was read last, or its contents, owner or mode are not. */
static bool is_another(const struct config *c)
{
	const struct stat now = look(c), *was = &c->seen;

	return now.st_dev != was->st_dev || now.st_ino != was->st_ino ||
	       now.st_size != was->st_size || now.st_ctim.tv_sec != was->st_ctim.tv_sec ||
	       now.st_ctim.tv_nsec != was->st_ctim.tv_nsec;
}

static void on_regular(struct source *s, uint32_t events _unused_)
{
	struct config *c = s->userdata;

	if (!timer_read(s))
		return;
	if (c->untold)
		follow_file(c);
	if (is_another(c))
		timer_set(&c->settle, SETTLE_MS, 0);
}

static void on_people(void *userdata)
{
	struct config *c = userdata;

	c->changed(c->userdata, false);
}

int config_watch(struct config *c, struct loop *l, config_changed_fn *changed, void *userdata,
		 struct err *err)
{
	int r;

	c->changed = changed;
	c->userdata = userdata;
	if ((r = timer_add(l, &c->settle, on_settled, c, err)) < 0 ||
	    (r = timer_add(l, &c->regular, on_regular, c, err)) < 0 ||
	    (c->names && (r = names_watch(c->names, l, on_people, c, err)) < 0))
		return r;
	timer_set(&c->regular, EVERY_MS, EVERY_MS);
	c->loop = l;
	follow_file(c);
	/* an edit after the file was read and before it was watched */
	if (is_another(c) || c->retry_ms)
		timer_set(&c->settle, SETTLE_MS, 0);
	return 0;
}

const struct settings *config_settings(const struct config *c)
{
	return c->settings;
}

const struct people *config_people(const struct config *c)
{
	static const struct people nobody;

	return c->names ? names_people(c->names) : &nobody;
}

const char *config_names_problem(const struct config *c)
{
	return c->names ? names_problem(c->names) : NULL;
}

bool config_asking(const struct config *c)
{
	return c->names && names_asking(c->names);
}

const char *config_path(const struct config *c)
{
	return c->path;
}

bool config_closed(const struct config *c)
{
	return c->closed;
}

const char *config_problem(const struct config *c)
{
	return c->problem;
}
