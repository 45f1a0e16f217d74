/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published ports in the three shapes that the engine has for them. For containers.c only. Pure. */
#pragma once

#include "engine/engine.h"

/*
 * Adds what is published to c->ports. A map of "80/tcp" to null or [{HostIp, HostPort}]: inspect's
 * NetworkSettings.Ports (concrete: each host port is one number) or HostConfig.PortBindings.
 */
int ports_from_map(json_t *map, bool concrete, struct engine_container *c, struct err *err);

/* List's Ports: [{IP, PrivatePort, PublicPort, Type}]. */
int ports_from_list(json_t *list, struct engine_container *c, struct err *err);
