/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looking at engines' sockets, and the folders on the way, for who reaches them: whom owner, group
 * and access list name is asked for at the name service, and held against all of the way.
 */
#include "podctl/audit.h"

#include "common/accounts.h"
#include "common/groups.h"
#include "podctl/reach.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define LIST_ATTRIBUTE "system.posix_acl_access"
#define LIST_MAX       ((size_t)65536) /* the kernel's limit of a value */

struct way {
	struct reach_node *nodes; /* from the root on; the socket is the last */
	size_t n;
};

static void way_done(struct way *w)
{
	for (size_t i = 0; i < w->n; i++)
		reach_node_done(&w->nodes[i]);
	free(w->nodes);
	*w = (struct way){0};
}

static int read_list(struct reach_node *node, struct err *err)
{
	_cleanup_free_ char *list = xmalloc(LIST_MAX);
	ssize_t n = lgetxattr(node->path, LIST_ATTRIBUTE, list, LIST_MAX);

	if (n < 0 && (errno == ENODATA || errno == EOPNOTSUPP))
		return 0;
	if (n < 0)
		return err_os(err, errno, "%s: the access list", node->path);
	if (reach_read_list(node, list, (size_t)n) < 0)
		return err_set(err, EINVAL, "%s: its access list is of another kind", node->path);
	return 0;
}

static int add_node(struct way *w, const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return err_os(err, errno, "%s", path);
	ARRAY_PUSH(w->nodes, w->n) = reach_node_make(path, st.st_mode, st.st_uid, st.st_gid);
	return read_list(&w->nodes[w->n - 1], err);
}

/* real: absolute, and without links */
static int read_way(const char *real, struct way *ret, struct err *err)
{
	int r = add_node(ret, "/", err);

	for (const char *at = strchr(real + 1, '/'); r == 0 && at; at = strchr(at + 1, '/')) {
		_cleanup_free_ char *folder = xstrndup(real, (size_t)(at - real));

		r = add_node(ret, folder, err);
	}
	return r < 0 ? r : add_node(ret, real, err);
}

/* ---- whom they name ---- */

/* What could not be looked at, where the rest goes on: 0, or -errno and the last reason. */
struct trouble {
	int r;
	struct err *err;
};

/* Where somebody is named, and how. */
struct naming {
	const struct way *way;
	const struct reach_node *node;
	const char *group; /* or NULL */
	bool by_list;
	struct audit_socket *socket;
	struct trouble *trouble;
};

static void add_way(const struct naming *n, enum audit_way_kind kind, const char *user,
		    const char *path)
{
	struct audit_socket *s = n->socket;

	for (size_t i = 0; i < s->n_ways; i++) {
		const struct audit_way *w = &s->ways[i];

		if (w->kind == kind && streq_null(w->user, user) &&
		    (kind == AUDIT_BY_FOLDER || streq_null(w->group, n->group)))
			return;
	}
	ARRAY_PUSH(s->ways, s->n_ways) =
		(struct audit_way){kind, xstrdup(user), xstrdup(n->group), xstrdup(path)};
}

/* Of a number without a name no groups are known. */
static struct group_list groups_of(const char *name, struct trouble *trouble)
{
	const struct passwd *pw = getpwnam(name);
	struct group_list groups = {0};
	int r = pw ? groups_of_user(name, pw->pw_gid, &groups, trouble->err) : 0;

	if (r < 0)
		trouble->r = r;
	return groups;
}

static void try_user(const struct naming *n, const struct account *a)
{
	struct group_list groups = groups_of(a->name, n->trouble);
	struct reach_user user = {a->uid, groups.items, groups.n};
	const struct reach_node *folder = reach_may_replace(n->way->nodes, n->way->n, &user);

	if (folder && !n->socket->open_folder)
		add_way(n, AUDIT_BY_FOLDER, a->name, folder->path);
	if (reach_may_connect(n->way->nodes, n->way->n, &user))
		add_way(n,
			n->by_list ? AUDIT_BY_LIST
			: n->group ? AUDIT_BY_GROUP
				   : AUDIT_BY_OWNING,
			a->name, n->node->path);
	group_list_done(&groups);
}

/* entry: as accounts_resolve takes it; returns whether there is anybody but root. */
static bool try_entry(const struct naming *n, const char *entry)
{
	_cleanup_(strv_done)
	struct strv entries = {0}, missing = {0};
	struct accounts accounts = {0};
	bool any = false;

	strv_add(&entries, entry);
	accounts_resolve(&entries, &accounts, &missing);
	for (size_t i = 0; i < accounts.n; i++) {
		if (accounts.items[i].uid == 0)
			continue;
		any = true;
		try_user(n, &accounts.items[i]);
	}
	accounts_done(&accounts);
	return any;
}

