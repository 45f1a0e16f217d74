/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files that decode and check a pod; nobody else includes it. */
#pragma once

#include "podctl/pod.h"

#define POD_PATH_MAX 1024

/* A pod that failed to decode is checked too, so anything may be missing in it. */
struct checker {
	struct pod *pod;
	const struct settings *settings;
	struct problems *problems;
};

#define PROBLEM(ck, mark, path, ...) problems_add((ck)->problems, (mark), (path), __VA_ARGS__)

/* "containers.app.KEY"; names are the file's own text, so only what may be shown is. Caller frees.
 */
char *pod_problem_path(const struct pod_container *c, const char *key);

bool pod_has_control(const char *s);
/* Letters, digits and others, at least one of n. */
bool pod_word_valid(const char *s, size_t n, const char *others);

/* pod_limits.c */
extern const struct schema pod_limits_schema;
void pod_check_limits(struct checker *ck, struct pod_container *c);

/* pod_mounts.c: mounts and tmpfs; a path below mount_root/POD, made normal in place: NULL or what
 * is wrong with it */
void pod_check_mounts(struct checker *ck, struct pod_container *c);
const char *pod_normalize_source(char *source);

/* pod_names.c: environment, files for it, secrets, labels */
void pod_merge_common(struct pod *pod);
void pod_check_names(struct checker *ck, struct pod_container *c);
void pod_check_root_labels(struct checker *ck);

/* pod_size.c: what all that stands in lists of containers takes */
void pod_check_size(struct checker *ck);

/* pod_dns.c: the pod's name and host name, which is completed */
void pod_check_dns(struct checker *ck);

/* pod_order.c: depends_on */
void pod_check_order(struct checker *ck);

/* pod_decode.c: SCHEMA_CUSTOM */
typedef int pod_decode_fn(struct schema_context *ctx, const struct yaml_node *node, void *target,
			  const struct schema_field *field);
pod_decode_fn pod_decode_words;	       /* struct strv */
pod_decode_fn pod_decode_restart;      /* struct pod_restart */
pod_decode_fn pod_decode_publish;      /* pod.publish */
pod_decode_fn pod_decode_expose;       /* pod.expose */
pod_decode_fn pod_decode_seconds;      /* double */
pod_decode_fn pod_decode_signal;       /* char *: "SIGTERM" */
pod_decode_fn pod_decode_capabilities; /* struct strv; field->max 1: ALL is one */
pod_decode_fn pod_decode_tmpfs;	       /* container.tmpfs */
/* Digits and a point only, where strtod takes more; false unless that is from min to max. */
bool pod_parse_decimal(const char *text, double min, double max, double *ret);
