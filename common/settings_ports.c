/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which ports a pod gets, reaches and publishes. Pure.
 *
 * An empty list never means "any": where it could be read so it is an error, so that taking the
 * last entry out of a list does not open what the list had closed.
 */
#include "common/settings_decode.h"

#include <errno.h>

#define PORTS_FORM "a port, a range or either with /tcp or /udp: 80, 8000-8009, 53/udp"

/* max: ports that one entry may span; 0: any. */
static int check_ports(struct schema_context *ctx, const struct yaml_node *node, int64_t max,
		       struct ports *ret)
{
	if (!ports_parse(node->text, ret))
		return schema_error(ctx, node, "must be " PORTS_FORM);
	if (max > 0 && ret->last - ret->first >= max)
		return schema_error(ctx, node, "a range may span at most %lld ports",
				    (long long)max);
	return 0;
}

static int compare_ports(const void *a, const void *b)
{
	const struct ports *x = a, *y = b;

	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

static void merge_ports(struct settings_ports *p)
{
	size_t kept = 0;

	if (p->n > 1)
		qsort(p->items, p->n, sizeof(*p->items), compare_ports);
	for (size_t i = 1; i < p->n; i++) {
		struct ports *last = &p->items[kept];

		if (!ports_overlap(last, &p->items[i]))
			p->items[++kept] = p->items[i];
		else if (p->items[i].last > last->last)
			last->last = p->items[i].last;
	}
	p->n = p->n > 0 ? kept + 1 : 0;
}

int settings_decode_ports(struct schema_context *ctx, const struct yaml_node *node, void *target,
			  const struct schema_field *field)
{
	struct settings_ports *ret = target;
	int result = 0;

	if (node->kind != YAML_NODE_LIST)
		return schema_error(ctx, node, "must be a list of ports, but is %s",
				    schema_describe(node));
	for (size_t i = 0; i < node->n; i++) {
		size_t length = schema_enter_index(ctx, i);
		struct ports ports;

		if (!schema_get_string(ctx, node->values[i]) ||
		    check_ports(ctx, node->values[i], field->max, &ports) < 0)
			result = -EINVAL;
		else
			ARRAY_PUSH(ret->items, ret->n) = ports;
		schema_leave(ctx, length);
	}
	merge_ports(ret);
	return result;
}

static const struct schema_field link_ports = {.max = SETTINGS_PORTS_MAX};

/* One pod that may be reached. ports: its list, the word any, or NULL or empty: any */
static int add_link(struct schema_context *ctx, const struct yaml_node *pod,
		    const struct yaml_node *ports, struct settings_pod *ret)
{
	struct settings_link link = {.mark = pod->mark};
	int result = 0;

	if (!pod_name_valid(pod->text))
		result = schema_error(ctx, pod, "is not the name of a pod");
	if (!ports || yaml_is_null(ports) ||
	    (ports->kind == YAML_NODE_SCALAR && streq(ports->text, "any")))
		link.any = true;
	else if (ports->kind != YAML_NODE_LIST || ports->n == 0)
		result = schema_error(ctx, ports, "must be a list of ports, or any");
	else if (settings_decode_ports(ctx, ports, &link.ports, &link_ports) < 0)
		result = -EINVAL;
	link.pod = xstrdup(pod->text);
	ARRAY_PUSH(ret->connect_to, ret->n_connect_to) = link;
	return result;
}

int settings_decode_connect_to(struct schema_context *ctx, const struct yaml_node *node,
			       void *target, const struct schema_field *field _unused_)
{
	int result = 0;

	if (node->kind == YAML_NODE_SCALAR && !yaml_is_null(node))
		return schema_error(ctx, node, "must be a map of pods to lists of ports");
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *pod = node->keys ? node->keys[i] : node->values[i];
		size_t length;

		if (!schema_get_string(ctx, pod)) {
			result = -EINVAL;
			continue;
		}
		length = schema_enter(ctx, pod->text);
		if (add_link(ctx, pod, node->keys ? node->values[i] : NULL, target) < 0)
			result = -EINVAL;
		schema_leave(ctx, length);
	}
	return result;
}

/* PREFIX:PORTS, an IPv6 prefix in brackets. */
static bool egress_parse(const char *text, struct settings_egress *ret)
{
	char prefix[ADDR_TEXT_MAX];
	bool brackets = *text == '[';
	struct settings_egress e;
	const char *colon;
	size_t n;

	text += brackets;
	colon = strchr(text, brackets ? ']' : ':');
	if (!colon)
		return false;
	n = (size_t)(colon - text);
	if (n >= sizeof(prefix) || (brackets && *++colon != ':'))
		return false;
	memcpy(prefix, text, n);
	prefix[n] = '\0';
	if (!prefix_parse(prefix, &e.to) || (e.to.addr.family == AF_INET6) != brackets ||
	    !ports_parse(colon + 1, &e.ports))
		return false;
	*ret = e;
	return true;
}

int settings_decode_egress(struct schema_context *ctx, const struct yaml_node *node, void *target,
			   const struct schema_field *field _unused_)
{
	struct settings_pod *ret = target;
	int result = 0;

	if (node->kind != YAML_NODE_LIST)
		return schema_error(
			ctx, node,
			"must be a list; [] for none, or leave the key out for no limit");
	for (size_t i = 0; i < node->n; i++) {
		size_t length = schema_enter_index(ctx, i);
		const char *text = schema_get_string(ctx, node->values[i]);
		struct settings_egress e;

		if (text && egress_parse(text, &e))
			ARRAY_PUSH(ret->egress, ret->n_egress) = e;
		else if (text)
			result =
				schema_error(ctx, node->values[i],
					     "must be PREFIX:PORTS[/tcp|udp], such as "
					     "\"0.0.0.0/0:443/tcp\" or \"[2001:db8::/32]:25/tcp\"");
		else
			result = -EINVAL;
		schema_leave(ctx, length);
	}
	return result;
}
