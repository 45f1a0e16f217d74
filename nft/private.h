/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of nft/ share and nobody else includes. */
#pragma once

#include "nft/nft.h"
