/* SPDX-License-Identifier: GPL-3.0-or-later */
/* port_whitelist: host ports to pods, no port given away twice. Pure. */
#include "common/settings_decode.h"

#include <errno.h>

static const char *check_pod(const void *value)
{
	return pod_name_valid(value) ? NULL
				     : "must be the name of a pod: letters, digits, _ and -, "
				       "beginning with a letter or digit, at most 63";
}

static int decode_from(struct schema_context *ctx, const struct yaml_node *node, void *target,
		       const struct schema_field *field _unused_)
{
	struct settings_grant *ret = target;
	int result = 0;

	if (node->kind != YAML_NODE_LIST || node->n == 0)
		return schema_error(
			ctx, node, "must be a list of addresses or prefixes; leave it out for any");
	for (size_t i = 0; i < node->n; i++) {
		size_t length = schema_enter_index(ctx, i);
		const char *text = schema_get_string(ctx, node->values[i]);
		struct prefix prefix;

		if (text && prefix_parse(text, &prefix))
			ARRAY_PUSH(ret->from, ret->n_from) = prefix;
		else if (text)
			result = schema_error(
				ctx, node->values[i],
				"must be an address or a prefix without host bits, such "
				"as 192.0.2.0/24 or \"2001:db8::/32\"");
		else
			result = -EINVAL;
		schema_leave(ctx, length);
	}
	return result;
}

static int decode_host_users(struct schema_context *ctx, const struct yaml_node *node, void *target,
			     const struct schema_field *field _unused_)
{
	return settings_decode_choice(ctx, node, "pod", "any", target);
}

static const struct schema_field grant_fields[] = {
	{.key = "pod",
	 .type = SCHEMA_STRING,
	 .offset = offsetof(struct settings_grant, pod),
	 .required = true,
	 .check = check_pod,
	 .doc = "the pod that may publish the port"},
	{.key = "from",
	 .type = SCHEMA_CUSTOM,
	 .decode = decode_from,
	 .doc = "addresses and prefixes that may connect; absent: any"},
	{.key = "host_users",
	 .type = SCHEMA_CUSTOM,
	 .offset = offsetof(struct settings_grant, pod_users_only),
	 .decode = decode_host_users,
	 .doc = "which users of the host may connect: any, or pod (allowed_users and the pod's)"},
	{0},
};
static const struct schema grant_schema = {"port_whitelist entry", grant_fields,
					   sizeof(struct settings_grant)};

static int decode_grant(struct schema_context *ctx, const struct yaml_node *key,
			const struct yaml_node *value, struct settings_grant *ret)
{
	static const struct schema_field name = {.type = SCHEMA_STRING, .check = check_pod};
	static const struct schema_field map = {.type = SCHEMA_OBJECT, .object = &grant_schema};
	size_t length = schema_enter(ctx, key->text);
	int result = 0;

	ret->mark = key->mark;
	if (!ports_parse(key->text, &ret->ports))
		result = schema_error(ctx, key,
				      "must be a host port, a range or either with /tcp or /udp: "
				      "80, 8000-8009, 53/udp");
	else if (ret->ports.last - ret->ports.first >= SETTINGS_PORTS_MAX)
		result = schema_error(ctx, key, "a range may span at most %d ports",
				      SETTINGS_PORTS_MAX);
	if (value->kind == YAML_NODE_MAP) {
		if (schema_decode_at(ctx, "", &map, value, ret) < 0)
			result = -EINVAL;
	} else if (value->kind == YAML_NODE_SCALAR && !yaml_is_null(value)) {
		if (schema_decode_at(ctx, "", &name, value, &ret->pod) < 0)
			result = -EINVAL;
	} else {
		result = schema_error(ctx, value,
				      "must be the name of a pod, or a map with pod in it");
	}
	schema_leave(ctx, length);
	return result;
}

static int compare_ports(const struct ports *x, const struct ports *y)
{
	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->last < y->last ? -1 : x->last > y->last;
}

