/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables of the system configuration: every key with its type, place and meaning. Pure.
 *
 * Values whose default is not zero are set before decoding (booleans) or after (what is allocated,
 * where the key was not given).
 */
#include "common/dns_name.h"
#include "common/settings_decode.h"

#include <errno.h>

static bool has_control(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	}
	return false;
}

static bool only(const char *s, const char *more)
{
	for (; *s; s++) {
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		      (*s >= '0' && *s <= '9') || strchr(more, *s)))
			return false;
	}
	return true;
}

static const char *check_mount_root(const void *value)
{
	const char *s = value;

	if (*s != '/' || has_control(s) || strlen(s) > 1024)
		return "must be an absolute path";
	/* so that what is compared below it is what the kernel walks */
	for (const char *p = s; p; p = strchr(p, '/')) {
		p += strspn(p, "/");
		if (p[0] == '.' &&
		    (p[1] == '/' || !p[1] || (p[1] == '.' && (p[2] == '/' || !p[2]))))
			return "must be an absolute path without . or .. in it";
	}
	return NULL;
}

static const char *check_network(const void *value)
{
	const char *s = value;

	if (streq(s, "host") || streq(s, "none"))
		return "must be a network of the engine's own: in this one nothing can be guarded";
	if (!*s || strchr("_.-", *s) || !only(s, "_.-"))
		return "must be the name of a network";
	return NULL;
}

static const char *check_hostname(const void *value)
{
	const char *s = value;

	if (!*s || strlen(s) > 64 || strchr(".-", *s) || !only(s, ".-_"))
		return "must be a host name of at most 64 letters, digits, dots and dashes";
	return NULL;
}

static const char *check_pod_hostname(const void *value)
{
	return dns_name_valid(value) ? NULL
				     : "must be a host name: letters, digits, - and ., at most 63";
}

static const char *check_interface(const void *value)
{
	if (!ifname_pattern_valid(value))
		return "must be an interface's name, or its beginning and a star (br-*)";
	if (ifname_pattern_match(value, "lo"))
		return "may not match lo: the host would be closed to itself";
	return NULL;
}

static const char *check_user(const void *value)
{
	const char *s = value;

	s += *s == '@';
	if (!*s || *s == '@' || *s == '-' || has_control(s) || strpbrk(s, ":,/#%") ||
	    strlen(s) > 256)
		return "must be a user's name, a uid or @group";
	return NULL;
}

static const char *check_group(const void *value)
{
	return *(const char *)value == '@' || check_user(value)
		       ? "must be a group's name or gid, without @"
		       : NULL;
}

static const char *check_label(const void *value)
{
	const char *s = value;

	return !*s || has_control(s) || strchr(s, '=') ? "must be the name of a label" : NULL;
}

static const char *check_image(const void *value)
{
	const char *s = value;

	return !*s || has_control(s) || strchr(s, ' ') ? "must be an image's name, * for any part"
						       : NULL;
}

static const char *check_pod_key(const char *key)
{
	return pod_name_valid(key)
		       ? NULL
		       : "is not the name of a pod: letters, digits, _ and -, beginning "
			 "with a letter or digit, at most 63";
}

static int decode_pod_to_pod(struct schema_context *ctx, const struct yaml_node *node, void *target,
			     const struct schema_field *field _unused_)
{
	return settings_decode_choice(ctx, node, "allow", "deny", target);
}

static int decode_deny_with(struct schema_context *ctx, const struct yaml_node *node, void *target,
			    const struct schema_field *field _unused_)
{
	return settings_decode_choice(ctx, node, "drop", "reject", target);
}

