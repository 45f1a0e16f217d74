/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/ports.h"

#include "common/addr.h"
#include "engine/json.h"

#include <errno.h>

static int wrong(const char *what, const char *text, struct err *err)
{
	char printable[64];

	return err_set(err, EPROTO, "reply of the engine: %s \"%s\"", what,
		       text_printable(printable, sizeof(printable), text));
}

/*
 * Who asks for a port writes it as he likes, and the engine keeps it so: "08080" is 8080, and from
 * a slash on nothing counts. 0: it picks one ("", "0", "8000-8010"), or can't make a port of it:
 * one container is no reason to lose what is said of all others.
 */
static uint16_t read_port(const char *text)
{
	uint64_t n;

	return text_digits(text, strcspn(text, "/"), UINT16_MAX, &n) ? (uint16_t)n : 0;
}

/* "80", "80/", "80/TCP", "80/tcp/x": all the same to the engine. */
static bool read_proto(const char *key, uint8_t *ret)
{
	const char *slash = strchr(key, '/');
	_cleanup_free_ char *name = slash ? xstrndup(slash + 1, strcspn(slash + 1, "/")) : NULL;

	if (!name || !name[0]) {
		*ret = IPPROTO_TCP;
		return true;
	}
	for (char *c = name; *c; c++)
		*c |= *c >= 'A' && *c <= 'Z' ? 'a' - 'A' : 0;
	return proto_parse_published(name, ret);
}

static int add_binding(json_t *binding, bool concrete, uint8_t proto, uint16_t port,
		       struct engine_container *c, struct err *err)
{
	_cleanup_free_ char *host_ip = NULL, *host_port_text = NULL;
	uint16_t host_port;
	int r;

	r = json_need_object(binding, "port binding", err);
	if (r < 0)
		return r;
	r = json_get_string(binding, "Ports", "HostIp", &host_ip, err);
	if (r < 0)
		return r;
	r = json_get_string(binding, "Ports", "HostPort", &host_port_text, err);
	if (r < 0)
		return r;
	host_port = read_port(host_port_text);
	if (concrete && host_port == 0)
		return wrong("HostPort", host_port_text, err);
	ARRAY_PUSH(c->ports, c->n_ports) = (struct engine_port){
		.host_ip = take_ptr(host_ip), .host_port = host_port, .port = port, .proto = proto};
	return 0;
}

int ports_from_map(json_t *map, bool concrete, struct engine_container *c, struct err *err)
{
	json_t *bindings, *binding;
	const char *key;
	size_t i;
	int r;

	json_object_foreach (map, key, bindings) {
		uint8_t proto;

		if (json_is_null(bindings))
			continue; /* exposed, not published */
		if (!json_is_array(bindings))
			return wrong("no list of bindings for port", key, err);
		if (!read_proto(key, &proto))
			continue;
		json_array_foreach (bindings, i, binding) {
			r = add_binding(binding, concrete, proto, read_port(key), c, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int add_listed(json_t *entry, struct engine_container *c, struct err *err)
{
	_cleanup_free_ char *ip = NULL, *type = NULL;
	int64_t private_port = 0, public_port = 0;
	uint8_t proto;
	int r;

	r = json_need_object(entry, "port", err);
	if (r < 0)
		return r;
	r = json_get_string(entry, "Ports", "Type", &type, err);
	if (r < 0)
		return r;
	r = json_get_string(entry, "Ports", "IP", &ip, err);
	if (r < 0)
		return r;
	r = json_get_int(entry, "Ports", "PublicPort", 0, UINT16_MAX, &public_port, err);
	if (r < 0)
		return r;
	r = json_get_int(entry, "Ports", "PrivatePort", 0, UINT16_MAX, &private_port, err);
	if (r < 0)
		return r;
	if (public_port == 0 || !proto_parse_published(type, &proto))
		return 0;
	ARRAY_PUSH(c->ports, c->n_ports) = (struct engine_port){.host_ip = take_ptr(ip),
								.host_port = (uint16_t)public_port,
								.port = (uint16_t)private_port,
								.proto = proto};
	return 0;
}

int ports_from_list(json_t *list, struct engine_container *c, struct err *err)
{
	json_t *entry;
	size_t i;
	int r;

	json_array_foreach (list, i, entry) {
		r = add_listed(entry, c, err);
		if (r < 0)
			return r;
	}
	return 0;
}
