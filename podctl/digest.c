/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/digest.h"

#include <openssl/evp.h>

char *digest_sha256(const void *data, size_t size, char buf[static DIGEST_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	/* fails only where memory is out or OpenSSL is broken: no hash may be made up then */
	if (EVP_Digest(data, size, md, &n, EVP_sha256(), NULL) != 1 || n != 32)
		abort();
	for (unsigned int i = 0; i < n; i++) {
		buf[i * 2] = digits[md[i] >> 4];
		buf[i * 2 + 1] = digits[md[i] & 15];
	}
	buf[64] = '\0';
	return buf;
}
