/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tables can't say: names, references, paths that must be normal, ports and images that
 * the system's configuration must allow. A pod that failed to decode is checked too, so anything
 * may be missing here; its own error is reported already.
 */
#include "podctl/pod_private.h"

#include <errno.h>
#include <stdio.h>

/* the kernel's own default, net.ipv4.ip_local_port_range, from which engines choose */
#define EPHEMERAL_FIRST 32768
#define EPHEMERAL_LAST	60999

char *pod_problem_path(const struct pod_container *c, const char *key)
{
	const char *name = problems_may_show(c->entry.key) ? c->entry.key : "(key)";

	return xasprintf("containers.%s%s%s", name, *key ? "." : "", key);
}

bool pod_has_control(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	}
	return false;
}

bool pod_word_valid(const char *s, size_t n, const char *others)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    !strchr(others, c))
			return false;
	}
	return n > 0;
}

/* ---- ports ---- */

static void check_port(struct checker *ck, const struct pod_publish *p, const char *path,
		       uint16_t port)
{
	const struct settings_grant *grant =
		settings_find_grant(ck->settings, p->publish.proto, port);

	if (!grant)
		PROBLEM(ck, p->mark, path,
			"host port %u/%s is not on the port whitelist: it is the admin's "
			"port_whitelist that gives it to a pod",
			(unsigned)port, proto_name(p->publish.proto));
	else if (!streq(grant->pod, ck->pod->name))
		PROBLEM(ck, p->mark, path, "host port %u/%s belongs to pod %s", (unsigned)port,
			proto_name(p->publish.proto), grant->pod);
}

int pod_ephemeral_range(const struct settings *settings, uint8_t proto, struct ports *ret)
{
	unsigned at = EPHEMERAL_FIRST, best = 0, first = 0;
	bool any = false;

	/* sorted, so what is free lies between two of them, or behind the last */
	for (size_t i = 0; i <= settings->n_port_whitelist; i++) {
		bool end = i == settings->n_port_whitelist;
		const struct ports *p = end ? NULL : &settings->port_whitelist[i].ports;
		unsigned until = p && p->first <= EPHEMERAL_LAST ? p->first : EPHEMERAL_LAST + 1U;

		if (p && p->proto != proto)
			continue;
		any |= p != NULL;
		if (until > at && until - at > best) {
			first = at;
			best = until - at;
		}
		if (p && p->last >= at)
			at = p->last + 1U;
	}
	if (!any)
		return 0;
	if (best == 0)
		return -ENOSPC;
	*ret = (struct ports){
		.first = (uint16_t)first, .last = (uint16_t)(first + best - 1), .proto = proto};
	return 1;
}

static void check_ephemeral(struct checker *ck, struct mark mark, const char *path, uint8_t proto)
{
	struct ports ignored;

	if (pod_ephemeral_range(ck->settings, proto, &ignored) < 0)
		PROBLEM(ck, mark, path,
			"the engine cannot choose a host port: the whitelist has all %s ports from "
			"%d to %d",
			proto_name(proto), EPHEMERAL_FIRST, EPHEMERAL_LAST);
}

/* Of a long range that is refused, one port is enough to know. */
static void check_ports(struct checker *ck, const struct pod_publish *p, const char *path)
{
	size_t before = ck->problems->n_errors;

	/* one of the engine's choice: the guard lets nobody from outside in there */
	if (!p->publish.host_first) {
		check_ephemeral(ck, p->mark, path, p->publish.proto);
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
	for (size_t i = 0; i < pod->n_expose && pod->publish_all; i++)
		check_ephemeral(ck, pod->containers_mark, "publish_all", pod->expose[i].proto);
	for (size_t i = 0; i < pod->n_publish; i++) {
		const struct pod_publish *p = &pod->publish[i];
		char path[32];

		snprintf(path, sizeof(path), "publish[%zu]", p->at);
		check_ports(ck, p, path);
		for (size_t j = 0; j < i; j++) {
			if (!publish_overlap(&p->publish, &pod->publish[j].publish))
				continue;
			PROBLEM(ck, p->mark, path, "takes a host port of line %u again",
				pod->publish[j].mark.line);
			break;
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

/* What an image's set-user-id programs make of a user is up to the image: root, too. */
static void check_privileges(struct checker *ck, const struct pod_container *c)
{
	const struct settings_policy *policy = &ck->settings->policy;
	_cleanup_free_ char *path = pod_problem_path(c, "no_new_privileges");

	if (!c->no_new_privileges && (policy->require_user || !policy->allow_root_user))
		PROBLEM(ck, c->entry.mark, path,
			"policy forbids root, so it must be true: a set-user-id program of the "
			"image would make root of any user");
}

/* What the file leaves out. */
static void complete(struct pod_container *c)
{
	if (!c->update_image_given)
		c->update_image = true;
	if (!c->stop_timeout_given)
		c->stop_timeout = 10;
	if (!c->no_new_privileges_given)
		c->no_new_privileges = true;
	if (!c->health.interval_given)
		c->health.interval = 3;
	if (!c->health.attempts_given)
		c->health.attempts = 10;
}

static void check_capabilities(struct checker *ck, const struct pod_container *c)
{
	const struct strv *allowed = &ck->settings->policy.capabilities;
	_cleanup_free_ char *path = pod_problem_path(c, "cap_add");

	for (size_t i = 0; i < c->cap_add.n; i++) {
		if (!strv_has(allowed, c->cap_add.items[i]))
			PROBLEM(ck, c->cap_add_mark, path, "%s is not among policy.capabilities",
				c->cap_add.items[i]);
	}
}

static void check_container(struct checker *ck, struct pod_container *c)
{
	_cleanup_free_ char *path = pod_problem_path(c, ""), *image = pod_problem_path(c, "image"),
			    *user = pod_problem_path(c, "user");

	complete(c);
	if (!pod_name_valid(c->entry.key))
		PROBLEM(ck, c->entry.mark, path,
			"a container's name has letters, digits, _ and -, begins with a letter or "
			"digit and has at most 63 characters");
	if (c->image)
		check_image(ck, c, image);
	check_user(ck, c, user);
	pod_check_names(ck, c);
	pod_check_mounts(ck, c);
	pod_check_limits(ck, c);
	check_capabilities(ck, c);
	check_privileges(ck, c);
}

void pod_check(struct pod *pod, const struct settings *settings, struct problems *problems)
{
	struct checker ck = {pod, settings, problems};

	pod_merge_common(pod);
	pod_check_root_labels(&ck);
	pod_check_order(&ck);
	if (pod->containers.n == 0 && problems->n_errors == 0)
		PROBLEM(&ck, pod->containers_mark, "containers", "needs at least one container");
	if (pod->containers.n > POD_CONTAINERS_MAX)
		PROBLEM(&ck, pod->containers_mark, "containers", "has more than %d containers",
			POD_CONTAINERS_MAX);
	for (size_t i = 0; i < pod->containers.n && i < POD_CONTAINERS_MAX; i++)
		check_container(&ck, &((struct pod_container *)pod->containers.items)[i]);
	if (pod->containers.n <= POD_CONTAINERS_MAX)
		pod_check_size(&ck);
	pod_check_dns(&ck);
	check_publish(&ck);
}
