/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration file under watch: settings and the people they name, as they are in force.
 *
 * Each step of its path is watched (path_watch), so an editor's rename counts, and a link on the
 * way that leads elsewhere now; where the kernel has no watch left, the file is looked at each
 * second. An invalid file never replaces a valid one: each problem is logged with its place, and
 * the old settings stay.
 */
#pragma once

#include "common/accounts.h"
#include "common/settings.h"
#include "netguard/loop.h"

struct config;

/*
 * Loads path (NULL: the usual one). -errno where it can't be used, and with closed instead the
 * defaults, which let nobody through but root: a daemon that starts with a broken file must not
 * leave the host open. config_problem says so.
 */
int config_new(const char *path, bool closed, struct config **ret, struct err *err);
/*
 * The same in two steps: the first look at who the people are takes as long as a name service
 * likes, and until it is asked there are none. Without the second step nobody asks, ever.
 */
int config_read(const char *path, bool closed, struct config **ret, struct err *err);
void config_look_up(struct config *c);
void config_free(struct config *c);
DEFINE_CLEANUP(struct config, config_free);

const struct settings *config_settings(const struct config *c);
const struct people *config_people(const struct config *c);
/* Why people are not as they are now (the name service does not answer), or NULL. */
const char *config_names_problem(const struct config *c);
/* As names_asking. */
bool config_asking(const struct config *c);
const char *config_path(const struct config *c);
/*
 * Why the file on disk is not what is in force: the first error with its place, "FILE:LINE:COLUMN:
 * ...". NULL: it is. Who is missing: in people.
 */
const char *config_problem(const struct config *c);

/* Whether the defaults are in force, because there has been no valid file yet. */
bool config_closed(const struct config *c);

/*
 * changed(userdata, settings): called from the loop when something other is in force; settings
 * says whether the file changed, or only who the people are (looked up again each minute).
 * The name service is asked beside the loop: who it has not told of when a change is in force is
 * denied, and comes with a later call.
 */
typedef void config_changed_fn(void *userdata, bool settings);
int config_watch(struct config *c, struct loop *l, config_changed_fn *changed, void *userdata,
		 struct err *err);

/*
 * Reads the file again now, and waits a moment for who is new in it. -errno and err where it can't
 * be used; the old one stays.
 */
int config_reload(struct config *c, struct err *err);
