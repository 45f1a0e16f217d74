/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The libraries that the name service is made of, loaded while they can be: behind the filter no
 * memory becomes executable, and the C library loads a module only when it is asked for a name that
 * those before it don't have. Source: nsswitch.conf(5).
 */
#pragma once

#include "common/base.h"

/*
 * The modules that one line of nsswitch.conf names for a database ("passwd"), each once; none where
 * it is about another.
 */
void nss_modules_parse(const char *line, const char *database, struct strv *ret);

/* Those for users and groups, and of hosts where these are looked up, too. Asks none of them. */
void nss_modules_load(bool hosts);
