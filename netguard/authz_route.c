/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of endpoints. What is not in it is refused: build, commit, import, load, copying into
 * and out of containers, plugins, swarm and all that a newer engine may have.
 *
 * Of a container's files not even a look at one (HEAD archive) can be allowed: the engine mounts
 * what the container mounts, from the host's side, at paths that a process in there can exchange
 * for links (CVE-2026-41568, CVE-2026-42306), and so makes root of whoever has both. Nor export,
 * for which it mounts and changes its root within a tree that such a process changes.
 * Source: moby, api/server/router; Docker Engine API v1.24 to v1.52.
 */
#include "netguard/authz_route.h"

#include <errno.h>

#define NONE  AUTHZ_TARGET_NONE
#define TOUCH AUTHZ_TARGET_TOUCH
#define USE   AUTHZ_TARGET_USE
#define EXEC  AUTHZ_TARGET_EXEC

/* GET, HEAD, DELETE: the engine reads no body, and never parameters from it */
#define PLAIN(id, method, path, target, query)                                                     \
	{                                                                                          \
		ENDPOINT_##id, method, path, target, AUTHZ_BODY_UNREAD, query                      \
	}
#define POST(id, path, target, query)                                                              \
	{                                                                                          \
		ENDPOINT_##id, "POST", path, target, AUTHZ_BODY_NONE, query                        \
	}
#define JSON(id, path, target, query)                                                              \
	{                                                                                          \
		ENDPOINT_##id, "POST", path, target, AUTHZ_BODY_JSON, query                        \
	}

static const struct authz_route routes[] = {
	PLAIN(PING, "GET", "/_ping", NONE, NULL),
	PLAIN(PING, "HEAD", "/_ping", NONE, NULL),
	PLAIN(VERSION, "GET", "/version", NONE, NULL),
	PLAIN(INFO, "GET", "/info", NONE, NULL),
	PLAIN(EVENTS, "GET", "/events", NONE, NULL),
	PLAIN(DISK_USAGE, "GET", "/system/df", NONE, NULL),
	{ENDPOINT_LOGIN, "POST", "/auth", NONE, AUTHZ_BODY_UNSEEN, ""},

	PLAIN(CONTAINER_LIST, "GET", "/containers/json", NONE, NULL),
	JSON(CONTAINER_CREATE, "/containers/create", NONE, "name,platform"),
	PLAIN(CONTAINER_INSPECT, "GET", "/containers/*/json", TOUCH, NULL),
	PLAIN(CONTAINER_TOP, "GET", "/containers/*/top", TOUCH, "ps_args"),
	PLAIN(CONTAINER_LOGS, "GET", "/containers/*/logs", TOUCH, NULL),
	PLAIN(CONTAINER_CHANGES, "GET", "/containers/*/changes", TOUCH, NULL),
	PLAIN(CONTAINER_STATS, "GET", "/containers/*/stats", TOUCH, NULL),
	POST(CONTAINER_RESIZE, "/containers/*/resize", TOUCH, "h,w"),
	/* not checkpoint: it says what the processes are */
	POST(CONTAINER_START, "/containers/*/start", USE, "detachKeys"),
	POST(CONTAINER_STOP, "/containers/*/stop", TOUCH, "t,signal"),
	POST(CONTAINER_RESTART, "/containers/*/restart", USE, "t,signal"),
	POST(CONTAINER_KILL, "/containers/*/kill", TOUCH, "signal"),
	POST(CONTAINER_PAUSE, "/containers/*/pause", TOUCH, ""),
	POST(CONTAINER_UNPAUSE, "/containers/*/unpause", TOUCH, ""),
	POST(CONTAINER_WAIT, "/containers/*/wait", TOUCH, "condition"),
	POST(CONTAINER_ATTACH, "/containers/*/attach", USE,
	     "detachKeys,logs,stream,stdin,stdout,stderr"),
	PLAIN(CONTAINER_REMOVE, "DELETE", "/containers/*", TOUCH, "v,force"),
	POST(CONTAINER_RENAME, "/containers/*/rename", USE, "name"),
	JSON(CONTAINER_UPDATE, "/containers/*/update", USE, ""),

	JSON(EXEC_CREATE, "/containers/*/exec", USE, ""),
	JSON(EXEC_START, "/exec/*/start", EXEC, ""),
	POST(EXEC_RESIZE, "/exec/*/resize", EXEC, "h,w"),
	PLAIN(EXEC_INSPECT, "GET", "/exec/*/json", EXEC, ""),

	PLAIN(IMAGE_LIST, "GET", "/images/json", NONE, NULL),
	PLAIN(IMAGE_SEARCH, "GET", "/images/search", NONE, NULL),
	PLAIN(IMAGE_EXPORT, "GET", "/images/get", NONE, NULL),
	PLAIN(IMAGE_EXPORT, "GET", "/images/*/get", NONE, NULL),
	PLAIN(IMAGE_HISTORY, "GET", "/images/*/history", NONE, NULL),
	PLAIN(IMAGE_INSPECT, "GET", "/images/*/json", NONE, NULL),
	/* not fromSrc, repo, changes: those import */
	POST(IMAGE_PULL, "/images/create", NONE, "fromImage,tag,platform"),
	POST(IMAGE_PUSH, "/images/*/push", NONE, "tag,platform"),
	POST(IMAGE_TAG, "/images/*/tag", NONE, "repo,tag"),
	PLAIN(IMAGE_REMOVE, "DELETE", "/images/*", NONE, "force,noprune,platforms"),
	PLAIN(IMAGE_DISTRIBUTION, "GET", "/distribution/*/json", NONE, ""),

	PLAIN(NETWORK_LIST, "GET", "/networks", NONE, NULL),
	PLAIN(NETWORK_INSPECT, "GET", "/networks/*", NONE, NULL),
	JSON(NETWORK_CREATE, "/networks/create", NONE, ""),
	JSON(NETWORK_CONNECT, "/networks/*/connect", NONE, ""),
	JSON(NETWORK_DISCONNECT, "/networks/*/disconnect", NONE, ""),
	PLAIN(NETWORK_REMOVE, "DELETE", "/networks/*", NONE, ""),

	PLAIN(VOLUME_LIST, "GET", "/volumes", NONE, NULL),
	PLAIN(VOLUME_INSPECT, "GET", "/volumes/*", NONE, NULL),
	JSON(VOLUME_CREATE, "/volumes/create", NONE, ""),
	PLAIN(VOLUME_REMOVE, "DELETE", "/volumes/*", NONE, "force"),
};

