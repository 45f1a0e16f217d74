/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fake engine with many running containers, as long and as full of words as real ones. */
#pragma once

#include "tests/unit/fake_engine.h"

/* A bridge has room for 1,023 ports. */
#define CROWD_PER_NETWORK 1000

/*
 * n containers, two to a compose project, CROWD_PER_NETWORK to a network; of network i the bridge
 * is br-crowdI. To be freed with fake_engine_free.
 */
struct fake_engine *fake_crowd_new(unsigned n);
void fake_crowd_id(unsigned i, char ret[static 65]);
void fake_crowd_network_id(unsigned i, char ret[static 65]);
/* The address of container i: 10.X.Y.Z */
void fake_crowd_ip(unsigned i, char ret[static 16]);