#define AT(member) offsetof(struct settings_guard, member)
static const struct schema_field guard_fields[] = {
	{.key = "container_interfaces",
	 .type = SCHEMA_STRINGS,
	 .offset = AT(container_interfaces),
	 .given_offset = AT(container_interfaces_given),
	 .check = check_interface,
	 .doc = "interfaces of containers, closed also before the engine is up"},
	{.key = "exempt_interfaces",
	 .type = SCHEMA_STRINGS,
	 .offset = AT(exempt_interfaces),
	 .check = check_interface,
	 .doc = "interfaces that a pattern matches but that are no container's"},
	{.key = "allowed_users",
	 .type = SCHEMA_STRINGS,
	 .offset = AT(allowed_users),
	 .given_offset = AT(allowed_users_given),
	 .check = check_user,
	 .doc = "users of the host who may reach every container"},
	{.key = "allowed_groups",
	 .type = SCHEMA_STRINGS,
	 .offset = AT(allowed_groups),
	 .check = check_group,
	 .doc = "groups whose members may reach every container"},
	{.key = "host_ports",
	 .type = SCHEMA_CUSTOM,
	 .offset = AT(host_ports),
	 .decode = settings_decode_ports,
	 .json = SCHEMA_JSON_PORTS,
	 .doc = "ports of the host that every container may reach"},
	{.key = "host_rate",
	 .type = SCHEMA_CUSTOM,
	 .offset = AT(host_rate),
	 .decode = settings_decode_rate,
	 .json = SCHEMA_JSON_RATE,
	 .doc = "new connections from a pod to the host, at most"},
	{.key = "pod_to_pod",
	 .type = SCHEMA_CUSTOM,
	 .offset = AT(pod_to_pod_allow),
	 .decode = decode_pod_to_pod,
	 .json = "{\"enum\":[\"deny\",\"allow\"]}",
	 .doc = "whether pods may reach each other: deny or allow"},
	{.key = "deny_host_users_with",
	 .type = SCHEMA_CUSTOM,
	 .offset = AT(deny_host_users_with_drop),
	 .decode = decode_deny_with,
	 .json = "{\"enum\":[\"reject\",\"drop\"]}",
	 .doc = "how users of the host are denied: reject or drop"},
	{.key = "log_denied",
	 .type = SCHEMA_BOOL,
	 .offset = AT(log_denied),
	 .doc = "log what is denied"},
	{.key = "required",
	 .type = SCHEMA_BOOL,
	 .offset = AT(required),
	 .given_offset = AT(required_given),
	 .doc = "podctl starts no pod while netguard is not running"},
	{0},
};
#undef AT
static const struct schema guard_schema = {"guard", guard_fields, sizeof(struct settings_guard)};

#define AT(member) offsetof(struct settings_pod, member)
static const struct schema_field pod_fields[] = {
	{.key = "owners",
	 .type = SCHEMA_STRINGS,
	 .offset = AT(owners),
	 .given_offset = AT(owners_given),
	 .check = check_user,
	 .doc = "users and @groups who may run podctl on it; absent: sudoers decides"},
	{.key = "users",
	 .type = SCHEMA_STRINGS,
	 .offset = AT(users),
	 .check = check_user,
	 .doc = "users of the host and @groups who may connect to its containers"},
	{.key = "hostnames",
	 .type = SCHEMA_STRINGS,
	 .offset = AT(hostnames),
	 .check = check_pod_hostname,
	 .doc = "host names that it may have beside its own name and NAME-..."},
	{.key = "host_ports",
	 .type = SCHEMA_CUSTOM,
	 .offset = AT(host_ports),
	 .max = SETTINGS_PORTS_MAX,
	 .decode = settings_decode_ports,
	 .json = SCHEMA_JSON_PORTS,
	 .doc = "ports of the host that it may reach"},
	{.key = "host_rate",
	 .type = SCHEMA_CUSTOM,
	 .offset = AT(host_rate),
	 .decode = settings_decode_rate,
	 .json = SCHEMA_JSON_RATE,
	 .doc = "new connections from it to the host, at most"},
	{.key = "connect_to",
	 .type = SCHEMA_CUSTOM,
	 .decode = settings_decode_connect_to,
	 .json = "{\"type\":[\"object\",\"null\"],\"additionalProperties\":{\"type\":[\"array\","
		 "\"string\",\"null\",\"integer\"]}}",
	 .doc = "pods that it may reach, with their ports"},
	{.key = "direct_ports",
	 .type = SCHEMA_CUSTOM,
	 .offset = AT(direct_ports),
	 .max = SETTINGS_PORTS_MAX,
	 .decode = settings_decode_ports,
	 .json = SCHEMA_JSON_PORTS,
	 .doc = "ports that the outside reaches at the container's own address"},
	{.key = "egress",
	 .type = SCHEMA_CUSTOM,
	 .given_offset = AT(egress_given),
	 .decode = settings_decode_egress,
	 .json = SCHEMA_JSON_TEXTS,
	 .doc = "what it may reach outside; absent: anything; []: nothing"},
	{0},
};
#undef AT
static const struct schema pod_schema = {"pod", pod_fields, sizeof(struct settings_pod)};

