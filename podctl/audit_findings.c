/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What of the facts is more than it should be. `high` is what hands out the host, or another's
 * data, to whoever gets into the container; `medium` what takes a wall away; `low` what a careful
 * admin would still change.
 */
#include "podctl/audit.h"

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

bool audit_runs_as_root(const struct audit_container *c)
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
	audit_security_findings(c, e);
	audit_group_findings(c, e);
	/* the root container of a pod only waits, as nobody */
	if (audit_runs_as_root(c))
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
