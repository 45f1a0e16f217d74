/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SHA-256 in hexadecimal, from OpenSSL. Pure. */
#pragma once

#include "common/base.h"

#define DIGEST_HEX_SIZE 65 /* 64 digits and the NUL */

/* Writes the digest of size bytes at data, lower case. Returns buf. */
char *digest_sha256(const void *data, size_t size, char buf[static DIGEST_HEX_SIZE]);
