/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way to what lies below mount_root/POD.
 *
 * A container of the pod can write there while we work, so it can plant links and swap folders at
 * any moment. So each step of the walk is openat2 with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
 * RESOLVE_NO_MAGICLINKS from the descriptor of the step before, and what is used in the end is the
 * opened descriptor, never a path. The way to mount_root itself is root's alone.
 */
#pragma once

#include "common/err.h"
#include "common/settings.h"
#include "podctl/remap.h"

/*
 * Opens (O_PATH) the folder of mounts. Every folder on the way to it is root's, and nobody else may
 * write there (but in a folder with the sticky bit); there are no symbolic links.
 *
 * Containers may write below it, and whoever is root in one is so to the host's file system: what
 * it makes set-user-id there runs as root for any user who gets at it. So it must lie on a mount
 * without set-user-id files and devices, or behind (or be) a folder that is root's alone. -EPERM.
 */
int walk_mount_root(const char *path, int *ret, struct err *err);

/*
 * Opens (O_PATH) mount_root/POD. make: folders that are missing are made, 0755, and belong to the
 * containers' root; NULL: nothing is made, -ENOENT.
 */
int walk_pod_root(const struct settings *settings, const char *pod, struct remap *make, int *ret,
		  struct err *err);

/*
 * Opens (O_PATH) source, "a/b" or ".", below the folder root_fd. A folder or regular file; anything
 * else is refused. make: as above.
 */
int walk_source(int root_fd, const char *source, struct remap *make, int *ret, struct err *err);

/*
 * Opens path ("a/b", no "..") below a folder, over no link of any kind: -1 and errno, ELOOP or
 * EXDEV where there is one. With O_PATH | O_NOFOLLOW it may be a link itself.
 */
int walk_open(int folder, const char *path, int flags);

/* Whether what lies on a mount is no way to other rights: neither set-user-id files nor devices. */
bool walk_is_harmless(int fd);

/* Whether a folder (O_PATH will do) can be read and has nothing in it. */
bool walk_is_empty(int folder);
