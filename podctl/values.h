/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a pod's environment_files and secrets say: values that stand in no argument, log, plan,
 * error or label.
 *
 * values_find and the struct are pure; values_load reads. The memory is wiped when it is freed.
 */
#pragma once

#include "common/err.h"
#include "podctl/pod.h"

#define VALUES_KEY_SIZE	 32 /* bytes */
#define VALUES_HASH_SIZE 65 /* 64 digits and the NUL */

struct values_item {
	const char *container; /* its name in the pod; points into the pod */
	const char *name;      /* of the variable or the secret; points into the pod */
	bool secret;	       /* false: of environment_files */
	char *data;	       /* a NUL stands behind it */
	size_t size;
};

struct values {
	/*
	 * The host's secret, /var/lib/podctl/key (made when missing, root's alone): what is hashed
	 * with it can't be guessed from its hash.
	 */
	uint8_t key[VALUES_KEY_SIZE];
	struct values_item *items;
	size_t n;
};

/*
 * Reads the key and every file that the pod names: the same walk below mount_root/POD as a mount's
 * source, never making anything; regular files only, at most 64 KiB, without NUL for the
 * environment; one newline at the end is taken away from those. err names pod keys and paths, never
 * contents.
 */
int values_load(const struct pod *pod, const struct settings *settings, struct values *ret,
		struct err *err);
void values_done(struct values *v);

/* NULL: no such value. Pure. */
const struct values_item *values_find(const struct values *v, const char *container, bool secret,
				      const char *name);

/*
 * Where a container's secrets lie on the host as files, on a tmpfs that only root can reach:
 * "/run/podctl/secrets/POD/ID", ID keyed from their contents, so that a change is another folder.
 * NULL where the container has none. Pure. Caller frees.
 */
char *values_secrets_path(const struct values *v, const struct pod *pod,
			  const struct pod_container *c);

/* Makes those folders and files (0444) for all containers of the pod. */
int values_deliver(const struct values *v, const struct pod *pod, struct err *err);

/* HMAC-SHA256 with the host's secret, in hexadecimal. Returns buf. Pure. */
char *values_hash(const struct values *v, const void *data, size_t size,
		  char buf[static VALUES_HASH_SIZE]);
