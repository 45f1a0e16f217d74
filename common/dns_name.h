/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names by which containers of a network of their own find each other: the engine answers for a
 * container's name, its host name and its aliases, to all that are on the network, before it asks
 * anybody else, and takes letters of either case for the same. Pure.
 */
#pragma once

#include "common/base.h"

#define DNS_NAME_MAX 63

/* Letters, digits and -, in parts between dots that neither begin nor end with -; at most 63. */
bool dns_name_valid(const char *name);

/* Whether one answers for the other. */
bool dns_name_same(const char *a, const char *b);

/* Whether a host name is POD or POD-..., with each _ of the pod's name as -. */
bool dns_name_of_pod(const char *name, const char *pod);
