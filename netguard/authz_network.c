/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Networks and ports of a container. Pure.
 *
 * Only bridges: what else there is (host, macvlan, ipvlan) passes netguard's table by. The engine
 * finds a network also by the beginning of its id, so what is named is asked for, and its own name
 * has to be that.
 */
#include "common/dns_name.h"
#include "netguard/authz_container.h"
#include "netguard/authz_route.h"

#include <netinet/in.h>

#define RANGE_MAX 1024

bool authz_any_glob(const struct strv *globs, const char *text)
{
	for (size_t i = 0; i < globs->n; i++) {
		if (text_matches(text, globs->items[i]))
			return true;
	}
	return false;
}

int authz_check_network(const struct authz_context *ctx, const char *name)
{
	const struct authz_fact *fact;
	const char *driver;
	int r;

	if (!authz_name_valid(name))
		return authz_deny(ctx, "the network %s: not a name of one", name);
	if (ctx->rules->networks_given && !authz_any_glob(&ctx->rules->networks, name))
		return authz_deny(ctx, "the network %s: not one that may be joined", name);
	if (ctx->touch)
		return 0;
	r = authz_fact_get(ctx, AUTHZ_FACT_NETWORK, name, &fact);
	if (r != 0)
		return r;
	if (fact->result < 0)
		return authz_deny(ctx, "the network %s: there is none of this name", name);
	driver = json_string_value(json_object_get(fact->json, "Driver")) ?: "";
	if (!streq(json_string_value(json_object_get(fact->json, "Name")) ?: "", name))
		return authz_deny(ctx, "the network %s: must be its whole name, not an id", name);
	if (!streq(driver, "bridge"))
		return authz_deny(ctx, "the network %s: only bridges may be joined", name);
	return 0;
}

int authz_check_network_mode(const struct authz_context *ctx, const char *mode)
{
	if (streq(mode, "none"))
		return 0;
	if (streq(mode, "") || streq(mode, "default"))
		mode = "bridge";
	if (streq(mode, "host"))
		return authz_deny(ctx, "the host's network is not allowed");
	return authz_check_network(ctx, mode);
}

/* ---- names on a network ---- */

/* No dot: it could be a name of the world, which the engine's DNS would not be asked for again. Nor
 * letters that it folds into ASCII. */
static bool is_plain(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-") == n;
}

static bool is_same(const char *pod, const void *userdata)
{
	return dns_name_same(pod, userdata);
}

/* Which host name the pod's file asks for, or "": read once, however many names are compared. */
static const char *hostname_of(json_t *root, json_t *labels)
{
	if (!json_object_get(root, "hostname")) {
		const char *text = json_string_value(json_object_get(labels, "podctl.config"));
		json_auto_t *config = json_loads(text ?: "{}", 0, NULL);
		const char *asked = json_string_value(json_object_get(config, "hostname")) ?: "";

		json_object_set_new(root, "hostname", json_string(asked));
	}
	return json_string_value(json_object_get(root, "hostname")) ?: "";
}

/* Pods that the configuration does not speak of, and host names that files ask for. */
static int check_roots(const struct authz_context *ctx, const char *what, const char *name)
{
	const struct authz_fact *fact;
	json_t *root;
	size_t i;
	int r = authz_fact_get(ctx, AUTHZ_FACT_ROOTS, "", &fact);

	if (r != 0)
		return r;
	json_array_foreach (fact->json, i, root) {
		json_t *labels = json_object_get(root, "Labels");
		const char *pod = json_string_value(json_object_get(labels, "podctl.pod")) ?: "";

		if (dns_name_same(name, pod) || dns_name_same(name, hostname_of(root, labels)))
			return authz_deny(ctx, "%s %s is one of podctl's pod %s on its network",
					  what, name, pod);
	}
	return 0;
}

int authz_check_dns_name(const struct authz_context *ctx, const char *what, const char *name)
{
	const struct settings_pod *named = settings_find_hostname(ctx->settings, name);
	const char *pod =
		named ? named->entry.key : settings_find_name(ctx->settings, is_same, name);

	if (!is_plain(name))
		return authz_deny(ctx,
				  "%s %s: must be letters, digits, - and _, since others on a "
				  "network find the container by it, not who else has the name",
				  what, name);
	if (pod && !strv_has(&ctx->rules->pods, pod))
		return authz_deny(ctx, "%s %s is one of the pod %s of the configuration", what,
				  name, pod);
	/* what is there had it first: podctl makes no pod that wants the same */
	return ctx->existing ? 0 : check_roots(ctx, what, name);
}

