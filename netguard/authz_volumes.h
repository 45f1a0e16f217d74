/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Volumes that containers which are just being created name. Pure.
 *
 * Into an empty volume the engine copies what the image has at the mount's place, as root, on the
 * host, and by paths: who can write to the volume meanwhile puts a link there, and has the image's
 * files written where it leads, into the host's /etc. So it copies into volumes only that nobody
 * else has: a create may name one that another container has with nocopy only (authz_mounts.c), and
 * while one that copies is under way, no other may name its volume. It is over when the engine
 * tells its answer; where it never does, since another plugin refused what we had allowed, the
 * volume stays refused until the engine or we are started anew. (One that the engine is at while we
 * are is not known to us.) Anonymous volumes get a name when nobody can have asked for them, and
 * none may be named later.
 */
#pragma once

#include "common/base.h"

#include <jansson.h>

struct authz_volumes {
	struct strv filled; /* copied into */
	struct strv shared; /* with nocopy */
};
void authz_volumes_done(struct authz_volumes *v);

/* Those of a create request's body, each once; of a body that will be refused, any. */
void authz_volumes_of(json_t *body, struct authz_volumes *ret);

/* What of them is in the way of the others, or NULL. */
const char *authz_volumes_conflict(const struct authz_volumes *under_way,
				   const struct authz_volumes *asked);
void authz_volumes_add(struct authz_volumes *under_way, const struct authz_volumes *asked);
void authz_volumes_remove(struct authz_volumes *under_way, const struct authz_volumes *asked);

/* Of an entry of HostConfig.Mounts. */
bool authz_mount_has_nocopy(json_t *mount);
