/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * docker save's format: manifest.json names the configuration and the layers; the image's id is
 * the configuration's digest, and that has the layer's. All of it follows from the pause program
 * alone (no times, no names), so equal programs make equal images.
 */
#include "podctl/pause_image.h"

#include "podctl/digest.h"

#include <stdio.h>

/* pause/blob.S */
extern const char podctl_pause_start[], podctl_pause_end[];

#if defined(__x86_64__)
#define ARCHITECTURE "\"architecture\":\"amd64\""
#elif defined(__aarch64__)
#define ARCHITECTURE "\"architecture\":\"arm64\",\"variant\":\"v8\""
#elif defined(__i386__)
#define ARCHITECTURE "\"architecture\":\"386\""
#elif defined(__arm__)
#define ARCHITECTURE "\"architecture\":\"arm\",\"variant\":\"v7\""
#elif defined(__riscv)
#define ARCHITECTURE "\"architecture\":\"riscv64\""
#elif defined(__powerpc64__)
#define ARCHITECTURE "\"architecture\":\"ppc64le\""
#elif defined(__s390x__)
#define ARCHITECTURE "\"architecture\":\"s390x\""
#else
/* cppcheck-suppress preprocessorErrorDirective ; it knows no architecture */
#error "which name has this architecture in container images?"
#endif

#define TAR_BLOCK 512

struct buffer {
	char *data;
	size_t n;
};

static void put(struct buffer *b, const void *data, size_t n)
{
	b->data = xreallocarray(b->data, b->n + n, 1);
	if (n > 0)
		memcpy(b->data + b->n, data, n);
	b->n += n;
}

static void pad(struct buffer *b, size_t n)
{
	static const char zero[TAR_BLOCK];

	put(b, zero, n);
}

/* A regular file as a ustar entry (POSIX.1-2001, pax interchange format, "ustar"). */
static void put_file(struct buffer *b, const char *name, unsigned mode, const void *data,
		     size_t size)
{
	unsigned char h[TAR_BLOCK] = {0};
	char *field = (char *)h;
	unsigned sum = 0;

	snprintf(field, 100, "%s", name);
	snprintf(field + 100, 8, "%07o", mode);
	snprintf(field + 108, 8, "%07o", 0U);
	snprintf(field + 116, 8, "%07o", 0U);
	snprintf(field + 124, 12, "%011llo", (unsigned long long)size);
	snprintf(field + 136, 12, "%011o", 0U);
	memset(field + 148, ' ', 8);
	h[156] = '0';
	memcpy(field + 257, "ustar", sizeof("ustar"));
	memset(field + 263, '0', 2); /* version "00" */
	for (size_t i = 0; i < sizeof(h); i++)
		sum += h[i];
	snprintf(field + 148, 7, "%06o", sum);
	put(b, h, sizeof(h));
	put(b, data, size);
	pad(b, (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

static void put_end(struct buffer *b)
{
	pad(b, TAR_BLOCK);
	pad(b, TAR_BLOCK);
}

static void put_layer(struct buffer *b)
{
	put_file(b, "pause", 0755, podctl_pause_start,
		 (size_t)(podctl_pause_end - podctl_pause_start));
	put_end(b);
}

static char *config(const struct buffer *layer)
{
	char hex[DIGEST_HEX_SIZE];

	digest_sha256(layer->data, layer->n, hex);
	return xasprintf("{" ARCHITECTURE ",\"os\":\"linux\",\"created\":\"1970-01-01T00:00:00Z\","
			 "\"config\":{\"Entrypoint\":[\"/pause\"],\"User\":\"65534:65534\"},"
			 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:%s\"]},"
			 "\"history\":[{\"created\":\"1970-01-01T00:00:00Z\","
			 "\"created_by\":\"podctl\"}]}",
			 hex);
}

static char *name_of(const char *config_text)
{
	char hex[DIGEST_HEX_SIZE];

	digest_sha256(config_text, strlen(config_text), hex);
	return xasprintf("podctl-pause:%.16s", hex);
}

char *pause_image_name(void)
{
	struct buffer layer = {0};
	_cleanup_free_ char *text = NULL;

	put_layer(&layer);
	text = config(&layer);
	free(layer.data);
	return name_of(text);
}

char *pause_image_tar(size_t *ret_size)
{
	_cleanup_free_ char *text = NULL, *name = NULL, *manifest = NULL, *config_name = NULL;
	struct buffer layer = {0}, tar = {0};
	char hex[DIGEST_HEX_SIZE];

	put_layer(&layer);
	text = config(&layer);
	name = name_of(text);
	digest_sha256(text, strlen(text), hex);
	config_name = xasprintf("%s.json", hex);
	manifest = xasprintf("[{\"Config\":\"%s\",\"RepoTags\":[\"%s\"],"
			     "\"Layers\":[\"layer.tar\"]}]",
			     config_name, name);
	put_file(&tar, config_name, 0644, text, strlen(text));
	put_file(&tar, "layer.tar", 0644, layer.data, layer.n);
	put_file(&tar, "manifest.json", 0644, manifest, strlen(manifest));
	put_end(&tar);
	free(layer.data);
	*ret_size = tar.n;
	return tar.data;
}