#define AT(member) offsetof(struct settings_policy, member)
static const struct schema_field policy_fields[] = {
	{.key = "capabilities",
	 .type = SCHEMA_CUSTOM,
	 .offset = AT(capabilities),
	 .given_offset = AT(capabilities_given),
	 .decode = settings_decode_capabilities,
	 .json = SCHEMA_JSON_TEXTS,
	 .doc = "capabilities that a pod file may add"},
	{.key = "require_user",
	 .type = SCHEMA_BOOL,
	 .offset = AT(require_user),
	 .doc = "every container must name a user that is not root"},
	{.key = "allow_root_user",
	 .type = SCHEMA_BOOL,
	 .offset = AT(allow_root_user),
	 .doc = "containers may name root as their user"},
	{.key = "images",
	 .type = SCHEMA_STRINGS,
	 .offset = AT(images),
	 .given_offset = AT(images_given),
	 .check = check_image,
	 .doc = "globs of the images that may be used; absent: any"},
	{.key = "labels_reserved",
	 .type = SCHEMA_STRINGS,
	 .offset = AT(labels_reserved),
	 .check = check_label,
	 .doc = "beginnings of labels that a pod file may not set"},
	{.key = "max_memory",
	 .type = SCHEMA_CUSTOM,
	 .offset = AT(max_memory),
	 .decode = settings_decode_size,
	 .json = SCHEMA_JSON_SIZE,
	 .doc = "ceiling of a container's memory"},
	{.key = "max_pids",
	 .type = SCHEMA_INT,
	 .offset = AT(max_pids),
	 .min = 1,
	 .max = 4194304,
	 .doc = "ceiling of a container's processes"},
	{.key = "max_cpus",
	 .type = SCHEMA_CUSTOM,
	 .offset = AT(max_cpus),
	 .decode = settings_decode_cpus,
	 .json = SCHEMA_JSON_TEXT,
	 .doc = "ceiling of a container's processors"},
	{.key = "unlimited",
	 .type = SCHEMA_BOOL,
	 .offset = AT(unlimited),
	 .doc = "pod files may ask for no limit where there is no ceiling"},
	{0},
};
#undef AT
static const struct schema policy_schema = {"policy", policy_fields,
					    sizeof(struct settings_policy)};

#define AT(member) offsetof(struct settings, member)
/* its members lie in struct settings itself */
static const struct schema_field other_fields[] = {
	{.key = "guard",
	 .type = SCHEMA_BOOL,
	 .offset = AT(other_guard),
	 .doc = "guard containers that podctl did not create as pods too"},
	{.key = "pod_label",
	 .type = SCHEMA_STRING,
	 .offset = AT(other_pod_label),
	 .check = check_label,
	 .doc = "a label that names the pod"},
	{0},
};
static const struct schema other_schema = {"other_containers", other_fields,
					   sizeof(struct settings)};

