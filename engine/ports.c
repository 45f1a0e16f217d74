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

/* Plain decimal 1..65535. */
static bool parse_port(const char *text, size_t size, uint16_t *ret)
{
	uint64_t n;

	if (!text_digits(text, size, UINT16_MAX, &n) || text[0] == '0')
		return false;
	*ret = (uint16_t)n;
	return true;
}

/* "8080", or where it is not concrete yet "" and "8000-8010": 0, the engine picks one. */
static int parse_host_port(const char *text, bool concrete, uint16_t *ret, struct err *err)
{
	const char *dash = strchr(text, '-');
	uint16_t first, last;

	if (parse_port(text, strlen(text), ret))
		return 0;
	if (concrete)
		return wrong("HostPort", text, err);
	if (text[0] != '\0' && !streq(text, "0") &&
	    !(dash && parse_port(text, (size_t)(dash - text), &first) &&
	      parse_port(dash + 1, strlen(dash + 1), &last) && first <= last))
		return wrong("HostPort", text, err);
	*ret = 0;
	return 0;
}

static int add_binding(json_t *binding, bool concrete, uint8_t proto, uint16_t port,
		       struct engine_container *c, struct err *err)
{
	_cleanup_free_ char *host_ip = NULL, *host_port_text = NULL;
	uint16_t host_port = 0;
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
	r = parse_host_port(host_port_text, concrete, &host_port, err);
	if (r < 0)
		return r;
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
		const char *slash = strchr(key, '/');
		uint8_t proto = IPPROTO_TCP;
		uint16_t port;

		if (json_is_null(bindings))
			continue; /* exposed, not published */
		if (!json_is_array(bindings))
			return wrong("no list of bindings for port", key, err);
		if (slash && !proto_parse_published(slash + 1, &proto))
			continue;
		if (!parse_port(key, slash ? (size_t)(slash - key) : strlen(key), &port))
			return wrong("port", key, err);
		json_array_foreach (bindings, i, binding) {
			r = add_binding(binding, concrete, proto, port, c, err);
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
	r = json_get_int(entry, "Ports", "PrivatePort", 1, UINT16_MAX, &private_port, err);
	if (r < 0)
		return r;
	if (public_port == 0 || !proto_parse_published(type, &proto))
		return 0;
	if (private_port == 0)
		return err_set(err, EPROTO, "reply of the engine: a port without PrivatePort");
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
