/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making and ending a jail, step by step. Each step can be done again; where one of add fails,
 * those before it are undone. The record is written before anything of the system is changed and
 * taken away last, so that what was cut short is known, and add or rm finish it.
 */
#pragma once

#include "engine/engine.h"
#include "podctl/jail.h"
#include "podctl/ui.h"

struct jail_change {
	const struct settings *settings;
	const struct ui *ui;
	struct engine *engine; /* of add */
	const char *image;     /* of the first pod file */
	bool force;	       /* also a user with a uid below 1000 */
	bool purge;	       /* rm: the pod file too */
};

/* Failures are told to ui as well. The caller has the lock. */
int jail_add(const struct jail_change *c, const char *user, struct err *err);
int jail_rm(const struct jail_change *c, const char *user, struct err *err);
