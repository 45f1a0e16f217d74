/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The root container's image, made in memory around the built-in pause program. Pure. */
#pragma once

#include "common/base.h"

/* "podctl-pause:HASH", from the image's contents. Caller frees. */
char *pause_image_name(void);

/* The image as a tar for POST /images/load (docker save's format). Caller frees. */
char *pause_image_tar(size_t *ret_size);
