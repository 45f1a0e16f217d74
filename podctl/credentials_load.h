/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The caller's registry credentials: ~/.docker/config.json read, and credential helpers run, with
 * the caller's rights and none of root's.
 */
#pragma once

#include "podctl/caller.h"
#include "podctl/credentials.h"

#define CREDENTIALS_FILE	".docker/config.json"
#define CREDENTIALS_HELPER_MS	10000
#define CREDENTIALS_HELPER_SIZE ((size_t)64 * 1024)

/* The caller's file; 0 with none where there is no such file. err never shows what is in it. */
int credentials_load(const struct caller *caller, struct credentials *ret, struct err *err);

/*
 * What there is for a registry's host, the helper asked where there is one. 0: also nothing;
 * -errno: err says why not.
 */
int credentials_get(const struct caller *caller, const struct credentials *c, const char *host,
		    struct credential *ret, struct err *err);
