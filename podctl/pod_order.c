/* SPDX-License-Identifier: GPL-3.0-or-later */
/* depends_on: containers of the pod, never in a circle. Pure. */
#include "podctl/pod_private.h"

enum seen { SEEN_NOT, SEEN_OPEN, SEEN_DONE };

/* The index of a container by name, or n. */
static size_t index_of(const struct pod *pod, const char *name)
{
	size_t i = 0;

	while (i < pod->containers.n && !streq(pod_container_at(pod, i)->entry.key, name))
		i++;
	return i;
}

/* Whether a circle goes through container i. Each container is opened once. */
static bool circle(const struct pod *pod, size_t i, enum seen *seen)
{
	const struct pod_container *c = pod_container_at(pod, i);

	if (seen[i] != SEEN_NOT)
		return seen[i] == SEEN_OPEN;
	seen[i] = SEEN_OPEN;
	for (size_t j = 0; j < c->depends_on.n; j++) {
		size_t other = index_of(pod, c->depends_on.items[j]);

		if (other < pod->containers.n && circle(pod, other, seen))
			return true;
	}
	seen[i] = SEEN_DONE;
	return false;
}

void pod_check_order(struct checker *ck)
{
	const struct pod *pod = ck->pod;
	enum seen seen[POD_CONTAINERS_MAX] = {SEEN_NOT};

	if (pod->containers.n > POD_CONTAINERS_MAX)
		return;
	for (size_t i = 0; i < pod->containers.n; i++) {
		const struct pod_container *c = pod_container_at(pod, i);
		_cleanup_free_ char *path = pod_problem_path(c, "depends_on");
		char quoted[PROBLEM_QUOTE_MAX];

		if (c->depends_on.n > POD_CONTAINERS_MAX) {
			PROBLEM(ck, c->depends_on_mark, path, "has more than %d containers",
				POD_CONTAINERS_MAX);
			return;
		}
		for (size_t j = 0; j < c->depends_on.n; j++) {
			if (index_of(pod, c->depends_on.items[j]) == pod->containers.n)
				PROBLEM(ck, c->depends_on_mark, path,
					"%s is no container of this pod",
					problems_quote(quoted, c->depends_on.items[j]));
		}
	}
	for (size_t i = 0; i < pod->containers.n; i++) {
		const struct pod_container *c = pod_container_at(pod, i);
		_cleanup_free_ char *path = pod_problem_path(c, "depends_on");

		if (circle(pod, i, seen)) {
			PROBLEM(ck, c->depends_on_mark, path,
				"goes in a circle: it would wait for itself");
			return;
		}
	}
}
