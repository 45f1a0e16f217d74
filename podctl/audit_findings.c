/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What of the facts is more than it should be. `high` is what hands out the host, or another's
 * data, to whoever gets into the container; `medium` what takes a wall away; `low` what a careful
 * admin would still change.
 */
#include "podctl/audit.h"

#include "common/guard_client.h"
#include <stdio.h>
#include <strings.h>

#define ARRAY_CAPS 41

/* linux/capability.h, by number */
static const char *const cap_names[ARRAY_CAPS] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

static const struct {
	const char *name;
	enum audit_level level;
} caps[] = {
	{"ALL", AUDIT_HIGH},
	{"SYS_ADMIN", AUDIT_HIGH},
	{"SYS_PTRACE", AUDIT_HIGH},
	{"SYS_MODULE", AUDIT_HIGH},
	{"SYS_RAWIO", AUDIT_HIGH},
	{"DAC_READ_SEARCH", AUDIT_HIGH},
	{"BPF", AUDIT_HIGH},
	{"PERFMON", AUDIT_HIGH},
	{"SYS_BOOT", AUDIT_HIGH},
	{"SYS_TIME", AUDIT_HIGH},
	{"MAC_ADMIN", AUDIT_HIGH},
	{"MAC_OVERRIDE", AUDIT_HIGH},
	{"SYSLOG", AUDIT_HIGH},
	{"CHECKPOINT_RESTORE", AUDIT_HIGH},
	{"NET_ADMIN", AUDIT_MEDIUM},
	{"SYS_RESOURCE", AUDIT_MEDIUM},
	{"SYS_NICE", AUDIT_MEDIUM},
	{"AUDIT_CONTROL", AUDIT_MEDIUM},
	{"LINUX_IMMUTABLE", AUDIT_LOW},
	{"NET_RAW", AUDIT_LOW},
	{"MKNOD", AUDIT_LOW},
};

const char *audit_level_name(enum audit_level level)
{
	static const char *const names[] = {"info", "low", "medium", "high"};

	return names[level];
}

void audit_findings_done(struct audit_findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->items[i].reason);
	free(f->items);
	*f = (struct audit_findings){0};
}

enum audit_level audit_findings_worst(const struct audit_findings *f)
{
	enum audit_level worst = AUDIT_INFO;

	for (size_t i = 0; i < f->n; i++)
		worst = f->items[i].level > worst ? f->items[i].level : worst;
	return worst;
}

/* Few of them, and the order of equals stays. */
void audit_findings_sort(struct audit_findings *f)
{
	for (size_t i = 1; i < f->n; i++) {
		struct audit_finding item = f->items[i];
		size_t j = i;

		for (; j > 0 && f->items[j - 1].level < item.level; j--)
			f->items[j] = f->items[j - 1];
		f->items[j] = item;
	}
}

void audit_add_finding(struct audit_findings *f, enum audit_level level, const char *id,
		       char *reason, const char *advice)
{
	ARRAY_PUSH(f->items, f->n) = (struct audit_finding){level, id, reason, advice};
}

char *audit_caps_text(uint64_t mask)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < 64; i++) {
		char *more;

		if (!(mask & (uint64_t)1 << i))
			continue;
		more = i < ARRAY_CAPS ? xasprintf("%s%s%s", text, *text ? " " : "", cap_names[i])
				      : xasprintf("%s%s%zu", text, *text ? " " : "", i);
		free(text);
		text = more;
	}
	return text;
}

bool audit_user_is_root(const char *user)
{
	size_t n = strcspn(user, ":");

	return n == 0 || strspn(user, "0") == n || (n == 4 && strncmp(user, "root", 4) == 0);
}

/* ---- of a container ---- */

