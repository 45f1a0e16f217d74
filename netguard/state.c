/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state file. It is JSON as a whole, and each member is one line of it, so that it is written
 * and read member by member: neither takes much memory, and writing goes on between other work.
 */
#include "netguard/state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_VERSION 2
#define STATE_MAX     ((off_t)64 * 1024 * 1024)
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
	return json_pack("{s:o, s:i, s:i, s:s, s:b}", "host_ip", encode_addr(&p->host_ip),
			 "host_port", (int)p->host_port, "port", (int)p->port, "proto",
			 proto_name(p->proto), "taken", (int)p->taken);
}

static json_t *encode_member(const struct member *m)
{
	json_t *addresses = json_array(), *ports = json_array();

	for (size_t i = 0; i < m->n_addresses; i++)
		json_array_append_new(addresses, encode_address(&m->addresses[i]));
	for (size_t i = 0; i < m->n_ports; i++)
		if (m->ports[i].port)
			json_array_append_new(ports, encode_port(&m->ports[i]));
	return json_pack("{s:s, s:s, s:s?, s:b, s:b, s:b, s:i, s:b, s:s?, s:s?, s:o, s:o}", "id",
			 m->id, "name", m->name, "pod", m->pod, "ours", (int)m->ours, "yields",
			 (int)m->yields, "running", (int)m->running, "pid", (int)m->pid,
			 "host_network", (int)m->host_network, "joined", m->joined_id, "unguarded",
			 m->unguarded, "addresses", addresses, "ports", ports);
}

/* One line; NULL for a name that is no UTF-8: left out, so unknown, so closed. */
static char *member_line(const struct member *m)
{
	json_auto_t *json = encode_member(m);

	return json ? json_dumps(json, JSON_COMPACT) : NULL;
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
	int host_port, port, taken = 0;

	if (json_unpack(json, "{s:s, s:i, s:i, s:s, s?b}", "host_ip", &ip, "host_port", &host_port,
			"port", &port, "proto", &proto, "taken", &taken) < 0)
		return false;
	if (host_port < 1 || host_port > 65535 || port < 1 || port > 65535)
		return false;
	p->host_port = (uint16_t)host_port;
	p->port = (uint16_t)port;
	p->taken = taken;
	return proto_parse_published(proto, &p->proto) && decode_addr(ip, AF_UNSPEC, &p->host_ip);
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
	int ours, yields = 1, running, host_network, pid = 0;
	json_t *addresses, *ports;

	if (json_unpack(json, "{s:s, s:s, s:b, s?b, s:b, s?i, s:b, s:o, s:o}", "id", &id, "name",
			&name, "ours", &ours, "yields", &yields, "running", &running, "pid", &pid,
			"host_network", &host_network, "addresses", &addresses, "ports",
			&ports) < 0 ||
	    pid < 0)
		return false;
	m->id = xstrdup(id);
	m->name = xstrdup(name);
	m->ours = ours;
	/* an older file does not say */
	m->yields = yields && !ours;
	m->running = running;
	m->pid = running ? pid : 0;
	m->unsure = running;
	m->host_network = host_network;
	if (!decode_optional(json, "pod", &m->pod) ||
	    !decode_optional(json, "joined", &m->joined_id) ||
	    !decode_optional(json, "unguarded", &m->unguarded))
		return false;
	return id[0] && (!m->pod || model_pod_valid(m->pod)) && decode_lists(addresses, ports, m);
}

/* "{"version":2,"boot":"...","members":[" */
static int decode_head(char *line, const char *boot_id, struct err *err)
{
	_cleanup_free_ char *whole = xasprintf("%s]}", line);
	json_auto_t *json = json_loads(whole, JSON_REJECT_DUPLICATES, NULL);
	const char *boot;
	json_t *members;
	int version;

	if (!json ||
	    json_unpack(json, "{s:i, s:s, s:o}", "version", &version, "boot", &boot, "members",
			&members) < 0 ||
	    version != STATE_VERSION || !json_is_array(members) || json_array_size(members) > 0)
		return err_set(err, EINVAL, "not a state file of version %d", STATE_VERSION);
	if (!streq(boot, boot_id))
		return 1;
	return 0;
}

/* A line without its newline and, last: but for the last member, its comma. NULL at the end. */
static char *next_line(FILE *f, char **buffer, size_t *room, bool *ret_comma)
{
	ssize_t n = getline(buffer, room, f);

	if (n <= 0 || (*buffer)[n - 1] != '\n')
		return NULL;
	(*buffer)[--n] = '\0';
	*ret_comma = n > 0 && (*buffer)[n - 1] == ',';
	if (*ret_comma)
		(*buffer)[n - 1] = '\0';
	return *buffer;
}

static int decode_line(const char *line, bool other_boot, struct model *m, struct err *err)
{
	json_auto_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	struct member member = {0};

	if (!json || !decode_member(json, &member)) {
		member_done(&member);
		return err_set(err, EINVAL, "member %zu makes no sense", m->n_members);
	}
	if (other_boot)
		member_clear(&member, NULL, 0);
	model_put(m, &member);
	return 0;
}

