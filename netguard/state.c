/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/state.h"

#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_VERSION 1
#define STATE_MAX     ((size_t)64 * 1024 * 1024)
#define BOOT_ID_PATH  "/proc/sys/kernel/random/boot_id"

/* ---- to JSON ---- */

static json_t *encode_addr(const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	return json_string(a->family == AF_UNSPEC ? "" : addr_format(a, text));
}

static json_t *encode_address(const struct member_address *a)
{
	char mac[18] = "";

	if (a->has_mac)
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", a->mac[0], a->mac[1],
			 a->mac[2], a->mac[3], a->mac[4], a->mac[5]);
	return json_pack("{s:s, s:o, s:o, s:s}", "bridge", a->bridge, "ip4", encode_addr(&a->ip4),
			 "ip6", encode_addr(&a->ip6), "mac", mac);
}

static json_t *encode_port(const struct member_port *p)
{
	return json_pack("{s:o, s:i, s:i, s:s}", "host_ip", encode_addr(&p->host_ip), "host_port",
			 (int)p->host_port, "port", (int)p->port, "proto", proto_name(p->proto));
}

static json_t *encode_member(const struct member *m)
{
	json_t *addresses = json_array(), *ports = json_array();

	for (size_t i = 0; i < m->n_addresses; i++)
		json_array_append_new(addresses, encode_address(&m->addresses[i]));
	for (size_t i = 0; i < m->n_ports; i++)
		json_array_append_new(ports, encode_port(&m->ports[i]));
	return json_pack("{s:s, s:s, s:s?, s:b, s:b, s:i, s:b, s:s?, s:s?, s:o, s:o}", "id", m->id,
			 "name", m->name, "pod", m->pod, "ours", (int)m->ours, "running",
			 (int)m->running, "pid", (int)m->pid, "host_network", (int)m->host_network,
			 "joined", m->joined_id, "unguarded", m->unguarded, "addresses", addresses,
			 "ports", ports);
}

json_t *state_encode(const struct model *m, const char *boot_id)
{
	json_t *members = json_array();

	for (size_t i = 0; i < m->n_members; i++) {
		/* NULL for a name that is no UTF-8: left out, so unknown, so closed */
		json_t *member = encode_member(&m->members[i]);

		if (member)
			json_array_append_new(members, member);
	}
	return json_pack("{s:i, s:s, s:o}", "version", STATE_VERSION, "boot", boot_id, "members",
			 members);
}

/* ---- from JSON ---- */

static bool decode_addr(const char *text, int family, struct addr *ret)
{
	if (!text[0]) {
		*ret = (struct addr){.family = AF_UNSPEC};
		return true;
	}
	return addr_parse(text, ret) && (family == AF_UNSPEC || ret->family == family);
}

static bool decode_address(json_t *json, struct member_address *a)
{
	const char *bridge, *ip4, *ip6, *mac;

	if (json_unpack(json, "{s:s, s:s, s:s, s:s}", "bridge", &bridge, "ip4", &ip4, "ip6", &ip6,
			"mac", &mac) < 0)
		return false;
	if (!bridge[0] || strlen(bridge) >= sizeof(a->bridge))
		return false;
	memcpy(a->bridge, bridge, strlen(bridge));
	a->has_mac = mac[0] != '\0';
	return decode_addr(ip4, AF_INET, &a->ip4) && decode_addr(ip6, AF_INET6, &a->ip6) &&
	       (!a->has_mac || mac_parse(mac, a->mac));
}

static bool decode_port(json_t *json, struct member_port *p)
{
	const char *ip, *proto;
	int host_port, port;

	if (json_unpack(json, "{s:s, s:i, s:i, s:s}", "host_ip", &ip, "host_port", &host_port,
			"port", &port, "proto", &proto) < 0)
		return false;
	if (host_port < 1 || host_port > 65535 || port < 1 || port > 65535)
		return false;
	p->host_port = (uint16_t)host_port;
	p->port = (uint16_t)port;
	return proto_parse(proto, &p->proto) && decode_addr(ip, AF_UNSPEC, &p->host_ip);
}

static bool decode_lists(json_t *addresses, json_t *ports, struct member *m)
{
	json_t *item;
	size_t i;

	json_array_foreach (addresses, i, item) {
		struct member_address a = {0};

		if (!decode_address(item, &a))
			return false;
		ARRAY_PUSH(m->addresses, m->n_addresses) = a;
	}
	json_array_foreach (ports, i, item) {
		struct member_port p = {0};

		if (!decode_port(item, &p))
			return false;
		ARRAY_PUSH(m->ports, m->n_ports) = p;
	}
	return json_is_array(addresses) && json_is_array(ports);
}

