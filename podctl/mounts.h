/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mount sources of a pod, pinned: what the walk (walk.h) opened is itself bind-mounted at
 * /run/podctl/mounts/POD/ID (pod_pin_path). That path, which only root can change, is what the
 * engine gets. ID follows from the source, so a mount has the same path at every apply.
 *
 * A pin has neither set-user-id files nor devices. It is a slave of where it came from: what the
 * host mounts or unmounts below shows in it, and taking the pin away takes nothing away there.
 * Needs a mount namespace that the engine sees.
 */
#pragma once

#include "common/err.h"
#include "podctl/pod.h"
#include "podctl/walk.h"

/* The sources of all mounts of the pod, each once. */
void mounts_sources(const struct pod *pod, struct strv *ret);

/* Makes sure that every source is there and pinned as it is now. make: see walk.h. */
int mounts_pin(const char *pod, const struct strv *sources, const struct settings *settings,
	       struct remap *make, struct err *err);

/* Takes away the pins of other sources. keep NULL: all of them, and the folder. */
int mounts_unpin(const char *pod, const struct strv *keep, struct err *err);