int state_read(FILE *f, const char *boot_id, struct model **ret, struct err *err)
{
	_cleanup_(model_freep)
	struct model *m = model_new();
	_cleanup_free_ char *buffer = NULL;
	size_t room = 0;
	bool comma = false, more = true, other_boot;
	char *line = next_line(f, &buffer, &room, &comma);
	int r;

	if (!line || comma)
		return err_set(err, EINVAL, "not a state file of version %d", STATE_VERSION);
	r = decode_head(line, boot_id, err);
	other_boot = r > 0;
	while (r >= 0 && (line = next_line(f, &buffer, &room, &comma)) && !streq(line, "]}")) {
		r = more ? decode_line(line, other_boot, m, err)
			 : err_set(err, EINVAL, "a comma is missing");
		more = comma;
	}
	if (r < 0)
		return r;
	/* the first member needs no comma before it, and behind the last there is none */
	if (!line || comma || (more && m->n_members > 0) || getc(f) != EOF)
		return err_set(err, EINVAL, "cut short, or more than a state file");
	*ret = take_ptr(m);
	return other_boot;
}

/* ---- files ---- */

/* Without it nobody can tell whether what is remembered is of this boot. */
static int read_boot_id(char ret[static 64], struct err *err)
{
	_cleanup_fclose_ FILE *f = fopen(BOOT_ID_PATH, "re");

	if (!f)
		return err_os(err, errno, BOOT_ID_PATH);
	if (!fgets(ret, 64, f) || ret[0] == '\n')
		return err_set(err, EIO, BOOT_ID_PATH ": nothing can be read");
	ret[strcspn(ret, "\n")] = '\0';
	return 0;
}

struct state_saving {
	int dir;
	FILE *file;
	char *path;   /* for messages */
	char *behind; /* id of the last member that was written */
	bool any;     /* a member was written */
	int code;     /* of the first write that failed, or 0 */
};

void state_saving_free(struct state_saving *s)
{
	if (!s)
		return;
	if (s->file) {
		fclose(s->file);
		unlinkat(s->dir, STATE_FILE ".new", 0);
	}
	closep(&s->dir);
	free(s->path);
	free(s->behind);
	free(s);
}

int state_save_begin(const char *dir, struct state_saving **ret, struct err *err)
{
	_cleanup_(state_saving_freep)
	struct state_saving *s = xcalloc(1, sizeof(*s));
	char boot_id[64];
	int fd, r;

	s->path = xasprintf("%s/%s.new", dir, STATE_FILE);
	s->dir = -1;
	r = read_boot_id(boot_id, err);
	if (r < 0)
		return r;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_os(err, errno, "%s", dir);
	s->dir = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (s->dir < 0)
		return err_os(err, errno, "%s", dir);
	if (unlinkat(s->dir, STATE_FILE ".new", 0) < 0 && errno != ENOENT)
		return err_os(err, errno, "%s", s->path);
	fd = openat(s->dir, STATE_FILE ".new", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return err_os(err, errno, "%s", s->path);
	s->file = fdopen(fd, "we");
	if (!s->file)
		abort();
	fprintf(s->file, "{\"version\":%d,\"boot\":\"%s\",\"members\":[\n", STATE_VERSION, boot_id);
	*ret = take_ptr(s);
	return 0;
}

/* Why the first of all writes failed: what comes behind it has reasons of its own, or none. */
static void note_failure(struct state_saving *s)
{
	if (!s->code && ferror(s->file))
		s->code = errno > 0 ? errno : EIO;
}

/* All is written: in place of the old one. */
static int finish(struct state_saving *s, struct err *err)
{
	bool failed;

	fputs(s->any ? "\n]}\n" : "]}\n", s->file);
	note_failure(s);
	failed = fclose(take_ptr(s->file)) != 0;
	/*
	 * No fsync, which can take seconds while a container writes: the file counts in this boot
	 * only, and a crash that loses it ends the boot.
	 */
	if (s->code || failed || renameat(s->dir, STATE_FILE ".new", s->dir, STATE_FILE) < 0) {
		err_os(err, s->code ? s->code : errno, "%s", s->path);
		unlinkat(s->dir, STATE_FILE ".new", 0);
		return -err->code;
	}
	return 0;
}

int state_save_some(struct state_saving *s, const struct model *m, size_t n, struct err *err)
{
	size_t i = s->behind ? model_place_behind(m, s->behind) : 0;
	size_t end = m->n_members - i > n ? i + n : m->n_members;

	for (; i < end; i++) {
		_cleanup_free_ char *line = member_line(&m->members[i]);

		if (!line)
			continue;
		fprintf(s->file, "%s%s", s->any ? ",\n" : "", line);
		s->any = true;
		note_failure(s);
	}
	if (end == m->n_members)
		return finish(s, err);
	free(s->behind);
	s->behind = xstrdup(m->members[end - 1].id);
	return 1;
}

int state_save(const char *dir, const struct model *m, struct err *err)
{
	_cleanup_(state_saving_freep)
	struct state_saving *s = NULL;
	int r = state_save_begin(dir, &s, err);

	return r < 0 ? r : state_save_some(s, m, SIZE_MAX, err);
}

int state_load(const char *dir, struct model **ret, struct err *err)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, STATE_FILE);
	_cleanup_close_ int fd =
		open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	_cleanup_fclose_ FILE *f = NULL;
	char boot_id[64];
	struct stat st;
	int r;

	if (fd < 0)
		return err_os(err, errno, "%s", path);
	if (fstat(fd, &st) < 0)
		return err_os(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode) || st.st_size > STATE_MAX)
		return err_set(err, EINVAL, "%s: not a file, or too big", path);
	f = fdopen(fd, "re");
	if (!f)
		abort();
	take_fd(&fd);
	r = read_boot_id(boot_id, err);
	if (r < 0)
		return r;
	r = state_read(f, boot_id, ret, err);
	return r < 0 ? err_wrap(err, "%s", path) : r;
}
