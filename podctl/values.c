/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/values.h"

#include <openssl/hmac.h>
#include <stdio.h>

void values_done(struct values *v)
{
	for (size_t i = 0; i < v->n; i++) {
		explicit_bzero(v->items[i].data, v->items[i].size);
		free(v->items[i].data);
	}
	free(v->items);
	explicit_bzero(v, sizeof(*v));
}

const struct values_item *values_find(const struct values *v, const char *container, bool secret,
				      const char *name)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct values_item *item = &v->items[i];

		if (item->secret == secret && streq(item->container, container) &&
		    streq(item->name, name))
			return item;
	}
	return NULL;
}

char *values_hash(const struct values *v, const void *data, size_t size,
		  char buf[static VALUES_HASH_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	/* fails only where memory is out */
	if (!HMAC(EVP_sha256(), v->key, VALUES_KEY_SIZE, data, size, digest, &n))
		abort();
	for (unsigned i = 0; i < n; i++)
		snprintf(buf + (size_t)2 * i, 3, "%02x", (unsigned)digest[i]);
	return buf;
}