static void try_uid(struct naming n, uid_t uid)
{
	_cleanup_free_ char *entry = xasprintf("%u", (unsigned)uid);

	n.group = NULL;
	try_entry(&n, entry);
}

static void try_gid(struct naming n, gid_t gid, struct audit_groups *groups)
{
	_cleanup_free_ char *number = xasprintf("%u", (unsigned)gid),
			    *entry = xasprintf("@%s", number);
	const struct group *group = getgrgid(gid);
	_cleanup_free_ char *name = xstrdup(group ? group->gr_name : number);
	bool of_socket = n.node == &n.way->nodes[n.way->n - 1];

	n.group = name;
	if (of_socket && gid != 0)
		audit_groups_add(groups, gid, name, "an engine's socket, which is root");
	/* it may have members tomorrow, and a container may be in it by number */
	if (!try_entry(&n, entry) && of_socket && n.by_list)
		add_way(&n, AUDIT_BY_LIST, NULL, n.node->path);
}

/* What a folder gives to everybody, too, says nothing of whom it names. */
static bool gives(const struct way *w, const struct reach_node *node, unsigned rights)
{
	if (node == &w->nodes[w->n - 1])
		return rights & REACH_WRITE;
	return rights & (REACH_GO | REACH_WRITE) & ~node->everybody;
}

static void try_node(struct naming n, struct audit_groups *groups)
{
	const struct reach_node *node = n.node;

	if (node->uid != 0)
		try_uid(n, node->uid);
	if (gives(n.way, node, node->group))
		try_gid(n, node->gid, groups);
	n.by_list = true;
	for (size_t i = 0; i < node->n_list; i++) {
		const struct reach_entry *e = &node->list[i];

		if (!gives(n.way, node, e->rights))
			continue;
		if (e->is_group)
			try_gid(n, e->id, groups);
		else
			try_uid(n, e->id);
	}
}

/* ---- sockets ---- */

static void look_at_way(const struct way *w, struct audit_socket *s, struct audit_groups *groups,
			struct trouble *trouble)
{
	const struct reach_node *folder = reach_may_replace(w->nodes, w->n, NULL);

	s->open = reach_may_connect(w->nodes, w->n, NULL);
	s->open_folder = folder ? xstrdup(folder->path) : NULL;
	for (size_t i = w->n; i > 0; i--)
		try_node((struct naming){.way = w,
					 .node = &w->nodes[i - 1],
					 .socket = s,
					 .trouble = trouble},
			 groups);
}

static bool is_known(const struct audit_access *a, const char *path)
{
	for (size_t i = 0; i < a->n_sockets; i++) {
		if (streq(a->sockets[i].path, path))
			return true;
	}
	return false;
}

/* What is not there any more, or no socket, is nobody's. Returns the socket's place, or NULL. */
static struct audit_socket *look_at_socket(const char *path, struct audit_access *ret,
					   struct audit_groups *groups, struct trouble *trouble)
{
	_cleanup_free_ char *real = realpath(path, NULL);
	_cleanup_(way_done)
	struct way way = {0};
	struct audit_socket *s;
	struct stat st;
	int r;

	if (!real || lstat(real, &st) < 0 || !S_ISSOCK(st.st_mode) || is_known(ret, real))
		return NULL;
	r = read_way(real, &way, trouble->err);
	if (r < 0) {
		trouble->r = r;
		return NULL;
	}
	ARRAY_PUSH(ret->sockets, ret->n_sockets) = (struct audit_socket){.path = xstrdup(real)};
	s = &ret->sockets[ret->n_sockets - 1];
	look_at_way(&way, s, groups, trouble);
	return s;
}

/* The group docker gets the socket when the engine starts again, whoever has it now. */
static void add_docker_group(struct audit_socket *s)
{
	_cleanup_(strv_done)
	struct strv entries = {0}, missing = {0};
	struct accounts accounts = {0};
	struct naming n = {.group = "docker", .socket = s};

	strv_add(&entries, "@docker");
	accounts_resolve(&entries, &accounts, &missing);
	for (size_t i = 0; i < accounts.n; i++) {
		if (accounts.items[i].uid != 0)
			add_way(&n, AUDIT_BY_GROUP, accounts.items[i].name, s->path);
	}
	accounts_done(&accounts);
}

int audit_look_at_access(const char *socket, const struct audit_containers *all,
			 struct audit_access *ret, struct audit_groups *groups, struct err *err)
{
	_cleanup_(strv_done)
	struct strv others = {0};
	struct trouble trouble = {audit_look_at_listeners(all, &others, ret, err), err};
	struct audit_socket *own = look_at_socket(socket, ret, groups, &trouble);

	if (own)
		add_docker_group(own);
	for (size_t i = 0; i < others.n; i++)
		look_at_socket(others.items[i], ret, groups, &trouble);
	return trouble.r;
}
