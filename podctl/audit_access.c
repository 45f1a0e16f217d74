/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who reaches the engines of this host: whoever does is root. Pure. */
#include "podctl/audit.h"

#include "common/guard_client.h"

#define FOLDER_ADVICE "a folder of root's, that nobody else may write to"

void audit_access_done(struct audit_access *a)
{
	for (size_t i = 0; i < a->n_sockets; i++) {
		struct audit_socket *s = &a->sockets[i];

		for (size_t k = 0; k < s->n_ways; k++) {
			free(s->ways[k].user);
			free(s->ways[k].group);
			free(s->ways[k].path);
		}
		free(s->ways);
		free(s->path);
		free(s->open_folder);
	}
	free(a->sockets);
	for (size_t i = 0; i < a->n_listeners; i++) {
		free(a->listeners[i].program);
		free(a->listeners[i].address);
	}
	free(a->listeners);
	*a = (struct audit_access){0};
}

static const char *way_id(const struct audit_way *w)
{
	static const char *const ids[] = {
		[AUDIT_BY_GROUP] = "docker-group",
		[AUDIT_BY_LIST] = "socket-acl",
		[AUDIT_BY_OWNING] = "socket-owner",
		[AUDIT_BY_FOLDER] = "socket-folder",
	};

	return ids[w->kind];
}

static const char *way_advice(const struct audit_way *w)
{
	static const char *const advice[] = {
		[AUDIT_BY_GROUP] = "take the user out of it; sudo podctl is enough for pods",
		[AUDIT_BY_LIST] = ("setfacl -b on it, and on what sets it when the engine starts; "
				   "sudo podctl is enough for pods"),
		[AUDIT_BY_OWNING] = "give it to root; sudo podctl is enough for pods",
		[AUDIT_BY_FOLDER] = FOLDER_ADVICE,
	};

	return advice[w->kind];
}

static char *folder_reason(const char *who, const char *folder, const char *socket)
{
	return xasprintf("%s may change %s, and so put a socket of another's in the place of %s: "
			 "what is asked of the engine is asked of that",
			 who, folder, socket);
}

static char *way_reason(const struct audit_socket *s, const struct audit_way *w)
{
	_cleanup_free_ char *who = w->user ? xasprintf("user %s", w->user)
					   : xasprintf("group %s, of nobody now,", w->group);

	switch (w->kind) {
	case AUDIT_BY_GROUP:
		return xasprintf("%s is a member of the group %s, which is root: it may use %s",
				 who, w->group, s->path);
	case AUDIT_BY_LIST:
		if (w->user && w->group)
			return xasprintf("%s may use %s, which is root: the access list of %s has "
					 "the group %s",
					 who, s->path, w->path, w->group);
		return xasprintf("%s may use %s, which is root: it is in the access list of %s",
				 who, s->path, w->path);
	case AUDIT_BY_OWNING:
		return xasprintf("%s may use %s, which is root: %s is this user's", who, s->path,
				 w->path);
	case AUDIT_BY_FOLDER:
		break;
	}
	return folder_reason(who, w->path, s->path);
}

static void check_way(const struct audit_socket *s, const struct audit_way *w,
		      struct audit_findings *ret)
{
	bool guard = w->user && streq(w->user, GUARD_USER);

	if (guard && w->kind == AUDIT_BY_GROUP)
		audit_add_finding(ret, AUDIT_LOW, "guard-in-docker-group",
				  xasprintf("the guard's own user " GUARD_USER
					    " is a member of the group %s, and may use %s",
					    w->group, s->path),
				  "take it out of the group: it asks at netguard-engine.socket");
	else
		audit_add_finding(ret, w->user ? AUDIT_HIGH : AUDIT_LOW, way_id(w),
				  way_reason(s, w), way_advice(w));
}

/* A folder is told of once, with the first socket below it. */
static bool is_told(const struct audit_access *a, size_t before, const char *user,
		    const char *folder)
{
	for (size_t i = 0; i < before; i++) {
		const struct audit_socket *s = &a->sockets[i];

		if (!user && s->open_folder && streq(s->open_folder, folder))
			return true;
		for (size_t k = 0; user && k < s->n_ways; k++) {
			const struct audit_way *w = &s->ways[k];

			if (w->kind == AUDIT_BY_FOLDER && streq_null(w->user, user) &&
			    streq(w->path, folder))
				return true;
		}
	}
	return false;
}

static void check_socket(const struct audit_access *a, size_t at, struct audit_findings *ret)
{
	const struct audit_socket *s = &a->sockets[at];

	if (s->open)
		audit_add_finding(
			ret, AUDIT_HIGH, "open-socket",
			xasprintf("everybody on the host may use %s, an engine's socket, which is "
				  "root",
				  s->path),
			"take the rights of others from the socket");
	if (s->open_folder && !is_told(a, at, NULL, s->open_folder))
		audit_add_finding(ret, AUDIT_HIGH, "socket-folder",
				  folder_reason("everybody on the host", s->open_folder, s->path),
				  FOLDER_ADVICE);
	for (size_t i = 0; i < s->n_ways; i++) {
		const struct audit_way *w = &s->ways[i];

		if (w->kind != AUDIT_BY_FOLDER || !is_told(a, at, w->user, w->path))
			check_way(s, w, ret);
	}
}

/* dockerd itself warns where it asks nobody for a certificate: see open-api */
static void check_listener(const struct audit_listener *l, struct audit_findings *ret)
{
	bool asks_nobody = streq(l->program, "podman") || streq(l->program, "buildkitd");

	audit_add_finding(
		ret, asks_nobody ? AUDIT_HIGH : AUDIT_MEDIUM, "engine-tcp",
		asks_nobody
			? xasprintf("%s listens on %s (TCP), which every user and container that "
				    "reaches it may use, and is root by it",
				    l->program, l->address)
			: xasprintf("%s listens on %s (TCP): where that is its API, whoever it "
				    "lets in is root",
				    l->program, l->address),
		"a unix socket instead; certificates (--tlsverify) where it can't be");
}

void audit_access_findings(const struct audit_access *access, struct audit_findings *ret)
{
	for (size_t i = 0; i < access->n_sockets; i++)
		check_socket(access, i, ret);
	for (size_t i = 0; i < access->n_listeners; i++)
		check_listener(&access->listeners[i], ret);
}
