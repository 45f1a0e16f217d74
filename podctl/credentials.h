/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Registry credentials as docker login keeps them: ~/.docker/config.json with auths, credHelpers
 * and credsStore. Decoding only: pure. Reading it and running helpers is credentials_load.c.
 *
 * What is in here is secret: no message ever has any of it but a registry's host and a helper's
 * name, and copies that are made of it are wiped.
 * Source: docker/cli, cli/config/configfile and credentials (20.10).
 */
#pragma once

#include "common/base.h"
#include "common/err.h"

#include <jansson.h>

#define CREDENTIALS_HELPER_MAX 64	   /* of a helper's name */
#define CREDENTIALS_SECRET_MAX (16 * 1024) /* of a user's name, password or token */

struct credentials {
	json_t *root; /* NULL: none */
};
void credentials_done(struct credentials *c);

/* 0, or -EINVAL: not JSON, or no object. */
int credentials_parse(const char *text, size_t size, struct credentials *ret, struct err *err);

/* What there is for one registry. */
struct credential {
	char *server;	/* what the engine and helpers call the registry */
	char *helper;	/* ask docker-credential-HELPER; or NULL, and then: */
	char *username; /* NULL: nothing there */
	char *password;
	char *identity_token;
};
void credential_done(struct credential *c);

/*
 * host: a registry's as in an image's full name ("docker.io", "127.0.0.1:5000"). 0 also where there
 * is nothing for it; -EINVAL where there is something that can't be understood.
 */
int credentials_find(const struct credentials *c, const char *host, struct credential *ret,
		     struct err *err);

/* [A-Za-z0-9_-], so that it can be part of a file's name. */
bool credentials_helper_valid(const char *name);

/* Takes a helper's answer into c: {"ServerURL", "Username", "Secret"}. 0 or -EINVAL. */
int credential_take_answer(struct credential *c, const char *text, size_t size, struct err *err);

/* Whether that is how helpers say that they have nothing for a registry. */
bool credentials_not_found(const char *text, size_t size);

/* X-Registry-Auth; NULL where c has nothing. Caller wipes and frees: credentials_wipe. */
char *credential_header(const struct credential *c);
void credentials_wipe(char *secret); /* accepts NULL */
