/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Elements as lines of text, for tests to compare: "members4 br-pods . 10.88.1.2 \"web\"". */
#pragma once

#include "netguard/elements.h"

/* One line for each element and limit, sets in the table's order, keys in theirs. Caller frees. */
char *elements_text(const struct elements *e);
