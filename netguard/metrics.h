/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's status as metrics, in Prometheus' text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4). Pure.
 */
#pragma once

#include "common/base.h"

#include <jansson.h>
#include <stdio.h>

/* status: what `netguard status --json` prints; what is not in it gives no sample. The
 * daemon's texts are made printable. */
void metrics_print(const json_t *status, FILE *out);
