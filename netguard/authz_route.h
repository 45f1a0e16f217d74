/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which endpoint of the engine's API a request is for. Pure. */
#pragma once

#include "common/settings_engine.h"
#include "netguard/authz_request.h"

/* What of a request's body there must be. */
enum authz_body {
	AUTHZ_BODY_UNREAD, /* a method for which the engine reads none */
	AUTHZ_BODY_NONE,   /* there must be none: it could bring parameters with it */
	AUTHZ_BODY_JSON,
	AUTHZ_BODY_UNSEEN, /* never handed over (/auth), and harmless */
};

/* What is looked at beside the request. */
enum authz_target {
	AUTHZ_TARGET_NONE,
	AUTHZ_TARGET_TOUCH, /* a container that the caller could have created */
	AUTHZ_TARGET_USE,   /* the same, with what it mounts as it is now */
	AUTHZ_TARGET_EXEC,  /* an exec in such a container */
};

struct authz_route {
	enum api_endpoint endpoint;
	const char *method, *path; /* with one star for a name */
	enum authz_target target;
	enum authz_body body;
	const char *query; /* parameters that may be given, with commas; NULL: any */
};

/* NULL: not an endpoint that is known. *ret_name: what stands for the star, or NULL; to be freed.
 */
const struct authz_route *authz_route_find(const struct authz_request *r, char **ret_name);

/* -EPERM where body or parameters are not what the route takes. */
int authz_route_check(const struct authz_route *route, const struct authz_request *r,
		      struct err *err);

/* Whether a request (that was read) asks only what the daemon has to know: events, containers and
 * their networks, by the parameters that it gives. */
bool authz_route_only_looks(const struct authz_request *r);

/* A name of a container, exec, network or volume, or an id: [A-Za-z0-9][A-Za-z0-9_.-]* */
bool authz_name_valid(const char *name);
