/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The time that no one sets, CLOCK_MONOTONIC, and the one of day. Not for what is pure. */
#pragma once

#include <stdint.h>

int64_t clock_ns(void);
int64_t clock_ms(void);
int64_t clock_real_ms(void); /* since 1970 */
