/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Objects of the engine's API, held against tables of what may stand in them. Pure.
 *
 * Keys are compared without regard to the case of ASCII letters, as Go does; the two other letters
 * that Go folds into ASCII (the Kelvin sign, the long s) make a key unknown, so denied. A key that
 * stands twice in different case is denied. null is as good as no key: it changes nothing in Go.
 */
#pragma once

#include "common/err.h"
#include "common/settings.h"
#include "netguard/authz_facts.h"
#include "netguard/authz_request.h"

#define AUTHZ_NEED 1 /* ctx->need says which fact is wanted */

struct authz_context {
	const struct settings *settings;
	const struct settings_engine_rules *rules;
	const struct authz_request *request;
	const struct authz_facts *facts;
	struct authz_need *need;
	/*
	 * What is looked at is there already, as the engine describes it: fields that are not known
	 * may be empty, and some hold the engine's own defaults.
	 */
	bool existing;
	bool touch; /* what it mounts is not looked at on the host */
	struct err *err;
};

enum authz_kind {
	AUTHZ_EMPTY, /* false, 0, "", [], {}: anything else is denied, with .why */
	AUTHZ_BOOL,
	AUTHZ_INT, /* min..max; max 0: any */
	AUTHZ_STRING,
	AUTHZ_STRINGS,
	AUTHZ_WORDS,	/* a string or strings */
	AUTHZ_TEXT_MAP, /* an object of strings */
	AUTHZ_ANY,	/* means nothing to the host */
	AUTHZ_CHECK,	/* .check says */
};

/* 0, AUTHZ_NEED or -EPERM. */
typedef int authz_check_fn(const struct authz_context *ctx, json_t *value);

struct authz_field {
	const char *key;
	enum authz_kind kind;
	const char *why;
	authz_check_fn *check;
	int64_t min, max;
	bool asked_only; /* not looked at in what exists already */
};

/* what: "HostConfig", for messages. fields: ended by a zeroed entry. */
int authz_fields_check(const struct authz_context *ctx, json_t *object, const char *what,
		       const struct authz_field *fields);
/* A field of an object that has passed, or NULL; null counts as absent. */
json_t *authz_field_get(json_t *object, const char *key);
/* The same as a string; "" where absent. */
const char *authz_field_text(json_t *object, const char *key);

bool authz_is_empty(const json_t *value);
int authz_deny(const struct authz_context *ctx, const char *fmt, ...) _printf_(2, 3);

/* *ret: the fact, or AUTHZ_NEED. -EPERM where it could not be told. Never one with another error
 * than -ENOENT. */
int authz_fact_get(const struct authz_context *ctx, enum authz_fact_kind kind, const char *name,
		   const struct authz_fact **ret);
