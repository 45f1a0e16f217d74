/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reply to a pull is 200 before anything is pulled; what becomes of it is told in the stream.
 * So the last word is the inspection after it: no id, no image.
 */
#include "podctl/images.h"

#include "podctl/look.h"
#include "podctl/pause_image.h"

#include <errno.h>

struct pull {
	struct engine *engine;
	struct plan_image *image;
	const struct ui *ui;
	struct err err;
};

int images_pull_line(const char *line, size_t size, struct err *err)
{
	json_auto_t *json = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	const char *text;

	if (size == 0 || (size == 1 && *line == '\r'))
		return 0;
	if (!json_is_object(json))
		return err_set(err, EPROTO, "the engine's pull stream is not JSON");
	text = json_string_value(json_object_get(json, "error"));
	if (!text && json_object_get(json, "errorDetail")) {
		json_t *detail = json_object_get(json, "errorDetail");

		text = json_string_value(json_object_get(detail, "message"));
		if (!text)
			text = "the engine says that the pull failed";
	}
	return text ? err_set(err, EIO, "%s", text) : 0;
}

static int pull_line(void *userdata, const char *line, size_t size)
{
	struct pull *p = userdata;

	return images_pull_line(line, size, &p->err);
}

static void inspect_done(void *userdata, const struct engine_reply *reply)
{
	struct pull *p = userdata;

	if (engine_reply_check(reply, &p->err) == 0)
		look_at_image(reply->json, p->image, &p->err);
}

static void pull_done(void *userdata, const struct engine_reply *reply)
{
	struct pull *p = userdata;
	_cleanup_free_ char *ref = NULL, *path = NULL;

	/* what the stream said is more than that it was ended for it */
	if (p->err.code || engine_reply_check(reply, &p->err) < 0)
		return;
	ref = engine_escape(p->image->ref->text);
	path = xasprintf("/images/%s/json", ref);
	engine_start(p->engine,
		     &(struct engine_call){
			     .method = "GET", .path = path, .done = inspect_done, .userdata = p});
}

static void pull_start(struct pull *p)
{
	_cleanup_free_ char *name = engine_escape(p->image->ref->name);
	_cleanup_free_ char *version = engine_escape(image_ref_version(p->image->ref));
	_cleanup_free_ char *path = xasprintf("/images/create?fromImage=%s&tag=%s", name, version);

	ui_say(p->ui, "pulling %s", p->image->ref->text);
	engine_start(p->engine, &(struct engine_call){.method = "POST",
						      .path = path,
						      .timeout_ms = -1,
						      .on_line = pull_line,
						      .done = pull_done,
						      .userdata = p});
}

int images_pull(struct engine *e, struct plan_images *images, const struct caller *caller _unused_,
		const struct ui *ui, struct err *err)
{
	_cleanup_free_ struct pull *pulls = xcalloc(images->n, sizeof(*pulls));
	int r = 0;

	for (size_t i = 0; i < images->n; i++) {
		pulls[i] = (struct pull){.engine = e, .image = &images->items[i], .ui = ui};
		if (!images->items[i].id)
			pull_start(&pulls[i]);
	}
	engine_wait(e);
	for (size_t i = 0; i < images->n; i++) {
		if (!pulls[i].err.code)
			continue;
		err_wrap(&pulls[i].err, "image %s", images->items[i].ref->text);
		if (r == 0)
			*err = pulls[i].err;
		else
			ui_error(ui, "%s", pulls[i].err.text);
		r = -err->code;
	}
	return r;
}

static int load_line(void *userdata, const char *line, size_t size)
{
	return images_pull_line(line, size, userdata);
}

int images_load_pause(struct engine *e, const char *name, const struct ui *ui, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("/images/%s/json", name), *tar = NULL;
	struct err stream = {0};
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
	if (stream.code) {
		*err = stream;
		r = -err->code;
	}
	if (r == 0)
		r = engine_do(e, &(struct engine_call){.method = "GET", .path = path}, NULL, err);
	return r < 0 ? err_wrap(err, "image %s", name) : 0;
}
