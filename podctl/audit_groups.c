/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Groups of the host that own what is root's, such as the engine's socket and disks: a container
 * that is in one of them may open that wherever it sees it. The engine looks a name up in the
 * container's own /etc/group, so a name means nothing here; what runs has numbers. Pure.
 */
#include "podctl/audit.h"

void audit_groups_done(struct audit_groups *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->items[i].name);
	g->n = 0;
}

uint64_t audit_groups_bit(const struct audit_groups *g, uint64_t gid)
{
	for (size_t i = 0; i < g->n; i++) {
		if (g->items[i].gid == gid)
			return (uint64_t)1 << i;
	}
	return 0;
}

void audit_groups_add(struct audit_groups *g, gid_t gid, const char *name, const char *owns)
{
	if (g->n < AUDIT_GROUPS_MAX && audit_groups_bit(g, gid) == 0)
		g->items[g->n++] = (struct audit_group){gid, xstrdup(name), owns};
}

bool audit_is_mapped(const struct audit_container *c, const struct audit_engine *e)
{
	return e->rootless || (e->userns_remap && !streq(c->user_range, "host"));
}

/* As the engine takes it, also with a sign in front. */
static bool is_number(const char *text, uint64_t *ret)
{
	text += *text == '+';
	if (!*text || strspn(text, "0123456789") != strlen(text))
		return false;
	*ret = strtoull(text, NULL, 10);
	return true;
}

static bool is_known_name(const struct audit_groups *g, const char *name)
{
	for (size_t i = 0; i < g->n; i++) {
		if (streq(g->items[i].name, name))
			return true;
	}
	return false;
}

/* What its configuration says: by number, and whether there are names. */
struct named {
	uint64_t bits;
	bool names;
};

static void add_named(struct named *named, const struct audit_groups *g, const char *text)
{
	uint64_t gid;

	if (is_number(text, &gid))
		named->bits |= audit_groups_bit(g, gid);
	else
		named->names = true;
}

static void name_groups(const struct audit_container *c, const struct audit_groups *g,
			struct named *ret)
{
	const char *own = strchr(c->user, ':');

	/* group 0 beside a user's number is what the engine gives all that have no other */
	if (own && own[1] && !streq(own, ":0"))
		add_named(ret, g, own + 1);
	for (size_t i = 0; i < c->group_add.n; i++)
		add_named(ret, g, c->group_add.items[i]);
}

/* The name may be any number there: told only where no process tells it. */
static void check_name(struct audit_container *c, const struct audit_groups *g, const char *name)
{
	uint64_t ignored;

	if (is_number(name, &ignored) || !is_known_name(g, name))
		return;
	audit_add_finding(
		&c->findings, AUDIT_LOW, "host-group-name",
		xasprintf("is given the group %s by name: its image says which number that is, and "
			  "was not looked at",
			  name),
		"take the group away; what it is will be seen while the container runs");
}

/* Group 0 owns nearly all, and may change nearly nothing. */
static void add_group(struct audit_container *c, const struct audit_group *group, bool named)
{
	audit_add_finding(
		&c->findings, named && group->gid != 0 ? AUDIT_MEDIUM : AUDIT_LOW, "host-group",
		xasprintf("%s the host's group %s (%u): %s", named ? "was put into" : "is in",
			  group->name, (unsigned)group->gid, group->owns),
		named ? "take the group away: what it owns is then others' for this container"
		      : "userns-remap, or another group in its image: this number is the host's");
}

void audit_group_findings(struct audit_container *c, const struct audit_engine *e)
{
	const struct audit_groups *g = &e->groups;
	struct named named = {0};
	uint64_t is_in;

	name_groups(c, g, &named);
	is_in = named.bits;
	if (audit_is_mapped(c, e)) {
		is_in = 0;
		named.bits = 0;
	}
	if (c->process.known) {
		/* root is in many by its image's own file, and needs none of them */
		is_in |= audit_runs_as_root(c) && !named.names ? 0 : c->process.groups_any;
		is_in &= named.bits | ~audit_groups_bit(g, 0);
	} else if (!audit_is_mapped(c, e)) {
		for (size_t i = 0; i < c->group_add.n; i++)
			check_name(c, g, c->group_add.items[i]);
	}
	for (size_t i = 0; i < g->n; i++) {
		if (is_in & (uint64_t)1 << i)
			add_group(c, &g->items[i], named.names || (named.bits & (uint64_t)1 << i));
	}
}
