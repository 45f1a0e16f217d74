/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /var/lib/netguard/state.json: the members as they were last known, so that the table can be made
 * before the engine answers. Believed only for this boot (the kernel's boot id is in it): after a
 * reboot nothing runs, and an address may go to another container.
 */
#pragma once

#include "netguard/model.h"

#include <jansson.h>

#define STATE_DIR  "/var/lib/netguard"
#define STATE_FILE "state.json"

/* Pure. decode: -EINVAL where a type is wrong; a member is taken whole or the file is refused. */
json_t *state_encode(const struct model *m, const char *boot_id);
int state_decode(json_t *root, const char *boot_id, struct model **ret, struct err *err);

/* Writes a new file beside the old one, syncs it and renames it. dir: STATE_DIR, made if absent. */
int state_save(const char *dir, const struct model *m, struct err *err);
/* -ENOENT: there is none; -ESTALE: of another boot; otherwise as state_decode. */
int state_load(const char *dir, struct model **ret, struct err *err);
