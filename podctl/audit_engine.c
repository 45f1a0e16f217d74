/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine: what its /info says, and what of it is more than it should be. Pure. */
#include "podctl/audit.h"

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

/* Programs that the engine has do as root what it says. */
static void check_default_runtime(const struct audit_engine *e, struct audit_findings *ret)
{
	const char *name = e->default_runtime;

	if (!name || streq(name, "runc") || strv_has(&e->runtimes, name))
		return;
	audit_add_finding(ret, AUDIT_MEDIUM, "default-runtime",
			  xasprintf("containers are started by %s unless they say otherwise: what "
				    "confines them is what that does, which was not looked at",
				    name),
			  "\"default-runtime\": \"runc\" in /etc/docker/daemon.json, or know what "
			  "this one does");
}

static void check_walls(const struct audit_engine *e, struct audit_findings *ret)
{
	if (!e->userns_remap && !e->rootless)
		audit_add_finding(ret, AUDIT_MEDIUM, "no-userns-remap",
				  xstrdup("root in a container is root of the host's kernel"),
				  "\"userns-remap\": \"default\" in /etc/docker/daemon.json");
	if (!e->seccomp)
		audit_add_finding(ret, AUDIT_HIGH, "no-seccomp",
				  xstrdup("the engine has no seccomp"),
				  "a kernel and an engine with seccomp");
	if (e->seccomp_profile)
		audit_add_finding(ret, AUDIT_LOW, "seccomp-profile",
				  xasprintf("the engine has a seccomp filter of the admin's, %s, "
					    "which was not looked at",
					    e->seccomp_profile),
				  "know what it allows, or take seccomp-profile out of "
				  "/etc/docker/daemon.json");
	if (!e->apparmor && !e->selinux)
		audit_add_finding(ret, AUDIT_LOW, "no-apparmor",
				  xstrdup("the engine has no AppArmor"),
				  "install and switch on AppArmor");
	check_default_runtime(e, ret);
}

/* podctl scan and podctl start tell less there, and only their own output says so. */
static void check_driver(const struct audit_engine *e, struct audit_findings *ret)
{
	if (!e->driver || streq(e->driver, "overlay2"))
		return;
	audit_add_finding(
		ret, AUDIT_LOW, "storage-driver",
		xasprintf("the engine keeps files by %s, which podctl can't look into: scan does "
			  "not see a changed file that kept its size and times, and a container "
			  "that would hang the engine is started",
			  e->driver),
		"\"storage-driver\": \"overlay2\" in /etc/docker/daemon.json, without containerd's "
		"image store; containers are to be made anew");
}

void audit_engine_findings(const struct audit_engine *e, const struct audit_access *access,
			   const struct audit_containers *all, struct audit_findings *ret)
{
	for (size_t i = 0; i < e->warnings.n; i++) {
		const char *text = e->warnings.items[i];

		if (strcasestr(text, "API is accessible"))
			audit_add_finding(
				ret, AUDIT_HIGH, "open-api", xstrdup(text),
				"take -H tcp:// away, or demand certificates with --tlsverify");
	}
	audit_access_findings(access, ret);
	check_walls(e, ret);
	check_driver(e, ret);
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
