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

/* Of the host's own; below says whether what lies inside is as bad as the folder itself. */
static const struct {
	const char *path;
	bool below;
	const char *reason;
} host_paths[] = {
	{"/etc", true, "the host's configuration"},
	{"/proc", true, "the host's processes and kernel settings"},
	{"/sys", true, "the host's kernel and devices"},
	{"/dev", true, "the host's devices"},
	{"/boot", true, "the host's kernel"},
	{"/root", true, "root's home"},
	{"/home", false, "everybody's homes"},
	{"/usr", true, "the host's programs"},
	{"/bin", true, "the host's programs"},
	{"/sbin", true, "the host's programs"},
	{"/lib", true, "the host's libraries"},
	{"/lib64", true, "the host's libraries"},
	{"/opt", false, "the host's programs"},
	{"/var/lib/docker", true, "the engine's own data: every container's files"},
	{"/var/lib/containerd", true, "the engine's own data"},
	{"/var/lib/podctl", true, "podctl's own data"},
	{"/var/lib/netguard", true, "netguard's own data"},
	{"/var/spool/cron", true, "commands that the host runs"},
	{"/run/systemd", true, "the host's service manager"},
	{"/run/dbus", true, "the host's message bus"},
	{"/run/netguard", true, "netguard's control socket"},
};

static const char *const engine_sockets[] = {
	"docker.sock", "containerd.sock", "podman.sock", "crio.sock", "dockershim.sock",
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

static void add(struct audit_findings *f, enum audit_level level, const char *id, char *reason,
		const char *advice)
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

/* Whether path is folder or in it. */
static bool is_below(const char *path, const char *folder)
{
	const char *rest = startswith(path, folder);

	return rest && (*rest == '\0' || *rest == '/');
}

const char *audit_path_reason(const char *source)
{
	const char *path = startswith(source, "/var/run/") ? source + 4 : source;
	const char *base = strrchr(path, '/');

	if (streq(path, "/"))
		return "the whole host";
	for (size_t i = 0; base && i < ARRAY_SIZE(engine_sockets); i++) {
		if (streq(base + 1, engine_sockets[i]))
			return "an engine's socket, which is root on the host";
	}
	for (size_t i = 0; i < ARRAY_SIZE(host_paths); i++) {
		if (is_below(host_paths[i].path, path))
			return host_paths[i].reason;
		if (host_paths[i].below && is_below(path, host_paths[i].path))
			return host_paths[i].reason;
	}
	if (streq(path, "/run") || streq(path, "/var/run"))
		return "the sockets of the host's services";
	return NULL;
}

/* ---- of a container ---- */

static void check_mounts(struct audit_container *c)
{
	struct audit_findings *f = &c->findings;

	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct audit_mount *m = &c->mounts[i];
		const char *reason = streq(m->type, "bind") ? audit_path_reason(m->source) : NULL;
		bool ours = c->pod && is_below(m->source, "/run/podctl");
		bool resolver = is_below(m->source, "/etc/resolv.conf") && !m->writable;

		if (reason && !ours && !resolver)
			add(f, AUDIT_HIGH, "mount-host",
			    xasprintf("mounts %s%s: %s", m->source,
				      m->writable ? "" : " (read-only)", reason),
			    "mount only what this container needs, below a folder of its own");
		else if (streq(m->type, "bind") && m->writable && !ours)
			add(f, AUDIT_LOW, "mount-bind",
			    xasprintf("may write to the host's %s", m->source),
			    "use a volume, or mount it read-only");
		if (streq(m->propagation, "shared") || streq(m->propagation, "rshared"))
			add(f, AUDIT_HIGH, "mount-shared",
			    xasprintf("what it mounts below %s appears on the host", m->target),
			    "mount it with propagation rprivate");
	}
}

static void check_namespaces(struct audit_container *c, const struct audit_engine *e)
{
	struct audit_findings *f = &c->findings;

	if (streq(c->network, "host"))
		add(f, AUDIT_HIGH, "host-network",
		    xstrdup("shares the host's network: no guard sees it, and it reaches what "
			    "listens on "
			    "127.0.0.1"),
		    "give it a bridge network and publish its ports");
	if (streq(c->pid_mode, "host"))
		add(f, AUDIT_HIGH, "host-pid", xstrdup("sees and may signal the host's processes"),
		    "take away the host's PID namespace");
	if (streq(c->ipc, "host"))
		add(f, AUDIT_MEDIUM, "host-ipc", xstrdup("shares the host's memory segments"),
		    "take away the host's IPC namespace");
	if (streq(c->uts, "host"))
		add(f, AUDIT_LOW, "host-uts", xstrdup("shares the host's name"),
		    "take away the host's UTS namespace");
	if (e->userns_remap && streq(c->user_range, "host"))
		add(f, AUDIT_HIGH, "host-userns",
		    xstrdup("is left out of the engine's userns-remap"),
		    "take userns_mode: host away");
}