int authz_check_endpoint(const struct authz_context *ctx, json_t *endpoint)
{
	static const struct authz_field ipam[] = {
		{.key = "IPv4Address", .kind = AUTHZ_EMPTY, .why = "a fixed address"},
		{.key = "IPv6Address", .kind = AUTHZ_EMPTY, .why = "a fixed address"},
		{.key = "LinkLocalIPs", .kind = AUTHZ_EMPTY, .why = "a fixed address"},
		{0},
	};
	static const struct authz_field fields[] = {
		{.key = "IPAMConfig", .kind = AUTHZ_ANY},
		{.key = "Links", .kind = AUTHZ_EMPTY, .why = "links are not allowed"},
		{.key = "Aliases", .kind = AUTHZ_STRINGS},
		{.key = "MacAddress", .kind = AUTHZ_EMPTY, .why = "a fixed address"},
		{.key = "DriverOpts", .kind = AUTHZ_EMPTY, .why = "options are not allowed"},
		{.key = "NetworkID", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "EndpointID", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "Gateway", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "IPAddress", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "IPPrefixLen", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "IPv6Gateway", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "GlobalIPv6Address", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "GlobalIPv6PrefixLen", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "DNSNames", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "GwPriority", .kind = AUTHZ_INT},
		{0},
	};
	json_t *config, *item;
	size_t i;
	int r;

	if (json_is_null(endpoint))
		return 0;
	r = authz_fields_check(ctx, endpoint, "EndpointConfig", fields);
	if (r != 0)
		return r;
	/* other containers of the network find it by these */
	json_array_foreach (authz_field_get(endpoint, "Aliases"), i, item) {
		const char *alias = json_string_value(item);

		if ((r = authz_check_name(ctx, alias)) != 0 ||
		    (r = authz_check_dns_name(ctx, "the alias", alias)) != 0)
			return r;
	}
	config = authz_field_get(endpoint, "IPAMConfig");
	return config ? authz_fields_check(ctx, config, "IPAMConfig", ipam) : 0;
}

static int check_endpoints(const struct authz_context *ctx, json_t *value)
{
	const char *name;
	json_t *endpoint;
	int r;

	if (!json_is_object(value))
		return authz_deny(ctx, "NetworkingConfig.EndpointsConfig: not an object");
	json_object_foreach (value, name, endpoint) {
		/* what the command line sends for the network of HostConfig.NetworkMode */
		const char *network = streq(name, "default") ? "bridge" : name;

		if (!streq(name, "none") && (r = authz_check_network(ctx, network)) != 0)
			return r;
		r = authz_check_endpoint(ctx, endpoint);
		if (r != 0)
			return r;
	}
	return 0;
}

int authz_check_networking(const struct authz_context *ctx, json_t *value)
{
	static const struct authz_field fields[] = {
		{.key = "EndpointsConfig", .kind = AUTHZ_CHECK, .check = check_endpoints},
		{0},
	};

	return authz_fields_check(ctx, value, "NetworkingConfig", fields);
}

/* ---- ports ---- */

static bool port_allowed(const struct settings_ports *ports, uint8_t proto, unsigned port)
{
	for (size_t i = 0; i < ports->n; i++) {
		if (ports_contain(&ports->items[i], proto, (uint16_t)port))
			return true;
	}
	return false;
}

/* A number at *text, moved behind it; 0: none. */
static unsigned read_port(const char **text)
{
	size_t size = strspn(*text, "0123456789");
	uint64_t n = 0;

	(void)text_digits(*text, size, UINT16_MAX, &n);
	*text += size;
	return (unsigned)n;
}

static int check_host_port(const struct authz_context *ctx, const char *text, uint8_t proto)
{
	const char *p = text;
	unsigned first = read_port(&p), last = first;

	if (*p == '-') {
		p++;
		last = read_port(&p);
	}
	if (*p || first == 0 || last < first || last - first >= RANGE_MAX)
		return authz_deny(ctx, "a published port must be named: HostPort %s",
				  *text ? text : "(none)");
	for (; first <= last; first++) {
		if (!port_allowed(&ctx->rules->publish, proto, first))
			return authz_deny(ctx, "the host's port %u/%s may not be published", first,
					  proto == IPPROTO_TCP ? "tcp" : "udp");
	}
	return 0;
}

