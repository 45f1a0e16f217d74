/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a container may be: as a create request asks for it, or as the engine describes one that is
 * there. Pure. All return 0, AUTHZ_NEED or -EPERM.
 */
#pragma once

#include "netguard/authz_fields.h"

/* POST /containers/create: the whole request. */
int authz_check_create(const struct authz_context *ctx);
/* POST /containers/ID/update */
int authz_check_update(const struct authz_context *ctx);
/* GET /containers/ID/top: authz_top.c */
int authz_check_top(const struct authz_context *ctx);

/*
 * A container that is there, by name or id: not one of podctl's, and none that the caller could
 * not have created. What does not exist is denied too: it may exist in a moment.
 */
int authz_check_container(const struct authz_context *ctx, const char *name);

/* Who a process would be: a number that is not 0, where rules do not allow root. whose: for the
 * message. */
int authz_check_user(const struct authz_context *ctx, const char *user, const char *whose);
/* name: the container's ("" not known yet), with both sorts of labels (NULL: none). */
int authz_check_labels(const struct authz_context *ctx, const char *name, json_t *labels,
		       json_t *image_labels);

/* Whether the engine would take this name for the beginning of an id, too. */
bool authz_could_be_id(const char *name);
/* The name of a container to be: none by which somebody else's would be called. */
int authz_check_own_name(const struct authz_context *ctx, const char *name);

/* A name, of a container or on a network, that would stand for a pod or for a part of one. */
int authz_check_name(const struct authz_context *ctx, const char *name);

/*
 * A name by which others on a network find the container, and get what is meant for whoever else
 * has it: a container's own, its host name, an alias. what: for the message. authz_network.c.
 */
int authz_check_dns_name(const struct authz_context *ctx, const char *what, const char *name);

/* authz_host.c: HostConfig, and what belongs to it. */
int authz_check_host_config(const struct authz_context *ctx, json_t *host);
/* fields that POST /containers/ID/update may bring */
int authz_check_resources(const struct authz_context *ctx, json_t *object);

/* authz_mounts.c: each value of HostConfig */
authz_check_fn authz_check_binds, authz_check_mounts, authz_check_tmpfs, authz_check_volumes;
/* a host path that is to be mounted; a named volume */
int authz_check_source(const struct authz_context *ctx, const char *source);
/* copies: the engine may copy into it what the image has there (authz_volumes.h) */
int authz_check_volume(const struct authz_context *ctx, const char *name, bool copies);

/* authz_nested.c: mounts of a container that was looked at; image: of its configuration, or NULL */
int authz_check_nested(const struct authz_context *ctx, json_t *config, json_t *image,
		       json_t *host);

/* authz_network.c */
authz_check_fn authz_check_ports, authz_check_networking;
/* HostConfig.NetworkMode; "": the engine's default */
int authz_check_network_mode(const struct authz_context *ctx, const char *mode);
int authz_check_network(const struct authz_context *ctx, const char *name);
int authz_check_endpoint(const struct authz_context *ctx, json_t *endpoint);
int authz_check_network_create(const struct authz_context *ctx);

bool authz_any_glob(const struct strv *globs, const char *text);
