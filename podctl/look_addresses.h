/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose addresses a new pod would have. They follow from its name, of which somebody may try as
 * many as it takes to find one with another pod's: a bridge hands what is for that MAC to who spoke
 * last, and where the IPv6 address is taken the other pod does not start.
 */
#pragma once

#include "engine/engine.h"
#include "podctl/create.h"

/* -EEXIST names a pod, of those that are there or of the configuration, that has one of them. */
int look_addresses(struct engine *e, const char *pod, const struct settings *settings,
		   const struct create_network *network, struct err *err);
