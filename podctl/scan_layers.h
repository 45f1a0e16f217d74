/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files of the image that have other contents, whatever their size and times say: the engine's list
 * of changes leaves out what has both as before, and whoever can write to a file can set them.
 *
 * For overlay2 on this host, whose layers are compared; nothing is known elsewhere, and t->compared
 * says which it was.
 */
#pragma once

#include "podctl/scan.h"

/*
 * Adds to t's findings. What cannot be read is t's err. Needs CAP_DAC_READ_SEARCH. Nothing that a
 * container made is opened but regular files, and no link is followed.
 */
void scan_compare_layers(struct scan_target *t, const struct settings_scan *scan);
