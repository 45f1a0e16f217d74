/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pod's containers as the engine's create requests (POST /containers/create, API 1.41). Pure.
 *
 * Security is on here and nowhere else: no-new-privileges, NET_RAW and MKNOD dropped, the policy's
 * ceilings as limits. Nothing of the host's namespaces is ever shared.
 */
#pragma once

#include "podctl/pod.h"
#include "podctl/values.h"

#include <jansson.h>

struct plan_images;

struct create {
	const struct pod *pod;
	const struct settings *settings;
	const struct values *values;
	const char *pause_image; /* the root container's */
	size_t ipc_page;	 /* of ipc_ask; 0: no limits */
	/* What the engine has of the containers' images; NULL: it was not asked. */
	const struct plan_images *images;
};

/*
 * The Healthcheck of a body, from an image's Config: NULL where the image's own is no more often
 * than each so many seconds, or there is none; otherwise what keeps it to that, or turns one off
 * that can't be understood. New reference.
 */
#define CREATE_HEALTH_LEAST_S 5
json_t *create_health(json_t *image_config);

/* Where the root container goes: what only the engine knows. */
struct create_network {
	struct strv subnets; /* of settings->network_name: "172.17.0.0/16", "fd00:1::/64" */
	bool user_defined;   /* not the default bridge: addresses may be asked for */
};

/*
 * The root container's body: network, IPC and PID namespaces, host name, port bindings, fixed MAC.
 * The engine's init is PID 1 of the pod and reaps; the pause process behind it only stays.
 * network: NULL: not looked at (the body is then good for its labels only). New reference.
 */
json_t *create_root(const struct create *create, const struct create_network *network);

/*
 * A pod's fixed MAC address, "06:12:34:56:78:9a", from its name and the host's: locally
 * administered, and none that the engine would make up (02:42:...). Returns buf.
 */
char *create_mac(const char *pod, const char *host, char buf[static 18]);

/*
 * An IPv6 address in the prefix, whatever its length, whose host part is the interface id of the
 * MAC (RFC 4291, appendix A; its last bits where there are fewer than 64). false: the prefix has
 * too few addresses, or the address is one that means something else (router, anycast).
 */
bool create_ip6(const struct prefix *prefix, const char *mac, struct addr *ret);

/*
 * Whether two pods would have the same MAC, or the same IPv6 address in one of the network's
 * prefixes: the longer the prefix, the sooner.
 */
bool create_meets(const char *pod, const char *other, const char *host,
		  const struct create_network *network);

/*
 * A container's body. root_id: the container it joins; NULL where that is not there yet (the body
 * is then good for its labels only).
 */
json_t *create_container(const struct create *create, const struct pod_container *c,
			 const char *root_id);

/*
 * The label podctl.config-hash of a body: equal exactly where the file would make it again. Keyed
 * with the host's secret, so nobody guesses a value from it.
 */
const char *create_hash(json_t *body);

/*
 * The label podctl.config of a body: a JSON object of pod file keys and what they say ("image":
 * "busybox:latest", "limits.memory": "512M", "environment.FOO": keyed digest), for telling which
 * key changed. Values of the environment and of secrets are keyed digests; long ones too.
 */
const char *create_config(json_t *body);

/*
 * What differs between two such labels, in words: "image: busybox:1 -> busybox:2, environment: FOO
 * changed, BAR added". NULL in either, or no difference: "its configuration changed". Hostile input
 * (an old label): bounded, printable. Caller frees. Pure.
 */
char *create_config_difference(const char *before, const char *now);