bool authz_name_valid(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	size_t n = strlen(name);

	return n > 0 && n <= 255 && !strchr("_.-", name[0]) && strspn(name, letters) == n;
}

/* "/images/" then a name with slashes, then "/json". The engine's router is as greedy. */
static char *match(const char *pattern, const char *path)
{
	const char *star = strchr(pattern, '*'), *after = star + 1;
	size_t n = strlen(path), before = (size_t)(star - pattern), behind = strlen(after);
	_cleanup_free_ char *name = NULL;

	if (n <= before + behind || strncmp(path, pattern, before) != 0 ||
	    !streq(path + n - behind, after))
		return NULL;
	name = xstrndup(path + before, n - before - behind);
	if (!startswith(pattern, "/images/") && !startswith(pattern, "/distribution/") &&
	    !authz_name_valid(name))
		return NULL;
	return take_ptr(name);
}

const struct authz_route *authz_route_find(const struct authz_request *r, char **ret_name)
{
	*ret_name = NULL;
	/* those without a star first: no name of anything may stand for them */
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!strchr(routes[i].path, '*') && streq(r->method, routes[i].method) &&
		    streq(r->path, routes[i].path))
			return &routes[i];
	}
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!strchr(routes[i].path, '*') || !streq(r->method, routes[i].method))
			continue;
		*ret_name = match(routes[i].path, r->path);
		if (*ret_name)
			return &routes[i];
	}
	return NULL;
}

int authz_route_check(const struct authz_route *route, const struct authz_request *r,
		      struct err *err)
{
	char printable[64];

	for (size_t i = 0; route->query && i < r->n_query; i++) {
		if (!text_list_has(route->query, r->query[i].key))
			return err_set(
				err, EPERM, "the parameter %s is not allowed here",
				text_printable(printable, sizeof(printable), r->query[i].key));
	}
	if (route->body == AUTHZ_BODY_JSON && !r->body)
		return err_set(err, EPERM,
			       "the body was not handed over by the engine: send JSON below 1 MiB, "
			       "with Content-Type: application/json and a Content-Length");
	if (route->body == AUTHZ_BODY_NONE &&
	    (r->body || !r->content_length || !streq(r->content_length, "0")))
		return err_set(err, EPERM, "a body has no meaning here: send Content-Length: 0");
	return 0;
}

/* What the daemon asks, with the parameters that it gives: by size=1, for one, an engine goes
 * through all files of all containers. */
static const struct {
	enum api_endpoint endpoint;
	const char *query;
} looks[] = {
	{ENDPOINT_PING, ""},
	{ENDPOINT_VERSION, ""},
	{ENDPOINT_EVENTS, "since,filters"},
	{ENDPOINT_CONTAINER_LIST, "all"},
	{ENDPOINT_CONTAINER_INSPECT, ""},
	{ENDPOINT_NETWORK_LIST, ""},
	{ENDPOINT_NETWORK_INSPECT, ""},
};

bool authz_route_only_looks(const struct authz_request *request)
{
	_cleanup_free_ char *name = NULL;
	const struct authz_route *route = authz_route_find(request, &name);
	const char *query = NULL;

	for (size_t i = 0; route && i < ARRAY_SIZE(looks); i++) {
		if (looks[i].endpoint == route->endpoint)
			query = looks[i].query;
	}
	for (size_t i = 0; query && i < request->n_query; i++) {
		if (!text_list_has(query, request->query[i].key))
			return false;
	}
	return query;
}
