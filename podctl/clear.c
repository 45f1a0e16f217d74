/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/clear.h"

#include "podctl/look.h"

#include <errno.h>

struct clear {
	struct engine *engine;
	char *pod, *name;
	clear_done_fn *done;
	void *userdata;
};

static void end(struct clear *c, const struct err *err)
{
	clear_done_fn *done = c->done;
	void *userdata = c->userdata;

	free(c->pod);
	free(c->name);
	free(c);
	done(userdata, err);
}

static void removed(void *userdata, const struct engine_reply *reply)
{
	struct err err = {0};
	int r = engine_reply_check(reply, &err);

	end(userdata, r < 0 && r != -ENOENT ? &err : NULL);
}

/* By its id: whoever gets the name in this moment is another one. */
static bool is_left_over(const struct clear *c, const struct engine_container *there)
{
	const char *owner = look_owner(there);

	return owner && streq(owner, c->pod) && streq(there->name, c->name) &&
	       streq(there->state, "created");
}

static void looked(void *userdata, const struct engine_reply *reply)
{
	struct clear *c = userdata;
	struct engine_container there = {0};
	_cleanup_free_ char *path = NULL;
	struct err err = {0};
	int r = engine_reply_check(reply, &err);

	if (r == -ENOENT) {
		end(c, NULL); /* it is being made just now, or has gone by itself */
		return;
	}
	if (r == 0)
		r = engine_container_from_inspect(reply->json, &there, &err);
	if (r == 0 && !is_left_over(c, &there))
		r = err_set(&err, EEXIST, "container %s came up meanwhile", c->name);
	if (r < 0) {
		engine_container_done(&there);
		end(c, &err);
		return;
	}
	path = xasprintf("/containers/%s?force=1&v=1", there.id);
	engine_container_done(&there);
	engine_start(c->engine, &(struct engine_call){.method = "DELETE",
						      .path = path,
						      .timeout_ms = -1,
						      .done = removed,
						      .userdata = c});
}

void clear_name(struct engine *e, const char *pod, const char *name, clear_done_fn *done,
		void *userdata)
{
	struct clear *c = xcalloc(1, sizeof(*c));
	_cleanup_free_ char *escaped = engine_escape(name);
	_cleanup_free_ char *path = xasprintf("/containers/%s/json", escaped);

	*c = (struct clear){.engine = e,
			    .pod = xstrdup(pod),
			    .name = xstrdup(name),
			    .done = done,
			    .userdata = userdata};
	engine_start(e, &(struct engine_call){
				.method = "GET", .path = path, .done = looked, .userdata = c});
}
