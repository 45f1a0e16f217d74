/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of settings only: the decoders that its tables name. */
#pragma once

#include "common/settings.h"

typedef int settings_decode_fn(struct schema_context *ctx, const struct yaml_node *node,
			       void *target, const struct schema_field *field);

/* settings_ports.c; target: the whole struct where the value goes to several of its members */
settings_decode_fn settings_decode_whitelist;  /* struct settings */
settings_decode_fn settings_decode_ports;      /* struct settings_ports; field->max: of an entry */
settings_decode_fn settings_decode_connect_to; /* struct settings_pod */
settings_decode_fn settings_decode_egress;     /* struct settings_pod */

/* settings_values.c */
settings_decode_fn settings_decode_rate;	 /* struct settings_rate */
settings_decode_fn settings_decode_capabilities; /* struct strv */
settings_decode_fn settings_decode_size;	 /* int64_t */
settings_decode_fn settings_decode_cpus;	 /* double */

/* settings_scan.c: scan: ... and what it holds */
extern const struct schema settings_scan_schema; /* struct settings_scan */
void settings_scan_done(struct settings_scan *scan);

/* true for the word yes, false for no; -EINVAL and a report for anything else. */
int settings_decode_choice(struct schema_context *ctx, const struct yaml_node *node,
			   const char *yes, const char *no, bool *ret);

void settings_grant_done(struct settings_grant *g);
void settings_add_default_capabilities(struct strv *v);
