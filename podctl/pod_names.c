/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What containers are given by name: environment, files for it, secrets, labels; and what is common
 * to all of a pod's containers, which each may override. Pure.
 */
#include "podctl/pod_private.h"

#include <stdio.h>
#include <strings.h>

#define NAMES_MAX 1000 /* of a container, of each kind: they are compared with each other */

static const struct schema_pair *find(const struct schema_pairs *pairs, const char *key)
{
	for (size_t i = 0; i < pairs->n; i++) {
		if (streq(pairs->items[i].key, key))
			return &pairs->items[i];
	}
	return NULL;
}

static void merge_pairs(struct schema_pairs *to, const struct schema_pairs *common,
			const struct schema_pairs *instead)
{
	for (size_t i = 0; i < common->n; i++) {
		const struct schema_pair *p = &common->items[i];

		if (!find(to, p->key) && !(instead && find(instead, p->key)))
			ARRAY_PUSH(to->items, to->n) =
				(struct schema_pair){xstrdup(p->key), xstrdup(p->value), p->mark};
	}
}

static void merge_mounts(struct schema_array *to, const struct schema_array *common)
{
	const struct pod_mount *mounts = common->items;
	struct pod_mount *items = to->items;

	for (size_t i = 0; i < common->n; i++) {
		struct pod_mount m = mounts[i];

		m.source = xstrdup(m.source);
		m.target = xstrdup(m.target);
		ARRAY_PUSH(items, to->n) = m;
	}
	to->items = items;
}

/* The container's own comes first, so that positions in messages are those of its list. */
void pod_merge_common(struct pod *pod)
{
	struct pod_container *containers = pod->containers.items;

	/* more are refused anyway */
	if (pod->common_environment.n > NAMES_MAX || pod->common_labels.n > NAMES_MAX ||
	    pod->common_mounts.n > POD_MOUNTS_MAX)
		return;
	for (size_t i = 0; i < pod->containers.n && i < POD_CONTAINERS_MAX; i++) {
		struct pod_container *c = &containers[i];

		if (c->environment.n <= NAMES_MAX)
			merge_pairs(&c->environment, &pod->common_environment,
				    &c->environment_files);
		if (c->labels.n <= NAMES_MAX)
			merge_pairs(&c->labels, &pod->common_labels, NULL);
		merge_mounts(&c->mounts, &pod->common_mounts);
	}
}

/* ---- labels ---- */

bool pod_label_begins(const char *label, const char *prefix)
{
	return strncasecmp(label, prefix, strlen(prefix)) == 0;
}

static void check_labels(struct checker *ck, const struct schema_pairs *labels, const char *path)
{
	const struct strv *reserved = &ck->settings->policy.labels_reserved;

	for (size_t i = 0; i < labels->n; i++) {
		const struct schema_pair *p = &labels->items[i];
		if (pod_label_begins(p->key, POD_LABEL_PREFIX))
			PROBLEM(ck, p->mark, path,
				"labels that begin with " POD_LABEL_PREFIX " are reserved");
		for (size_t j = 0; j < reserved->n; j++) {
			if (pod_label_begins(p->key, reserved->items[j]))
				PROBLEM(ck, p->mark, path,
					"policy forbids labels that begin with %s",
					reserved->items[j]);
		}
	}
}

void pod_check_root_labels(struct checker *ck)
{
	struct pod *pod = ck->pod;

	check_labels(ck, &pod->root_labels, "root_labels");
	if (pod->root_labels.n > NAMES_MAX || pod->common_labels.n > NAMES_MAX ||
	    pod->common_environment.n > NAMES_MAX || pod->common_mounts.n > POD_MOUNTS_MAX)
		PROBLEM(ck, pod->containers_mark, "",
			"has more than %d of root_labels, common_labels or common_environment, or "
			"more "
			"than %d of common_mounts",
			NAMES_MAX, POD_MOUNTS_MAX);
}

/* ---- environment, and what comes from files ---- */

static void check_files(struct checker *ck, struct schema_pairs *files, const char *path)
{
	for (size_t i = 0; i < files->n; i++) {
		struct schema_pair *p = &files->items[i];
		const char *wrong = pod_normalize_source(p->value);

		if (!wrong && streq(p->value, "."))
			wrong = "must be a file";
		if (wrong)
			PROBLEM(ck, p->mark, path, "the file of %s %s",
				problems_may_show(p->key) ? p->key : "(key)", wrong);
		if (!ck->settings->mount_root)
			PROBLEM(ck, p->mark, path,
				"the configuration has no mount_root, so there are no files");
	}
}

static bool secret_name_valid(const char *name)
{
	return strlen(name) <= 200 && pod_word_valid(name, strlen(name), "_.-") && *name != '.';
}

static bool too_many(struct checker *ck, const struct pod_container *c, const char *key, size_t n)
{
	_cleanup_free_ char *path = pod_problem_path(c, key);

	if (n > NAMES_MAX)
		PROBLEM(ck, c->entry.mark, path, "has more than %d", NAMES_MAX);
	return n > NAMES_MAX;
}

void pod_check_names(struct checker *ck, struct pod_container *c)
{
	_cleanup_free_ char *files = pod_problem_path(c, "environment_files"),
			    *secrets = pod_problem_path(c, "secrets"),
			    *labels = pod_problem_path(c, "labels");

	/* with what is common: twice as many may be */
	if (too_many(ck, c, "environment", c->environment.n / 2) ||
	    too_many(ck, c, "environment_files", c->environment_files.n) ||
	    too_many(ck, c, "secrets", c->secrets.n) || too_many(ck, c, "labels", c->labels.n / 2))
		return;
	check_files(ck, &c->environment_files, files);
	check_files(ck, &c->secrets, secrets);
	for (size_t i = 0; i < c->environment_files.n; i++) {
		const struct schema_pair *p = &c->environment_files.items[i];

		if (find(&c->environment, p->key))
			PROBLEM(ck, p->mark, files, "%s is in environment, too",
				problems_may_show(p->key) ? p->key : "(key)");
	}
	for (size_t i = 0; i < c->secrets.n; i++) {
		if (!secret_name_valid(c->secrets.items[i].key))
			PROBLEM(ck, c->secrets.items[i].mark, secrets,
				"a secret's name has letters, digits, _, . and -, and does not "
				"begin "
				"with a dot");
	}
	check_labels(ck, &c->labels, labels);
}
