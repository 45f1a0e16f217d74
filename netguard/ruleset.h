/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The fixed part of the tables: sets, counters, chains and rules, as data. They never change while
 * the daemon runs; nft/netguard.nft is the reference that tests compare with.
 */
#pragma once

#include "netguard/elements.h"
#include "nft/nft.h"

#include <stdio.h>

#define RULESET_TABLE "netguard"

/*
 * What is for a container on the same bridge goes to this MAC instead, which guarded bridges know
 * as the host's (bridges.h).
 */
#define RULESET_HOST_MAC "02:6e:67:00:00:01"

/* inet, where everything is decided, and bridge, which keeps containers to their own addresses. */
#define RULESET_N_TABLES 2
extern const struct nft_table ruleset_tables[RULESET_N_TABLES];
const struct nft_set *ruleset_set(enum set_id set);
const struct nft_table *ruleset_set_table(enum set_id set);

/* Name of a set in the table ("members4"), and whether it is in table bridge netguard. */
const char *ruleset_set_name(enum set_id set);
bool ruleset_set_in_bridge(enum set_id set);

/* Both tables as nft text, with these elements (normalized), loadable by nft -f. */
void ruleset_print(const struct elements *e, FILE *out);
