/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elements from text, and those of the example in nft/netguard.nft. */
#pragma once

#include "netguard/elements.h"

/*
 * Adds an element written as nft does, without quotes: "br-pods . 10.88.1.2", in interval sets of
 * one field "br-*", elsewhere with end "tcp . 443 . 192.0.2.255" or NULL. Fails the test where the
 * text is not of the set's types.
 */
void reference_add(struct elements *e, enum set_id set, const char *key, const char *end,
		   const char *comment, const char *object);
struct elements *reference_elements(void); /* normalized; caller frees */