static const struct schema_field settings_fields[] = {
	{.key = "mount_root",
	 .type = SCHEMA_STRING,
	 .offset = AT(mount_root),
	 .check = check_mount_root,
	 .doc = "folder below which pods' mounts lie, in a folder of the pod's name"},
	{.key = "network_name",
	 .type = SCHEMA_STRING,
	 .offset = AT(network_name),
	 .check = check_network,
	 .doc = "network of the engine that pods join"},
	{.key = "host_hostname",
	 .type = SCHEMA_STRING,
	 .offset = AT(host_hostname),
	 .check = check_hostname,
	 .doc = "the host's part of pods' host names"},
	{.key = "use_host_resolv_conf",
	 .type = SCHEMA_BOOL,
	 .offset = AT(use_host_resolv_conf),
	 .doc = "bind the host's /etc/resolv.conf, read-only, into every container"},
	{.key = "port_whitelist",
	 .type = SCHEMA_CUSTOM,
	 .decode = settings_decode_whitelist,
	 .json = "{\"type\":[\"object\",\"null\"],\"propertyNames\":{\"pattern\":\"^[0-9]+(-[0-9]+)"
		 "?(/"
		 "(tcp|udp))?$\"},\"additionalProperties\":{\"type\":[\"string\",\"number\","
		 "\"object\"],\"properties\":{\"pod\":{\"type\":[\"string\",\"number\"]},\"from\":{"
		 "\"type\":[\"array\",\"string\"],\"items\":{\"type\":\"string\"}},\"host_users\":{"
		 "\"enum\":[\"any\",\"pod\"]}},\"required\":[\"pod\"],\"additionalProperties\":"
		 "false}}",
	 .doc = "host ports and the pods that may publish them"},
	{.key = "guard",
	 .type = SCHEMA_OBJECT,
	 .offset = AT(guard),
	 .object = &guard_schema,
	 .doc = "what netguard guards, and how"},
	{.key = "pods",
	 .type = SCHEMA_MAP,
	 .offset = AT(pods),
	 .object = &pod_schema,
	 .check_key = check_pod_key,
	 .doc = "what a pod may do beyond the defaults"},
	{.key = "other_containers",
	 .type = SCHEMA_OBJECT,
	 .object = &other_schema,
	 .doc = "containers that podctl did not create"},
	{.key = "policy",
	 .type = SCHEMA_OBJECT,
	 .offset = AT(policy),
	 .object = &policy_schema,
	 .doc = "what pod files may ask for"},
	{.key = "engine_policy",
	 .type = SCHEMA_OBJECT,
	 .offset = AT(engine_policy),
	 .object = &settings_engine_schema,
	 .doc = "what users of the engine's socket may ask for, where netguard authz runs"},
	{.key = "scan",
	 .type = SCHEMA_OBJECT,
	 .offset = AT(scan),
	 .object = &settings_scan_schema,
	 .doc = "what podctl scan expects of containers"},
	{0},
};
#undef AT
const struct schema settings_schema = {"configuration", settings_fields, sizeof(struct settings)};

static struct settings *settings_new(void)
{
	struct settings *s = xcalloc(1, sizeof(*s));

	s->guard.log_denied = true;
	s->other_guard = true;
	s->policy.allow_root_user = true;
	return s;
}

static void fill_in(struct settings *s, const char *hostname)
{
	if (!s->network_name)
		s->network_name = xstrdup("bridge");
	if (!s->host_hostname)
		s->host_hostname = xstrdup(hostname);
	if (!s->guard.container_interfaces_given) {
		strv_add(&s->guard.container_interfaces, "docker0");
		strv_add(&s->guard.container_interfaces, "br-*");
	}
	if (!s->guard.allowed_users_given)
		strv_add(&s->guard.allowed_users, "root");
	if (!s->policy.capabilities_given)
		settings_add_default_capabilities(&s->policy.capabilities);
	settings_engine_fill_in(&s->engine_policy);
}

int settings_parse(const char *text, size_t size, const char *hostname, struct problems *problems,
		   struct settings **ret)
{
	_cleanup_(yaml_node_freep)
	struct yaml_node *root = NULL;
	_cleanup_(settings_freep)
	struct settings *s = settings_new();
	int result = yaml_parse(text, size, problems, &root);

	/* what yaml_parse complained of and could still read is looked through for the rest */
	if (result < 0 && !root)
		return result;
	result = schema_decode(&settings_schema, root, problems, s);
	if (result < 0)
		return result;
	fill_in(s, hostname);
	if (s->guard.container_interfaces.n == 0)
		problems_warn(problems, (struct mark){0}, "guard.container_interfaces",
			      "is empty: nothing is guarded");
	s->text = xstrndup(text, size);
	*ret = take_ptr(s);
	return 0;
}
