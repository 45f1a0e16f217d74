/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netguard/references.h"

#include "common/accounts.h"
#include "common/yaml.h"

#include <stdio.h>

void references_done(struct references *r)
{
	strv_done(&r->interfaces);
	strv_done(&r->pods);
}

struct check {
	const struct settings *s;
	const struct references *r;
	struct problems *problems;
};

static const struct yaml_node *get(const struct yaml_node *node, const char *key)
{
	return node && node->kind == YAML_NODE_MAP ? yaml_map_get(node, key) : NULL;
}

/* Calls fn for each scalar of a list. */
typedef void item_fn(const struct check *c, const struct yaml_node *item, const char *path);

static void each(const struct check *c, const struct yaml_node *list, const char *path, item_fn *fn)
{
	for (size_t i = 0; list && list->kind == YAML_NODE_LIST && i < list->n; i++) {
		_cleanup_free_ char *at = xasprintf("%s[%zu]", path, i);

		if (list->values[i]->kind == YAML_NODE_SCALAR)
			fn(c, list->values[i], at);
	}
}

/* ---- people ---- */

/* entry: as in the file, "@group" for a group; shown: how it stands there. */
static void check_people(const struct check *c, const char *entry, const struct yaml_node *item,
			 const char *path)
{
	struct strv one = {0}, missing = {0};
	struct accounts found = {0};
	char quoted[PROBLEM_QUOTE_MAX];

	strv_add(&one, entry);
	accounts_resolve(&one, &found, &missing);
	problems_quote(quoted, item->text);
	if (missing.n > 0)
		problems_warn(c->problems, item->mark, path, "%s %s does not exist",
			      *entry == '@' ? "group" : "user", quoted);
	else if (found.n == 0)
		problems_warn(c->problems, item->mark, path, "group %s has no members", quoted);
	accounts_done(&found);
	strv_done(&one);
	strv_done(&missing);
}

static void check_user(const struct check *c, const struct yaml_node *item, const char *path)
{
	check_people(c, item->text, item, path);
}

static void check_group(const struct check *c, const struct yaml_node *item, const char *path)
{
	_cleanup_free_ char *entry = xasprintf("@%s", item->text);

	check_people(c, entry, item, path);
}

/* ---- interfaces ---- */

static bool matches_any(const char *pattern, const struct strv *names)
{
	for (size_t i = 0; i < names->n; i++) {
		if (ifname_pattern_match(pattern, names->items[i]))
			return true;
	}
	return false;
}

static void check_interface(const struct check *c, const struct yaml_node *item, const char *path)
{
	char quoted[PROBLEM_QUOTE_MAX];

	if (c->r->interfaces_known && !matches_any(item->text, &c->r->interfaces))
		problems_warn(c->problems, item->mark, path, "%s matches no interface of this host",
			      problems_quote(quoted, item->text));
}

/* Whether some name may match both patterns. */
static bool overlap(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), shorter;
	bool wide_a = n > 0 && a[n - 1] == '*', wide_b = m > 0 && b[m - 1] == '*';

	if (!wide_a)
		return ifname_pattern_match(b, a);
	if (!wide_b)
		return ifname_pattern_match(a, b);
	shorter = n < m ? n - 1 : m - 1;
	return strncmp(a, b, shorter) == 0;
}

static void check_exempt(const struct check *c, const struct yaml_node *item, const char *path)
{
	const struct strv *guarded = &c->s->guard.container_interfaces;
	char quoted[PROBLEM_QUOTE_MAX];

	for (size_t i = 0; i < guarded->n; i++) {
		if (overlap(item->text, guarded->items[i])) {
			check_interface(c, item, path);
			return;
		}
	}
	problems_warn(c->problems, item->mark, path,
		      "%s is guarded by no pattern of container_interfaces anyway",
		      problems_quote(quoted, item->text));
}

/* ---- pods and ports ---- */

static void check_pod(const struct check *c, const char *pod, struct mark mark, const char *path)
{
	if (c->r->pods_known && !strv_has(&c->r->pods, pod))
		problems_warn(c->problems, mark, path, "pod %s has no container now", pod);
}

static void check_grant(const struct check *c, const struct settings_grant *g)
{
	const struct references *r = c->r;
	char text[PORTS_TEXT_MAX];

	check_pod(c, g->pod, g->mark, "port_whitelist");
	if (r->ephemeral_last == 0 || g->ports.last < r->ephemeral_first ||
	    g->ports.first > r->ephemeral_last)
		return;
	problems_warn(
		c->problems, g->mark, "port_whitelist",
		"%s: the host takes ports %u to %u for its own connections, so one of these may "
		"be in use when the pod starts (net.ipv4.ip_local_reserved_ports keeps them)",
		ports_format(&g->ports, text), (unsigned)r->ephemeral_first,
		(unsigned)r->ephemeral_last);
}

static void check_pods(const struct check *c, const struct yaml_node *pods)
{
	for (size_t i = 0; pods && pods->kind == YAML_NODE_MAP && i < pods->n; i++) {
		const char *name = pods->keys[i]->text;
		const struct settings_pod *p = settings_find_pod(c->s, name);
		_cleanup_free_ char *users = xasprintf("pods.%s.users", name);
		_cleanup_free_ char *owners = xasprintf("pods.%s.owners", name);
		_cleanup_free_ char *links = xasprintf("pods.%s.connect_to", name);
		_cleanup_free_ char *pod = xasprintf("pods.%s", name);

		check_pod(c, name, pods->keys[i]->mark, pod);
		each(c, get(pods->values[i], "users"), users, check_user);
		each(c, get(pods->values[i], "owners"), owners, check_user);
		for (size_t j = 0; p && j < p->n_connect_to; j++)
			check_pod(c, p->connect_to[j].pod, p->connect_to[j].mark, links);
	}
}

void references_check(const struct settings *s, const struct references *r,
		      struct problems *problems)
{
	_cleanup_(problems_done)
	struct problems known = {0}; /* of a text that was parsed before */
	_cleanup_(yaml_node_freep)
	struct yaml_node *root = NULL;
	struct check c = {s, r, problems};
	const struct yaml_node *guard;

	yaml_parse(s->text, strlen(s->text), &known, &root);
	guard = get(root, "guard");
	each(&c, get(guard, "allowed_users"), "guard.allowed_users", check_user);
	each(&c, get(guard, "allowed_groups"), "guard.allowed_groups", check_group);
	each(&c, get(guard, "container_interfaces"), "guard.container_interfaces", check_interface);
	each(&c, get(guard, "exempt_interfaces"), "guard.exempt_interfaces", check_exempt);
	for (size_t i = 0; i < s->n_port_whitelist; i++)
		check_grant(&c, &s->port_whitelist[i]);
	check_pods(&c, get(root, "pods"));
	problems_sort(problems);
}

bool references_parse_range(const char *text, struct references *ret)
{
	char first[8] = "", last[8] = "";
	size_t n = strcspn(text, " \t"), m;
	struct ports range;

	if (n == 0 || n >= sizeof(first))
		return false;
	memcpy(first, text, n);
	text += n + strspn(text + n, " \t");
	m = strcspn(text, "\n");
	if (m == 0 || m >= sizeof(last) || !streq(text + m, "\n"))
		return false;
	memcpy(last, text, m);
	if (!port_parse(first, &range.first) || !port_parse(last, &range.last) ||
	    range.first > range.last)
		return false;
	ret->ephemeral_first = range.first;
	ret->ephemeral_last = range.last;
	return true;
}
