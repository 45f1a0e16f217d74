/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tables can't say: names, references, paths that must be normal, ports and images that
 * the system's configuration must allow. A pod that failed to decode is checked too, so anything
 * may be missing here; its own error is reported already.
 */
#include "podctl/pod.h"

#include <stdio.h>
#include <strings.h>

#define HOSTNAME_MAX 63
#define PATH_LEN_MAX 1024

struct checker {
	struct pod *pod;
	const struct settings *settings;
	struct problems *problems;
};

#define PROBLEM(ck, mark, path, ...) problems_add((ck)->problems, (mark), (path), __VA_ARGS__)

/* Names in a path are the file's own text, so only what may be shown is. Caller frees. */
static char *path_of(const struct pod_container *c, const char *key)
{
	const char *name = problems_may_show(c->entry.key) ? c->entry.key : "(key)";

	return xasprintf("containers.%s%s%s", name, *key ? "." : "", key);
}

static bool has_control(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	}
	return false;
}

static bool word_valid(const char *s, size_t n, const char *others)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    !strchr(others, c))
			return false;
	}
	return n > 0;
}

/* ---- host name ---- */

static bool hostname_valid(const char *s)
{
	if (strlen(s) > HOSTNAME_MAX)
		return false;
	for (;;) {
		size_t n = strcspn(s, ".");

		if (!word_valid(s, n, "-") || s[0] == '-' || s[n - 1] == '-')
			return false;
		if (!s[n])
			return true;
		s += n + 1;
	}
}

static void check_hostname(struct checker *ck)
{
	struct pod *pod = ck->pod;
	size_t n;

	if (pod->hostname) {
		if (!hostname_valid(pod->hostname))
			PROBLEM(ck, pod->hostname_mark, "hostname",
				"is no host name (letters, digits, - and ., at most 63)");
		return;
	}
	pod->hostname = xasprintf("%s-%s", pod->name, ck->settings->host_hostname);
	for (char *p = pod->hostname; *p; p++) {
		if (*p == '_')
			*p = '-';
	}
	n = strlen(pod->hostname);
	if (n > HOSTNAME_MAX)
		n = HOSTNAME_MAX;
	while (n > 0 && (pod->hostname[n - 1] == '-' || pod->hostname[n - 1] == '.'))
		n--;
	pod->hostname[n] = '\0';
}

/* ---- ports ---- */

static void check_port(struct checker *ck, const struct pod_publish *p, const char *path,
		       uint16_t port)
{
	const struct settings_grant *grant =
		settings_find_grant(ck->settings, p->publish.proto, port);

	if (!grant)
		PROBLEM(ck, p->mark, path, "host port %u/%s is not on the port whitelist",
			(unsigned)port, proto_name(p->publish.proto));
	else if (!streq(grant->pod, ck->pod->name))
		PROBLEM(ck, p->mark, path, "host port %u/%s belongs to pod %s", (unsigned)port,
			proto_name(p->publish.proto), grant->pod);
}

/* Of a long range that is refused, one port is enough to know. */
static void check_ports(struct checker *ck, const struct pod_publish *p, const char *path)
{
	size_t before = ck->problems->n_errors;

	if (!p->publish.host_first) {
		/* whatever port it would be, the guard has it closed: only named ones are granted
		 */
		PROBLEM(ck, p->mark, path,
			"an ephemeral host port cannot be on the port whitelist; name one");
		return;
	}
	for (unsigned port = p->publish.host_first; port <= p->publish.host_last; port++) {
		check_port(ck, p, path, (uint16_t)port);
		if (ck->problems->n_errors > before)
			return;
	}
}

/* The engine starts a proxy for each, and each is compared with each here. */
static bool too_many_ports(struct checker *ck)
{
	const struct pod *pod = ck->pod;
	unsigned ports = 0;

	for (size_t i = 0; i < pod->n_publish; i++) {
		const struct publish *p = &pod->publish[i].publish;

		ports += (unsigned)(p->last - p->first) + 1;
		if (ports > SETTINGS_PORTS_MAX) {
			PROBLEM(ck, pod->publish[i].mark, "publish", "has more than %d ports",
				SETTINGS_PORTS_MAX);
			return true;
		}
	}
	return false;
}

static void check_publish(struct checker *ck)
{
	const struct pod *pod = ck->pod;

	if (too_many_ports(ck))
		return;
	for (size_t i = 0; i < pod->n_publish; i++) {
		const struct pod_publish *p = &pod->publish[i];
		char path[32];

		snprintf(path, sizeof(path), "publish[%zu]", i);
		check_ports(ck, p, path);
		for (size_t j = 0; j < i; j++) {
			if (publish_overlap(&p->publish, &pod->publish[j].publish))
				PROBLEM(ck, p->mark, path, "takes a host port of line %u again",
					pod->publish[j].mark.line);
		}
	}
}

/* ---- containers ---- */

static void check_image(struct checker *ck, struct pod_container *c, const char *path)
{
	const struct settings_policy *policy = &ck->settings->policy;
	const char *wrong = image_ref_parse(c->image, &c->ref);

	if (wrong) {
		PROBLEM(ck, c->image_mark, path, "%s", wrong);
		return;
	}
	if (!policy->images_given)
		return;
	for (size_t i = 0; i < policy->images.n; i++) {
		if (image_ref_matches(&c->ref, policy->images.items[i]))
			return;
	}
	PROBLEM(ck, c->image_mark, path, "policy forbids this image");
}

