/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What confines a container, as the engine was told and, where it runs, as the kernel does. Pure.
 */
#include "podctl/audit.h"

/*
 * What the engine goes by, which takes the last: the value behind "NAME=" or "NAME:", "" of a bare
 * word, NULL where it is not there.
 */
static const char *last_option(const struct audit_container *c, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < c->security.n; i++) {
		const char *rest = startswith(c->security.items[i], name);

		if (rest && (!*rest || *rest == '=' || *rest == ':'))
			value = *rest ? rest + 1 : rest;
	}
	return value;
}

/* As Go reads it; the engine takes nothing else. */
static bool is_true(const char *value)
{
	static const char *const words[] = {"", "1", "t", "T", "true", "TRUE", "True"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (streq(value, words[i]))
			return true;
	}
	return false;
}

/* ---- seccomp ---- */

/* Whether it lets through what it does not name. */
static bool filter_is_open(const char *filter)
{
	json_auto_t *json = json_loads(filter, 0, NULL);
	const char *action = json_string_value(json_object_get(json, "defaultAction"));

	return action && (streq(action, "SCMP_ACT_ALLOW") || streq(action, "SCMP_ACT_LOG"));
}

static void check_seccomp(struct audit_container *c, const struct audit_engine *e)
{
	struct audit_findings *f = &c->findings;
	const char *filter = last_option(c, "seccomp");

	if (streq_null(filter, "unconfined") ||
	    (e->seccomp && !c->privileged && c->process.known && !c->process.seccomp))
		audit_add_finding(f, AUDIT_HIGH, "seccomp", xstrdup("has no seccomp filter"),
				  "take seccomp=unconfined away");
	if (!filter || streq(filter, "unconfined") || streq(filter, "builtin"))
		return;
	if (filter_is_open(filter))
		audit_add_finding(
			f, AUDIT_HIGH, "seccomp",
			xstrdup("has a seccomp filter that lets through what it does not name"),
			"leave it the engine's filter, or name what is allowed");
	else
		audit_add_finding(
			f, AUDIT_LOW, "seccomp-profile",
			xstrdup("has a seccomp filter of its own, which was not looked at"),
			"leave it the engine's filter, or know what this one allows");
}

/* ---- AppArmor and SELinux ---- */

/* "docker-default (enforce)"; one that complains only writes down what it would deny. */
static bool is_enforced(const char *profile)
{
	return strstr(profile, " (enforce)") || strstr(profile, " (kill)");
}

static void check_apparmor(struct audit_container *c, const struct audit_engine *e)
{
	const char *profile = last_option(c, "apparmor");
	bool let_go = e->apparmor && !c->privileged && c->process.known && c->process.apparmor &&
		      !is_enforced(c->process.apparmor);

	if (let_go && !startswith(c->process.apparmor, "unconfined"))
		audit_add_finding(
			&c->findings, AUDIT_MEDIUM, "apparmor",
			xasprintf("its AppArmor profile forbids nothing: %s", c->process.apparmor),
			"have the profile enforced: aa-enforce");
	else if (let_go || streq_null(profile, "unconfined"))
		audit_add_finding(&c->findings, AUDIT_MEDIUM, "apparmor",
				  xstrdup("has no AppArmor profile"),
				  "take apparmor=unconfined away");
	else if (profile && *profile && !streq(profile, "docker-default"))
		audit_add_finding(&c->findings, AUDIT_LOW, "apparmor-profile",
				  xasprintf("has an AppArmor profile of its own, %s, which was not "
					    "looked at",
					    profile),
				  "leave it the engine's profile, or know what this one allows");
}

/* The engine takes all labels together; "disable" may stand alone. */
static void check_labels(struct audit_container *c)
{
	for (size_t i = 0; i < c->security.n; i++) {
		const char *option = c->security.items[i], *rest = startswith(option, "label");
		const char *value = rest && (*rest == '=' || *rest == ':') ? rest + 1 : "";

		if (streq(option, "disable") || streq(value, "disable") ||
		    streq(value, "type:spc_t") || streq(value, "type:unconfined_t"))
			audit_add_finding(
				&c->findings, AUDIT_MEDIUM, "selinux",
				xasprintf("is not confined where SELinux is on: %s", option),
				"take this security option away");
		else if (*value)
			audit_add_finding(
				&c->findings, AUDIT_LOW, "selinux-label",
				xasprintf("has an SELinux label of its own, %s, which was not "
					  "looked at",
					  value),
				"leave it the engine's label, or know what this one allows");
	}
}

/* ---- the rest ---- */

static bool no_new_privileges(const struct audit_container *c, const struct audit_engine *e)
{
	const char *option = last_option(c, "no-new-privileges");

	if (c->process.known)
		return c->process.no_new_privileges;
	return option ? is_true(option) : e->no_new_privileges;
}

static void check_runtime(struct audit_container *c, const struct audit_engine *e)
{
	bool is_default = e->default_runtime && streq(c->runtime, e->default_runtime);

	/* of the default there is one finding, of the engine */
	if (!*c->runtime || is_default || streq(c->runtime, "runc") ||
	    strv_has(&e->runtimes, c->runtime))
		return;
	audit_add_finding(
		&c->findings, AUDIT_MEDIUM, "runtime",
		xasprintf("is started by another runtime, %s, as root of the host: what confines "
			  "it is what that does, which was not looked at",
			  c->runtime),
		"take runtime away, or know what this one does with what the engine tells it");
}

void audit_security_findings(struct audit_container *c, const struct audit_engine *e)
{
	struct audit_findings *f = &c->findings;
	const char *cgroups = last_option(c, "writable-cgroups");

	check_seccomp(c, e);
	check_apparmor(c, e);
	check_labels(c);
	check_runtime(c, e);
	if (!c->masked && !c->privileged)
		audit_add_finding(f, AUDIT_HIGH, "unmasked",
				  xstrdup("sees or writes paths of /proc and /sys that are kept "
					  "from containers"),
				  "take systempaths=unconfined away");
	if (cgroups && is_true(cgroups))
		audit_add_finding(f, AUDIT_MEDIUM, "writable-cgroups",
				  xstrdup("may change its own cgroups, and what limits what is in "
					  "them"),
				  "take writable-cgroups away");
	if (!no_new_privileges(c, e))
		audit_add_finding(
			f, AUDIT_MEDIUM, "new-privileges",
			xstrdup("set-user-id programs in it make root of whoever runs them"),
			"security option no-new-privileges, or \"no-new-privileges\": true in "
			"/etc/docker/daemon.json for all");
}
