/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much of a pod the engine shows to everybody who lists its containers or hears its events: the
 * guard and every other pod's podctl read that, with limits of their own. What is common to all of
 * a pod's containers counts for each. Pure.
 */
#include "podctl/pod_private.h"

#define POD_SIZE_MAX	   ((size_t)512 * 1024)
#define CONTAINER_SIZE_MAX ((size_t)64 * 1024)
#define ITEM_SIZE	   32  /* quotes, digests and their like */
#define MOUNT_SIZE	   256 /* keys, and the path of its pin */

static size_t length(const char *s)
{
	return s ? strlen(s) : 0;
}

/* Names stand in the labels that we add, too. */
static size_t names_size(const struct schema_pairs *pairs, bool labels)
{
	size_t size = 0;

	for (size_t i = 0; i < pairs->n; i++)
		size += length(pairs->items[i].key) + ITEM_SIZE +
			(labels ? length(pairs->items[i].key) + length(pairs->items[i].value) : 0);
	return size;
}

static size_t words_size(const struct strv *v)
{
	size_t size = 0;

	for (size_t i = 0; i < v->n; i++)
		size += strlen(v->items[i]) + 1;
	return size;
}

static size_t container_size(const struct pod_container *c)
{
	size_t size = names_size(&c->labels, true) + names_size(&c->environment, false) +
		      names_size(&c->environment_files, false) + names_size(&c->secrets, false);

	for (size_t i = 0; i < c->mounts.n; i++)
		size += length(pod_mount_at(c, i)->target) + MOUNT_SIZE;
	for (size_t i = 0; i < c->n_tmpfs; i++)
		size += length(c->tmpfs[i].target) + ITEM_SIZE;
	return size;
}

void pod_check_size(struct checker *ck)
{
	const struct pod *pod = ck->pod;
	size_t total = names_size(&pod->root_labels, true);

	if (total > CONTAINER_SIZE_MAX)
		PROBLEM(ck, pod->containers_mark, "root_labels", "have more than %zu KiB",
			CONTAINER_SIZE_MAX / 1024);
	for (size_t i = 0; i < pod->containers.n; i++) {
		const struct pod_container *c = pod_container_at(pod, i);
		size_t size = container_size(c);

		total += size + words_size(&c->command) + words_size(&c->entrypoint);
		if (size > CONTAINER_SIZE_MAX) {
			_cleanup_free_ char *path = pod_problem_path(c, "");

			PROBLEM(ck, c->entry.mark, path,
				"its labels, names of variables, and mounts have more than %zu KiB",
				CONTAINER_SIZE_MAX / 1024);
		}
	}
	if (total > POD_SIZE_MAX)
		PROBLEM(ck, pod->containers_mark, "containers",
			"labels, names of variables, mounts and commands of all containers, with "
			"what is common to them, have more than %zu KiB",
			POD_SIZE_MAX / 1024);
}