/* A string, or null: *ret is a copy or NULL. */
static bool decode_optional(json_t *json, const char *key, char **ret)
{
	json_t *value = json_object_get(json, key);

	if (!json_is_string(value) && !json_is_null(value))
		return false;
	*ret = xstrdup(json_string_value(value));
	return true;
}

static bool decode_member(json_t *json, struct member *m)
{
	const char *id, *name;
	int ours, running, host_network, pid = 0;
	json_t *addresses, *ports;

	if (json_unpack(json, "{s:s, s:s, s:b, s:b, s?i, s:b, s:o, s:o}", "id", &id, "name", &name,
			"ours", &ours, "running", &running, "pid", &pid, "host_network",
			&host_network, "addresses", &addresses, "ports", &ports) < 0 ||
	    pid < 0)
		return false;
	m->id = xstrdup(id);
	m->name = xstrdup(name);
	m->ours = ours;
	m->running = running;
	m->pid = running ? pid : 0;
	m->host_network = host_network;
	if (!decode_optional(json, "pod", &m->pod) ||
	    !decode_optional(json, "joined", &m->joined_id) ||
	    !decode_optional(json, "unguarded", &m->unguarded))
		return false;
	return id[0] && (!m->pod || pod_name_valid(m->pod)) && decode_lists(addresses, ports, m);
}

int state_decode(json_t *root, const char *boot_id, struct model **ret, struct err *err)
{
	_cleanup_(model_freep)
	struct model *m = model_new();
	json_t *members, *item;
	const char *boot;
	int version;
	size_t i;

	if (json_unpack(root, "{s:i, s:s, s:o}", "version", &version, "boot", &boot, "members",
			&members) < 0 ||
	    version != STATE_VERSION || !json_is_array(members))
		return err_set(err, EINVAL, "not a state file of version %d", STATE_VERSION);
	if (!streq(boot, boot_id))
		return err_set(err, ESTALE, "of another boot");
	json_array_foreach (members, i, item) {
		struct member member = {0};

		if (!decode_member(item, &member)) {
			member_done(&member);
			return err_set(err, EINVAL, "member %zu makes no sense", i);
		}
		model_put(m, &member);
	}
	*ret = take_ptr(m);
	return 0;
}

/* ---- files ---- */

static void read_boot_id(char ret[static 64])
{
	_cleanup_fclose_ FILE *f = fopen(BOOT_ID_PATH, "re");

	if (!f || !fgets(ret, 64, f))
		ret[0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

int state_save(const char *dir, const struct model *m, struct err *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int dfd = -1, fd = -1;
	char boot_id[64];
	json_t *root;
	int r;

	read_boot_id(boot_id);
	root = state_encode(m, boot_id);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (!text)
		return err_set(err, EINVAL, "the state can't be written as JSON");
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_os(err, errno, "%s", dir);
	dfd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (dfd < 0)
		return err_os(err, errno, "%s", dir);
	if (unlinkat(dfd, STATE_FILE ".new", 0) < 0 && errno != ENOENT)
		return err_os(err, errno, "%s/%s.new", dir, STATE_FILE);
	fd = openat(dfd, STATE_FILE ".new", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return err_os(err, errno, "%s/%s.new", dir, STATE_FILE);
	r = write_all(fd, text, strlen(text));
	if (r < 0)
		return err_os(err, -r, "%s/%s.new", dir, STATE_FILE);
	/*
	 * No fsync, which can take seconds while a container writes: the file counts in this boot
	 * only, and a crash that loses it ends the boot.
	 */
	if (renameat(dfd, STATE_FILE ".new", dfd, STATE_FILE) < 0)
		return err_os(err, errno, "%s/%s", dir, STATE_FILE);
	return 0;
}

int state_load(const char *dir, struct model **ret, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, STATE_FILE), *text = NULL;
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	char boot_id[64];
	json_t *root;
	size_t size;
	int r;

	if (fd < 0)
		return err_os(err, errno, "%s", path);
	r = file_read_limited(fd, STATE_MAX, &text, &size, err);
	if (r < 0)
		return err_wrap(err, "%s", path);
	root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	if (!root)
		return err_set(err, EINVAL, "%s: no JSON", path);
	read_boot_id(boot_id);
	r = state_decode(root, boot_id, ret, err);
	json_decref(root);
	return r < 0 ? err_wrap(err, "%s", path) : 0;
}
