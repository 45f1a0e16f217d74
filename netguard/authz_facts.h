/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a decision has to know beside the request: asked for one at a time (authz_decide.h), so that
 * deciding itself asks nobody. Pure.
 */
#pragma once

#include "common/base.h"

#include <jansson.h>

enum authz_fact_kind {
	AUTHZ_FACT_CONTAINER, /* GET /containers/NAME/json */
	AUTHZ_FACT_PREFIX,    /* containers whose ids begin with NAME: authz_ids_beginning */
	AUTHZ_FACT_EXEC,      /* GET /exec/NAME/json */
	AUTHZ_FACT_IMAGE,     /* GET /images/NAME/json */
	AUTHZ_FACT_VOLUME,    /* GET /volumes/NAME */
	AUTHZ_FACT_USERS,     /* containers that mount the volume NAME, as an array */
	AUTHZ_FACT_NETWORK,   /* GET /networks/NAME */
	AUTHZ_FACT_POD,	      /* containers that podctl made for the pod NAME, as an array */
	AUTHZ_FACT_ROOTS,  /* root containers of podctl's pods, as an array; NAME means nothing */
	AUTHZ_FACT_PATH,   /* whether users could put a link into the path NAME; no json */
	AUTHZ_FACT_CLOSED, /* the same, and whether what root makes in it could serve them */
};

/* No request has to know more than this: of mounts and networks there are only so many. */
#define AUTHZ_FACTS_MAX 64

struct authz_fact {
	enum authz_fact_kind kind;
	char *name;
	int result;   /* 0, -ENOENT: there is none; another -errno: could not be told, or is bad */
	json_t *json; /* what the engine says; owned */
	char *why;    /* for result < 0 */
};

struct authz_facts {
	struct authz_fact *items;
	size_t n;
};
void authz_facts_done(struct authz_facts *f);

/*
 * Of a list of containers (GET /containers/json) the ids that begin so, as [{"Id": ID}], with {}
 * for what has none; of what is no list, itself. A new reference.
 */
json_t *authz_ids_beginning(json_t *list, const char *beginning);

/* What a decision lacks. name: owned. */
struct authz_need {
	enum authz_fact_kind kind;
	char *name;
};
