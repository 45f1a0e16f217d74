/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mount sources of a pod: found or made below mount_root/POD, and pinned.
 *
 * A container of the pod can write there while we work, so it can plant links and swap folders at
 * any moment. So each step of the walk is openat2 with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
 * RESOLVE_NO_MAGICLINKS from the descriptor of the step before, and what is opened in the end is
 * itself bind-mounted at /run/podctl/mounts/POD/ID (pod_pin_path): that path, which only root can
 * change, is what the engine gets. ID follows from the source, so a mount has the same path at
 * every apply. Needs a mount namespace that the engine sees.
 */
#pragma once

#include "common/err.h"
#include "podctl/pod.h"

/*
 * Whether containers may write below mount_root, path, open as fd. Whoever is root in a container
 * is so to the host's file system: what it makes set-user-id there runs as root for any user who
 * gets at it. So 0 only where the folder lies on a mount without set-user-id files and devices, or
 * behind a folder that is root's alone; else -EPERM.
 */
int mounts_check_root(const char *path, int fd, struct err *err);

/* Makes sure that every source of the pod is there and pinned as it is now. */
int mounts_pin(const struct pod *pod, const struct settings *settings, struct err *err);

/* Takes away the pins that no mount of the pod has. keep NULL: all of them, and the folder. */
int mounts_unpin(const char *pod, const struct pod *keep, struct err *err);

/*
 * The walk alone: opens (O_PATH) source, "a/b" or ".", below the folder root_fd, making missing
 * folders (0755). A folder or regular file; anything else is refused.
 */
int mounts_walk(int root_fd, const char *source, int *ret, struct err *err);