static void check_caps(struct audit_container *c)
{
	for (size_t i = 0; i < c->cap_add.n; i++) {
		const char *name = c->cap_add.items[i];
		enum audit_level level = AUDIT_LOW;

		if (strncasecmp(name, "CAP_", 4) == 0)
			name += 4;
		for (size_t j = 0; j < ARRAY_SIZE(caps); j++) {
			if (strcasecmp(name, caps[j].name) == 0)
				level = caps[j].level;
		}
		add(&c->findings, level, "cap-add", xasprintf("has the capability %s", name),
		    "take it away, or run what needs it apart");
	}
	/* 13: NET_RAW; by default there, so not in cap_add */
	if (c->process.known && !c->privileged && (c->process.caps_bounding & (uint64_t)1 << 13))
		add(&c->findings, AUDIT_LOW, "net-raw", xstrdup("may forge packets (NET_RAW)"),
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
		add(f, AUDIT_HIGH, "seccomp", xstrdup("has no seccomp filter"),
		    "take seccomp=unconfined away");
	if (has_option(&c->security, "apparmor", "unconfined") ||
	    (e->apparmor && !c->privileged && c->process.known && !confined))
		add(f, AUDIT_MEDIUM, "apparmor", xstrdup("has no AppArmor profile"),
		    "take apparmor=unconfined away");
	if (!c->masked && !c->privileged)
		add(f, AUDIT_HIGH, "unmasked",
		    xstrdup("sees paths of /proc and /sys that are hidden from containers"),
		    "take systempaths=unconfined away");
	if (!no_new_privileges(c))
		add(f, AUDIT_MEDIUM, "new-privileges",
		    xstrdup("set-user-id programs in it give rights"),
		    "security option no-new-privileges");
}

static bool runs_as_root(const struct audit_container *c)
{
	return c->process.known ? c->process.uid == 0 : audit_user_is_root(c->user);
}

static void check_limits(struct audit_container *c)
{
	struct audit_findings *f = &c->findings;

	if (c->memory <= 0)
		add(f, AUDIT_LOW, "no-memory-limit", xstrdup("may take all of the host's memory"),
		    "set a memory limit");
	if (c->pids <= 0)
		add(f, AUDIT_LOW, "no-pids-limit",
		    xstrdup("may take all of the host's process ids"), "set a limit of pids");
	if (!c->readonly_root)
		add(f, AUDIT_INFO, "writable-root", xstrdup("may write to its own image's files"),
		    "readonly: true, with tmpfs where it must write");
}

void audit_container_findings(struct audit_container *c, const struct audit_engine *e)
{
	struct audit_findings *f = &c->findings;

	if (c->privileged)
		add(f, AUDIT_HIGH, "privileged",
		    xstrdup("is privileged: its root is the host's root"),
		    "take privileged away; add the capability or device that is needed");
	check_mounts(c);
	for (size_t i = 0; i < c->devices.n; i++)
		add(f, AUDIT_HIGH, "device", xasprintf("has the host's %s", c->devices.items[i]),
		    "take the device away");
	for (size_t i = 0; i < c->device_rules.n; i++)
		add(f, AUDIT_HIGH, "device-rule",
		    xasprintf("may make and open devices: %s", c->device_rules.items[i]),
		    "take the device rule away");
	check_namespaces(c, e);
	check_caps(c);
	check_security(c, e);
	/* the root container of a pod only waits, as nobody */
	if (runs_as_root(c))
		add(f, AUDIT_MEDIUM, "root",
		    xasprintf("runs as root%s", e->userns_remap || e->rootless ? ", unmapped" : ""),
		    "name a user that is not root, in the image or the container");
	else if (!c->process.known && audit_user_is_root(c->user))
		add(f, AUDIT_LOW, "root-inside", xstrdup("runs as the remapped root"),
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
			add(ret, a->process.uid == 0 ? AUDIT_INFO : AUDIT_LOW, "shared-uid",
			    xasprintf("%s and %s run as the same uid of the host, %u", a->name,
				      b->name, (unsigned)a->process.uid),
			    "give each a uid of its own: files and signals of one are the "
			    "other's where a wall falls");
			break; /* once for each container is enough */
		}
	}
}

void audit_engine_findings(const struct audit_engine *e, const struct strv *docker_group,
			   const struct audit_containers *all, struct audit_findings *ret)
{
	for (size_t i = 0; i < e->warnings.n; i++) {
		const char *text = e->warnings.items[i];

		if (strcasestr(text, "API is accessible"))
			add(ret, AUDIT_HIGH, "open-api", xstrdup(text),
			    "take -H tcp:// away, or demand certificates with --tlsverify");
	}
	for (size_t i = 0; i < docker_group->n; i++) {
		const char *user = docker_group->items[i];

		if (streq(user, GUARD_USER))
			add(ret, AUDIT_LOW, "guard-in-docker-group",
			    xstrdup("the guard's own user " GUARD_USER " is a member of the group "
				    "docker"),
			    "netguard authz leaves it nothing but its questions");
		else
			add(ret, AUDIT_HIGH, "docker-group",
			    xasprintf("user %s is a member of the group docker, which is root",
				      user),
			    "take the user out of it; sudo podctl is enough for pods");
	}
	if (!e->userns_remap && !e->rootless)
		add(ret, AUDIT_MEDIUM, "no-userns-remap",
		    xstrdup("root in a container is root of the host's kernel"),
		    "\"userns-remap\": \"default\" in /etc/docker/daemon.json");
	if (!e->seccomp)
		add(ret, AUDIT_HIGH, "no-seccomp", xstrdup("the engine has no seccomp"),
		    "a kernel and an engine with seccomp");
	if (!e->apparmor)
		add(ret, AUDIT_LOW, "no-apparmor", xstrdup("the engine has no AppArmor"),
		    "install and switch on AppArmor");
	for (size_t i = 0; i < e->insecure_registries.n; i++)
		add(ret, AUDIT_MEDIUM, "insecure-registry",
		    xasprintf("images from %s come unverified", e->insecure_registries.items[i]),
		    "give that registry a certificate");
	if (e->authorization.n == 0)
		add(ret, AUDIT_INFO, "no-authorization",
		    xstrdup("whoever reaches the engine's socket may do anything"),
		    "netguard authz as its plugin, where anybody but root reaches it");
	if (!e->live_restore)
		add(ret, AUDIT_INFO, "no-live-restore",
		    xstrdup("containers stop with the engine, so updates of it wait"),
		    "\"live-restore\": true in /etc/docker/daemon.json");
	check_shared_uids(all, ret);
	audit_findings_sort(ret);
}