static void check_namespaces(struct audit_container *c, const struct audit_engine *e)
{
	struct audit_findings *f = &c->findings;

	if (streq(c->network, "host"))
		audit_add_finding(
			f, AUDIT_HIGH, "host-network",
			xstrdup("shares the host's network: no guard sees it, and it reaches what "
				"listens on "
				"127.0.0.1"),
			"give it a bridge network and publish its ports");
	if (streq(c->pid_mode, "host"))
		audit_add_finding(f, AUDIT_HIGH, "host-pid",
				  xstrdup("sees and may signal the host's processes"),
				  "take away the host's PID namespace");
	if (streq(c->ipc, "host"))
		audit_add_finding(f, AUDIT_MEDIUM, "host-ipc",
				  xstrdup("shares the host's memory segments"),
				  "take away the host's IPC namespace");
	if (streq(c->uts, "host"))
		audit_add_finding(f, AUDIT_LOW, "host-uts", xstrdup("shares the host's name"),
				  "take away the host's UTS namespace");
	if (e->userns_remap && streq(c->user_range, "host"))
		audit_add_finding(f, AUDIT_HIGH, "host-userns",
				  xstrdup("is left out of the engine's userns-remap"),
				  "take userns_mode: host away");
}

static enum audit_level cap_level(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++) {
		if (strcasecmp(name, caps[i].name) == 0)
			return caps[i].level;
	}
	return AUDIT_LOW;
}

static const char *cap_name(const char *text)
{
	return strncasecmp(text, "CAP_", 4) == 0 ? text + 4 : text;
}

static bool is_added(const struct audit_container *c, const char *cap)
{
	for (size_t i = 0; i < c->cap_add.n; i++) {
		const char *name = cap_name(c->cap_add.items[i]);

		if (strcasecmp(name, cap) == 0 || strcasecmp(name, "ALL") == 0)
			return true;
	}
	return false;
}

/* What docker exec --privileged, or another runtime, gave beyond the container's configuration. */
static void check_process_caps(struct audit_container *c)
{
	_cleanup_free_ char *text = NULL;
	uint64_t more = 0;

	for (size_t i = 0; i < ARRAY_CAPS; i++) {
		if (c->process.caps_any & (uint64_t)1 << i &&
		    cap_level(cap_names[i]) >= AUDIT_MEDIUM && !is_added(c, cap_names[i]))
			more |= (uint64_t)1 << i;
	}
	if (c->privileged || more == 0)
		return;
	text = audit_caps_text(more);
	audit_add_finding(
		&c->findings, AUDIT_HIGH, "process-caps",
		xasprintf("a process in it has what the container was not given: %s", text),
		"end it; start nothing in it by exec --privileged");
}

static void check_caps(struct audit_container *c)
{
	for (size_t i = 0; i < c->cap_add.n; i++) {
		const char *name = cap_name(c->cap_add.items[i]);
		enum audit_level level = cap_level(name);

		audit_add_finding(&c->findings, level, "cap-add",
				  xasprintf("has the capability %s", name),
				  "take it away, or run what needs it apart");
	}
	/* 13: NET_RAW; by default there, so not in cap_add */
	if (c->process.known && !c->privileged && (c->process.caps_bounding & (uint64_t)1 << 13))
		audit_add_finding(&c->findings, AUDIT_LOW, "net-raw",
				  xstrdup("may forge packets (NET_RAW)"),
				  "drop the capability NET_RAW");
}

static bool has_option(const struct strv *options, const char *name, const char *value)
{
	for (size_t i = 0; i < options->n; i++) {
		const char *rest = startswith(options->items[i], name);

		if (rest && (*rest == '=' || *rest == ':') && streq(rest + 1, value))
			return true;
	}
	return false;
}

/* The container's own filter: NULL, or its text. "builtin" is the engine's. */
static const char *own_filter(const struct audit_container *c)
{
	for (size_t i = 0; i < c->security.n; i++) {
		const char *rest = startswith(c->security.items[i], "seccomp");

		if (rest && (*rest == '=' || *rest == ':') && !streq(rest + 1, "unconfined") &&
		    !streq(rest + 1, "builtin"))
			return rest + 1;
	}
	return NULL;
}

/* Whether it lets through what it does not name. */
static bool filter_is_open(const char *filter)
{
	json_auto_t *json = json_loads(filter, 0, NULL);
	const char *action = json_string_value(json_object_get(json, "defaultAction"));

	return action && (streq(action, "SCMP_ACT_ALLOW") || streq(action, "SCMP_ACT_LOG"));
}

