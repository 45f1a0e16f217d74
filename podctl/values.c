/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "podctl/values.h"

#include <openssl/hmac.h>
#include <stdio.h>

#define ID_DIGITS 32

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

/* ---- secrets as files ---- */

bool values_id_valid(const char *id)
{
	return strlen(id) == ID_DIGITS && strspn(id, "0123456789abcdef") == ID_DIGITS;
}

bool values_name_valid(const char *name)
{
	return *name && *name != '.' && strlen(name) <= 255 && !strchr(name, '/');
}

static int by_name(const void *a, const void *b)
{
	const struct values_item *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* A container's secrets in the order of their names. Caller frees; NULL: none. */
static const struct values_item **secrets_of(const struct values *v, const char *container,
					     size_t *ret_n)
{
	const struct values_item **list = NULL;
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++) {
		if (v->items[i].secret && streq(v->items[i].container, container))
			ARRAY_PUSH(list, n) = &v->items[i];
	}
	if (n > 0)
		qsort((void *)list, n, sizeof(*list), by_name);
	*ret_n = n;
	return list;
}

/* Each part with its length before it, so that no two lists look the same. */
static size_t put(char *at, const void *data, size_t size)
{
	uint64_t length = size;

	memcpy(at, &length, sizeof(length));
	if (size > 0)
		memcpy(at + sizeof(length), data, size);
	return sizeof(length) + size;
}

char *values_secrets_path(const struct values *v, const struct pod *pod,
			  const struct pod_container *c)
{
	size_t n, size = strlen(pod->name) + strlen(c->entry.key) + 2 * sizeof(uint64_t), at = 0;
	_cleanup_free_ const struct values_item **list = secrets_of(v, c->entry.key, &n);
	_cleanup_free_ char *all = NULL;
	char hash[VALUES_HASH_SIZE];

	if (n == 0)
		return NULL;
	for (size_t i = 0; i < n; i++)
		size += strlen(list[i]->name) + list[i]->size + 2 * sizeof(uint64_t);
	all = xmalloc(size);
	at += put(all + at, pod->name, strlen(pod->name));
	at += put(all + at, c->entry.key, strlen(c->entry.key));
	for (size_t i = 0; i < n; i++) {
		at += put(all + at, list[i]->name, strlen(list[i]->name));
		at += put(all + at, list[i]->data, list[i]->size);
	}
	values_hash(v, all, at, hash);
	explicit_bzero(all, size);
	hash[ID_DIGITS] = '\0';
	return xasprintf(VALUES_SECRETS_FOLDER "/%s/%s", pod->name, hash);
}
