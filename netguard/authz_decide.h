/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a request to the engine is allowed. Pure: no I/O, no clock, no globals.
 *
 * Theory of operation. authz_decide is called again with each fact that it asked for, and begins
 * again each time; that costs microseconds. What is not known is denied: endpoints, parameters,
 * fields, types, what the engine did not hand over, what could not be looked at.
 *
 * Two things close the time between looking and doing. A path of the host is allowed only where
 * nobody but root could change what it leads to. And what a container has become is looked at
 * again when it is started or used, so that an image that changed its tag while a container was
 * being created gives at most a container that can't be started.
 */
#pragma once

#include "netguard/authz_fields.h"

/*
 * 0: allowed. AUTHZ_NEED: *need is wanted (its name is the caller's to free). -EPERM: denied, err
 * says why, printable. request has been read (authz_request_read).
 */
int authz_decide(const struct settings *settings, const struct authz_request *request,
		 const struct authz_facts *facts, struct authz_need *need, struct err *err);

/* Whether the caller is one that may do anything: token is the one that only root knows. */
bool authz_is_exempt(const struct settings *settings, const struct authz_request *request,
		     const char *token);
/* Whether a request only looks (authz_route_only_looks), and has the token that the daemon's group
 * may read. */
bool authz_is_look(const struct authz_request *request, const char *token);

/* "netguard denied": who asked for what, for the log, printable. Returns buf. */
#define AUTHZ_DESCRIBE_MAX 400
char *authz_describe(const struct authz_request *request, char buf[static AUTHZ_DESCRIBE_MAX]);
