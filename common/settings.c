/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking the settings, and freeing them. Pure. */
#include "common/settings.h"

#include "common/dns_name.h"
#include "common/settings_decode.h"

#include <net/if.h>

void settings_grant_done(struct settings_grant *g)
{
	free(g->pod);
	free(g->from);
	*g = (struct settings_grant){0};
}

static void pod_done(struct settings_pod *p)
{
	free(p->entry.key);
	strv_done(&p->owners);
	strv_done(&p->users);
	strv_done(&p->hostnames);
	free(p->host_ports.items);
	for (size_t i = 0; i < p->n_connect_to; i++) {
		free(p->connect_to[i].pod);
		free(p->connect_to[i].ports.items);
	}
	free(p->connect_to);
	free(p->direct_ports.items);
	free(p->egress);
}

static void guard_done(struct settings_guard *g)
{
	strv_done(&g->container_interfaces);
	strv_done(&g->exempt_interfaces);
	strv_done(&g->allowed_users);
	strv_done(&g->allowed_groups);
	free(g->host_ports.items);
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	free(s->origin.path);
	free(s->text);
	free(s->mount_root);
	free(s->network_name);
	free(s->host_hostname);
	for (size_t i = 0; i < s->n_port_whitelist; i++)
		settings_grant_done(&s->port_whitelist[i]);
	free(s->port_whitelist);
	guard_done(&s->guard);
	for (size_t i = 0; i < s->pods.n; i++)
		pod_done(&((struct settings_pod *)s->pods.items)[i]);
	free(s->pods.items);
	free(s->other_pod_label);
	strv_done(&s->policy.capabilities);
	strv_done(&s->policy.images);
	strv_done(&s->policy.labels_reserved);
	settings_engine_done(&s->engine_policy);
	settings_scan_done(&s->scan);
	free(s);
}

size_t settings_n_pods(const struct settings *s)
{
	return s->pods.n;
}

const struct settings_pod *settings_pod_at(const struct settings *s, size_t i)
{
	return &((const struct settings_pod *)s->pods.items)[i];
}

const struct settings_pod *settings_find_pod(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->pods.n; i++) {
		const struct settings_pod *p = settings_pod_at(s, i);

		if (streq(p->entry.key, name))
			return p;
	}
	return NULL;
}

const char *settings_find_name(const struct settings *s, settings_match_fn *match,
			       const void *userdata)
{
	for (size_t i = 0; i < s->n_port_whitelist; i++) {
		if (match(s->port_whitelist[i].pod, userdata))
			return s->port_whitelist[i].pod;
	}
	for (size_t i = 0; i < s->pods.n; i++) {
		const struct settings_pod *p = settings_pod_at(s, i);

		if (match(p->entry.key, userdata))
			return p->entry.key;
		for (size_t j = 0; j < p->n_connect_to; j++) {
			if (match(p->connect_to[j].pod, userdata))
				return p->connect_to[j].pod;
		}
	}
	return NULL;
}

static bool is_this(const char *pod, const void *userdata)
{
	return streq(pod, userdata);
}

bool settings_names_pod(const struct settings *s, const char *pod)
{
	return settings_find_name(s, is_this, pod) != NULL;
}

const struct settings_pod *settings_find_hostname(const struct settings *s, const char *hostname)
{
	for (size_t i = 0; i < s->pods.n; i++) {
		const struct settings_pod *p = settings_pod_at(s, i);

		for (size_t j = 0; j < p->hostnames.n; j++) {
			if (dns_name_same(p->hostnames.items[j], hostname))
				return p;
		}
	}
	return NULL;
}

const struct settings_grant *settings_find_grant(const struct settings *s, uint8_t proto,
						 uint16_t port)
{
	size_t low = 0, high = s->n_port_whitelist;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct settings_grant *g = &s->port_whitelist[middle];

		if (ports_contain(&g->ports, proto, port))
			return g;
		if (g->ports.proto < proto || (g->ports.proto == proto && g->ports.last < port))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool pod_name_valid(const char *name)
{
	if (!is_alnum(name[0]) || strnlen(name, 64) > 63)
		return false;
	for (; *name; name++) {
		if (!is_alnum(*name) && *name != '_' && *name != '-')
			return false;
	}
	return true;
}

#define USER_NUMBER_DIGITS 10

int64_t user_number(const char *s, size_t n)
{
	uint64_t value;

	return n <= USER_NUMBER_DIGITS && text_digits(s, n, INT32_MAX, &value) ? (int64_t)value
									       : -1;
}

bool ifname_pattern_valid(const char *pattern)
{
	size_t n = strnlen(pattern, IFNAMSIZ + 1);
	bool star = n > 0 && pattern[n - 1] == '*';

	/* a star alone would take in every interface of the host; with one, 14 characters before
	 * it leave a name that the star stands for */
	n -= star;
	if (n == 0 || n > IFNAMSIZ - (star ? 2 : 1))
		return false;
	if (!star && (streq(pattern, ".") || streq(pattern, "..")))
		return false;
	for (size_t i = 0; i < n; i++) {
		/* what dev_valid_name of the kernel refuses, and what nobody can read */
		if (pattern[i] <= ' ' || pattern[i] >= 0x7f || strchr("/:*\"\\", pattern[i]))
			return false;
	}
	return true;
}

bool ifname_pattern_match(const char *pattern, const char *ifname)
{
	size_t n = strlen(pattern);

	if (n > 0 && pattern[n - 1] == '*')
		return strncmp(pattern, ifname, n - 1) == 0;
	return streq(pattern, ifname);
}

static bool any_matches(const struct strv *patterns, const char *ifname)
{
	for (size_t i = 0; i < patterns->n; i++) {
		if (ifname_pattern_match(patterns->items[i], ifname))
			return true;
	}
	return false;
}

bool settings_guards_interface(const struct settings *s, const char *ifname)
{
	return any_matches(&s->guard.container_interfaces, ifname) &&
	       !any_matches(&s->guard.exempt_interfaces, ifname);
}
