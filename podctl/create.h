/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pod's containers as the engine's create requests (POST /containers/create, API 1.41). Pure.
 *
 * Security is on here and nowhere else: no-new-privileges, NET_RAW and MKNOD dropped, the policy's
 * ceilings as limits. Nothing of the host's namespaces is ever shared.
 */
#pragma once

#include "podctl/pod.h"

#include <jansson.h>

/*
 * The root container's body: network, IPC and PID namespaces, host name and port bindings.
 * The engine's init is PID 1 of the pod and reaps; the pause process behind it only stays.
 * New reference. pause_image: its reference.
 */
json_t *create_root(const struct pod *pod, const struct settings *settings,
		    const char *pause_image);

/*
 * A container's body. root_id: the container it joins; NULL where that is not there yet (the body
 * is then good for its hash only).
 */
json_t *create_container(const struct pod *pod, const struct pod_container *c,
			 const struct settings *settings, const char *root_id);

/* The label podctl.config-hash of a body: equal exactly where the file would make it again. */
const char *create_hash(json_t *body);
