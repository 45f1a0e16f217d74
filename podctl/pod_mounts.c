/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mounts and tmpfs: sources and targets made normal, none in the way of another. Pure. */
#include "podctl/pod_private.h"

/* Takes "./" and double slashes out in place. What is wrong, or NULL. */
const char *pod_normalize_source(char *source)
{
	const char *from = source;
	char *to = source;

	if (!*source)
		return "cannot be empty; . is the pod's own folder";
	if (*source == '/')
		return "must be relative: it is below the configuration's mount_root/POD";
	if (strlen(source) > POD_PATH_MAX || pod_has_control(source))
		return "is too long or has control characters";
	while (*from) {
		size_t n = strcspn(from, "/");

		if (n == 2 && strncmp(from, "..", 2) == 0)
			return "cannot have .. in it";
		if (n > 0 && !(n == 1 && *from == '.')) {
			if (to > source)
				*to++ = '/';
			memmove(to, from, n);
			to += n;
		}
		from += n;
		from += strspn(from, "/");
	}
	if (to == source)
		*to++ = '.';
	*to = '\0';
	return NULL;
}

static const char *check_target(const char *target)
{
	static const char *const closed[] = {"/proc", "/sys", "/dev", POD_SECRETS_TARGET};

	if (*target != '/')
		return "must be an absolute path";
	if (!target[1])
		return "cannot be /";
	if (strlen(target) > POD_PATH_MAX || pod_has_control(target))
		return "is too long or has control characters";
	for (const char *at = target; *at;) {
		size_t n = strcspn(++at, "/");

		if (n == 0 || (n == 1 && at[0] == '.') || (n == 2 && strncmp(at, "..", 2) == 0))
			return "must be normal: no //, no . and .., no / at its end";
		at += n;
	}
	for (size_t i = 0; i < ARRAY_SIZE(closed); i++) {
		if (text_path_below(target, closed[i]))
			return "cannot be in /proc, /sys, /dev or " POD_SECRETS_TARGET;
	}
	return NULL;
}

static void check_binds(struct checker *ck, struct pod_container *c)
{
	struct pod_mount *mounts = c->mounts.items;

	if (c->mounts.n > POD_MOUNTS_MAX) {
		_cleanup_free_ char *path = pod_problem_path(c, "mounts");

		PROBLEM(ck, mounts[POD_MOUNTS_MAX].source_mark, path, "has more than %d mounts",
			POD_MOUNTS_MAX);
		return;
	}
	for (size_t i = 0; i < c->mounts.n; i++) {
		struct pod_mount *m = &mounts[i];
		_cleanup_free_ char *key = xasprintf("mounts[%zu]", i),
				    *path = pod_problem_path(c, key);
		const char *wrong;

		if (!m->source || !m->target)
			continue;
		wrong = pod_normalize_source(m->source);
		if (wrong)
			PROBLEM(ck, m->source_mark, path, "source %s", wrong);
		wrong = check_target(m->target);
		if (wrong)
			PROBLEM(ck, m->target_mark, path, "target %s", wrong);
		/* one inside another: the engine would make its mount point in the other's source
		 */
		for (size_t j = 0; j < i; j++) {
			const char *other = mounts[j].target;

			if (other && (text_path_below(m->target, other) ||
				      text_path_below(other, m->target)))
				PROBLEM(ck, m->target_mark, path,
					"target is the same as, or inside of, that of mount %zu, "
					"or the reverse",
					j);
		}
		if (!ck->settings->mount_root)
			PROBLEM(ck, m->source_mark, path,
				"the configuration has no mount_root, so there are no mounts");
	}
}

/* In memory: beside the mounts, neither in one of them nor around it. */
static void check_tmpfs(struct checker *ck, struct pod_container *c)
{
	const struct pod_mount *mounts = c->mounts.items;
	int64_t ceiling = ck->settings->policy.max_memory;

	for (size_t i = 0; i < c->n_tmpfs; i++) {
		const struct pod_tmpfs *t = &c->tmpfs[i];
		_cleanup_free_ char *key = xasprintf("tmpfs[%zu]", i),
				    *path = pod_problem_path(c, key);
		const char *wrong = check_target(t->target);
		bool taken = false;

		if (wrong)
			PROBLEM(ck, t->mark, path, "target %s", wrong);
		for (size_t j = 0; j < i; j++)
			taken |= text_path_below(t->target, c->tmpfs[j].target) ||
				 text_path_below(c->tmpfs[j].target, t->target);
		for (size_t j = 0; j < c->mounts.n && j < POD_MOUNTS_MAX; j++)
			taken |=
				mounts[j].target && (text_path_below(t->target, mounts[j].target) ||
						     text_path_below(mounts[j].target, t->target));
		if (taken)
			PROBLEM(ck, t->mark, path,
				"target is the same as, or inside of, that of another mount, or "
				"the "
				"reverse");
		if (ceiling > 0 && t->size > ceiling)
			PROBLEM(ck, t->mark, path, "size is above the ceiling, policy.max_memory");
	}
}

/* Secrets are mounts, too, whose mount point would be made in what is around them. */
static void check_secrets(struct checker *ck, const struct pod_container *c)
{
	for (size_t i = 0; i < c->mounts.n && i < POD_MOUNTS_MAX && c->secrets.n > 0; i++) {
		const struct pod_mount *m = pod_mount_at(c, i);
		_cleanup_free_ char *key = xasprintf("mounts[%zu]", i),
				    *path = pod_problem_path(c, key);

		if (m->target && text_path_below(POD_SECRETS_TARGET, m->target))
			PROBLEM(ck, m->target_mark, path,
				"target is around " POD_SECRETS_TARGET ", where secrets go");
	}
}

void pod_check_mounts(struct checker *ck, struct pod_container *c)
{
	check_binds(ck, c);
	check_secrets(ck, c);
	if (c->n_tmpfs > POD_MOUNTS_MAX) {
		_cleanup_free_ char *path = pod_problem_path(c, "tmpfs");

		PROBLEM(ck, c->tmpfs[POD_MOUNTS_MAX].mark, path, "has more than %d",
			POD_MOUNTS_MAX);
		return;
	}
	check_tmpfs(ck, c);
}
