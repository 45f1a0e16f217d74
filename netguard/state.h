/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /var/lib/netguard/state.json: the members as they were last known, so that the table can be made
 * before the engine answers. Of another boot (the kernel's boot id is in it) only the ports are
 * believed: after a reboot nothing runs, and an address may go to another container, but the engine
 * opens the same ports, and tells of them when it has done so.
 */
#pragma once

#include "netguard/model.h"

#include <stdio.h>

#define STATE_DIR  "/var/lib/netguard"
#define STATE_FILE "state.json"

/*
 * Writing a new file beside the old one, which stays until the new one is whole. dir: STATE_DIR,
 * made if absent. No sync: see there.
 */
struct state_saving;
int state_save_begin(const char *dir, struct state_saving **ret, struct err *err);
/*
 * Writes at most n members more. 1: there are others left; 0: all are written and the file is in
 * place; -errno. The model may change between two calls, which the next file will have. To be freed
 * in each case.
 */
int state_save_some(struct state_saving *s, const struct model *m, size_t n, struct err *err);
void state_saving_free(struct state_saving *s); /* gives up what is not in place */
DEFINE_CLEANUP(struct state_saving, state_saving_free);
/* All of it at once. */
int state_save(const char *dir, const struct model *m, struct err *err);

/* -ENOENT: there is none; otherwise as state_read. */
int state_load(const char *dir, struct model **ret, struct err *err);
/*
 * 0; 1: of another boot, so that nothing in it runs or has an address.
 * -EINVAL where anything in it is wrong, or it is cut: it is taken whole or not at all.
 */
int state_read(FILE *f, const char *boot_id, struct model **ret, struct err *err);
