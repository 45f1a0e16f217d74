/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reply to a pull is 200 before anything is pulled; what becomes of it is told in the stream.
 * So the last word is the inspection after it: no id, no image.
 */
#include "podctl/images.h"

#include "common/clock.h"
#include "podctl/credentials_load.h"
#include "podctl/live.h"
#include "podctl/look.h"
#include "podctl/pause_image.h"
#include "podctl/pull_progress.h"

#include <errno.h>

#define SILENCE_MS 300000 /* large layers are verified without a word, but not that long */

struct work;

struct job {
	struct work *work;
	struct engine *engine;
	struct plan_image *image;
	const struct ui *ui;
	struct engine_request *request; /* the pull in flight, or NULL */
	size_t leader;			/* the first of the same image, which pulls for all */
	bool wanted;
	char *auth; /* X-Registry-Auth or NULL */
	char *was;  /* id before; NULL: not here */
	struct pull pull;
	int64_t started_ms, heard_ms;
	struct err err; /* code 0: none */
};

struct work {
	struct engine *engine;
	const struct ui *ui;
	struct job *jobs;
	size_t n;
};

static int on_line(void *userdata, const char *line, size_t size)
{
	struct job *j = userdata;

	j->heard_ms = clock_ms();
	return pull_line(&j->pull, line, size, &j->err);
}

static void inspect_done(void *userdata, const struct engine_reply *reply)
{
	struct job *j = userdata;

	if (engine_reply_check(reply, &j->err) == 0)
		look_at_image(reply->json, j->image, &j->err);
}

static void inspect(struct job *j)
{
	_cleanup_free_ char *ref = engine_escape(j->image->ref->text);
	_cleanup_free_ char *path = xasprintf("/images/%s/json", ref);

	engine_start(j->engine,
		     &(struct engine_call){
			     .method = "GET", .path = path, .done = inspect_done, .userdata = j});
}

static void on_pulled(void *userdata, const struct engine_reply *reply)
{
	struct job *j = userdata;

	j->request = NULL;
	/* what the stream said is more than that it was ended for it */
	if (j->err.code || engine_reply_check(reply, &j->err) < 0)
		return;
	for (size_t i = 0; i < j->work->n; i++) {
		if (&j->work->jobs[j->work->jobs[i].leader] == j)
			inspect(&j->work->jobs[i]);
	}
}

static void start(struct job *j)
{
	_cleanup_free_ char *name = engine_escape(j->image->ref->name);
	_cleanup_free_ char *version = engine_escape(image_ref_version(j->image->ref));
	_cleanup_free_ char *path = xasprintf("/images/create?fromImage=%s&tag=%s", name, version);

	if (!j->was)
		ui_say(j->ui, "pulling %s", j->image->ref->text);
	j->started_ms = j->heard_ms = clock_ms();
	j->request = engine_start(j->engine, &(struct engine_call){.method = "POST",
								   .path = path,
								   .timeout_ms = -1,
								   .registry_auth = j->auth,
								   .on_line = on_line,
								   .done = on_pulled,
								   .userdata = j});
}

/* A registry that accepts connections and then says nothing must not hold the pod's lock. */
static void end_silent(void *userdata)
{
	struct work *w = userdata;
	int64_t now = clock_ms();

	for (size_t i = 0; i < w->n; i++) {
		struct job *j = &w->jobs[i];

		if (!j->request || now - j->heard_ms < SILENCE_MS)
			continue;
		engine_cancel(w->engine, j->request);
		j->request = NULL;
		err_set(&j->err, ETIMEDOUT, "nothing was heard of it for %d minutes",
			SILENCE_MS / 60000);
	}
}

static char *progress_line(void *userdata, size_t i, size_t columns)
{
	const struct work *w = userdata;
	const struct job *j = &w->jobs[i];

	return j->request ? pull_progress_line(j->image->ref->text, &j->pull, columns) : NULL;
}

/* ---- whose credentials ---- */

static char *host_of(const struct image_ref *ref)
{
	return xstrndup(ref->full, strcspn(ref->full, "/"));
}

/*
 * Without credentials whatever the registry gives to anybody can still be had, so what is wrong
 * with them is a warning.
 */
static void authorize(struct work *w, const struct caller *caller)
{
	struct credentials credentials = {0};
	struct err err = {0};
	int r;

	if (!caller)
		return;
	r = credentials_load(caller, &credentials, &err);
	if (r < 0)
		ui_error(w->ui, "warning: no registry credentials: %s", err.text);
	for (size_t i = 0; i < w->n && credentials.root; i++) {
		_cleanup_free_ char *host = host_of(w->jobs[i].image->ref);
		struct credential found = {0};
		bool known = false;

		if (!w->jobs[i].wanted || w->jobs[i].leader != i)
			continue;
		/* one question to a helper for all of a registry's images */
		for (size_t j = 0; j < i && !known; j++) {
			_cleanup_free_ char *other = host_of(w->jobs[j].image->ref);

			known = w->jobs[j].wanted && w->jobs[j].leader == j && streq(host, other);
			if (known)
				w->jobs[i].auth = xstrdup(w->jobs[j].auth);
		}
		if (known)
			continue;
		if (credentials_get(caller, &credentials, host, &found, &err) < 0)
			ui_error(w->ui, "warning: no registry credentials: %s", err.text);
		else
			w->jobs[i].auth = credential_header(&found);
		credential_done(&found);
	}
	credentials_done(&credentials);
}

