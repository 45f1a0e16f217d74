/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is mounted over a container's own files when it runs. A link among those can lead into a
 * mount, or a mount to another place than its name says, and what is in a mount is not known: other
 * containers of the pod write there.
 */
#pragma once

#include "common/base.h"

#include <jansson.h>

struct layers_mount {
	char *target;
	char *source; /* on the host; NULL: nothing yet, as in a tmpfs */
};

struct layers_mounts {
	struct layers_mount *items;
	size_t n;
};

/* By the engine's own config.v2.json and hostconfig.json; root: path of the engine's folder. */
void layers_mounts_parse(json_t *config, json_t *host, const char *root, struct layers_mounts *ret);
void layers_mounts_done(struct layers_mounts *m);

/*
 * One that lies inside of another whose files containers of the pod can change, by its name; NULL:
 * none. The runtime would make what it is mounted on, and could be led elsewhere meanwhile.
 */
const struct layers_mount *layers_mounts_nested(const struct layers_mounts *m);

/*
 * The first of n paths of which what it means, in a container whose own files lie below root, is or
 * may be something that opening or reading can wait for. NULL: none is. Ways that are longer than
 * any but those made for it count as such: the start of the engine waits for the answer.
 */
const char *layers_waits_for(int root, const struct layers_mounts *m, const char *const *paths,
			     size_t n);
