/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two labels podctl.config, a NUL between them: what changed, in words for a terminal. */
#include "podctl/create.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_both(const char *before, const char *now)
{
	_cleanup_free_ char *text = create_config_difference(before, now);

	if (!text || !*text || strlen(text) > 2048)
		abort();
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *before = xstrndup((const char *)data, size), *now = NULL;
	size_t n = strlen(before) < size ? strlen(before) + 1 : size;

	now = xstrndup((const char *)data + n, size - n);
	try_both(before, now);
	try_both(now, before);
	try_both(NULL, now);
	try_both(before, NULL);
	return 0;
}
