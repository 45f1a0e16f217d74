/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a process that runs with root's rights puts right first, whoever started it. */
#pragma once

/*
 * Whatever the caller left us: closed standard descriptors, a mask, ignored or blocked signals. And
 * nobody gets a core of us.
 */
void settle(void);
