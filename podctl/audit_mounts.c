/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What containers mount: of the host's own, by whatever name, and what of it is more than it should
 * be. Pure.
 */
#include "podctl/audit.h"

#include <errno.h>

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
	{"/var/lib/dpkg", true, "the host's programs"},
	{"/run/containerd", true, "an engine's socket, which is root on the host"},
	{"/run/docker", true, "the engine's own data"},
	{"/run/podman", true, "an engine's socket, which is root on the host"},
	{"/run/buildkit", true, "an engine's socket, which is root on the host"},
	{"/run/crio", true, "an engine's socket, which is root on the host"},
	{"/run/podctl", true, "pods' mounts and secrets"},
	{"/run/sudo", true, "who needs no password to be root"},
	{"/run/user", true, "the sockets of the host's users"},
	{"/run/systemd", true, "the host's service manager"},
	{"/run/dbus", true, "the host's message bus"},
	{"/run/netguard", true, "netguard's control socket"},
};

static const char *const engine_sockets[] = {
	"docker.sock",	   "containerd.sock",  "podman.sock",	 "crio.sock",
	"dockershim.sock", "cri-dockerd.sock", "buildkitd.sock", "containerd.sock.ttrpc",
};

bool audit_is_engine_socket(const char *path)
{
	const char *base = strrchr(path, '/');

	for (size_t i = 0; base && i < ARRAY_SIZE(engine_sockets); i++) {
		if (streq(base + 1, engine_sockets[i]))
			return true;
	}
	return false;
}

const char *audit_path_reason(const char *source, const struct audit_engine *e)
{
	const char *path = startswith(source, "/var/run/") ? source + 4 : source;

	if (streq(path, "/"))
		return "the whole host";
	if (audit_is_engine_socket(path))
		return "an engine's socket, which is root on the host";
	for (size_t i = 0; i < e->own_paths.n; i++) {
		const char *own = e->own_paths.items[i];

		if (text_path_below(own, path) || text_path_below(path, own))
			return "the engine's own data or socket";
	}
	for (size_t i = 0; i < ARRAY_SIZE(host_paths); i++) {
		if (text_path_below(host_paths[i].path, path))
			return host_paths[i].reason;
		if (host_paths[i].below && text_path_below(path, host_paths[i].path))
			return host_paths[i].reason;
	}
	if (streq(path, "/run") || streq(path, "/var/run"))
		return "the sockets of the host's services";
	return NULL;
}

/* ---- volumes ---- */

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = text; at; at = strchr(at, ','), at += at ? 1 : 0) {
		if (strncmp(at, word, n) == 0 && (at[n] == ',' || !at[n]))
			return true;
	}
	return false;
}

static bool is_not_the_hosts(const char *type)
{
	static const char *const types[] = {"tmpfs", "nfs", "nfs4", "cifs", "smb3"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (streq(type, types[i]))
			return true;
	}
	return false;
}

/* Options of the driver local are those of mount(2): source, type, and the rest. */
static int apply_options(struct audit_mount *m, json_t *options, struct err *err)
{
	const char *type = "", *device = "", *rest = "";

	if (!options || json_is_null(options))
		return 0;
	if (json_unpack(options, "{s?s, s?s, s?s}", "type", &type, "device", &device, "o", &rest) <
	    0)
		return err_set(err, EPROTO, "the engine's reply: Options of a volume");
	if (!*device || is_not_the_hosts(type))
		return 0;
	free(m->real);
	m->real = xstrdup(device);
	if (!has_word(rest, "bind") && !has_word(rest, "rbind"))
		m->filesystem = xstrdup(*type ? type : "file system");
	return 0;
}

static int apply_volume(struct audit_container *c, const char *name, json_t *options,
			struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < c->n_mounts && r == 0; i++) {
		struct audit_mount *m = &c->mounts[i];

		if (streq(m->type, "volume") && streq(m->name, name))
			r = apply_options(m, options, err);
	}
	return r;
}

int audit_volumes(struct audit_containers *all, json_t *json, struct err *err)
{
	json_t *list = json_object_get(json, "Volumes"), *volume;
	size_t k;

	if (!json_is_object(json) || (list && !json_is_null(list) && !json_is_array(list)))
		return err_set(err, EPROTO, "the engine's list of volumes is no list");
	json_array_foreach (list, k, volume) {
		const char *name = json_string_value(json_object_get(volume, "Name"));

		for (size_t i = 0; name && i < all->n; i++) {
			if (apply_volume(&all->items[i], name, json_object_get(volume, "Options"),
					 err) < 0)
				return err_wrap(err, "volume %s", name);
		}
	}
	return 0;
}

/* ---- findings ---- */

static void add_host(struct audit_container *c, const struct audit_mount *m, const char *reason)
{
	audit_add_finding(&c->findings, AUDIT_HIGH, "mount-host",
			  xasprintf("mounts %s%s%s%s%s: %s", m->source, m->real ? " (" : "",
				    m->real ? m->real : "", m->real ? ")" : "",
				    m->writable ? "" : " (read-only)", reason),
			  "mount only what this container needs, below a folder of its own");
}

static void check_mount(struct audit_container *c, const struct audit_mount *m,
			const struct audit_engine *e)
{
	const char *from = m->real ? m->real : m->source, *reason;
	bool ours = c->pod && text_path_below(m->source, "/run/podctl");
	bool resolver = text_path_below(m->source, "/etc/resolv.conf") && !m->writable;

	if (m->filesystem) {
		add_host(c, m, "a file system of the host's, by a volume's options");
		return;
	}
	if ((!streq(m->type, "bind") && !m->real) || ours || resolver)
		return;
	reason = audit_path_reason(m->source, e);
	/* a volume's own folder is where the engine's are; what it mounts is not */
	if (!reason || !streq(m->type, "bind"))
		reason = audit_path_reason(from, e);
	if (reason)
		add_host(c, m, reason);
	else if (m->writable)
		audit_add_finding(&c->findings, AUDIT_LOW, "mount-bind",
				  xasprintf("may write to the host's %s", from),
				  "use a volume, or mount it read-only");
}

void audit_mount_findings(struct audit_container *c, const struct audit_engine *e)
{
	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct audit_mount *m = &c->mounts[i];

		check_mount(c, m, e);
		if (streq(m->propagation, "shared") || streq(m->propagation, "rshared"))
			audit_add_finding(
				&c->findings, AUDIT_HIGH, "mount-shared",
				xasprintf("what it mounts below %s appears on the host", m->target),
				"mount it with propagation rprivate");
	}
}
