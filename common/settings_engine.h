/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine_policy of the configuration: what whoever has the engine's socket may ask of it. Decides
 * for `netguard authz`; nothing else reads it.
 */
#pragma once

#include "common/addr.h"
#include "common/schema.h"

/* What the engine's API can be asked, as engine_policy.endpoints names it. */
#define ENGINE_ENDPOINTS(X)                                                                        \
	/* name, allowed by default */                                                             \
	X(PING, "ping", true)                                                                      \
	X(VERSION, "version", true)                                                                \
	X(INFO, "info", true)                                                                      \
	X(EVENTS, "events", true)                                                                  \
	X(DISK_USAGE, "disk-usage", true)                                                          \
	X(LOGIN, "login", true)                                                                    \
	X(CONTAINER_LIST, "container-list", true)                                                  \
	X(CONTAINER_CREATE, "container-create", true)                                              \
	X(CONTAINER_INSPECT, "container-inspect", true)                                            \
	X(CONTAINER_TOP, "container-top", true)                                                    \
	X(CONTAINER_LOGS, "container-logs", true)                                                  \
	/* may tell names of the host's files: the engine follows what a process exchanges */      \
	X(CONTAINER_CHANGES, "container-changes", false)                                           \
	X(CONTAINER_STATS, "container-stats", true)                                                \
	X(CONTAINER_RESIZE, "container-resize", true)                                              \
	X(CONTAINER_START, "container-start", true)                                                \
	X(CONTAINER_STOP, "container-stop", true)                                                  \
	X(CONTAINER_RESTART, "container-restart", true)                                            \
	X(CONTAINER_KILL, "container-kill", true)                                                  \
	X(CONTAINER_PAUSE, "container-pause", true)                                                \
	X(CONTAINER_UNPAUSE, "container-unpause", true)                                            \
	X(CONTAINER_WAIT, "container-wait", true)                                                  \
	X(CONTAINER_ATTACH, "container-attach", true)                                              \
	X(CONTAINER_REMOVE, "container-remove", true)                                              \
	X(CONTAINER_RENAME, "container-rename", false)                                             \
	X(CONTAINER_UPDATE, "container-update", false)                                             \
	X(EXEC_CREATE, "exec-create", true)                                                        \
	X(EXEC_START, "exec-start", true)                                                          \
	X(EXEC_RESIZE, "exec-resize", true)                                                        \
	X(EXEC_INSPECT, "exec-inspect", true)                                                      \
	X(IMAGE_LIST, "image-list", true)                                                          \
	X(IMAGE_INSPECT, "image-inspect", true)                                                    \
	X(IMAGE_HISTORY, "image-history", true)                                                    \
	X(IMAGE_SEARCH, "image-search", true)                                                      \
	X(IMAGE_PULL, "image-pull", true)                                                          \
	X(IMAGE_PUSH, "image-push", false)                                                         \
	X(IMAGE_TAG, "image-tag", false)                                                           \
	X(IMAGE_REMOVE, "image-remove", false)                                                     \
	X(IMAGE_EXPORT, "image-export", false)                                                     \
	X(IMAGE_DISTRIBUTION, "image-distribution", true)                                          \
	X(NETWORK_LIST, "network-list", true)                                                      \
	X(NETWORK_INSPECT, "network-inspect", true)                                                \
	X(NETWORK_CREATE, "network-create", false)                                                 \
	X(NETWORK_REMOVE, "network-remove", false)                                                 \
	X(NETWORK_CONNECT, "network-connect", false)                                               \
	X(NETWORK_DISCONNECT, "network-disconnect", false)                                         \
	X(VOLUME_LIST, "volume-list", true)                                                        \
	X(VOLUME_INSPECT, "volume-inspect", true)                                                  \
	X(VOLUME_CREATE, "volume-create", true)                                                    \
	X(VOLUME_REMOVE, "volume-remove", false)

enum api_endpoint {
#define X(id, name, allowed) ENDPOINT_##id,
	ENGINE_ENDPOINTS(X)
#undef X
		ENDPOINT_MAX
};
_Static_assert(ENDPOINT_MAX <= 64, "a set of endpoints is a uint64_t");

const char *api_endpoint_name(enum api_endpoint endpoint);
#define ENDPOINT_BIT(endpoint) ((uint64_t)1 << (endpoint))

/* Sorted by protocol and first port, no two overlapping. */
struct settings_ports {
	struct ports *items;
	size_t n;
};

/* What one caller may do. All zero but endpoints: as closed as it gets. */
struct settings_engine_rules {
	uint64_t endpoints; /* ENDPOINT_BIT() */
	bool endpoints_given;
	bool allow_root;	   /* root in containers */
	bool allow_new_privileges; /* containers without no-new-privileges */
	struct strv capabilities;  /* that may be added */
	struct strv bind_roots;	   /* absolute, normalised, not / */
	struct strv images;	   /* globs */
	bool images_given;
	struct strv networks; /* globs */
	bool networks_given;
	struct strv runtimes;	       /* beside the engine's default */
	struct settings_ports publish; /* host ports */
	struct strv pods;	       /* pods of the configuration that its containers may be */
};

struct settings_engine_client {
	struct schema_entry entry; /* key: common name of the client's certificate */
	struct settings_engine_rules rules;
};

struct settings_engine {
	struct settings_engine_rules rules; /* for everybody else */
	struct strv exempt;		    /* common names that may do anything */
	struct schema_array clients;	    /* struct settings_engine_client */
};

extern const struct schema settings_engine_schema;
void settings_engine_fill_in(struct settings_engine *e); /* defaults of what was not given */
void settings_engine_done(struct settings_engine *e);

/* The rules for a client's common name; NULL: one without. */
const struct settings_engine_rules *settings_engine_rules_of(const struct settings_engine *e,
							     const char *client);
/* Whether any caller's containers may be root, also by a set-user-id program. */
bool settings_engine_any_root(const struct settings_engine *e);

/* An absolute path without empty, . or .. components, and without a slash at its end. */
bool path_is_normal(const char *path);