/* ---- what came of it ---- */

static const char *advice(const struct job *j)
{
	if (pull_is_refusal(j->err.text))
		return j->auth ? ", your credentials are refused (docker login)"
			       : " without credentials (docker login), or it does not exist";
	return j->err.code == ECONNRESET || j->err.code == ETIMEDOUT ? " (run it again)" : "";
}

/*
 * An image that is here serves where its registry can't be reached or has it no more. Not where it
 * refuses the caller: what others could pull is then not given to who could not.
 */
static bool is_good_enough(const struct job *j)
{
	return j->image->id && !pull_is_refusal(j->err.text);
}

static int tell_failure(struct job *j, bool first, struct err *err)
{
	const char *name = j->image->ref->text;
	struct err told = j->err;

	if (is_good_enough(j)) {
		ui_error(j->ui,
			 "warning: image %s was not updated, the one that is here is used: %s",
			 name, j->err.text);
		return 0;
	}
	if (j->image->id)
		err_wrap(&told,
			 "image %s is here, but its registry refuses to update it for you (docker "
			 "login, or update_image: false)",
			 name);
	else
		err_set(&told, j->err.code, "image %s: cannot pull it%s: %s", name, advice(j),
			j->err.text);
	if (first)
		*err = told;
	else
		ui_error(j->ui, "%s", told.text);
	return -told.code;
}

static void tell_success(const struct job *j)
{
	double seconds = (double)(clock_ms() - j->started_ms) / 1000;
	_cleanup_free_ char *size = NULL;
	struct pull_sum sum;

	if (j->was && streq(j->was, j->image->id))
		return; /* no news */
	pull_sum(&j->pull, &sum);
	size = size_text(sum.total);
	ui_say(j->ui, "%s %s: %s in %.1f s", j->was ? "updated" : "pulled", j->image->ref->text,
	       size, seconds);
}

static void prepare(struct work *w, struct plan_images *images)
{
	w->jobs = xcalloc(images->n, sizeof(*w->jobs));
	w->n = images->n;
	for (size_t i = 0; i < w->n; i++) {
		struct plan_image *image = &images->items[i];
		struct job *j = &w->jobs[i];

		*j = (struct job){.work = w, .engine = w->engine, .image = image, .ui = w->ui};
		j->was = xstrdup(image->id);
		/* what a digest names never changes */
		j->wanted = !image->id || (image->update && !image->ref->digest);
		j->leader = i;
		for (size_t k = 0; k < i && j->wanted && j->leader == i; k++) {
			if (w->jobs[k].wanted &&
			    streq(w->jobs[k].image->ref->full, image->ref->full))
				j->leader = k;
		}
	}
}

static void work_done(struct work *w)
{
	for (size_t i = 0; i < w->n; i++) {
		credentials_wipe(w->jobs[i].auth);
		free(w->jobs[i].was);
		pull_done(&w->jobs[i].pull);
	}
	free(w->jobs);
}

static int finish(struct work *w, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct job *j = &w->jobs[i];
		int one = 0;

		if (!j->wanted)
			continue;
		if (j->leader != i && w->jobs[j->leader].err.code)
			j->err = w->jobs[j->leader].err;
		if (j->err.code)
			one = tell_failure(j, r == 0, err);
		else if (j->leader == i)
			tell_success(j);
		r = r < 0 ? r : one;
	}
	return r;
}

int images_pull(struct engine *e, struct plan_images *images, const struct caller *caller,
		const struct ui *ui, struct err *err)
{
	struct work w = {.engine = e, .ui = ui};
	size_t n = 0;
	int r = 0;

	prepare(&w, images);
	for (size_t i = 0; i < w.n; i++)
		n += w.jobs[i].wanted;
	if (n > 0) {
		authorize(&w, caller);
		live_begin(ui->live, w.n, progress_line, &w);
		for (size_t i = 0; i < w.n; i++) {
			if (w.jobs[i].wanted && w.jobs[i].leader == i)
				start(&w.jobs[i]);
		}
		live_wait(ui->live, e, end_silent, &w);
		live_end(ui->live);
		r = finish(&w, err);
	}
	work_done(&w);
	return r;
}

struct load {
	struct pull pull;
	struct err err;
};

static int load_line(void *userdata, const char *line, size_t size)
{
	struct load *l = userdata;

	return pull_line(&l->pull, line, size, &l->err);
}

int images_load_pause(struct engine *e, const char *name, const struct ui *ui, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/images/%s/json", name), *tar = NULL;
	struct load stream = {0};
	size_t size = 0;
	int r = engine_do(e, &(struct engine_call){.method = "GET", .path = path}, NULL, err);

	if (r != -ENOENT)
		return r;
	ui_say(ui, "loading the root container's image, %s", name);
	tar = pause_image_tar(&size);
	r = engine_do(e,
		      &(struct engine_call){.method = "POST",
					    .path = "/images/load?quiet=1",
					    .body = tar,
					    .body_size = size,
					    .content_type = "application/x-tar",
					    .on_line = load_line,
					    .userdata = &stream},
		      NULL, err);
	pull_done(&stream.pull);
	if (stream.err.code) {
		*err = stream.err;
		r = -err->code;
	}
	if (r == 0)
		r = engine_do(e, &(struct engine_call){.method = "GET", .path = path}, NULL, err);
	return r < 0 ? err_wrap(err, "image %s", name) : 0;
}
