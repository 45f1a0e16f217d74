/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/inside.h"

#include "podctl/look.h"

#include <errno.h>

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
