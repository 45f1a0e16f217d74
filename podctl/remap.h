/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who root of a container is on the host: with dockerd --userns-remap another user, to whom the
 * folders that we make must belong.
 *
 * What the engine says is asked only where something depends on it (GET /info takes it a while),
 * and once. It tells by the name of its data folder, "/var/lib/docker/100000.100000": /etc/subuid
 * would need the name of the user that the engine was given, and the folder's owner is root in
 * newer engines.
 */
#pragma once

#include "engine/engine.h"

/* Uids and gids that a remapped container has; the mapping's length is not told. */
#define REMAP_RANGE 65536

struct remap {
	struct engine *engine; /* may be NULL where known */
	bool known;
	uid_t uid; /* of the containers' root; 0: not remapped */
	gid_t gid;
};

/* Fills uid and gid. -errno: the engine can't be asked, or says what we do not understand. */
int remap_ask(struct remap *r, struct err *err);

/* Pure: from the reply to GET /info. */
int remap_parse(json_t *info, uid_t *ret_uid, gid_t *ret_gid, struct err *err);