static int compare_grants(const void *a, const void *b)
{
	const struct settings_grant *x = a, *y = b;
	int c = compare_ports(&x->ports, &y->ports);

	if (c != 0)
		return c;
	if (x->mark.line != y->mark.line)
		return x->mark.line < y->mark.line ? -1 : 1;
	return x->mark.column < y->mark.column ? -1 : x->mark.column > y->mark.column;
}

static bool same_terms(const struct settings_grant *a, const struct settings_grant *b)
{
	if (!streq(a->pod, b->pod) || a->pod_users_only != b->pod_users_only ||
	    a->n_from != b->n_from)
		return false;
	for (size_t i = 0; i < a->n_from; i++) {
		if (a->from[i].len != b->from[i].len ||
		    addr_compare(&a->from[i].addr, &b->from[i].addr) != 0)
			return false;
	}
	return true;
}

/* Reported at the one that stands later in the file. */
static int report_overlap(struct schema_context *ctx, const struct settings_grant *a,
			  const struct settings_grant *b)
{
	bool b_later = a->mark.line != b->mark.line ? a->mark.line < b->mark.line
						    : a->mark.column < b->mark.column;
	const struct settings_grant *first = b_later ? a : b, *second = b_later ? b : a;
	char one[PORTS_TEXT_MAX], two[PORTS_TEXT_MAX];

	ports_format(&first->ports, one);
	ports_format(&second->ports, two);
	if (streq(one, two))
		return schema_error_at(ctx, second->mark,
				       "%s on line %u is on the whitelist already, for pod %s on "
				       "line %u",
				       two, second->mark.line, first->pod, first->mark.line);
	return schema_error_at(ctx, second->mark,
			       "%s for pod %s on line %u overlaps with %s for pod %s on line %u",
			       two, second->pod, second->mark.line, one, first->pod,
			       first->mark.line);
}

/*
 * Of ranges that overlap on the same terms one is made; anything else that gives a port twice is
 * an error. Grants are sorted; one whose ports or pod could not be read is not among them.
 */
static int merge_grants(struct schema_context *ctx, struct settings *s)
{
	size_t kept = 0, widest = 0;
	int result = 0;

	for (size_t i = 1; i < s->n_port_whitelist; i++) {
		struct settings_grant *g = &s->port_whitelist[i];
		struct settings_grant *w = &s->port_whitelist[widest];

		if (!ports_overlap(&w->ports, &g->ports)) {
			widest = ++kept;
		} else if (compare_ports(&w->ports, &g->ports) != 0 && same_terms(g, w)) {
			if (g->ports.last > w->ports.last)
				w->ports.last = g->ports.last;
			settings_grant_done(g);
			continue;
		} else {
			result = report_overlap(ctx, w, g);
			kept++;
			if (g->ports.last > w->ports.last)
				widest = kept;
		}
		if (kept != i) {
			s->port_whitelist[kept] = *g;
			*g = (struct settings_grant){0};
		}
	}
	if (s->n_port_whitelist > 0)
		s->n_port_whitelist = kept + 1;
	return result;
}

int settings_decode_whitelist(struct schema_context *ctx, const struct yaml_node *node,
			      void *target, const struct schema_field *field _unused_)
{
	struct settings *s = target;
	int result = 0;

	if (node->kind != YAML_NODE_MAP && !yaml_is_null(node))
		return schema_error(ctx, node, "must be a map of host ports to pods");
	for (size_t i = 0; i < node->n; i++) {
		struct settings_grant grant = {0};

		if (decode_grant(ctx, node->keys[i], node->values[i], &grant) == 0) {
			ARRAY_PUSH(s->port_whitelist, s->n_port_whitelist) = grant;
		} else {
			settings_grant_done(&grant);
			result = -EINVAL;
		}
	}
	if (s->n_port_whitelist > 1)
		qsort(s->port_whitelist, s->n_port_whitelist, sizeof(*s->port_whitelist),
		      compare_grants);
	if (merge_grants(ctx, s) < 0)
		result = -EINVAL;
	return result;
}