static void check_own_filter(struct audit_container *c)
{
	const char *filter = own_filter(c);

	if (!filter)
		return;
	if (filter_is_open(filter))
		audit_add_finding(
			&c->findings, AUDIT_HIGH, "seccomp",
			xstrdup("has a seccomp filter that lets through what it does not name"),
			"leave it the engine's filter, or name what is allowed");
	else
		audit_add_finding(
			&c->findings, AUDIT_LOW, "seccomp-profile",
			xstrdup("has a seccomp filter of its own, which was not looked at"),
			"leave it the engine's filter, or know what this one allows");
}

static bool no_new_privileges(const struct audit_container *c)
{
	if (c->process.known)
		return c->process.no_new_privileges;
	return strv_has(&c->security, "no-new-privileges") ||
	       has_option(&c->security, "no-new-privileges", "true");
}

static void check_security(struct audit_container *c, const struct audit_engine *e)
{
	struct audit_findings *f = &c->findings;
	bool confined = !c->process.apparmor || !startswith(c->process.apparmor, "unconfined");

	if (has_option(&c->security, "seccomp", "unconfined") ||
	    (e->seccomp && !c->privileged && c->process.known && !c->process.seccomp))
		audit_add_finding(f, AUDIT_HIGH, "seccomp", xstrdup("has no seccomp filter"),
				  "take seccomp=unconfined away");
	check_own_filter(c);
	if (has_option(&c->security, "apparmor", "unconfined") ||
	    (e->apparmor && !c->privileged && c->process.known && !confined))
		audit_add_finding(f, AUDIT_MEDIUM, "apparmor", xstrdup("has no AppArmor profile"),
				  "take apparmor=unconfined away");
	if (!c->masked && !c->privileged)
		audit_add_finding(f, AUDIT_HIGH, "unmasked",
				  xstrdup("sees or writes paths of /proc and /sys that are kept "
					  "from containers"),
				  "take systempaths=unconfined away");
	if (!no_new_privileges(c))
		audit_add_finding(f, AUDIT_MEDIUM, "new-privileges",
				  xstrdup("set-user-id programs in it give rights"),
				  "security option no-new-privileges");
}

static bool runs_as_root(const struct audit_container *c)
{
	return c->process.known ? c->process.any_root : audit_user_is_root(c->user);
}

static void check_limits(struct audit_container *c)
{
	struct audit_findings *f = &c->findings;

	if (c->memory <= 0)
		audit_add_finding(f, AUDIT_LOW, "no-memory-limit",
				  xstrdup("may take all of the host's memory"),
				  "set a memory limit");
	if (c->pids <= 0)
		audit_add_finding(f, AUDIT_LOW, "no-pids-limit",
				  xstrdup("may take all of the host's process ids"),
				  "set a limit of pids");
	if (!c->readonly_root)
		audit_add_finding(f, AUDIT_INFO, "writable-root",
				  xstrdup("may write to its own image's files"),
				  "readonly: true, with tmpfs where it must write");
}

void audit_container_findings(struct audit_container *c, const struct audit_engine *e)
{
	struct audit_findings *f = &c->findings;

	if (c->privileged)
		audit_add_finding(
			f, AUDIT_HIGH, "privileged",
			xstrdup("is privileged: its root is the host's root"),
			"take privileged away; add the capability or device that is needed");
	audit_mount_findings(c, e);
	for (size_t i = 0; i < c->devices.n; i++)
		audit_add_finding(f, AUDIT_HIGH, "device",
				  xasprintf("has the host's %s", c->devices.items[i]),
				  "take the device away");
	for (size_t i = 0; i < c->device_rules.n; i++)
		audit_add_finding(
			f, AUDIT_HIGH, "device-rule",
			xasprintf("may make and open devices: %s", c->device_rules.items[i]),
			"take the device rule away");
	check_namespaces(c, e);
	check_caps(c);
	check_process_caps(c);
	check_security(c, e);
	/* the root container of a pod only waits, as nobody */
	if (runs_as_root(c))
		audit_add_finding(f, AUDIT_MEDIUM, "root",
				  xasprintf("runs as root%s",
					    e->userns_remap || e->rootless ? ", unmapped" : ""),
				  "name a user that is not root, in the image or the container");
	else if (!c->process.known && audit_user_is_root(c->user))
		audit_add_finding(f, AUDIT_LOW, "root-inside", xstrdup("runs as the remapped root"),
				  "name a user that is not root");
	check_limits(c);
	audit_findings_sort(f);
}