static int check_binding(const struct authz_context *ctx, json_t *binding, uint8_t proto)
{
	static const struct authz_field fields[] = {
		{.key = "HostIp", .kind = AUTHZ_STRING},
		{.key = "HostPort", .kind = AUTHZ_STRING},
		{0},
	};
	int r = authz_fields_check(ctx, binding, "PortBindings", fields);

	return r != 0 ? r : check_host_port(ctx, authz_field_text(binding, "HostPort"), proto);
}

int authz_check_ports(const struct authz_context *ctx, json_t *value)
{
	const char *port;
	json_t *bindings, *binding;
	size_t i;
	int r;

	if (!json_is_object(value))
		return authz_deny(ctx, "HostConfig.PortBindings: not an object");
	json_object_foreach (value, port, bindings) {
		const char *slash = strchr(port, '/');
		uint8_t proto = !slash || streq(slash, "/tcp") ? IPPROTO_TCP
				: streq(slash, "/udp")	       ? IPPROTO_UDP
							       : 0;

		if (proto == 0)
			return authz_deny(ctx, "the port %s: only tcp and udp may be published",
					  port);
		if (!json_is_null(bindings) && !json_is_array(bindings))
			return authz_deny(ctx, "HostConfig.PortBindings: not lists");
		/* no list, an empty one: there are engines that choose a port then */
		if (json_array_size(bindings) == 0 && !ctx->existing)
			return check_host_port(ctx, "", proto);
		json_array_foreach (bindings, i, binding) {
			r = check_binding(ctx, binding, proto);
			if (r != 0)
				return r;
		}
	}
	return 0;
}

/* ---- networks of their own ---- */

static int check_driver(const struct authz_context *ctx, json_t *value)
{
	const char *s = json_string_value(value);

	if (!s || (*s && !streq(s, "bridge")))
		return authz_deny(ctx, "a network's driver: only bridge is allowed");
	return 0;
}

static int check_ipam(const struct authz_context *ctx, json_t *value)
{
	static const struct authz_field fields[] = {
		{.key = "Driver", .kind = AUTHZ_STRING},
		{.key = "Options", .kind = AUTHZ_EMPTY, .why = "options are not allowed"},
		{.key = "Config",
		 .kind = AUTHZ_EMPTY,
		 .why = "a subnet of one's own could take addresses of others"},
		{0},
	};
	int r = authz_fields_check(ctx, value, "IPAM", fields);
	const char *driver = r == 0 ? authz_field_text(value, "Driver") : "";

	if (r == 0 && *driver && !streq(driver, "default"))
		return authz_deny(ctx, "IPAM.Driver: only default is allowed");
	return r;
}

int authz_check_network_create(const struct authz_context *ctx)
{
	static const struct authz_field fields[] = {
		{.key = "Name", .kind = AUTHZ_STRING},
		{.key = "CheckDuplicate", .kind = AUTHZ_BOOL},
		{.key = "Driver", .kind = AUTHZ_CHECK, .check = check_driver},
		{.key = "Scope", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "Internal", .kind = AUTHZ_BOOL},
		{.key = "Attachable", .kind = AUTHZ_BOOL},
		{.key = "Ingress", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "ConfigOnly", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "ConfigFrom", .kind = AUTHZ_EMPTY, .why = "is not allowed"},
		{.key = "IPAM", .kind = AUTHZ_CHECK, .check = check_ipam},
		{.key = "EnableIPv4", .kind = AUTHZ_BOOL},
		{.key = "EnableIPv6", .kind = AUTHZ_BOOL},
		{.key = "Options", .kind = AUTHZ_EMPTY, .why = "options are not allowed"},
		{.key = "Labels", .kind = AUTHZ_TEXT_MAP},
		{0},
	};
	int r = authz_fields_check(ctx, ctx->request->body, "the network", fields);

	const char *name = r == 0 ? authz_field_text(ctx->request->body, "Name") : "";

	if (r == 0 && !authz_name_valid(name))
		return authz_deny(ctx, "the network's name is not a plain one");
	/* removed between a look at it and the start, it would leave the other to be found */
	if (r == 0 && authz_could_be_id(name))
		return authz_deny(ctx,
				  "the network's name %s: could be the beginning of another's id; "
				  "it needs one character beside 0-9 and a-f",
				  name);
	return r;
}
