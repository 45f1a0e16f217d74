/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/inside.h"

#include "podctl/look.h"

#include <errno.h>

/* In this order; the last one is taken where none is found. */
static const char *const shells[] = {"/bin/bash", "/usr/bin/bash", "/bin/ash", "/bin/sh"};

static void probed(void *userdata, const struct engine_reply *reply)
{
	bool *found = userdata;
	struct err ignored;

	*found = engine_reply_check(reply, &ignored) == 0;
}

const char *inside_first(struct engine *e, const char *id, const char *const *paths, size_t n)
{
	_cleanup_free_ bool *found = xcalloc(n + 1, sizeof(*found));

	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *path =
			xasprintf("/containers/%s/archive?path=%s", id, paths[i]);

		engine_start(e, &(struct engine_call){.method = "HEAD",
						      .path = path,
						      .done = probed,
						      .userdata = &found[i]});
	}
	engine_wait(e);
	for (size_t i = 0; i < n; i++) {
		if (found[i])
			return paths[i];
	}
	return NULL;
}

const char *inside_shell(struct engine *e, const char *id)
{
	const char *found = inside_first(e, id, shells, ARRAY_SIZE(shells));

	return found ? found : shells[ARRAY_SIZE(shells) - 1];
}

int inside_find(struct engine *e, const char *pod, const char *part, char **ret, struct err *err)
{
	_cleanup_free_ char *name = plan_name(pod, part);
	struct present present = {0};
	int r = look(e, pod, NULL, &present, err);

	if (r < 0)
		return r;
	if (present.n == 0)
		r = err_set(err, ENOENT, "pod %s is not there", pod);
	else
		r = err_set(err, ENOENT, "pod %s has no container %s", pod, part);
	for (size_t i = 0; i < present.n; i++) {
		const struct present_container *c = &present.items[i];

		if (!streq(c->name, name) || !plan_owns(pod, c))
			continue;
		if (streq(c->state, "running")) {
			*ret = xstrdup(c->id);
			r = 0;
		} else {
			bool stopped = streq(c->state, "exited") || streq(c->state, "created");

			r = err_set(err, EINVAL, "container %s is %s%s%s", name, c->state,
				    stopped ? ": podctl start " : "", stopped ? pod : "");
		}
	}
	present_done(&present);
	return r;
}
