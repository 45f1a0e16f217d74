/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of create only. */
#pragma once

#include "podctl/create.h"

#define CREATE_MAC_MAX 18

/* The label podctl.config. Caller frees. */
char *create_config_root(const struct create *create);
char *create_config_container(const struct create *create, const struct pod_container *c);

/* What the container's image makes necessary, or NULL. Not a new reference. */
json_t *create_image_health(const struct create *create, const struct pod_container *c);

/* The restart policy of a root container. */
#define CREATE_ROOT_RESTART "unless-stopped" /* where no member wants another */
const char *create_root_restart(const struct pod *pod);

/* NetworkingConfig of a root container. New reference. */
json_t *create_networking(const char *name, const struct create_network *network, const char *mac);
