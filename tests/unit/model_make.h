/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models from short lines, for tests. */
#pragma once

#include "netguard/model.h"

/*
 * "NAME POD [BRIDGE,IP4,IP6]... [HOSTIP|HOSTPORT|PORT/PROTO]...": a running container, its id is
 * its name. POD "-": none; IP "-": none; HOSTIP "": any.
 */
struct model *model_make(const char *const *lines);

struct settings *settings_make(const char *yaml);

/* Users by these names get uids: root 0, traefik 1001, bob 1234, carol 1235; others are missing. */
void people_make(const struct settings *s, struct people *ret);
