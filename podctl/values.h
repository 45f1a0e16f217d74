/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a pod's environment_files and secrets say: values that stand in no argument, log, plan,
 * error or label.
 *
 * The files lie below mount_root/POD, and all that lies there is the pod's: its containers may
 * mount any of it. So a file is read where the pod could read it itself, as one of the users that
 * its containers may be, and not otherwise. The memory is wiped when it is freed.
 *
 * values.c is pure; values_load.c reads; values_deliver.c writes secrets where containers find
 * them.
 */
#pragma once

#include "common/err.h"
#include "podctl/pod.h"

struct remap;

#define VALUES_KEY_SIZE	 32 /* bytes */
#define VALUES_HASH_SIZE 65 /* 64 digits and the NUL */
#define VALUES_FILE_MAX	 ((size_t)64 * 1024)
/* of a pod */
#define VALUES_MAX	 1000
#define VALUES_TOTAL_MAX ((size_t)1024 * 1024)
/* Of a pod, where applies that failed left some: what its secrets may take on the tmpfs. */
#define VALUES_HELD_MAX	 ((size_t)4 * 1024 * 1024)

#define VALUES_SECRETS_FOLDER "/run/podctl/secrets"

struct values_item {
	const char *container; /* its name in the pod; points into the pod */
	const char *name;      /* of the variable or the secret; points into the pod */
	const char *source;    /* the file; points into the pod */
	bool secret;	       /* false: of environment_files */
	char *data;	       /* a NUL stands behind it */
	size_t size;
	/* the file's */
	uid_t uid;
	gid_t gid;
	mode_t mode;
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
 * source, never making anything; regular files only, at most VALUES_FILE_MAX. Of those for the
 * environment one newline at the end is taken away, and they are UTF-8 without NUL. err names pod
 * keys and paths, never contents.
 */
int values_load(const struct pod *pod, const struct settings *settings, struct values *ret,
		struct err *err);
void values_done(struct values *v);

/*
 * One secret's file, as values_load reads it; *ret is wiped by the caller. root_fd: the pod's.
 * remap: who the containers are, without asking an engine; unknown: the file must be readable for
 * everybody.
 */
int values_read_secret(int root_fd, const char *source, const struct settings *settings,
		       const struct remap *remap, char **ret, size_t *ret_size, struct err *err);

/*
 * -EACCES where a file is not readable for any user that the containers can be with
 * --userns-remap. Asks the engine only where a file is not readable for everybody.
 */
int values_check_remap(const struct values *v, struct remap *remap, struct err *err);

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

/* A file of a folder of secrets. data is borrowed. */
struct values_file {
	const char *name;
	const char *data;
	size_t size;
};

/* One folder of a pod, made what files say; what else is in it goes. */
int values_deliver_folder(const char *pod, const char *id, const struct values_file *files,
			  size_t n, struct err *err);

/* Removes the pod's other folders. keep: their ids; NULL: all of them go, and the pod's own. */
int values_remove_folders(const char *pod, const struct strv *keep, struct err *err);

/* The name of a folder of secrets, as values_secrets_path makes it; of a secret. Pure. */
bool values_id_valid(const char *id);
bool values_name_valid(const char *name);

/* HMAC-SHA256 with the host's secret, in hexadecimal. Returns buf. Pure. */
char *values_hash(const struct values *v, const void *data, size_t size,
		  char buf[static VALUES_HASH_SIZE]);