static void check_user(struct checker *ck, const struct pod_container *c, const char *path)
{
	const struct settings_policy *policy = &ck->settings->policy;
	const char *wrong;

	if (c->user) {
		wrong = pod_user_problem(ck->settings, c->user);
		if (wrong)
			PROBLEM(ck, c->user_mark, path, "%s", wrong);
	} else if (policy->require_user || !policy->allow_root_user) {
		/* the image's own user may be root: nobody knows before it is here */
		PROBLEM(ck, c->entry.mark, path,
			"policy wants a user that is not root to be named");
	}
}

bool pod_label_begins(const char *label, const char *prefix)
{
	return strncasecmp(label, prefix, strlen(prefix)) == 0;
}

static void check_labels(struct checker *ck, const struct pod_container *c)
{
	const struct strv *reserved = &ck->settings->policy.labels_reserved;

	for (size_t i = 0; i < c->labels.n; i++) {
		const struct schema_pair *p = &c->labels.items[i];
		_cleanup_free_ char *path = path_of(c, "labels");

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

/* ---- mounts ---- */

/* Takes "./" and double slashes out in place. What is wrong, or NULL. */
static const char *normalize_source(char *source)
{
	const char *from = source;
	char *to = source;

	if (!*source)
		return "cannot be empty; . is the pod's own folder";
	if (*source == '/')
		return "must be relative: it is below the configuration's mount_root/POD";
	if (strlen(source) > PATH_LEN_MAX || has_control(source))
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

/* Whether path is folder or below it. */
static bool is_below(const char *path, const char *folder)
{
	const char *rest = startswith(path, folder);

	return rest && (*rest == '\0' || *rest == '/');
}

static const char *check_target(const char *target)
{
	static const char *const closed[] = {"/proc", "/sys", "/dev"};

	if (*target != '/')
		return "must be an absolute path";
	if (!target[1])
		return "cannot be /";
	if (strlen(target) > PATH_LEN_MAX || has_control(target))
		return "is too long or has control characters";
	for (const char *at = target; *at;) {
		size_t n = strcspn(++at, "/");

		if (n == 0 || (n == 1 && at[0] == '.') || (n == 2 && strncmp(at, "..", 2) == 0))
			return "must be normal: no //, no . and .., no / at its end";
		at += n;
	}
	for (size_t i = 0; i < ARRAY_SIZE(closed); i++) {
		if (is_below(target, closed[i]))
			return "cannot be in /proc, /sys or /dev";
	}
	return NULL;
}

static void check_mounts(struct checker *ck, struct pod_container *c)
{
	struct pod_mount *mounts = c->mounts.items;

	if (c->mounts.n > POD_MOUNTS_MAX) {
		_cleanup_free_ char *path = path_of(c, "mounts");

		PROBLEM(ck, mounts[POD_MOUNTS_MAX].source_mark, path, "has more than %d mounts",
			POD_MOUNTS_MAX);
		return;
	}
	for (size_t i = 0; i < c->mounts.n; i++) {
		struct pod_mount *m = &mounts[i];
		_cleanup_free_ char *key = xasprintf("mounts[%zu]", i), *path = path_of(c, key);
		const char *wrong;

		if (!m->source || !m->target)
			continue;
		wrong = normalize_source(m->source);
		if (wrong)
			PROBLEM(ck, m->source_mark, path, "source %s", wrong);
		wrong = check_target(m->target);
		if (wrong)
			PROBLEM(ck, m->target_mark, path, "target %s", wrong);
		/* one inside another: the engine would make its mount point in the other's source
		 */
		for (size_t j = 0; j < i; j++) {
			const char *other = mounts[j].target;

			if (other && (is_below(m->target, other) || is_below(other, m->target)))
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

static void check_container(struct checker *ck, struct pod_container *c)
{
	_cleanup_free_ char *path = path_of(c, ""), *image = path_of(c, "image"),
			    *user = path_of(c, "user");

	if (!pod_name_valid(c->entry.key))
		PROBLEM(ck, c->entry.mark, path,
			"a container's name has letters, digits, _ and -, begins with a letter or "
			"digit and has at most 63 characters");
	if (c->image)
		check_image(ck, c, image);
	check_user(ck, c, user);
	check_labels(ck, c);
	check_mounts(ck, c);
}

void pod_check(struct pod *pod, const struct settings *settings, struct problems *problems)
{
	struct checker ck = {pod, settings, problems};

	if (pod->containers.n == 0 && problems->n_errors == 0)
		PROBLEM(&ck, pod->containers_mark, "containers", "needs at least one container");
	if (pod->containers.n > POD_CONTAINERS_MAX)
		PROBLEM(&ck, pod->containers_mark, "containers", "has more than %d containers",
			POD_CONTAINERS_MAX);
	for (size_t i = 0; i < pod->containers.n && i < POD_CONTAINERS_MAX; i++)
		check_container(&ck, &((struct pod_container *)pod->containers.items)[i]);
	check_hostname(&ck);
	check_publish(&ck);
}