/* ---- of the engine, and between containers ---- */

static void check_shared_uids(const struct audit_containers *all, struct audit_findings *ret)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct audit_container *a = &all->items[i];

		for (size_t j = i + 1; j < all->n; j++) {
			const struct audit_container *b = &all->items[j];

			if (!a->process.known || !b->process.known ||
			    a->process.uid != b->process.uid)
				continue;
			if (a->pod && b->pod && streq(a->pod, b->pod))
				continue;
			audit_add_finding(
				ret, a->process.uid == 0 ? AUDIT_INFO : AUDIT_LOW, "shared-uid",
				xasprintf("%s and %s run as the same uid of the host, %u", a->name,
					  b->name, (unsigned)a->process.uid),
				"give each a uid of its own: files and signals of one are the "
				"other's where a wall falls");
			break; /* once for each container is enough */
		}
	}
}

void audit_socket_done(struct audit_socket *s)
{
	strv_done(&s->users);
	strv_done(&s->groups);
}

static void check_socket(const struct audit_socket *s, struct audit_findings *ret)
{
	if (s->open)
		audit_add_finding(
			ret, AUDIT_HIGH, "open-socket",
			xstrdup("everybody on the host may use the engine's socket, which is root"),
			"take the rights of others from the socket");
	for (size_t i = 0; i < s->users.n; i++) {
		const char *user = s->users.items[i], *group = s->groups.items[i];

		if (streq(user, GUARD_USER))
			audit_add_finding(
				ret, AUDIT_LOW, "guard-in-docker-group",
				xasprintf("the guard's own user " GUARD_USER
					  " is a member of the group %s",
					  group),
				"take it out of the group: it asks at netguard-engine.socket");
		else
			audit_add_finding(
				ret, AUDIT_HIGH, "docker-group",
				xasprintf("user %s is a member of the group %s, which is root",
					  user, group),
				"take the user out of it; sudo podctl is enough for pods");
	}
}

void audit_engine_findings(const struct audit_engine *e, const struct audit_socket *socket,
			   const struct audit_containers *all, struct audit_findings *ret)
{
	for (size_t i = 0; i < e->warnings.n; i++) {
		const char *text = e->warnings.items[i];

		if (strcasestr(text, "API is accessible"))
			audit_add_finding(
				ret, AUDIT_HIGH, "open-api", xstrdup(text),
				"take -H tcp:// away, or demand certificates with --tlsverify");
	}
	check_socket(socket, ret);
	if (!e->userns_remap && !e->rootless)
		audit_add_finding(ret, AUDIT_MEDIUM, "no-userns-remap",
				  xstrdup("root in a container is root of the host's kernel"),
				  "\"userns-remap\": \"default\" in /etc/docker/daemon.json");
	if (!e->seccomp)
		audit_add_finding(ret, AUDIT_HIGH, "no-seccomp",
				  xstrdup("the engine has no seccomp"),
				  "a kernel and an engine with seccomp");
	if (!e->apparmor)
		audit_add_finding(ret, AUDIT_LOW, "no-apparmor",
				  xstrdup("the engine has no AppArmor"),
				  "install and switch on AppArmor");
	for (size_t i = 0; i < e->insecure_registries.n; i++)
		audit_add_finding(ret, AUDIT_MEDIUM, "insecure-registry",
				  xasprintf("images from %s come unverified",
					    e->insecure_registries.items[i]),
				  "give that registry a certificate");
	if (e->authorization.n == 0)
		audit_add_finding(
			ret, AUDIT_INFO, "no-authorization",
			xstrdup("whoever reaches the engine's socket may do anything"),
			"netguard authz as its plugin, where anybody but root reaches it");
	if (!e->live_restore)
		audit_add_finding(ret, AUDIT_INFO, "no-live-restore",
				  xstrdup("containers stop with the engine, so updates of it wait"),
				  "\"live-restore\": true in /etc/docker/daemon.json");
	check_shared_uids(all, ret);
	audit_findings_sort(ret);
}
